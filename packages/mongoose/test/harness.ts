import { type Harness, type HarnessCapabilities, kitModels, type KitModelName, type KitRecord, type ProbeWrites, type ValueField } from "@sync/conformance";
import { canonical, decode, encode, type Kind } from "@sync/core";
import type { MongoServer } from "@sync/test-databases";
import mongoose, { type ClientSession, type Connection } from "mongoose";
import { mongooseDatabase } from "../src/index.ts";
import { kitModelsOn } from "./support/kit-models.ts";

/** What MongoDB has no constraints for, it does not refuse. */
const capabilities: HarnessCapabilities = {
  changesSince: false, fingerprints: false, exactWrites: true, state: true, cloudIdField: true, atomicUnits: true, foreignKeys: false, checks: false,
  notNull: false, defaults: false, transactions: true, overlappingTransactions: true, foreignValues: true, reopening: true, uninstall: true,
};
const values: readonly ValueField[] = ["text", "flag", "small", "big", "price", "ratio", "moment", "bytes", "token", "choice", "data", "tags"];

const withEntries = { models: { Book: { children: { entries: { key: "page", parent: "book" } } } } };

export function mongooseHarness(server: MongoServer, writes: "bulk" | "orm" = "bulk"): Harness {
  const declared = { ...withEntries, writes };
  return {
    capabilities: { ...capabilities, exactWrites: writes === "bulk" }, values,
    names: {
      Entry: "Book.entries", "Entry.book": "Book._id", "Parent.id": "_id", "Child.id": "_id", "Node.id": "_id", "Book.id": "_id", "Thing.id": "_id",
    },
    waive: {
      "keys/changed": "The key of a document is not written again once it is there: a change is refused as WRITE.REFUSED.",
    },
    async open(namespace) {
      const fresh = await server.freshDatabase(namespace);
      const connection = await new mongoose.Mongoose().createConnection(fresh.url, { serverSelectionTimeoutMS: 5000 }).asPromise();
      await kitModelsOn(connection);
      const others: Connection[] = [];
      const database = mongooseDatabase(connection, declared);
      return {
        database,
        server: { product: "MongoDB", version: server.name.split(" ").at(-1)!, ...(server.name.startsWith("MongoDB") ? {} : { compatible: "MongoDB-compatible server" }) },
        probe: {
          ...writesBy(connection),
          rows: (model) => rowsOf(connection, model),
          async begin() {
            const session = await connection.startSession();
            session.startTransaction();
            const end = async (how: "commitTransaction" | "abortTransaction"): Promise<void> => {
              await session[how]();
              await session.endSession();
            };
            return { ...writesBy(connection, session), commit: () => end("commitTransaction"), rollback: () => end("abortTransaction") };
          },
          async spoil({ id }) {
            await connection.collection("things").updateOne({ _id: id as never }, { $set: { small: "many" } });
            return "small";
          },
          sideTables: async () => (await connection.db!.listCollections().toArray()).map(({ name }) => name).filter((name) => name.startsWith("sync_")),
        },
        async reopen() {
          const other = await new mongoose.Mongoose().createConnection(fresh.url, { serverSelectionTimeoutMS: 5000 }).asPromise();
          others.push(other);
          await kitModelsOn(other);
          return mongooseDatabase(other, declared);
        },
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all([connection, ...others].map((each) => each.close()));
          await fresh.drop();
        },
      };
    },
  };
}

const collections: Readonly<Record<Exclude<KitModelName, "Entry">, string>> = { Parent: "parents", Child: "children", Node: "nodes", Book: "books", Thing: "things" };
const kinds: Readonly<Record<string, Kind>> = {
  text: { type: "text" }, boolean: { type: "boolean" }, float: { type: "float", bits: 64 }, instant: { type: "instant", digits: 3 }, bytes: { type: "bytes" },
  uuid: { type: "uuid" }, enum: { type: "text" }, json: { type: "json" }, list: { type: "list", of: { type: "text" } },
};

/** As Mongoose itself would store it, without Mongoose. */
function stored(model: KitModelName, field: string, value: string | null): unknown {
  const { ObjectId, Long, Decimal128, UUID, Double, Binary } = mongoose.mongo.BSON;
  if (value === null) return null;
  const { type } = kitModels[model].fields[field]!;
  if (type === "key") return ObjectId.createFromHexString(value);
  if (type === "integer") return Long.fromString(value);
  if (type === "decimal") return Decimal128.fromString(value);
  if (type === "float") return new Double(Number(value));
  if (type === "uuid") return new UUID(value);
  if (type === "bytes") return new Binary(Buffer.from(value, "base64"));
  if (type === "instant") return new Date(value);
  if (type === "json") return parse(value);
  return decode(kinds[type]!, value);
}

