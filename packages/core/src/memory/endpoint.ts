import type { Changes, Endpoint, FetchRequest, Fingerprint, Key, KeyRange, Page, Row, ScanRequest } from "../endpoint.ts";
import { SyncError } from "../errors.ts";
import { hasher } from "../hash.ts";
import type { Value } from "../value.ts";
import { keyText, type Table, type Version } from "./tables.ts";

export type Tracking = "changes" | "fingerprints" | "none";

/** What one table's endpoint needs of its database. */
export interface EndpointHost {
  readonly tracking: Tracking;
  freshKey(table: Table): string;
  /** The oldest transaction that may still commit, and what tells this database from its copies. */
  mark(): { readonly horizon: number; readonly system: string };
}

/** The transaction that wrote it, or the values themselves. */
export function revisionOf(version: Version, tracking: Tracking): string {
  return tracking === "changes" ? String(version.transaction) : JSON.stringify(version.values);
}

/** `fields`: places of the values that are asked for. */
export function rowOf(table: Table, version: Version, fields: readonly number[], tracking: Tracking): Row {
  const row = { key: version.key, cloudId: version.cloudId, revision: revisionOf(version, tracking) };
  const values: Value[] = fields.map((at) => version.values[at] ?? null);
  if (version.faults.length === 0) return { ...row, values };
  const faults = version.faults.filter(({ field }) => fields.includes(table.at(field)));
  for (const { field } of faults) values[fields.indexOf(table.at(field))] = null;
  return { ...row, values, ...(faults.length > 0 ? { faults } : {}) };
}

export function endpointOf(table: Table, host: EndpointHost): Endpoint {
  const { tracking } = host;
  const at = (fields: readonly string[]): number[] => fields.map((name) => table.at(name));
  return {
    model: table.model,
    capabilities: {
      changesSince: tracking === "changes",
      fingerprints: tracking === "fingerprints",
      exactWrites: table.rules.alter === undefined,
    },
    async *scan(request: ScanRequest): AsyncIterable<Page> {
      const fields = at(request.fields);
      for (const whole of request.ranges ?? [{ after: null, upTo: null }]) {
        let after = whole.after;
        for (let more = true; more; ) {
          const versions = table.between(after, whole.upTo, request.pageSize);
          const last = versions.length === request.pageSize ? versions.at(-1)!.key : null;
          more = last !== null && (whole.upTo === null || keyText(last) !== keyText(whole.upTo));
          const range: KeyRange = { after, upTo: more ? last : whole.upTo };
          yield {
            rows: versions.map((version) => rowOf(table, version, fields, tracking)),
            range,
            ...(tracking === "fingerprints" ? { fingerprint: fingerprintOf(fields, versions).fingerprint } : {}),
          };
          after = range.upTo;
        }
      }
    },
    async fetch(request: FetchRequest): Promise<readonly Row[]> {
      const fields = at(request.fields);
      const found = new Set<Version>();
      for (const tuple of request.tuples) for (const version of find(table, request.by, tuple)) found.add(version);
      return [...found].map((version) => rowOf(table, version, fields, tracking));
    },
    async allocate(count: number): Promise<readonly Key[]> {
      if (table.model.keySource === "values") throw new SyncError("ENDPOINT.NO_KEYS", `The keys of ${table.model.name} come with its records.`, { model: table.model.name });
      return Array.from({ length: count }, () => table.model.primaryKey.map(() => host.freshKey(table)));
    },
    ...(tracking === "changes" && {
      changesSince: async (mark: string | undefined, ownUnits: readonly string[]) => changesSince(table, host.mark(), mark, ownUnits),
    }),
    ...(tracking === "fingerprints" && {
      fingerprint: async (fields: readonly string[], ranges: readonly KeyRange[]) =>
        ranges.map((range) => fingerprintOf(at(fields), table.between(range.after, range.upTo, Infinity))),
    }),
  };
}

function changesSince(table: Table, now: ReturnType<EndpointHost["mark"]>, mark: string | undefined, ownUnits: readonly string[]): Changes {
  const next = JSON.stringify(now);
  const known = markOf(mark);
  const total = table.rows.size;
  if (known === undefined || known.system !== now.system || !(known.horizon <= now.horizon)) return { next, total, keys: "all" };
  const own = new Set(ownUnits);
  const changed = table.ordered().filter((row) => row.transaction >= known.horizon && !own.has(String(row.transaction)));
  return { next, total, keys: changed.map((row) => row.key) };
}

/** Undefined: none was given, or it is no mark of a memory database. */
function markOf(mark: string | undefined): ReturnType<EndpointHost["mark"]> | undefined {
  try {
    return mark === undefined ? undefined : (JSON.parse(mark) as ReturnType<EndpointHost["mark"]>);
  } catch {
    return undefined;
  }
}

function find(table: Table, by: FetchRequest["by"], tuple: readonly string[]): readonly Version[] {
  if (by === "key") return table.find(table.model.primaryKey, tuple);
  if (by !== "cloudId") return table.find(by, tuple);
  if (table.cloudIdAt >= 0) return table.find([table.names[table.cloudIdAt]!], tuple);
  const holder = table.holders.get(tuple[0]!);
  const row = holder === undefined ? undefined : table.rows.get(holder);
  return row === undefined ? [] : [row];
}

function fingerprintOf(fields: readonly number[], rows: readonly Version[]): Fingerprint {
  const hash = hasher(1);
  for (const row of rows) {
    for (const part of row.key) hash.add(part);
    for (const field of fields) hash.add(row.values[field]);
  }
  return { count: rows.length, fingerprint: hash.digest() };
}
