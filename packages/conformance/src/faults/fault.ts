import type { Batch, Changes, Claim, Committed, Database, Endpoint, FetchRequest, Page, Refusal, Row, ScanRequest, StateStore, Unit } from "@sync/core";
import type { Session } from "../harness.ts";
import { same } from "../kit.ts";
import type { MemorySession, Tracking } from "./memory.ts";

/** A database that is broken on purpose, in one small way. */
export interface Fault {
  /** The law that it breaks. */
  readonly law: string;
  /** What is wrong with it, as its author would have to hear it. */
  readonly wrong: string;
  /** Laws that cannot hold on it either. */
  readonly also?: readonly string[];
  /** @default "changes" */
  readonly tracking?: Tracking;
  of(session: MemorySession): Session;
}

/** The same database with some members replaced. */
export function database(session: MemorySession, change: (inner: Database) => Partial<Database>): Session {
  const inner = session.database;
  const plain: Database = {
    name: inner.name,
    endpoints: inner.endpoints,
    claim: (request) => inner.claim(request),
    release: (fence, wrote) => inner.release(fence, wrote),
    inspect: (models) => inner.inspect(models),
    commit: (unit) => inner.commit(unit),
    close: () => inner.close(),
    ...(inner.state ? { state: inner.state } : {}),
  };
  return { ...session, database: { ...plain, ...change(plain) }, reopen: async () => ({ ...plain, ...change(plain) }) };
}

export function endpoints(session: MemorySession, change: (inner: Endpoint) => Partial<Endpoint>): Session {
  return database(session, (inner) => ({
    endpoints: new Map([...inner.endpoints].map(([name, whole]) => [name, { ...whole, ...change(whole) }])),
  }));
}

/** One model's endpoint. */
export function endpoint(session: MemorySession, model: string, change: (inner: Endpoint) => Partial<Endpoint>): Session {
  return endpoints(session, (inner) => (inner.model.name === model ? change(inner) : {}));
}

export function scans(session: MemorySession, change: (pages: Page[], request: ScanRequest, inner: Endpoint) => Page[]): Session {
  return endpoints(session, (inner) => ({
    async *scan(request) {
      const pages: Page[] = [];
      for await (const page of inner.scan(request)) pages.push(page);
      yield* change(pages, request, inner);
    },
  }));
}

export function fetches(session: MemorySession, change: (request: FetchRequest, inner: Endpoint) => Promise<readonly Row[]>): Session {
  return endpoints(session, (inner) => ({ fetch: (request) => change(request, inner) }));
}

/** Every row, however it is read. */
export function rows(session: MemorySession, change: (row: Row, request: { readonly fields: readonly string[] }, model: string) => Row): Session {
  return endpoints(session, (inner) => ({
    async *scan(request) {
      for await (const page of inner.scan(request)) yield { ...page, rows: page.rows.map((row) => change(row, request, inner.model.name)) };
    },
    fetch: async (request) => (await inner.fetch(request)).map((row) => change(row, request, inner.model.name)),
  }));
}

/** A row with one of its values replaced, where that field was asked for. */
export function withValue(row: Row, fields: readonly string[], field: string, change: (value: string | null) => string | null): Row {
  const at = fields.indexOf(field);
  return at < 0 ? row : { ...row, values: row.values.map((value, n) => (n === at ? change(value) : value)) };
}

export function commits(session: MemorySession, change: (unit: Unit, commit: (unit: Unit) => Promise<Committed>) => Promise<Committed>): Session {
  return database(session, (inner) => ({ commit: (unit) => change(unit, (other) => inner.commit(other)) }));
}

/** Every batch of a unit replaced before it is written. */
export function batches(session: MemorySession, change: (batch: Batch) => Batch): Session {
  return commits(session, (unit, commit) => commit({ ...unit, batches: unit.batches.map(change) }));
}

/** A delete that looks for no children. */
export const unlooked = (batch: Batch): Batch => (batch.op === "delete" ? { op: "delete", model: batch.model, rows: batch.rows } : batch);

/** One field of one model's new or changed rows replaced before it is written. */
export function written(
  session: MemorySession, op: "insert" | "update", model: string, field: string, change: (value: string | null) => string | null,
): Session {
  return batches(session, (batch) => {
    if (batch.op !== op || batch.model !== model || (batch.op !== "insert" && batch.op !== "update")) return batch;
    const at = batch.fields.indexOf(field);
    const values = (row: { readonly values: readonly (string | null | undefined)[] }) =>
      row.values.map((value, n) => (n === at && value !== undefined ? change(value) : value));
    return { ...batch, rows: batch.rows.map((row) => ({ ...row, values: values(row) })) } as Batch;
  });
}

export function refusals(session: MemorySession, change: (refusal: Refusal, unit: Unit) => Refusal): Session {
  return commits(session, async (unit, commit) => {
    const committed = await commit(unit);
    return committed.committed ? committed : { committed: false, refusal: change(committed.refusal, unit) };
  });
}

export function claims(session: MemorySession, change: (claim: Claim) => Claim): Session {
  return database(session, (inner) => ({ claim: async (request) => change(await inner.claim(request)) }));
}

export function changes(session: MemorySession, change: (changes: Changes, mark: string | undefined, inner: Endpoint) => Changes): Session {
  return endpoints(session, (inner) => ({
    changesSince: async (mark, ownUnits) => change(await inner.changesSince!(mark, ownUnits), mark, inner),
  }));
}

export function state(session: MemorySession, change: (inner: StateStore) => Partial<StateStore>): Session {
  return database(session, ({ state: inner }) => ({ state: { ...inner!, ...change(inner!) } }));
}

/** What somebody who opens the database again finds. */
export function reopened(session: MemorySession, broken: (session: MemorySession) => Session): Session {
  return { ...session, reopen: async () => broken(session).database };
}

/** The one row of that key as the database has it. */
export async function current(session: MemorySession, model: string, key: readonly string[]): Promise<Row | undefined> {
  const found = await session.database.endpoints.get(model)!.fetch({ by: "key", tuples: [key], fields: [] });
  return found.find((row) => same(row.key, key));
}

export const refuse = (code: Refusal["code"], model: string): Committed => ({ committed: false, refusal: { code, model } });

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, milliseconds));
