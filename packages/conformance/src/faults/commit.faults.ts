import type { Committed, Unit } from "@sync/core";
import { batches, commits, current, database, refuse, type Fault } from "./fault.ts";

const ORDER: Readonly<Record<string, number>> = { insert: 0, identify: 1, update: 2, delete: 3 };

export const commitFaults: readonly Fault[] = [
  {
    law: "commit/outcomes-in-order",
    wrong: "Outcomes of deletes come first, as the deletes do.",
    of: (session) => commits(session, async (unit, commit) => {
      const committed = await commit(unit);
      if (!committed.committed) return committed;
      const of = (wanted: boolean) => committed.outcomes.filter((_, at) => (unit.batches[at]!.op === "delete") === wanted);
      return { ...committed, outcomes: [...of(true), ...of(false)] };
    }),
  },
  {
    law: "commit/identity-with-row",
    wrong: "The last row of a batch has its identity written later, and nobody does.",
    of: (session) => commits(session, async (unit, commit) => {
      const [batch] = unit.batches;
      if (batch?.op !== "insert" || batch.model !== "Child" || batch.rows.length < 2) return await commit(unit);
      const last = batch.rows.at(-1)!;
      const committed = await commit({ ...unit, batches: [{ ...batch, rows: batch.rows.slice(0, -1) }, ...unit.batches.slice(1)] });
      session.database.application.insert("Child", { id: last.key[0]!, ...Object.fromEntries(batch.fields.map((field, at) => [field, last.values[at]!])) });
      if (!committed.committed) return committed;
      const [first, ...more] = committed.outcomes;
      return { ...committed, outcomes: [[...first!, { status: "written" }], ...more] };
    }),
  },
  {
    law: "commit/all-or-nothing",
    wrong: "Each batch is a transaction of its own.",
    of: (session) => commits(session, async (unit, commit) => {
      const outcomes: (Committed & { committed: true })["outcomes"][number][] = [];
      let transaction = "";
      for (const batch of unit.batches) {
        const committed = await commit({ ...unit, batches: [batch] });
        if (!committed.committed) return committed;
        transaction = committed.transaction;
        outcomes.push(...committed.outcomes);
      }
      return { committed: true, transaction, outcomes };
    }),
    also: ["commit/row-named-twice", "lifecycle/capabilities-as-they-are"],
  },
  {
    law: "commit/batches-in-order",
    wrong: "Inserts are carried out first, deletes last.",
    of: (session) => commits(session, async (unit, commit) => {
      const order = unit.batches.map((_, at) => at).sort((a, b) => ORDER[unit.batches[a]!.op]! - ORDER[unit.batches[b]!.op]!);
      const committed = await commit({ ...unit, batches: order.map((at) => unit.batches[at]!) });
      return committed.committed ? { ...committed, outcomes: unit.batches.map((_, at) => committed.outcomes[order.indexOf(at)]!) } : committed;
    }),
  },
  {
    law: "commit/row-named-twice",
    wrong: "A row that an earlier batch wrote is no longer the one that was read.",
    of: (session) => commits(session, async (unit, commit) => {
      const named = new Set<string>();
      const again = unit.batches.map((batch) => batch.rows.map(({ key }) => {
        const text = JSON.stringify([batch.model, key]);
        const known = named.has(text);
        named.add(text);
        return known && batch.op === "update";
      }));
      const rest = unit.batches.map((batch, at) => ({ ...batch, rows: batch.rows.filter((_, row) => !again[at]![row]) })) as Unit["batches"];
      const committed = await commit({ ...unit, batches: rest });
      if (!committed.committed) return committed;
      return { ...committed, outcomes: again.map((batch, at) => {
        const left = [...committed.outcomes[at]!];
        return batch.map((known) => (known ? { status: "stale" as const } : left.shift()!));
      }) };
    }),
  },
  {
    law: "commit/image-of-what-stands",
    wrong: "A trigger counts `rank` up, and no outcome says so.",
    of: (session) => commits(session, async (unit, commit) => {
      const committed = await commit(unit);
      for (const batch of unit.batches) {
        if (batch.op !== "update" || batch.model !== "Child" || !batch.fields.includes("rank")) continue;
        for (const { key } of batch.rows) session.database.application.update("Child", key, { rank: "4" });
      }
      return committed;
    }),
  },
  {
    law: "commit/identify",
    wrong: "A cloudId is given whatever the row had before.",
    of: (session) => commits(session, async (unit, commit) => {
      const changed = await Promise.all(unit.batches.map(async (batch) => {
        if (batch.op !== "identify") return batch;
        const now = await Promise.all(batch.rows.map(({ key }) => current(session, batch.model, key)));
        return { ...batch, rows: batch.rows.map((row, at) => ({ ...row, was: now[at]?.cloudId ?? null })) };
      }));
      return await commit({ ...unit, batches: changed });
    }),
  },
  {
    law: "commit/update-with-cloud-id",
    wrong: "A cloudId in an update is overlooked.",
    of: (session) => batches(session, (batch) =>
      batch.op === "update" ? { ...batch, rows: batch.rows.map(({ key, revision, values }) => ({ key, revision, values })) } : batch),
  },
  {
    law: "commit/one-row-per-cloud-id",
    wrong: "A cloudId that is taken leaves the row as it is, and calls that stale.",
    of: (session) => commits(session, async (unit, commit) => {
      const committed = await commit(unit);
      const isIdentify = unit.batches.every(({ op }) => op === "identify");
      if (committed.committed || !isIdentify) return committed;
      return { committed: true, transaction: "", outcomes: unit.batches.map((batch) => batch.rows.map(() => ({ status: "stale" }))) };
    }),
  },
  {
    law: "commit/orphaned-identity",
    wrong: "A cloudId belongs to its first row for ever, unless a unit deletes it.",
    of: (session) => {
      const given = new Map<string, string>();
      return commits(session, async (unit, commit) => {
        for (const batch of unit.batches) {
          if (batch.op !== "insert" || batch.model !== "Book") continue;
          if (batch.rows.some(({ key, cloudId }) => given.has(cloudId) && given.get(cloudId) !== key[0])) return refuse("WRITE.UNIQUE", "Book");
        }
        const committed = await commit(unit);
        for (const batch of unit.batches) {
          if (batch.op === "insert" && batch.model === "Book" && committed.committed) for (const { key, cloudId } of batch.rows) given.set(cloudId, key[0]!);
          if (batch.op === "delete") for (const [cloudId, key] of given) if (batch.rows.some((row) => row.key[0] === key)) given.delete(cloudId);
        }
        return committed;
      });
    },
  },
  {
    law: "commit/large",
    wrong: "A unit has at most a thousand rows.",
    of: (session) => database(session, (inner) => ({
      commit: async (unit) => {
        if (unit.batches.reduce((sum, { rows }) => sum + rows.length, 0) > 1000) throw new Error("too many variables");
        return await inner.commit(unit);
      },
    })),
  },
];
