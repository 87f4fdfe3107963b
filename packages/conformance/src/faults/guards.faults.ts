import type { Batch, Outcome, Row } from "@sync/core";
import type { KitRecord, Session } from "../harness.ts";
import { commits, current, database, rows, type Fault } from "./fault.ts";
import type { MemorySession } from "./memory.ts";

/** Every guard of an update or delete replaced by another; undefined leaves it as it is. */
function guards(session: MemorySession, change: (batch: Batch, row: { key: readonly string[]; revision: string }) => Promise<string | undefined>): Session {
  return commits(session, async (unit, commit) => {
    const changed = await Promise.all(unit.batches.map(async (batch) => {
      if (batch.op !== "update" && batch.op !== "delete") return batch;
      const guarded: unknown[] = [];
      for (const row of batch.rows) guarded.push({ ...row, revision: (await change(batch, row)) ?? row.revision });
      return { ...batch, rows: guarded } as Batch;
    }));
    return await commit({ ...unit, batches: changed });
  });
}

/** Revisions made of a record, in the place of those that the database has. */
function revisionsOf(session: MemorySession, made: (record: KitRecord) => KitRecord): Session {
  // All rows of a model are looked at together, and again after a while: there may be thousands.
  let seen = new Map<string, Map<string, string>>();
  const text = (model: string, key: readonly string[]): string | undefined => {
    if (seen.size === 0) void Promise.resolve().then(() => (seen = new Map()));
    let records = seen.get(model);
    if (!records) {
      records = new Map(session.database.probe.rows(model).map((row) => [JSON.stringify(row.key), JSON.stringify(made(row.record))]));
      seen.set(model, records);
    }
    return records.get(JSON.stringify(key));
  };
  const reading = rows(session, (row, _, model) => ({ ...row, revision: text(model, row.key) ?? row.revision }));
  const writing = guards(session, async ({ model }, { key, revision }) =>
    text(model, key) === revision ? (await current(session, model, key))?.revision : "moved");
  return { ...session, database: { ...writing.database, endpoints: reading.database.endpoints } };
}

export const guardsFaults: readonly Fault[] = [
  {
    law: "guards/stale-update",
    wrong: "An update of several rows is not guarded.",
    of: (session) => guards(session, async (batch, { key }) =>
      batch.op === "update" && batch.rows.length > 1 ? (await current(session, batch.model, key))?.revision : undefined),
    also: ["commit/outcomes-in-order"],
  },
  {
    law: "guards/stale-delete",
    wrong: "A delete of several rows is not guarded.",
    of: (session) => guards(session, async (batch, { key }) =>
      batch.op === "delete" && batch.rows.length > 1 ? (await current(session, batch.model, key))?.revision : undefined),
    also: ["commit/outcomes-in-order"],
  },
  {
    law: "guards/gone",
    wrong: "A row that is not there counts as deleted.",
    of: (session) => commits(session, async (unit, commit) => {
      const missing = new Set<string>();
      for (const { op, model, rows: named } of unit.batches) {
        if (op === "delete") for (const { key } of named) if (!(await current(session, model, key))) missing.add(JSON.stringify([model, key]));
      }
      const committed = await commit(unit);
      if (!committed.committed) return committed;
      return { ...committed, outcomes: unit.batches.map(({ op, model, rows: named }, at) => named.map(({ key }, n): Outcome =>
        op === "delete" && missing.has(JSON.stringify([model, key])) ? { status: "written" } : committed.outcomes[at]![n]!)) };
    }),
  },
  {
    law: "guards/any-field",
    wrong: "A revision is made of some fields only.",
    of: (session) => revisionsOf(session, (record) => ({ ...record, size: null })),
    also: ["resume/rows-and-identities"],
  },
  {
    law: "guards/null-and-empty",
    wrong: "A revision is made of texts that are joined, null being none.",
    of: (session) => revisionsOf(session, (record) => Object.fromEntries(Object.entries(record).map(([field, value]) => [field, value ?? ""]))),
    also: ["resume/rows-and-identities"],
  },
  {
    law: "guards/one-revision",
    wrong: "A revision has the number of the fields that were read in it.",
    of: (session) => {
      const reading = rows(session, (row, { fields }): Row => ({ ...row, revision: `${row.revision}/${fields.length}` }));
      const writing = guards(session, async (_, { revision }) => revision.split("/")[0]);
      return { ...session, database: { ...writing.database, endpoints: reading.database.endpoints }, reopen: reading.reopen };
    },
    also: ["paging/fields-as-asked", "resume/rows-and-identities"],
  },
  {
    law: "guards/own-writes-count",
    wrong: "What the sync wrote itself does not count as a change.",
    of: (session) => {
      const before = new Map<string, string>();
      const own = new Map<string, string>();
      return database(session, (inner) => ({
        commit: async (unit) => {
          const [batch] = unit.batches;
          const row = batch?.rows[0];
          if (batch?.op !== "update" || batch.model !== "Book" || batch.rows.length > 1 || !("revision" in row!)) return await inner.commit(unit);
          const [id] = row.key as [string];
          const now = (await current(session, "Book", row.key))?.revision;
          const mine = now !== undefined && own.get(id) === now && before.get(id) === row.revision;
          const committed = await inner.commit(mine ? { ...unit, batches: [{ ...batch, rows: [{ ...batch.rows[0]!, revision: now }] }] } : unit);
          const after = (await current(session, "Book", row.key))?.revision;
          if (committed.committed && after !== undefined && after !== now) {
            before.set(id, row.revision);
            own.set(id, after);
          }
          return committed;
        },
      }));
    },
  },
  {
    law: "guards/only-what-was-named",
    wrong: "An update writes the whole row, with null for what it was not told.",
    of: (session) => commits(session, async (unit, commit) => {
      const committed = await commit(unit);
      for (const batch of unit.batches) {
        if (batch.op !== "update" || batch.model !== "Parent" || batch.fields.join() !== "size") continue;
        for (const { key } of batch.rows) session.database.application.update("Parent", key, { name: null });
      }
      return committed;
    }),
  },
];
