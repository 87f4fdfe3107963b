import type { Batch, Claim, ClaimRequest, Committed, Database, Documents, Finding, Hints, Inspection, Outcome, Refusal, StateStore, Unit } from "@sync/core";
import { SyncError } from "@sync/core";
import { commitByRecord } from "./by-record.ts";
import { timed } from "./copy-in.ts";
import { forgetDangling } from "./dangling.ts";
import type { Dialect, SideTables, UnitOutcome, WritableTable } from "./dialect.ts";
import { documentsOf } from "./documents.ts";
import { SqlEndpoint } from "./endpoint.ts";
import type { EndpointContext } from "./endpoint.ts";
import { meaningOf, type MeaningOptions } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { hintsWithIdentities } from "./hints.ts";
import { unknownModel } from "./inspect.ts";
import type { SqlModel, Table } from "./model.ts";
import { quoted, tableOf } from "./model.ts";
import { postgres } from "./postgres/index.ts";
import { withoutLeadingMark } from "./postgres/leading-mark.ts";
import type { RecordWriter, TurnWriter } from "./records.ts";
import { Refused } from "./refusal.ts";
import { IDENTITY_CONSTRAINT, sideTables } from "./sides.ts";
import { sqlite } from "./sqlite/index.ts";
import { sqlState } from "./state.ts";

export interface SqlDatabaseOptions {
  /** For messages: library and engine, such as `prisma/sqlite`. No URL. */
  readonly name: string;
  readonly executor: Executor;
  readonly models: readonly SqlModel[];
  /** Where our own tables go. @default beside the user's, as the connection's search path says */
  readonly sideTables?: { readonly schema?: string };
  /** What a copy of the database would not bring. @default Postgres: system identifier and database oid; SQLite: the file */
  readonly serverIdentity?: string | (() => string | Promise<string>);
  /** Says what an error of the library means, where the engine's own words are not in it. */
  readonly mapError?: MeaningOptions["mapError"];
  /** Writes one record after the other through the library's own models. @default rows in bulk */
  readonly records?: RecordWriter | TurnWriter;
  /** A batch with what the library's client fills in by itself where a write leaves it out. @default as it is */
  readonly fill?: (batch: Batch) => Batch;
  /** What the library's hooks tell of changes; of deleted rows the identity table tells the rest. */
  readonly hints?: Hints;
  /** All of it happens inside a transaction of the application's. */
  readonly inTransaction?: boolean;
  /** Closes what the adapter itself opened. */
  readonly close?: () => Promise<void>;
}

export interface SqlDatabase extends Database {
  readonly state: StateStore;
  /** Capability: changes inside of documents, one per row. PostgreSQL, `jsonb`. */
  readonly documents?: Documents;
  /** Removes lease, identity and state: everything that was ever made here. */
  uninstall(): Promise<void>;
}

const DIALECTS: Readonly<Record<Executor["dialect"], Dialect>> = { postgres, sqlite };

