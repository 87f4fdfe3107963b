import { kitModels, type KitModelName, type Probe, type ValueField } from "@sync/conformance";
import { decode } from "@sync/core";
import { canonicalOf, kitTables, type Run, type Spelling, sqlRows, type SqlTransaction, sqlWrites, type Types, typeOf } from "./tables.ts";

const natives: Readonly<Record<string, string>> = {
  key: "integer", text: "text", boolean: "integer", integer: "integer", decimal: "numeric", float: "real", instant: "integer", bytes: "blob", uuid: "text",
  enum: "text", json: "text",
};

/** Makes the kit's tables. Numbered keys are the rowid; `types` says what a library has otherwise. */
export function sqliteTables(values: readonly ValueField[], types: Types = {}): string[] {
  const fields = (model: KitModelName): readonly string[] => (model === "Thing" ? ["id", ...values] : Object.keys(kitModels[model].fields));
  return kitTables(fields, (model, field) => {
    if (field === "id" && kitModels[model].keySource === "allocated") return "integer primary key";
    return types[field] ?? natives[typeOf(model, field)]!;
  });
}

/** How a library stores what SQLite has no type for. */
export interface Storage {
  /** What the library would store. */
  store(canonical: string): unknown;
  /** Any spelling that `canonical` takes. */
  load(stored: unknown): string;
}

/** As most libraries store it. */
const stores: Readonly<Record<string, Storage>> = {
  boolean: { store: (text) => (text === "true" ? 1 : 0), load: (stored) => (Number(stored) === 1 ? "true" : "false") },
  integer: { store: BigInt, load: String },
  key: { store: BigInt, load: String },
  float: { store: Number, load: String },
  decimal: { store: Number, load: String },
  instant: { store: (text) => BigInt(new Date(text).getTime()), load: (stored) => new Date(Number(stored)).toISOString() },
  bytes: { store: (text) => decode({ type: "bytes" }, text), load: (stored) => Buffer.from(stored as Uint8Array).toString("base64") },
};

const asText: Storage = { store: (text) => text, load: (stored) => stored as string };

export interface SqliteProbeOptions {
  readonly values: readonly ValueField[];
  /** By field: where the library stores it otherwise than most. */
  readonly storage?: Partial<Record<string, Storage>>;
  begin?(): Promise<SqlTransaction>;
}

/** The kit's probe over a connection of the application; integers come as bigint. */
export function sqliteProbe(run: Run, { values, storage = {}, begin }: SqliteProbeOptions): Probe {
  const storageOf = (model: KitModelName, field: string): Storage => storage[field] ?? stores[typeOf(model, field)] ?? asText;
  const spelling: Spelling = {
    write: (model, field, value) => ({ sql: "?", parameter: storageOf(model, field).store(value) }),
    read: (_, field) => `"${field}"`,
    value: (model, field, stored) => canonicalOf(model, field, storageOf(model, field).load(stored)),
  };
  return {
    ...sqlWrites(run, spelling),
    rows: (model) => sqlRows(run, spelling, model, model === "Thing" ? ["id", ...values] : Object.keys(kitModels[model].fields)),
    sideTables: async () => (await run("select name from sqlite_master where name like 'sync%'")).map(([name]) => name as string),
    spoil: async ({ id }) => {
      await run(`update "Thing" set small = 'many' where id = ?`, [id]);
      return "small";
    },
    ...(begin && {
      begin: async () => {
        const { run: inside, commit, rollback } = await begin();
        return { ...sqlWrites(inside, spelling), commit, rollback };
      },
    }),
  };
}
