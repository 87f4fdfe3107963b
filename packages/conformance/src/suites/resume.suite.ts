import type { Base, StateStore } from "@sync/core";
import { isSyncError } from "@sync/core";
import { expect } from "vitest";
import { type Kit, many, refused, sorted, update } from "../kit.ts";
import type { Law } from "../law.ts";

async function stateOf(kit: Kit): Promise<StateStore> {
  const state = kit.database.state!;
  await state.open();
  return state;
}

const base = (n: number): Base => ({ model: "Book", cloudId: `cloud ${String(n).padStart(3, "0")}`, hashes: `hashes of ${n}` });

export const resumeSuite: readonly Law[] = [
  {
    id: "resume/same-database",
    says: "A database that is opened again is the same one: its id, the server's identity, the lease and the run counter.",
    needs: ["reopening"],
    async check(kit) {
      const first = await kit.claim();
      await kit.database.release(first.fence, true);
      const second = await kit.claim();
      await kit.reopen();
      expect(await kit.claim()).toEqual(second);
      const error = await refused(kit.database.claim({ holder: "other", runner: "other", seconds: 1 }));
      expect(isSyncError(error) && error.code).toBe("LEASE.HELD");
    },
  },
  {
    id: "resume/rows-and-identities",
    says: "What was committed is there when the database is opened again: rows, their cloudIds and their revisions.",
    needs: ["reopening"],
    async check(kit) {
      await kit.insert("Book", [{ id: "a", title: "1" }, { id: "b", title: "2" }]);
      await kit.insert("Child", [{ name: "c", rank: "1" }]);
      const before = [...(await kit.rows("Book")), ...(await kit.rows("Child"))];
      await kit.reopen();
      expect([...(await kit.rows("Book")), ...(await kit.rows("Child"))]).toEqual(before);
      const [a] = before;
      expect(await kit.statuses(update("Book", ["title"], [a!], ["3"]))).toEqual([["written"]]);
    },
  },
  {
    id: "resume/fresh-keys",
    says: "Keys that rows have are not given again when the database is opened again.",
    needs: ["reopening"],
    async check(kit) {
      const before = await kit.insert("Parent", many(5, (n) => ({ code: `a ${n}` })));
      await kit.reopen();
      const after = await kit.insert("Parent", many(5, (n) => ({ code: `b ${n}` })));
      expect(new Set([...before, ...after].map(({ key }) => key[0])).size).toBe(10);
    },
  },
  {
    id: "resume/marks",
    says: "A mark from before the database was opened again still tells what has changed since.",
    needs: ["reopening", "changesSince"],
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a" }, { id: "b" }]);
      const { next } = await kit.changesSince("Book");
      await kit.reopen();
      await kit.probe.update("Book", { id: "b" }, { title: "new" });
      const { keys, total } = await kit.changesSince("Book", next);
      expect(total).toBe(2);
      expect(keys).not.toBe("all");
      expect(keys).toContainEqual(["b"]);
    },
  },
  {
    id: "resume/state",
    says: "The state of a pair is there when the database is opened again.",
    needs: ["reopening", "state"],
    async check(kit) {
      const state = await stateOf(kit);
      await state.commit("crm", [{ op: "putBases", bases: [base(1)] }, { op: "put", collection: "run", records: [{ id: "r1", text: "é'\"\\😀" }] }]);
      await kit.reopen();
      const again = await stateOf(kit);
      expect(await again.bases("crm", "Book", [base(1).cloudId])).toEqual([base(1)]);
      expect(await again.read("crm", { collection: "run" })).toEqual([{ id: "r1", text: "é'\"\\😀" }]);
    },
  },
  {
    id: "resume/state-of-pairs",
    says: "Pairs share a state store, never a record.",
    needs: ["state"],
    async check(kit) {
      const state = await stateOf(kit);
      await state.commit("one", [{ op: "putBases", bases: [base(1)] }, { op: "put", collection: "run", records: [{ id: "r" }] }]);
      await state.commit("two", [{ op: "putBases", bases: [{ ...base(1), hashes: "others" }] }]);
      expect(await state.bases("one", "Book", [base(1).cloudId])).toEqual([base(1)]);
      expect(await state.read("two", { collection: "run" })).toEqual([]);
      await state.commit("two", [{ op: "clearBases", model: "Book" }]);
      expect((await state.scanBases("one", "Book", undefined, 10)).total).toBe(1);
      expect((await state.scanBases("two", "Book", undefined, 10)).total).toBe(0);
    },
  },
  {
    id: "resume/state-bases",
    says: "Bases are put, replaced and removed one by one, and read in cloudId order, page by page.",
    needs: ["state"],
    async check(kit) {
      const state = await stateOf(kit);
      await state.commit("crm", [{ op: "putBases", bases: many(25, () => ({})).map((_, n) => base(n)) }]);
      await state.commit("crm", [
        { op: "putBases", bases: [{ ...base(7), hashes: "new", rightHashes: "right" }] },
        { op: "removeBases", model: "Book", cloudIds: [base(3).cloudId, "none"] },
      ]);
      const first = await state.scanBases("crm", "Book", undefined, 10);
      expect(first.total).toBe(24);
      const read = [...first.bases];
      for (;;) {
        const page = await state.scanBases("crm", "Book", read.at(-1)!.cloudId, 10);
        if (page.bases.length === 0) break;
        read.push(...page.bases);
      }
      const wanted = many(25, () => ({})).map((_, n) => (n === 7 ? { ...base(n), hashes: "new", rightHashes: "right" } : base(n))).filter((_, n) => n !== 3);
      expect(read).toEqual(wanted);
    },
  },
  {
    id: "resume/state-records",
    says: "Records are read by collection, model, ids and position, and a record takes the place of an older one with its id.",
    needs: ["state"],
    async check(kit) {
      const state = await stateOf(kit);
      const put = (id: string, text: string) => ({ op: "put", collection: "run", records: [{ id, text }] }) as const;
      await state.commit("crm", ["a", "b", "c", "d"].map((id) => put(id, "old")));
      await state.commit("crm", [put("b", "new"), { op: "remove", collection: "run", ids: ["c"] }]);
      expect(sorted(await state.read("crm", { collection: "run" }))).toEqual([{ id: "a", text: "old" }, { id: "b", text: "new" }, { id: "d", text: "old" }]);
      expect(sorted((await state.read("crm", { collection: "run", ids: ["d", "b", "x"] })).map(({ id }) => id))).toEqual(["b", "d"]);
      const [first, ...more] = await state.read("crm", { collection: "run" });
      expect((await state.read("crm", { collection: "run", after: first!.id, limit: 1 })).map(({ id }) => id)).toEqual([more[0]!.id]);
      expect(await state.read("crm", { collection: "plan" })).toEqual([]);
    },
  },
  {
    id: "resume/state-under-fences",
    says: "Who comes to the state with a lower fence than another before is refused as LEASE.LOST, and stores nothing.",
    needs: ["state"],
    async check(kit) {
      const state = await stateOf(kit);
      const put = (id: string) => [{ op: "put", collection: "run", records: [{ id }] }] as const;
      await state.commit("crm", put("a"), { left: 5, right: 7 });
      await state.commit("crm", put("b"), { left: 6, right: 7 });
      for (const fences of [{ left: 5, right: 7 }, { left: 6, right: 6 }]) {
        expect(await refused(state.commit("crm", put("c"), fences))).toMatchObject({ code: "LEASE.LOST" });
      }
      await state.commit("crm", put("d"), { left: 1, right: 1, anew: true });
      await state.commit("other", put("e"), { left: 1, right: 1 });
      expect(sorted((await state.read("crm", { collection: "run" })).map(({ id }) => id))).toEqual(["a", "b", "d"]);
    },
  },
];
