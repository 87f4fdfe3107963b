import { decode, type Kind } from "@sync/core";
import mongoose, { type Connection } from "mongoose";
import type { DocumentStore, Members } from "./documents.ts";

const { Binary, Decimal128, Double, Int32, Long, ObjectId, UUID } = mongoose.mongo.BSON;

/** As Mongoose itself would store it. */
export function bsonOf(kind: Kind | string, value: string): unknown {
  if (kind === "objectid") return new ObjectId(value);
  if (kind === "uuid") return new UUID(value);
  if (typeof kind === "string") return value;
  switch (kind.type) {
    case "boolean":
      return value === "true";
    case "integer":
      return kind.bits !== undefined && kind.bits <= 32 ? new Int32(Number(value)) : Long.fromString(value);
    case "decimal":
      return Decimal128.fromString(value);
    case "float":
      return new Double(Number(value));
    case "instant":
      return new Date(value);
    case "bytes":
      return Binary.createFromBase64(value);
    case "uuid":
      return new UUID(value);
    case "json":
    case "list":
      return decode(kind, value);
    default:
      return value;
  }
}

/** Numbers and keys of BSON print themselves. */
function spelledBson(_: Kind | string, stored: unknown): string {
  if (stored instanceof Date) return stored.toISOString();
  if (stored instanceof Binary && stored.sub_type !== Binary.SUBTYPE_UUID) return stored.toString("base64");
  const isPlain = typeof stored === "object" && !("_bsontype" in stored!);
  return isPlain ? JSON.stringify(stored) : (stored as { toString(): string }).toString();
}

/** Documents in collections that are named as the models. `keyOf`: an `_id` by its text. */
export function mongoStore(connection: Connection, keyOf: (model: string, key: string) => unknown): DocumentStore {
  const at = (model: string) => connection.collection<{ _id: never }>(model);
  return {
    async all(model) {
      const found = (await at(model).find({}, { promoteValues: false }).toArray()) as unknown as Members[];
      return found.map(({ _id, ...document }) => ({ key: spelledBson("", _id), document }));
    },
    async insert(model, key, document) {
      await at(model).insertOne({ _id: keyOf(model, key) as never, ...document });
    },
    async replace(model, key, document) {
      await at(model).replaceOne({ _id: keyOf(model, key) as never }, document);
    },
    async remove(model, key) {
      await at(model).deleteOne({ _id: keyOf(model, key) as never });
    },
    stored: bsonOf,
    spelled: spelledBson,
  };
}