export function sqlDatabase(options: SqlDatabaseOptions): SqlDatabase {
  const executor = timed(options.executor);
  const dialect = DIALECTS[executor.dialect];
  const sides: SideTables = sideTables(options.sideTables?.schema);
  const tables = (executor.dropsLeadingMark ? options.models.map(withoutLeadingMark) : options.models).map(tableOf);
  if (executor.dialect !== "postgres" && tables.some(({ filter }) => filter)) {
    throw new SyncError("OPTIONS.ENGINE", "Only on PostgreSQL can several models share a table.");
  }
  const meaning = { database: options.name, tables, ...(options.mapError ? { mapError: options.mapError } : {}) };

  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const means = meaningOf(error, meaning);
      throw "error" in means ? means.error : refusedOutside(options.name, means.refusal, error);
    }
  };
  const context: EndpointContext = {
    dialect,
    executor,
    identity: sides.identity,
    guard,
    mayBeAltered: (model) => options.records?.writes(model) === true,
  };
  const endpoints = new Map(tables.map((table) => [table.model.name, new SqlEndpoint(table, context)]));
  const state = sqlState(executor, { name: options.name, ...(options.sideTables ? { sideTables: options.sideTables } : {}) });

  const attempt = async (work: () => Promise<UnitOutcome>): Promise<Committed> => {
    try {
      const { transaction, written } = await work();
      const outcomes = written.map((batch) =>
        batch.map((row): Outcome => (row === undefined ? STALE : row === true ? WRITTEN : { status: "written", after: row })),
      );
      return { committed: true, transaction, outcomes };
    } catch (error) {
      if (error instanceof Refused) return { committed: false, refusal: error.refusal };
      const means = meaningOf(error, meaning);
      if ("error" in means) throw means.error;
      return { committed: false, refusal: means.refusal };
    }
  };
  const { records, fill = (batch) => batch } = options;
  const write = (given: Unit): Promise<UnitOutcome> => {
    const unit = records?.fillsIn ? given : { ...given, batches: given.batches.map(fill) };
    if (records === undefined) return dialect.commit(executor, unit, writable, sides, options.name);
    if ("transaction" in records) return commitByRecord(records, unit, { engine: executor.dialect, dialect, fill, tables: writable, sides, database: options.name });
    return dialect.commitInTurn!(executor, unit, writable, sides, options.name, { writer: records, fill });
  };
  const writable = endpoints as ReadonlyMap<string, WritableTable>;
  const examine = async (): Promise<void> => {
    const unseen = [...endpoints.values()].filter((endpoint) => endpoint.after === undefined).map((endpoint) => endpoint.model.name);
    if (unseen.length > 0) await database.inspect(unseen);
  };
  const documents = documentsOf({ name: options.name, dialect, executor, sides, tables: writable, attempt, guard, examine });

  const database: SqlDatabase = {
    name: options.name,
    endpoints,
    state,
    ...(documents ? { documents } : {}),
    ...(options.inTransaction ? { inTransaction: true } : {}),
    ...(options.hints ? { hints: hintsWithIdentities(options.hints, { dialect, executor, endpoints, identity: sides.identity, guard }) } : {}),

    async claim(request: ClaimRequest): Promise<Claim> {
      const claim = await guard(() => dialect.claim(executor, sides, request));
      context.identity = sides.identity;
      const { serverIdentity } = options;
      if (serverIdentity === undefined) return claim;
      return { ...claim, serverIdentity: typeof serverIdentity === "string" ? serverIdentity : await serverIdentity() };
    },

    async release(fence: number, wrote: boolean): Promise<boolean> {
      return await guard(() => dialect.release(executor, sides, fence, wrote));
    },

    async inspect(models: readonly string[]): Promise<Inspection> {
      const known = models.flatMap((name) => endpoints.get(name) ?? []);
      const live = await guard(() => dialect.look(executor, known.map((endpoint) => endpoint.table)));
      const names = new Set(tables.flatMap((table) => [table.name, quoted(table.name), table.sql]));
      const findings: Finding[] = models.filter((name) => !endpoints.has(name)).map((name) => unknownModel(name, tables.map(({ model }) => model)));
      const shapes = new Map<string, string>();
      for (const endpoint of known) {
        const seen = endpoint.examined(live.get(endpoint.model.name), names);
        findings.push(...seen.findings);
        shapes.set(endpoint.model.name, seen.shape);
      }
      const holders = options.models.filter((each) => each.documentKeys && models.includes(each.model.name));
      if (holders.length > 0) findings.push(...await guard(async () => await dialect.missingDocumentKeys?.(executor, holders) ?? []));
      return { findings, shapes };
    },

    async commit(unit: Unit): Promise<Committed> {
      for (const { model } of unit.batches) {
        if (!endpoints.has(model)) throw new SyncError("ENDPOINT.UNKNOWN_MODEL", `${options.name} has no model ${model}`, { model });
      }
      await examine();
      const run = (): Promise<Committed> => attempt(() => write(unit));
      const first = await run();
      if (first.committed || !first.refusal.constraint?.startsWith(IDENTITY_CONSTRAINT)) return first;
      const tableFor = (model: string): Table => endpoints.get(model)!.table;
      const freed = await guard(() => forgetDangling(executor, unit, tableFor, sides, dialect.syntax));
      return freed ? await run() : first;
    },

    async uninstall(): Promise<void> {
      await state.uninstall();
      await guard(() => dialect.uninstall(executor, sides));
    },

    async close(): Promise<void> {
      await options.close?.();
    },
  };
  return database;
}

const STALE: Outcome = { status: "stale" };
const WRITTEN: Outcome = { status: "written" };

/** A data error where no data was sent, such as a view that divides by zero. */
function refusedOutside(database: string, refusal: Refusal, cause: unknown): SyncError {
  return new SyncError("ENDPOINT.UNKNOWN", `${database}: reading failed with ${refusal.code}; the cause has the database's words`, { database, cause });
}
