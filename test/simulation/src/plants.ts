import type { Batch, Committed, Database, Endpoint, StateStore, Unit } from "@sync/core";
import type { MemoryDatabase } from "@sync/core/memory";
import { unmappedOn, type SideName } from "./spec.ts";

/** A defect, planted between the engine and what it sees of databases and state: the simulation has to find it. */
export interface Plant {
  readonly database?: (database: Database, side: SideName, memory: MemoryDatabase) => Database;
  readonly state?: (state: StateStore) => StateStore;
  /** The rule that has to find it; any, where none is named. */
  readonly rule?: string;
}

type Rows<Op extends Batch["op"]> = Extract<Batch, { readonly op: Op }>["rows"];

/** Each makes a fresh plant for one case. The name says which rule it breaks. */
export const PLANTS: Readonly<Record<string, () => Plant>> = {
  "the guard is ignored: a changed row is overwritten": () => ({
    database: (database) => ({
      ...database,
      async commit(unit) {
        const batches: Batch[] = [];
        for (const batch of unit.batches) {
          if (batch.op !== "update" && batch.op !== "delete") batches.push(batch);
          else {
            const rows = batch.rows as Rows<"update">;
            const now = await database.endpoints.get(batch.model)!.fetch({ fields: [], by: "key", tuples: rows.map((row) => row.key) });
            const revisions = new Map(now.map((row) => [row.key.join(), row.revision]));
            batches.push({ ...batch, rows: rows.map((row) => ({ ...row, revision: revisions.get(row.key.join()) ?? row.revision })) });
          }
        }
        return database.commit({ ...unit, batches });
      },
    }),
  }),
  "a stale write is reported as written": () => ({
    database: (database) => changeCommitted(database, (committed) =>
      committed.committed ? { ...committed, outcomes: committed.outcomes.map((batch) => batch.map((outcome) => (outcome.status === "stale" ? { status: "written" } : outcome))) } : committed),
  }),
  "a refused unit is reported as written": () => ({
    database: (database) => changeCommitted(database, (committed, unit) => (committed.committed ? committed : allWritten(unit))),
  }),
  "an omitted field is written as null": () => ({
    database: (database) => changeBatches(database, (batch) =>
      batch.op === "update" ? { ...batch, rows: batch.rows.map((row) => ({ ...row, values: row.values.map((value) => value ?? null) })) } : batch),
  }),
  "a field outside the sync is overwritten": () => ({
    database: (database, side) => changeBatches(database, (batch) => {
      if (batch.op !== "update" && batch.op !== "insert") return batch;
      const rows = (batch.rows as Rows<"insert">).map((row) => ({ ...row, values: [...row.values, null] }));
      return { ...batch, fields: [...batch.fields, unmappedOn[side]], rows } as Batch;
    }),
  }),
  "the fence is ignored: a runner without lease goes on writing": () => ({
    database: (database, _, memory) => ({
      ...database,
      async commit(unit) {
        const free = memory.probe.lease.holder === "";
        const fence = free ? (await memory.claim({ holder: "planted", runner: "planted", seconds: 30 })).fence : memory.probe.lease.fence;
        try {
          return await database.commit({ ...unit, fence });
        } finally {
          if (free) await memory.release(fence, false);
        }
      },
    }),
    // Fenced state would stop such a runner before its next unit.
    state: (state) => ({ ...state, commit: (pair, changes) => state.commit(pair, changes) }),
  }),
  "base and checkpoint are durable before the data": () => ({
    database: (database) => {
      let waiting: Unit | undefined;
      const flush = async (): Promise<void> => {
        const unit = waiting;
        waiting = undefined;
        if (unit !== undefined) await database.commit(unit);
      };
      const endpoint = (original: Endpoint): Endpoint => ({
        ...original,
        fetch: async (request) => (await flush(), original.fetch(request)),
        ...(original.changesSince && { changesSince: async (mark, own) => (await flush(), original.changesSince!(mark, own)) }),
        ...(original.fingerprint && { fingerprint: async (fields, ranges) => (await flush(), original.fingerprint!(fields, ranges)) }),
      });
      return {
        ...database,
        endpoints: new Map([...database.endpoints].map(([name, original]) => [name, endpoint(original)])),
        async commit(unit) {
          await flush();
          waiting = unit;
          return allWritten(unit);
        },
        release: async (fence, wrote) => (await flush(), database.release(fence, wrote)),
      };
    },
  }),
  "identity is not atomic with its row": () => ({
    database: (database) => ({
      ...database,
      async commit(unit) {
        if (!unit.batches.some((batch) => batch.op === "insert")) return database.commit(unit);
        const identify: Batch[] = [];
        const batches = unit.batches.map((batch): Batch => {
          if (batch.op !== "insert") return batch;
          identify.push({ op: "identify", model: batch.model, rows: batch.rows.map((row) => ({ key: row.key, cloudId: row.cloudId, was: `later ${row.cloudId}` })) });
          return { ...batch, rows: batch.rows.map((row) => ({ ...row, cloudId: `later ${row.cloudId}` })) };
        });
        const committed = await database.commit({ ...unit, batches });
        if (committed.committed) await database.commit({ ...unit, batches: identify });
        return committed;
      },
    }),
  }),
  "what the database alters is not told, so it travels back": () => ({
    database: (database) => changeCommitted(database, (committed) =>
      committed.committed ? { ...committed, outcomes: committed.outcomes.map((batch) => batch.map((outcome) => ({ status: outcome.status }))) } : committed),
  }),
  "rows that commit late are skipped": () => {
    const newest = new Map<string, number>();
    return {
      database: (database, side) => ({
        ...database,
        endpoints: new Map([...database.endpoints].map(([name, original]): [string, Endpoint] => [name, {
          ...original,
          ...(original.changesSince && {
            async changesSince(mark, own) {
              const changes = await original.changesSince!(mark, own);
              if (changes.keys === "all") return changes;
              const rows = await original.fetch({ fields: [], by: "key", tuples: changes.keys });
              const seen = newest.get(`${side} ${name}`) ?? 0;
              newest.set(`${side} ${name}`, Math.max(seen, ...rows.map((row) => Number(row.revision))));
              return { ...changes, keys: rows.filter((row) => Number(row.revision) > seen).map((row) => row.key) };
            },
          }),
        }])),
      }),
    };
  },
  "a fingerprint leaves out a field": () => ({
    database: (database) => ({
      ...database,
      endpoints: new Map([...database.endpoints].map(([name, original]): [string, Endpoint] => [name, {
        ...original,
        ...(original.fingerprint && {
          scan: async function* (request) {
            for await (const page of original.scan(request)) {
              const [blind] = await original.fingerprint!(request.fields.slice(1), [page.range]);
              yield { ...page, fingerprint: blind!.fingerprint };
            }
          },
          fingerprint: (fields, ranges) => original.fingerprint!(fields.slice(1), ranges),
        }),
      }])),
    }),
  }),
  "a page loses its last row": () => ({
    database: (database) => ({
      ...database,
      endpoints: new Map([...database.endpoints].map(([name, original]): [string, Endpoint] => [name, {
        ...original,
        scan: async function* (request) {
          for await (const page of original.scan(request)) yield { ...page, rows: page.rows.slice(0, -1) };
        },
      }])),
    }),
  }),
  "a fetch by cloudId misses a row that is there": () => {
    let asked = 0;
    return {
      database: (database) => ({
        ...database,
        endpoints: new Map([...database.endpoints].map(([name, original]): [string, Endpoint] => [name, {
          ...original,
          async fetch(request) {
            const rows = await original.fetch(request);
            return request.by === "cloudId" && (asked += 1) % 3 === 0 ? rows.slice(1) : rows;
          },
        }])),
      }),
    };
  },
  "the answer to a new row is lost, and it is made once more": () => ({
    rule: "I5",
    database: (database) => ({ ...database, commit: (unit) => madeTwice(database, unit) }),
  }),
  "a unique value is not written, and reported as written": () => ({
    rule: "I9",
    database: (database) => changeBatches(database, (batch) => {
      if (batch.op !== "update") return batch;
      const unique = new Set(database.endpoints.get(batch.model)!.model.uniqueKeys.flatMap(({ fields }) => fields));
      return { ...batch, rows: batch.rows.map((row) => ({ ...row, values: row.values.map((value, at) => (unique.has(batch.fields[at]!) ? undefined : value)) })) };
    }),
  }),
  "a unit of before is delivered once more, after later ones": () => {
    const before: Parameters<typeof lateUnits>[1] = new Map();
    return { rule: "I14", database: (database) => lateUnits(database, before) };
  },
  "the conflict log forgets": () => ({
    state: (state) => ({ ...state, commit: (pair, changes, fences) => state.commit(pair, changes.filter((change) => change.op !== "put" || change.collection !== "conflict"), fences) }),
  }),
  "the base is never kept": () => ({
    state: (state) => ({ ...state, commit: (pair, changes, fences) => state.commit(pair, changes.filter((change) => change.op !== "putBases"), fences) }),
  }),
  "state without fence: a runner without lease goes on storing": () => ({
    state: (state) => ({ ...state, commit: (pair, changes) => state.commit(pair, changes) }),
  }),
};

