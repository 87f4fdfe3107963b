import mongoose, { Schema, type Connection } from "mongoose";
import { naturalKey, synced } from "../../src/index.ts";

const airport = new Schema({ ident: { type: String, required: true, unique: true, sparse: true }, name: String, location: { lat: Schema.Types.Decimal128 } }, { _id: false });
airport.plugin(synced, { match: naturalKey("ident") });
const region = new Schema({ code: { type: String, required: true }, name: String, airports: { type: [airport], default: undefined } });
region.plugin(synced, { match: naturalKey("code", { withoutUniqueKey: true }) });
const country = new Schema({ code: { type: String, required: true, unique: true }, name: String, population: BigInt, regions: { type: [region], default: undefined } }, { timestamps: true });
country.plugin(synced, { match: naturalKey("code") });

/** Countries with their regions and airports, as one document each. */
export function countriesOn(connection: Connection): void {
  connection.model("Country", country);
}

/** Models without a server. */
export const offline = (): Connection => new mongoose.Mongoose().createConnection();
