import type { Batch, Database, Endpoint, Row, StateStore, SyncOptions } from "@sync/core";
import { lateUnits } from "../plants.ts";
import type { ForestPair } from "./forest.ts";
import type { Store } from "./stores.ts";

/** A defect between the engine and a forest. */
export interface ForestPlant {
  readonly database?: (database: Database, pair: ForestPair, store: Store) => Database;
  readonly state?: (state: StateStore) => StateStore;
  /** A pair that is declared otherwise than the forest takes it to be. */
  readonly options?: (pair: ForestPair) => Partial<SyncOptions>;
  /** The rule that has to find it; any, where none is named. */
  readonly rule?: string;
  /** Looked for where runs are taken back. */
  readonly undo?: boolean;
}

/** Each makes a fresh plant for one case. The name says which rule it breaks. */
export const FOREST_PLANTS: Readonly<Record<string, () => ForestPlant>> = {
  "an element of a document is not written, and reported as written": () => ({
    database: (database, _, store) => (store.form === "rows" ? database : without(database, (batch) => batch.op === "insert" && batch.model === "Country.cities")),
  }),
  "a change inside a document is not written, and reported as written": () => ({
    database: (database, _, store) => (store.form === "rows" ? database : without(database, (batch) => batch.op === "update" && batch.model === "Country.cities")),
  }),
  "an edge is not written, and reported as written": () => ({
    database: (database) => without(database, (batch) => batch.op === "insert" && isEdge(batch)),
  }),
  "an edge is not taken away, and reported as taken away": () => ({
    database: (database) => without(database, (batch) => batch.op === "delete" && isEdge(batch)),
  }),
  "an edge that was taken away comes back": () => ({
    state: (state) => ({ ...state, commit: (pair, changes, fences) => state.commit(pair, changes.filter((change) => change.op !== "putBases" || change.bases[0]?.model !== "Bears"), fences) }),
  }),
  "a unit of before is delivered once more, after later ones": () => {
    const before: Parameters<typeof lateUnits>[1] = new Map();
    return { rule: "I14", database: (database) => lateUnits(database, before) };
  },
  "one of two unique values that are exchanged is not written": () => ({
    rule: "I9",
    database: (database) => without(database, (batch) => batch.op === "update" && batch.fields.includes("tag")),
  }),
  "a one-way pair goes both ways": () => ({ options: (pair) => (pair.oneWay ? { direction: "both", mirror: false } : {}) }),
  "drift that is to be overwritten stays": () => ({ options: (pair) => (pair.oneWay ? { drift: "report" } : {}) }),
  "a mirror leaves what stands on the one side only": () => ({ options: () => ({ mirror: false }) }),
  "a database is read from a copy that lags behind": () => {
    const seen = new Map<string, Row>();
    return {
      database: (database, _, store) => ({
        ...database,
        endpoints: new Map([...database.endpoints].map(([name, original]): [string, Endpoint] => [name, {
          ...original,
          async fetch(request) {
            const rows = await original.fetch(request);
            return rows.map((row) => {
              const place = JSON.stringify([store.name, name, row.key, request.fields]);
              const before = seen.get(place);
              seen.set(place, row);
              return before ? { ...row, values: before.values } : row;
            });
          },
        }])),
      }),
    };
  },
  "the conflict log forgets": () => ({
    state: (state) => ({ ...state, commit: (pair, changes, fences) => state.commit(pair, changes.filter((change) => change.op !== "put" || change.collection !== "conflict"), fences) }),
  }),
  "the answer to a new row is lost, and it is made once more": () => ({
    rule: "I5",
    database: (database, _, store) => (store.form === "rows" ? database : {
      ...database,
      async commit(unit) {
        const committed = await database.commit(unit);
        const twice = unit.batches.flatMap((batch): Batch[] => (batch.op === "insert" && batch.model === "Country"
          ? [{ ...batch, rows: batch.rows.map((row) => ({ ...row, key: [`${row.key[0]!} again`], cloudId: `${row.cloudId} again` })) }] : []));
        if (committed.committed && twice.length > 0) await database.commit({ ...unit, batches: twice });
        return committed;
      },
    }),
  }),
  "an undo misses a pre-image": () => ({
    undo: true,
    state: (state) => ({
      ...state,
      commit: (pair, changes, fences) => state.commit(pair, changes.map((change) =>
        (change.op === "put" && change.collection === "preImage" ? { ...change, records: change.records.slice(1) } : change)), fences),
    }),
  }),
  "an undo leaves what a run has created": () => ({
    undo: true,
    state: (state) => ({
      ...state,
      commit: (pair, changes, fences) => state.commit(pair, changes.map((change) =>
        (change.op === "put" && change.collection === "touched" ? { ...change, records: change.records.map((record) => ({ ...record, created: [] })) } : change)), fences),
    }),
  }),
};

/** Of the join table, or of an array of labels. */
const isEdge = ({ model }: Batch): boolean => model === "Bears" || model.endsWith(".labels");

/** Leaves out the first row of such batches, and says it was written. */
function without(database: Database, chosen: (batch: Batch) => boolean): Database {
  return {
    ...database,
    async commit(unit) {
      const at = unit.batches.findIndex((batch) => chosen(batch) && (batch.op !== "update" || batch.rows.length > 1 || batch.model !== "City"));
      if (at < 0) return database.commit(unit);
      const batches = unit.batches.map((batch, index) => (index === at ? { ...batch, rows: batch.rows.slice(1) } as Batch : batch));
      const committed = await database.commit({ ...unit, batches });
      if (!committed.committed) return committed;
      return { ...committed, outcomes: committed.outcomes.map((outcomes, index) => (index === at ? [{ status: "written" } as const, ...outcomes] : outcomes)) };
    },
  };
}
