import { createSync, leftWins, naturalKey, SyncError, type Committed, type Database, type Field, type Model, type Page, type Reference, type SyncOptions, type Unit } from "@sync/core";
import { memoryDatabase, type MemoryDatabase, type MemoryDatabaseOptions, type MemoryModel } from "@sync/core/memory";

/** Models and pairs over databases in memory, and ways to disturb a run in the middle. */

export const text = (name: string, nullable = false): Field => ({ name, kind: { type: "text" }, nullable, writable: true });

export const reference = (field: string, target: string, onDelete: Reference["onDelete"] = "restrict"): Reference =>
  ({ name: field, fields: [field], target, targetFields: ["id"], onDelete });

export const model = (name: string, fields: readonly Field[], references: readonly Reference[] = [], more: Partial<Model> = {}): Model => ({
  name, primaryKey: ["id"], keySource: "allocated", syncFields: {}, fields: [text("id"), ...fields], references,
  uniqueKeys: [{ name: `${name}_code`, fields: ["code"] }], ...more,
});

export type Tracking = "changes" | "fingerprints" | "none";

export interface PairOptions extends Partial<SyncOptions> {
  readonly match?: Record<string, unknown>;
  readonly rightModels?: readonly (Model | MemoryModel)[];
  readonly leftTracking?: Tracking;
  readonly rightTracking?: Tracking;
  /** Both databases give hints of what the application writes. */
  readonly hints?: boolean;
  /** The databases' clock and randomness, for keys that are the same in every play. */
  readonly databaseRuntime?: MemoryDatabaseOptions["runtime"];
  /** Puts something between a database and the sync. */
  readonly wrap?: (database: MemoryDatabase, side: "left" | "right") => Database;
}

export interface Pair {
  readonly left: MemoryDatabase;
  readonly right: MemoryDatabase;
  readonly sync: ReturnType<typeof createSync>;
}

export function pairOf(models: readonly (Model | MemoryModel)[], more: PairOptions = {}): Pair {
  const { match, rightModels, leftTracking, rightTracking, databaseRuntime, wrap, hints = false, ...options } = more;
  const runtime = databaseRuntime ? { runtime: databaseRuntime } : {};
  const left = memoryDatabase({ name: "left", models, tracking: leftTracking ?? "changes", hints, ...runtime });
  const right = memoryDatabase({ name: "right", models: rightModels ?? models, tracking: rightTracking ?? leftTracking ?? "changes", hints, ...runtime });
  const names = models.map((each) => ("model" in each ? each.model.name : each.name));
  const sync = createSync({
    name: "pair", left: wrap?.(left, "left") ?? left, right: wrap?.(right, "right") ?? right,
    conflicts: leftWins(), firstLink: "left", pageSize: 5, retry: { firstDelay: 1 },
    models: Object.fromEntries(names.map((name) => [name, { match: match?.[name] ?? naturalKey("code") }])), ...options,
  } as unknown as SyncOptions);
  return { left, right, sync };
}

/** The database with its commits seen, replaced or followed by something. */
export function withCommit(database: MemoryDatabase, commit: (unit: Unit, real: (unit: Unit) => Promise<Committed>) => Promise<Committed>): Database {
  return { ...contractOf(database), commit: (unit) => commit(unit, (each) => database.commit(each)) };
}

/** The database with something that happens before each page of a scan is given. */
export function withScan(database: MemoryDatabase, before: (model: string, page: number) => void): Database {
  const endpoints = new Map([...database.endpoints].map(([name, endpoint]) => [name, {
    ...endpoint,
    async *scan(request: Parameters<typeof endpoint.scan>[0]): AsyncGenerator<Page> {
      let number = 0;
      before(name, number++);
      for await (const page of endpoint.scan(request)) {
        yield page;
        before(name, number++);
      }
    },
  }]));
  return { ...contractOf(database), endpoints };
}

/** The database with something that happens before rows are fetched. */
export function withFetch(database: MemoryDatabase, before: () => void): Database {
  const endpoints = new Map([...database.endpoints].map(([name, endpoint]) => [name, {
    ...endpoint,
    fetch: (request: Parameters<typeof endpoint.fetch>[0]) => {
      before();
      return endpoint.fetch(request);
    },
  }]));
  return { ...contractOf(database), endpoints };
}

function contractOf(database: MemoryDatabase): Database {
  return {
    name: database.name, endpoints: database.endpoints, ...(database.state ? { state: database.state } : {}), ...(database.hints ? { hints: database.hints } : {}),
    claim: (request) => database.claim(request), release: (fence, wrote) => database.release(fence, wrote), inspect: (models) => database.inspect(models),
    commit: (unit) => database.commit(unit), close: () => database.close(),
  };
}

export const connectionLost = (): SyncError => new SyncError("ENDPOINT.CONNECTION", "The connection was lost.", { retryable: true });

/** The right database, whose answer to the next commit is lost once that was told so. */
export function losingAnswers(): { readonly wrap: NonNullable<PairOptions["wrap"]>; loseNext(): void } {
  let lose = false;
  const wrap: NonNullable<PairOptions["wrap"]> = (database, side) => (side === "right" ? withCommit(database, async (unit, real) => {
    const answer = await real(unit);
    if (!lose) return answer;
    lose = false;
    throw connectionLost();
  }) : database);
  return { wrap, loseNext: () => (lose = true) };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The key of the record with this code. */
export function keyOf(database: MemoryDatabase, name: string, code: string): readonly string[] {
  const row = database.probe.rows(name).find(({ record }) => record["code"] === code);
  if (!row) throw new Error(`${database.name} has no ${name} ${code}`);
  return row.key;
}

/** The values of one field, in order, or `code: value` pairs. */
export const codes = (database: MemoryDatabase, name: string): (string | null)[] =>
  database.probe.rows(name).map(({ record }) => record["code"]!).sort();

export const fieldsByCode = (database: MemoryDatabase, name: string, field: string): Record<string, string | null> =>
  Object.fromEntries(database.probe.rows(name).map(({ record }) => [record["code"]!, record[field] ?? null]));
