import { randomUUID } from "node:crypto";
import type { Kind } from "@sync/core";
import { mongooseDatabase, type ChildOptions } from "@sync/mongoose";
import { Mongoose, Schema, type Connection } from "mongoose";
import { bsonOf, mongoStore } from "../probes/bson.ts";
import { above, arrayOf, documentProbe, ownKey, pathOf } from "../probes/documents.ts";
import { type CaseSchema, isReference, keyFields, keyOf, type KeyKind } from "../schema.ts";
import { documentKeysStay, type PairSide } from "../side.ts";

const { BigInt: Long, Decimal128, Int32, ObjectId, UUID, Mixed } = Schema.Types;

function keyType(kind: KeyKind): unknown {
  if (kind === "objectid") return ObjectId;
  return kind === "uuid" ? UUID : kind === "cuid" ? String : Long;
}

function ownKeyType(kind: KeyKind): object {
  if (kind === "objectid") return { type: ObjectId, auto: true };
  if (kind === "uuid") return { type: UUID, default: () => randomUUID() };
  return { type: String, default: () => `c${randomUUID().replaceAll("-", "").slice(0, 24)}` };
}

function typeOf(kind: Kind): unknown {
  switch (kind.type) {
    case "boolean":
      return Boolean;
    case "integer":
      return kind.bits !== undefined && kind.bits <= 32 ? Int32 : Long;
    case "decimal":
      return Decimal128;
    case "float":
      return Number;
    case "instant":
      return Date;
    case "bytes":
      return Buffer;
    case "uuid":
      return UUID;
    case "json":
      return Mixed;
    case "list":
      return [typeOf(kind.of)];
    default:
      return String;
  }
}

/** The fields that stand in a document or an element, not in its key or in where it is. */
function membersOf(schema: CaseSchema, name: string): [string, CaseSchema[string]["fields"][string]][] {
  const { key, fields, within } = schema[name]!;
  const apart = within === undefined && typeof key !== "string" ? key : [within];
  return Object.entries(fields).filter(([field]) => !apart.includes(field));
}

function schemaOf(schema: CaseSchema, name: string): Schema {
  const model = schema[name]!;
  const inside = above(schema, name) !== undefined;
  const paths: Record<string, unknown> = {};
  if (!inside) {
    const kind = keyOf(schema, name);
    paths["_id"] = typeof kind === "string" ? ownKeyType(kind) : { type: typeOf(kind) };
  }
  const members = membersOf(schema, name);
  for (const [field, declared] of members) {
    const kind = isReference(declared) ? keyOf(schema, declared.to) : declared.kind;
    const type = typeof kind === "string" ? keyType(kind) : typeOf(kind);
    const words = typeof kind !== "string" && kind.type === "enum" ? { enum: kind.values } : {};
    const unique = model.unique?.some((fields) => fields.join() === field) ? { unique: true, ...(inside ? { sparse: true } : {}) } : {};
    paths[field] = { type, ...words, ...unique, ...(isReference(declared) ? { ref: declared.to } : {}), ...(declared.nullable ? {} : { required: true }) };
  }
  for (const child of Object.keys(schema).filter((each) => above(schema, each) === name)) {
    paths[arrayOf(child)] = { type: [schemaOf(schema, child)], default: undefined };
  }
  const made = new Schema(paths as never, inside ? { _id: false } : {});
  const isHere = new Set(members.map(([field]) => field));
  for (const fields of model.unique ?? []) {
    if (fields.length > 1 && fields.every((field) => isHere.has(field))) made.index(Object.fromEntries(fields.map((field) => [field, 1])), { unique: true });
  }
  return made;
}

function childrenOf(schema: CaseSchema, name: string): Record<string, ChildOptions> {
  const children = Object.keys(schema).filter((each) => above(schema, each) === name);
  return Object.fromEntries(children.map((child) => [
    arrayOf(child), { key: ownKey(schema[child]!), parent: schema[child]!.within!, children: childrenOf(schema, child) },
  ]));
}

async function modelsOn(connection: Connection, schema: CaseSchema): Promise<readonly string[]> {
  const roots = Object.keys(schema).filter((name) => above(schema, name) === undefined);
  // Their collections are made with their indexes, one after another.
  for (const name of roots) await connection.model(name, schemaOf(schema, name), name).init();
  return roots;
}

let remembers: Promise<boolean> | undefined;

/** The compatible server does; MongoDB does not. Nobody is believed: it is tried, once. */
async function remembersGivenUp(connection: Connection): Promise<boolean> {
  const tried = connection.collection("tried");
  await tried.createIndex({ value: 1 }, { unique: true });
  const { insertedId } = await tried.insertOne({ value: "first" });
  await tried.updateOne({ _id: insertedId }, { $set: { value: "second" } });
  const again = await tried.insertOne({ value: "first" }).then(() => false, () => true);
  await tried.drop();
  return again;
}

export const mongooseSide: PairSide = {
  name: "mongoose",
  engines: ["mongodb"],
  documents: true,
  keys: ["uuid", "cuid", "objectid"],
  waived: documentKeysStay,
  async open(schema, _, fresh) {
    const { url, drop } = await fresh.mongodb();
    const connection = await new Mongoose().createConnection(url, { serverSelectionTimeoutMS: 5000 }).asPromise();
    const roots = await modelsOn(connection, schema);
    const models = Object.fromEntries(roots.map((name) => [name, { children: childrenOf(schema, name) }]));
    const isKey = (name: string, field: string): boolean => above(schema, name) === undefined && keyFields(schema[name]!).includes(field);
    return {
      database: mongooseDatabase(connection, { models }), model: (name) => pathOf(schema, name),
      field: (name, field) => (isKey(name, field) ? "_id" : field),
      remembersGivenUp: await (remembers ??= remembersGivenUp(connection)),
      probe: documentProbe(schema, mongoStore(connection, (name, key) => bsonOf(keyOf(schema, name), key))),
      async close() {
        await connection.close();
        await drop();
      },
    };
  },
};
