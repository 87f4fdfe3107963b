import { isSyncError } from "@sync/core";
import { expect } from "vitest";
import { giveWay, many, removeBooks, sorted, update } from "../kit.ts";
import type { Law } from "../law.ts";

export const concurrencySuite: readonly Law[] = [
  {
    id: "concurrency/uncommitted-unseen",
    says: "What an application has not committed is never read.",
    needs: ["transactions"],
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "there", title: "old" }]);
      const transaction = await kit.probe.begin!();
      await transaction.insert("Book", [{ id: "new", title: "new" }]);
      await transaction.update("Book", { id: "there" }, { title: "new" });
      const reading = Promise.all([kit.rows("Book"), kit.fetch("Book", "key", [["new"], ["there"]]), kit.fetch("Book", ["title"], [["new"], ["old"]])]);
      await giveWay();
      await transaction.rollback();
      for (const rows of await reading) expect(rows.map((row) => kit.record("Book", row))).toEqual([{ id: "there", title: "old" }]);
    },
  },
  {
    id: "concurrency/not-in-their-transaction",
    says: "A unit is no part of an application's transaction: it stands after their rollback, and takes nothing of theirs along.",
    needs: ["transactions"],
    async check(kit) {
      for (const ending of ["rollback", "commit"] as const) {
        const transaction = await kit.probe.begin!();
        await transaction.insert("Book", [{ id: `theirs, ${ending}` }]);
        const writing = kit.insert("Parent", [{ code: `ours, ${ending}` }]);
        await giveWay();
        await transaction[ending]();
        await writing;
      }
      expect(await kit.stored("Parent", ["code"])).toEqual([{ code: "ours, commit" }, { code: "ours, rollback" }]);
      expect(await kit.stored("Book", ["id"])).toEqual([{ id: "theirs, commit" }]);
    },
  },
  {
    id: "concurrency/refused-without-theirs",
    says: "A refused unit takes back nothing that the application wrote meanwhile.",
    async check(kit) {
      await kit.insert("Parent", [{ code: "taken" }]);
      const refusals = await Promise.all(many(5, (n) => ({ code: `new ${n}` })).map(async ({ code }) => {
        const unit = await kit.newRows("Parent", [{ code: code! }, { code: "taken" }]);
        const [committed] = await Promise.all([kit.commit(unit), kit.probe.insert("Book", [{ id: code! }])]);
        return committed.committed;
      }));
      expect(refusals).toEqual([false, false, false, false, false]);
      expect(await kit.stored("Book", ["id"])).toHaveLength(5);
      if (kit.capabilities.atomicUnits) expect(await kit.stored("Parent", ["code"])).toEqual([{ code: "taken" }]);
    },
  },
  {
    id: "concurrency/calls-overlap",
    says: "Reads and units may overlap: each does what it does alone.",
    async check(kit) {
      await kit.insert("Book", many(20, (n) => ({ id: `book ${n}` })));
      const reads = Array.from({ length: 6 }, () => kit.rows("Book", { pageSize: 3 }));
      const fetches = Array.from({ length: 6 }, (_, n) => kit.fetch("Book", "key", [[`book ${n}`]]));
      const writes = Array.from({ length: 6 }, (_, n) => kit.insert("Parent", [{ code: `parent ${n}` }]));
      for (const rows of await Promise.all(reads)) expect(new Set(rows.map(({ key }) => key[0])).size).toBe(20);
      expect((await Promise.all(fetches)).map((rows) => rows.map(({ key }) => key[0]))).toEqual(many(6, (n) => ({ id: `book ${n}` })).map(({ id }) => [id]));
      await Promise.all(writes);
      expect(await kit.stored("Parent", ["code"])).toEqual(sorted(many(6, (n) => ({ code: `parent ${n}` }))));
    },
  },
  {
    id: "concurrency/one-of-two",
    says: "Of two units that hold the same revision of a row one writes it, and the other comes back stale.",
    async check(kit) {
      const [row] = await kit.given("Book", [{ id: "a", title: "0" }]);
      const retitled = (title: string) =>
        kit.statuses(update("Book", ["title"], [row!], [title]));
      const statuses = (await Promise.all([retitled("1"), retitled("2"), retitled("3")])).flat(2);
      expect(sorted(statuses)).toEqual(["stale", "stale", "written"]);
      expect((await kit.stored("Book"))[0]!["title"]).toBe(String(statuses.indexOf("written") + 1));
    },
  },
  {
    id: "concurrency/child-on-its-way",
    says: "A row that an application is just referring to in a transaction is not deleted, or that transaction is refused: what it commits stays.",
    needs: ["transactions", "foreignKeys"],
    async check(kit) {
      const books = await kit.given("Book", [{ id: "a" }, { id: "b" }]);
      const transaction = await kit.probe.begin!();
      await transaction.insert("Entry", [{ book: "a", page: "1" }]);
      // A unit that found their transaction in its way may be sent once more: nothing is said of what it has done.
      const deleting = kit.commit(removeBooks(kit, books)).catch((error: unknown) => {
        if (!isSyncError(error) || !error.retryable) throw error;
      });
      await giveWay();
      const came = await transaction.commit().then(() => true, () => false);
      await deleting;
      expect(await kit.stored("Entry", ["book", "page"])).toEqual(came ? [{ book: "a", page: "1" }] : []);
      if (came) expect((await kit.stored("Book", ["id"])).map(({ id }) => id)).toContain("a");
    },
  },
  {
    id: "concurrency/one-page-one-moment",
    says: "A page is one moment of the database: a unit is in it whole or not at all.",
    needs: ["atomicUnits"],
    async check(kit) {
      await kit.insert("Book", many(30, (n) => ({ id: `book ${n}`, title: "0" })));
      let rows = await kit.rows("Book");
      for (const title of ["1", "2", "3", "4", "5"]) {
        const writing = kit.write(update("Book", ["title"], rows, [title]));
        const seen = await Promise.all([kit.rows("Book", { fields: ["title"] }), kit.rows("Book", { fields: ["title"] })]);
        for (const page of seen) expect(new Set(page.map(({ values }) => values[0])).size).toBe(1);
        await writing;
        rows = await kit.rows("Book");
      }
    },
  },
];