/** New rows, and then the same ones under other keys and names. */
async function madeTwice(database: Database, unit: Unit): Promise<Committed> {
  const committed = await database.commit(unit);
  const batches: Batch[] = [];
  for (const batch of unit.batches) {
    if (batch.op !== "insert") continue;
    const keys = await database.endpoints.get(batch.model)!.allocate(batch.rows.length);
    batches.push({ ...batch, rows: batch.rows.map((row, at) => ({ ...row, key: keys[at] ?? row.key, cloudId: `${row.cloudId.slice(0, -4)}0000` })) });
  }
  if (committed.committed && batches.length > 0) await database.commit({ ...unit, id: `${unit.id} again`, batches });
  return committed;
}

/** After each update of a row the one before it arrives again, and finds no guard in its way. */
export function lateUnits(database: Database, before: Map<string, Batch & { readonly op: "update" }>): Database {
  return {
    ...database,
    async commit(unit) {
      const committed = await database.commit(unit);
      if (!committed.committed) return committed;
      for (const batch of unit.batches) {
        if (batch.op !== "update") continue;
        for (const row of batch.rows) {
          const name = `${database.name} ${batch.model} ${row.key.join("/")}`;
          const late = before.get(name);
          before.set(name, { ...batch, rows: [row] });
          const [now] = await database.endpoints.get(batch.model)!.fetch({ fields: [], by: "key", tuples: [row.key] });
          if (late && now) await database.commit({ ...unit, id: `${unit.id} late`, batches: [{ ...late, rows: late.rows.map((each) => ({ ...each, revision: now.revision })) }] });
        }
      }
      return committed;
    },
  };
}

function changeCommitted(database: Database, change: (committed: Committed, unit: Unit) => Committed): Database {
  return { ...database, commit: async (unit) => change(await database.commit(unit), unit) };
}

function changeBatches(database: Database, change: (batch: Batch) => Batch): Database {
  return { ...database, commit: (unit) => database.commit({ ...unit, batches: unit.batches.map(change) }) };
}

function allWritten(unit: Unit): Committed {
  return { committed: true, transaction: "0", outcomes: unit.batches.map((batch) => batch.rows.map(() => ({ status: "written" }))) };
}
