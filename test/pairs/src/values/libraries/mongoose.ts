import { mongooseDatabase } from "@sync/mongoose";
import mongoose, { type Connection } from "mongoose";
import { CHOICES, type CorpusValue, type ValueKind } from "../corpus/index.ts";
import { meaning } from "../meaning.ts";
import { finite, integer, json, noInfinity, oneOf, precision, type Refusal, takesAll, uuid } from "../refusals.ts";
import { modelOf, type StoredValue, tableOf, type ValueColumn } from "../side.ts";
import { beyondDates } from "../sqlite.ts";
import type { OpenValues } from "./open.ts";

const { BigInt: Long, Decimal128, Mixed, UUID } = mongoose.Schema.Types;
const bson = mongoose.mongo.BSON;

const types = {
  text: String, boolean: Boolean, integer: Long, decimal: Decimal128, float: Number, instant: Date, bytes: Buffer, uuid: UUID,
  enum: { type: String, enum: CHOICES }, json: Mixed, list: { type: [String], default: undefined },
} as const;

type MongoKind = keyof typeof types;

/** 34 digits, and so many places that the point may be away from them. */
const fitsDecimal: Refusal = (spelled) => {
  try {
    bson.Decimal128.fromString(spelled);
    return undefined;
  } catch {
    return "WRITE.VALUE";
  }
};
const numbersFit: Refusal = (text) => {
  try {
    parse(text);
    return undefined;
  } catch {
    return "WRITE.VALUE";
  }
};

const columns: Readonly<Record<MongoKind, ValueColumn>> = {
  text: { range: "any text", reads: takesAll, takes: takesAll },
  boolean: { range: "boolean", reads: takesAll, takes: takesAll },
  integer: { range: "64 bits", reads: takesAll, takes: integer(64) },
  decimal: { range: "34 digits", reads: finite, takes: precision(34), keeps: fitsDecimal },
  float: { range: "with NaN", reads: takesAll, takes: takesAll },
  instant: { range: "milliseconds", digits: 3, reads: takesAll, takes: noInfinity, keeps: beyondDates },
  bytes: { range: "bytes", reads: takesAll, takes: takesAll },
  uuid: { range: "uuid", reads: takesAll, takes: uuid },
  enum: { range: "labels", reads: takesAll, takes: oneOf(CHOICES), keeps: oneOf(CHOICES, "WRITE.VALUE") },
  json: { range: "any JSON", reads: json, takes: takesAll, keeps: numbersFit },
  list: { range: "any list", reads: takesAll, takes: takesAll },
};

const parseExactly = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown) => unknown;

/** Numbers in the narrowest type of BSON that holds all their digits. */
function parse(text: string): unknown {
  return parseExactly(text, (key, value, { source }) => {
    if (key.includes("\0")) throw new Error("BSON ends a name there");
    return typeof value === "number" ? numberOf(source!) : value;
  });
}

function numberOf(text: string): object {
  if (meaning("decimal", String(Number(text))) === meaning("decimal", text)) return new bson.Double(Number(text));
  const isLong = /^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
  return isLong ? bson.Long.fromString(text) : bson.Decimal128.fromString(text);
}

function stored(kind: MongoKind, text: string): unknown {
  switch (kind) {
    case "boolean":
      return text === "true";
    case "integer":
      return bson.Long.fromString(text);
    case "decimal":
      return bson.Decimal128.fromString(text);
    case "float":
      return new bson.Double(Number(text));
    case "instant":
      return new Date(text);
    case "bytes":
      return new bson.Binary(Buffer.from(text, "hex"));
    case "uuid":
      return new bson.UUID(text);
    case "json":
      return parse(text);
    case "list":
      return JSON.parse(text);
    default:
      return text;
  }
}

function holds({ kind, text }: CorpusValue): boolean {
  if (!(kind in types) || text === undefined) return false;
  if (text === null) return true;
  switch (kind) {
    case "text":
      return (text as string & { isWellFormed(): boolean }).isWellFormed();
    case "integer":
      return integer(64)(text) === undefined;
    case "decimal":
      return fitsDecimal(text) === undefined;
    case "instant":
      return !/\.\d{4}/.test(text) && !Number.isNaN(Date.parse(text));
    case "uuid":
      return uuid(text) === undefined;
    case "json":
      return json(text) === undefined && numbersFit(text) === undefined;
    default:
      return true;
  }
}

/** As read without making JavaScript values of it. */
function spellingOf(kind: MongoKind, value: unknown): string {
  switch (kind) {
    case "instant":
      return (value as Date).toISOString();
    case "bytes":
      return Buffer.from((value as mongoose.mongo.Binary).value()).toString("hex");
    case "json":
    case "list":
      return print(value);
    default:
      return String(value);
  }
}

function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (value instanceof bson.Decimal128 && !(numberOf(String(value)) instanceof bson.Decimal128)) return `{"$numberDecimal":"${String(value)}"}`;
  if (value instanceof bson.ObjectId || value instanceof bson.DBRef) return bson.EJSON.stringify(value, { relaxed: true });
  if ("_bsontype" in value) return (value as { toString(): string }).toString();
  return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${print(item)}`).join(",")}}`;
}

async function modelsOn(connection: Connection): Promise<void> {
  const models = Object.entries(types).map(([kind, value]) => {
    const paths = { code: { type: String, required: true, unique: true }, value, note: String };
    const schema = new mongoose.Schema(paths, { collection: tableOf(kind as ValueKind) });
    return connection.model(modelOf(kind as ValueKind), schema);
  });
  await Promise.all(models.map((model) => model.init()));
}

export const mongooseOnMongo: OpenValues = async (servers, namespace) => {
  const fresh = await (await servers.mongo()).freshDatabase(namespace);
  const connection = await new mongoose.Mongoose().createConnection(fresh.url).asPromise();
  await modelsOn(connection);
  const collection = (kind: ValueKind): ReturnType<Connection["collection"]> => connection.collection(tableOf(kind));
  return {
    database: mongooseDatabase(connection), columns, holds,
    async insert(kind, values) {
      const documents = values.map(({ id, text }) => ({ code: id, ...(text == null ? {} : { value: stored(kind as MongoKind, text) }) }));
      await collection(kind).insertMany(documents, { ignoreUndefined: false });
    },
    async rows(kind) {
      const found = await collection(kind).find({}, { promoteValues: false }).toArray();
      return new Map(found.map((document): [string, StoredValue] => {
        const { _id, code, value, note } = document as unknown as { _id: mongoose.mongo.ObjectId; code: string; value?: unknown; note?: string };
        const nothing = value === undefined || (value === null && kind !== "json");
        return [code, {
          key: _id.toHexString(), note: note ?? null,
          bytes: value === undefined ? null : bson.EJSON.stringify({ value }, { relaxed: false }),
          spelled: nothing ? null : spellingOf(kind as MongoKind, value),
        }];
      }));
    },
    async note(kind, codes, note) {
      await collection(kind).updateMany({ code: { $in: [...codes] } }, { $set: { note } });
    },
    async close() {
      await connection.close();
      await fresh.drop();
    },
  };
};
