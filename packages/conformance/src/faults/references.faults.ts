import type { InsertBatch } from "@sync/core";
import { batches, commits, current, endpoint, refusals, refuse, rows, unlooked, withValue, type Fault } from "./fault.ts";

export const referencesFaults: readonly Fault[] = [
  {
    law: "references/parent-and-child",
    wrong: "A child that comes together with its parent is written without the reference.",
    of: (session) => commits(session, (unit, commit) => {
      if (!unit.batches.some(({ model }) => model === "Parent")) return commit(unit);
      return commit({ ...unit, batches: unit.batches.map((batch) => {
        if (batch.op !== "insert" || batch.model !== "Child") return batch;
        const at = batch.fields.indexOf("parentId");
        return { ...batch, rows: batch.rows.map((row) => ({ ...row, values: row.values.map((value, n) => (n === at ? null : value)) })) };
      }) });
    }),
  },
  {
    law: "references/read-as-keys",
    wrong: "A reference is read with zeros before it.",
    of: (session) => rows(session, (row, { fields }, model) =>
      model === "Child" ? withValue(row, fields, "parentId", (value) => value?.padStart(4, "0") ?? null) : row),
  },
  {
    law: "references/to-nothing",
    wrong: "A missing parent is an error that nobody told apart.",
    of: (session) => refusals(session, (refusal, { batches: [batch] }) =>
      refusal.code === "WRITE.FOREIGN_KEY" && batch!.op !== "delete" ? { ...refusal, code: "WRITE.REFUSED" } : refusal),
  },
  {
    law: "references/to-itself",
    wrong: "Only rows that were there before a unit can be referred to by their own model.",
    of: (session) => commits(session, async (unit, commit) => {
      const inserts = unit.batches.filter((batch) => batch.op === "insert" && batch.model === "Node") as InsertBatch[];
      const made = new Set(inserts.flatMap((batch) => batch.rows.map(({ key }) => key[0])));
      const within = inserts.some(({ fields, rows: nodes }) => nodes.some(({ values }) => made.has(values[fields.indexOf("aboveId")] ?? "")));
      return within ? refuse("WRITE.FOREIGN_KEY", "Node") : await commit(unit);
    }),
  },
  {
    law: "references/patched",
    wrong: "A reference to the own model is written by inserts only.",
    of: (session) => batches(session, (batch) =>
      batch.op === "update" && batch.model === "Node"
        ? { ...batch, rows: batch.rows.map((row) => ({ ...row, values: row.values.map(() => undefined) })) }
        : batch),
  },
  {
    law: "references/moved",
    wrong: "A reference is never taken away again.",
    of: (session) => batches(session, (batch) =>
      batch.op === "update" && batch.model === "Child" && batch.fields.join() === "parentId"
        ? { ...batch, rows: batch.rows.map((row) => ({ ...row, values: [row.values[0] ?? undefined] })) }
        : batch),
  },
];

export const deletesFaults: readonly Fault[] = [
  {
    law: "deletes/gone",
    wrong: "A deleted row is still found by its key.",
    of: (session) => {
      const ghosts = new Map<string, Awaited<ReturnType<typeof current>>>();
      const writing = commits(session, async (unit, commit) => {
        for (const batch of unit.batches) {
          if (batch.op === "delete" && batch.model === "Book") for (const { key } of batch.rows) ghosts.set(key[0]!, await current(session, "Book", key));
        }
        return await commit(unit);
      });
      const reading = endpoint(session, "Book", (inner) => ({
        fetch: async (request) => {
          const found = await inner.fetch(request);
          if (request.by !== "key") return found;
          const missing = request.tuples.filter((tuple) => !found.some(({ key }) => key[0] === tuple[0]));
          return [...found, ...missing.flatMap(([id]) => ghosts.get(id!) ?? [])];
        },
      }));
      return { ...session, database: { ...writing.database, endpoints: reading.database.endpoints } };
    },
  },
  {
    law: "deletes/identity-goes-along",
    wrong: "The identity of a deleted row stays behind.",
    of: (session) => commits(session, async (unit, commit) => {
      const [batch, more] = unit.batches;
      const row = batch?.rows[0];
      if (more || batch?.op !== "delete" || batch.model !== "Book" || batch.rows.length > 1 || row === undefined) return await commit(unit);
      const found = await current(session, "Book", row.key);
      if (!("revision" in row) || found?.revision !== row.revision) return await commit(unit);
      if (session.database.probe.rows("Entry").some(({ key }) => key[0] === row.key[0])) return await commit(unit);
      session.database.application.delete("Book", row.key);
      return { committed: true, transaction: "", outcomes: [[{ status: "written" }]] };
    }),
  },
  {
    law: "deletes/children-first",
    wrong: "Deletes are carried out in the order of the models, parents first.",
    also: ["deletes/children-it-does-not-know"],
    of: (session) => commits(session, async (unit, commit) => {
      if (!unit.batches.every(({ op }) => op === "delete")) return await commit(unit);
      const committed = await commit({ ...unit, batches: unit.batches.toReversed() });
      return committed.committed ? { ...committed, outcomes: committed.outcomes.toReversed() } : committed;
    }),
  },
  {
    law: "deletes/restricted",
    wrong: "That children forbid a delete is an error that nobody told apart.",
    of: (session) => refusals(session, (refusal, { batches: [batch] }) =>
      refusal.code === "WRITE.FOREIGN_KEY" && batch!.op === "delete" ? { ...refusal, code: "WRITE.REFUSED" } : refusal),
  },
  {
    law: "deletes/as-declared",
    wrong: "The live table forbids what the model says is deleted along.",
    also: ["deletes/children-it-does-not-know"],
    of: (session) => commits(session, async (unit, commit) => {
      const entries = session.database.probe.rows("Entry").map(({ key }) => key[0]);
      const forbids = unit.batches.some((batch) => batch.op === "delete" && batch.model === "Book" && batch.rows.some(({ key }) => entries.includes(key[0])));
      return forbids ? refuse("WRITE.FOREIGN_KEY", "Entry") : await commit(unit);
    }),
  },
  {
    law: "deletes/children-it-does-not-know",
    wrong: "Nobody looks who refers to a row that is deleted.",
    of: (session) => batches(session, unlooked),
  },
];
