import { expect } from "vitest";
import { many, remove, removeBooks, touchesEntries } from "../kit.ts";
import type { Law } from "../law.ts";

export const deletesSuite: readonly Law[] = [
  {
    id: "deletes/gone",
    says: "A deleted row is in the database no more, nor in any answer.",
    async check(kit) {
      const [written] = await kit.insert("Book", [{ id: "a" }, { id: "b" }]);
      expect(await kit.statuses(remove("Book", [await kit.row("Book", ["a"])]))).toEqual([["written"]]);
      expect(await kit.stored("Book", ["id"])).toEqual([{ id: "b" }]);
      expect((await kit.rows("Book")).map(({ key }) => key)).toEqual([["b"]]);
      expect(await kit.fetch("Book", "key", [["a"]])).toEqual([]);
      expect(await kit.fetch("Book", "cloudId", [[written!.cloudId]])).toEqual([]);
    },
  },
  {
    id: "deletes/identity-goes-along",
    says: "The identity of a row that a unit deletes goes with it: a row made anew under that key is nobody yet, and the cloudId is free.",
    async check(kit) {
      const [a] = await kit.insert("Book", [{ id: "a" }]);
      await kit.write(remove("Book", [await kit.row("Book", ["a"])]));
      await kit.probe.insert("Book", [{ id: "a" }]);
      expect((await kit.row("Book", ["a"])).cloudId).toBeNull();
      const next = await kit.newRows("Book", [{ id: "b" }]);
      await kit.write({ ...next, rows: next.rows.map((row) => ({ ...row, cloudId: a!.cloudId })) });
      expect((await kit.fetch("Book", "cloudId", [[a!.cloudId]])).map(({ key }) => key)).toEqual([["b"]]);
    },
  },
  {
    id: "deletes/children-first",
    says: "A unit that deletes children, then their parent, is committed.",
    async check(kit) {
      const [parent] = await kit.given("Parent", [{ code: "a" }]);
      const children = await kit.given("Child", many(3, (n) => ({ name: String(n), rank: "1", parentId: parent!.key[0]! })));
      const statuses = await kit.statuses(
        remove("Child", children),
        remove("Parent", [parent!]),
      );
      expect(statuses.flat()).toEqual(["written", "written", "written", "written"]);
      expect([...(await kit.stored("Child")), ...(await kit.stored("Parent"))]).toEqual([]);
    },
  },
  {
    id: "deletes/restricted",
    says: "A parent whose children forbid it is not deleted: WRITE.FOREIGN_KEY, and nothing is gone.",
    needs: ["foreignKeys"],
    async check(kit) {
      const [parent] = await kit.given("Parent", [{ code: "a" }]);
      await kit.probe.insert("Child", [{ name: "1", rank: "1", parentId: parent!.key[0]! }]);
      const committed = await kit.commit(remove("Parent", [parent!]));
      expect(committed).toMatchObject({ committed: false, refusal: { code: "WRITE.FOREIGN_KEY" } });
      expect(await kit.stored("Parent", ["code"])).toEqual([{ code: "a" }]);
      expect(await kit.stored("Child", ["name"])).toEqual([{ name: "1" }]);
    },
  },
  {
    id: "deletes/as-declared",
    says: "What becomes of the rows that refer to a deleted one is what the model declares.",
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a" }, { id: "b" }]);
      await kit.probe.insert("Entry", [{ book: "a", page: "1" }, { book: "b", page: "1" }]);
      const { references } = kit.endpoint("Entry").model;
      const declared = references.find(({ target }) => target === kit.name("Book"))!.onDelete;
      const committed = await kit.commit(remove("Book", [await kit.row("Book", ["a"])]));
      expect(committed.committed).toBe(declared !== "restrict");
      const left = (await kit.stored("Entry", ["book"])).map(({ book }) => book);
      expect(left).toEqual(declared === "cascade" ? ["b"] : declared === "set-null" ? ["b", null] : ["a", "b"]);
    },
  },
  {
    id: "deletes/children-it-does-not-know",
    says: "A row to which another one refers goes only by a unit that knows of that one, or deletes it first; else it is stale, and neither is touched.",
    needs: ["foreignKeys"],
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a" }, { id: "b" }, { id: "c" }]);
      await kit.probe.insert("Entry", [{ book: "b", page: "1" }, { book: "b", page: "2" }, { book: "c", page: "1" }]);
      const entries = await kit.stored("Entry");
      const left = async (): Promise<unknown> => (await kit.stored("Book", ["id"])).map(({ id }) => id);
      const committed = await kit.commit(removeBooks(kit, await kit.rows("Book"), [["c", "1"], ["b", "1"]]));
      if (!touchesEntries(kit)) {
        expect([committed.committed, await left()]).toEqual([false, ["a", "b", "c"]]);
        expect(await kit.stored("Entry")).toEqual(entries);
        return;
      }
      expect(committed).toMatchObject({ committed: true, outcomes: [[{ status: "written" }, { status: "stale" }, { status: "written" }]] });
      expect(await left()).toEqual(["b"]);
      expect((await kit.stored("Entry", ["book", "page"])).filter(({ book }) => book === "b")).toEqual([{ book: "b", page: "1" }, { book: "b", page: "2" }]);
      const pages = (await kit.rows("Entry")).filter(({ key }) => key[0] === "b");
      const statuses = await kit.statuses(remove("Entry", pages), removeBooks(kit, await kit.rows("Book")));
      expect(statuses.flat()).toEqual(["written", "written", "written"]);
      expect(await left()).toEqual([]);
    },
  },
];
