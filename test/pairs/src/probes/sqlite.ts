import type { Kind } from "@sync/core";
import { decode } from "@sync/core";
import type { Run, Storage } from "@sync/test-adapters/conformance";
import type Database from "better-sqlite3";
import type { CaseSchema } from "../schema.ts";
import type { Probe } from "../side.ts";
import { canonicalOf, holds, quoted, sqlProbe } from "./statements.ts";

/** As most libraries store it. */
const stores: Partial<Record<Kind["type"], Storage>> = {
  boolean: { store: (text) => (text === "true" ? 1 : 0), load: (stored) => (Number(stored) === 1 ? "true" : "false") },
  integer: { store: BigInt, load: String },
  float: { store: Number, load: String },
  decimal: { store: Number, load: String },
  instant: { store: (text) => BigInt(new Date(text).getTime()), load: (stored) => new Date(Number(stored)).toISOString() },
  bytes: { store: (text) => decode({ type: "bytes" }, text), load: (stored) => Buffer.from(stored as Uint8Array).toString("base64") },
};
const asText: Storage = { store: (text) => text, load: String };
const asNumber: Storage = { store: BigInt, load: String };

/** How a library stores what most store otherwise: by the kind of the field. */
export type Storages = (kind: Kind) => Storage | undefined;

export function runOn(handle: Database.Database): Run {
  return async (sql, parameters = []) => {
    const statement = handle.prepare(sql).safeIntegers();
    if (statement.reader) return statement.raw().all(...parameters) as unknown[][];
    statement.run(...parameters);
    return [];
  };
}

/** Over tables of SQLite; integers come as bigint. */
export function sqliteProbe(schema: CaseSchema, handle: Database.Database, storages: Storages = () => undefined): Probe {
  const storageOf = (model: string, field: string): Storage => {
    const kind = holds(schema, model, field);
    if (typeof kind === "string") return kind === "serial" || kind === "bigint" ? asNumber : asText;
    return storages(kind) ?? stores[kind.type] ?? asText;
  };
  return sqlProbe(schema, runOn(handle), {
    write: (model, field, value) => ({ sql: "?", parameter: storageOf(model, field).store(value) }),
    read: (_, field) => quoted(field),
    value: (model, field, stored) => canonicalOf(schema, model, field, storageOf(model, field).load(stored)),
  });
}
