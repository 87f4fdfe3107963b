import type { Endpoint, Page, Row } from "@sync/core";
import type { KitRecord } from "../harness.ts";
import { commits, current, database, endpoint, endpoints, pause, unlooked, type Fault } from "./fault.ts";

async function firstPage(inner: Endpoint, request: Parameters<Endpoint["scan"]>[0]): Promise<Page> {
  for await (const page of inner.scan(request)) return page;
  throw new Error("A scan has at least one page.");
}

export const concurrencyFaults: readonly Fault[] = [
  {
    law: "concurrency/uncommitted-unseen",
    wrong: "New rows of open transactions are read.",
    of(session) {
      let pending: readonly KitRecord[] = [];
      const dirty = (fields: readonly string[]): Row[] =>
        pending.map((record) => ({ key: [record["id"]!], cloudId: null, revision: "", values: fields.map((field) => record[field] ?? null) }));
      const broken = endpoint(session, "Book", (inner) => ({
        async *scan(request) {
          for await (const page of inner.scan(request)) yield { ...page, rows: [...page.rows, ...dirty(request.fields)] };
        },
      }));
      const begin = async () => {
        const transaction = await session.probe.begin!();
        const insert: typeof transaction.insert = async (model, records) => {
          if (model === "Book") pending = [...pending, ...records];
          await transaction.insert(model, records);
        };
        const ended = async (end: () => Promise<void>): Promise<void> => {
          pending = [];
          await end();
        };
        return { ...transaction, insert, commit: () => ended(transaction.commit), rollback: () => ended(transaction.rollback) };
      };
      return { ...broken, probe: { ...session.probe, begin } };
    },
  },
  {
    law: "concurrency/not-in-their-transaction",
    wrong: "A unit falls into the transaction that the application has open, and goes with it.",
    of(session) {
      let open = false;
      const ours: (readonly string[])[] = [];
      const broken = commits(session, async (unit, commit) => {
        if (open) for (const batch of unit.batches) if (batch.op === "insert" && batch.model === "Parent") ours.push(...batch.rows.map(({ key }) => key));
        return await commit(unit);
      });
      const begin = async () => {
        const transaction = await session.probe.begin!();
        open = true;
        const rollback = async (): Promise<void> => {
          await transaction.rollback();
          for (const key of ours.splice(0)) session.database.application.delete("Parent", key);
          open = false;
        };
        return { ...transaction, rollback };
      };
      return { ...broken, probe: { ...session.probe, begin } };
    },
  },
  {
    law: "concurrency/refused-without-theirs",
    wrong: "The rollback of a refused unit takes the application's new rows back too.",
    of: (session) => commits(session, async (unit, commit) => {
      const ids = (): readonly (readonly string[])[] => session.database.probe.rows("Book").map(({ key }) => key);
      const before = new Set(ids().map(([id]) => id));
      await pause(2);
      const theirs = ids().filter(([id]) => !before.has(id));
      const committed = await commit(unit);
      if (!committed.committed) for (const key of theirs) session.database.application.delete("Book", key);
      return committed;
    }),
  },
  {
    law: "concurrency/calls-overlap",
    wrong: "All scans share one cursor.",
    of(session) {
      let cursor: readonly string[] | null = null;
      return endpoints(session, (inner) => ({
        async *scan(request) {
          if (request.ranges) {
            yield* inner.scan(request);
            return;
          }
          cursor = null;
          do {
            const page: Page = await firstPage(inner, { ...request, ranges: [{ after: cursor, upTo: null }] });
            cursor = page.range.upTo;
            yield page;
            await pause(0);
          } while (cursor !== null);
        },
      }));
    },
  },
  {
    law: "concurrency/one-of-two",
    wrong: "Revisions are compared first, and the rows written a moment later.",
    of: (session) => commits(session, async (unit, commit) => {
      const [batch] = unit.batches;
      if (batch?.op !== "update" || unit.batches.length > 1) return await commit(unit);
      const fresh: boolean[] = [];
      for (const { key, revision } of batch.rows) fresh.push((await current(session, batch.model, key))?.revision === revision);
      await pause(2);
      const now = await Promise.all(batch.rows.map(({ key }) => current(session, batch.model, key)));
      const rows = batch.rows.map((row, at) => ({ ...row, revision: (fresh[at] ? now[at]?.revision : undefined) ?? row.revision }));
      return await commit({ ...unit, batches: [{ ...batch, rows }] });
    }),
  },
  {
    law: "concurrency/child-on-its-way",
    wrong: "Children are looked for, and a row without any deleted as soon as nobody holds it any more.",
    of(session) {
      let theirs: Promise<void> | undefined;
      const broken = commits(session, async (unit, commit) => {
        if (!theirs || !unit.batches.some((batch) => batch.op === "delete" && batch.children)) return await commit(unit);
        await theirs;
        return await commit({ ...unit, batches: unit.batches.map(unlooked) });
      });
      const begin = async () => {
        const transaction = await session.probe.begin!();
        let end = (): void => {};
        theirs = new Promise((resolve) => void (end = resolve));
        return { ...transaction, commit: () => transaction.commit().finally(end), rollback: () => transaction.rollback().finally(end) };
      };
      return { ...broken, probe: { ...session.probe, begin } };
    },
  },
  {
    law: "concurrency/one-page-one-moment",
    wrong: "A large page is read in two halves, a moment apart.",
    of: (session) => database(session, (inner) => ({
      commit: async (unit) => {
        await pause(3);
        return await inner.commit(unit);
      },
      endpoints: new Map([...inner.endpoints].map(([name, whole]) => [name, {
        ...whole,
        async *scan(request) {
          for await (const page of whole.scan(request)) {
            const half = Math.floor(page.rows.length / 2);
            if (name !== "Book" || half < 15 || half > 100) {
              yield page;
              continue;
            }
            await pause(15);
            const later = (await firstPage(whole, { ...request, ranges: [page.range] })).rows;
            yield { ...page, rows: [...page.rows.slice(0, half), ...later.slice(half)] };
          }
        },
      } satisfies Endpoint])),
    })),
  },
];