const parseExactly = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown) => unknown;

/** With the numbers that Mongoose would take for a Long or a Decimal128. */
function parse(text: string): unknown {
  const { Long, Decimal128, Double } = mongoose.mongo.BSON;
  return parseExactly(text, (_, value, { source }) => {
    if (typeof value !== "number" || canonical({ type: "decimal" }, printed(value)) === canonical({ type: "decimal" }, source!)) return typeof value === "number" ? new Double(value) : value;
    return /^-?\d{1,18}$/.test(source!) ? Long.fromString(source!) : Decimal128.fromString(source!);
  });
}

function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if ("_bsontype" in value) return printed(value);
  return `{${Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${print(member)}`).join(",")}}`;
}

/** As a number or key of BSON prints itself. */
const printed = (value: unknown): string => (value as { toString(): string }).toString();

function canonicalOf(model: KitModelName, field: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const { type } = kitModels[model].fields[field]!;
  if (type === "integer" || type === "key") return printed(value);
  if (type === "decimal") return canonical({ type: "decimal" }, printed(value));
  if (type === "bytes") return Buffer.from((value as mongoose.mongo.Binary).value()).toString("base64");
  if (type === "uuid") return printed(value);
  if (type === "instant") return canonical({ type: "instant", digits: 3 }, (value as Date).toISOString());
  if (type === "json") return canonical({ type: "json" }, print(value));
  return encode(kinds[type]!, value);
}

function document(model: KitModelName, record: KitRecord): Record<string, unknown> {
  // Null in a field of any JSON is a value of it.
  const said = Object.entries(record).filter(([field, value]) => !(model === "Entry" && field === "book") && (value !== null || kitModels[model].fields[field]!.type !== "json"));
  return Object.fromEntries(said.map(([field, value]) => [field === "id" ? "_id" : field, stored(model, field, value)]));
}

async function rowsOf(connection: Connection, model: KitModelName): Promise<readonly KitRecord[]> {
  const fields = Object.keys(kitModels[model].fields);
  const of = (found: Record<string, unknown>): KitRecord => Object.fromEntries(fields.map((field) => [field, canonicalOf(model, field, found[field === "id" ? "_id" : field])]));
  const options = { promoteLongs: false, promoteBuffers: false };
  if (model !== "Entry") return (await connection.collection(collections[model]).find({}, options).toArray()).map(of);
  const books = await connection.collection("books").find({}, options).toArray();
  return books.flatMap(({ _id, entries }) => ((entries ?? []) as Record<string, unknown>[]).map((entry) => of({ ...entry, book: _id })));
}

function writesBy(connection: Connection, session?: ClientSession): ProbeWrites {
  const options = session ? { session } : {};
  const at = (model: KitModelName): ReturnType<Connection["collection"]> => connection.collection(collections[model as "Book"]);
  const idOf = (model: KitModelName, key: KitRecord): never => stored(model, "id", key["id"]!) as never;
  const entries = async (book: string, change: (entries: Record<string, unknown>[]) => Record<string, unknown>[]): Promise<void> => {
    const found = await connection.collection("books").findOne({ _id: book as never }, { ...options, promoteValues: false });
    await connection.collection("books").updateOne({ _id: book as never }, { $set: { entries: change((found?.["entries"] ?? []) as Record<string, unknown>[]) } }, options);
  };
  const isPage = (page: string) => (entry: Record<string, unknown>): boolean => String(entry["page"]) === page;
  return {
    async insert(model, records) {
      if (model !== "Entry") await at(model).insertMany(records.map((record) => (document(model, record))), options);
      else for (const record of records) await entries(record["book"]!, (all) => [...all, document(model, record)]);
    },
    async update(model, key, changes) {
      if (model === "Entry") return await entries(key["book"]!, (all) => all.map((entry) => (isPage(key["page"]!)(entry) ? { ...entry, ...document(model, changes) } : entry)));
      const { _id, ...rest } = document(model, changes);
      if (_id === undefined) return void (await at(model).updateOne({ _id: idOf(model, key) }, { $set: rest }, options));
      const whole = await at(model).findOne({ _id: idOf(model, key) }, { ...options, promoteValues: false });
      await at(model).deleteOne({ _id: idOf(model, key) }, options);
      await at(model).insertOne({ ...whole, ...rest, _id: _id as never }, options);
    },
    async delete(model, key) {
      if (model === "Entry") await entries(key["book"]!, (all) => all.filter((entry) => !isPage(key["page"]!)(entry)));
      else await at(model).deleteOne({ _id: idOf(model, key) }, options);
    },
  };
}
