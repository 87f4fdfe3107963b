import type { Committed } from "@sync/core";
import { isSyncError } from "@sync/core";
import { expect } from "vitest";
import { type Kit, refused, update } from "../kit.ts";
import type { Law } from "../law.ts";

/** Stands in records that are refused, and in nothing that says why. */
const SECRET = "mellon-7f3a";

/** Every kind of data error that this database has, each by a unit of its own. */
async function refusals(kit: Kit): Promise<Committed[]> {
  const [book] = await kit.insert("Book", [{ id: `${SECRET} book`, title: SECRET }]);
  await kit.insert("Parent", [{ code: SECRET }]);
  const again = await kit.newRows("Book", [{ id: "other", title: SECRET }]);
  const { capabilities } = kit;
  return [
    await kit.commit(await kit.newRows("Book", [{ id: `${SECRET} book`, title: SECRET }])),
    await kit.commit(await kit.newRows("Parent", [{ code: SECRET, name: SECRET }])),
    await kit.commit({ ...again, rows: again.rows.map((row) => ({ ...row, cloudId: book!.cloudId })) }),
    ...(capabilities.checks ? [await kit.commit(await kit.newRows("Parent", [{ code: "c", name: SECRET, size: "-424242" }]))] : []),
    ...(capabilities.notNull ? [await kit.commit(await kit.newRows("Parent", [{ code: null, name: SECRET }]))] : []),
    ...(capabilities.foreignKeys ? [await kit.commit(await kit.newRows("Entry", [{ book: `no ${SECRET}`, page: "1", note: SECRET }]))] : []),
  ];
}

export const errorsSuite: readonly Law[] = [
  {
    id: "errors/unique",
    says: "A value that a unique key has already is refused as WRITE.UNIQUE, by insert and by update, and the refusal names the model.",
    async check(kit) {
      const rows = await kit.given("Parent", [{ code: "a" }, { code: "b" }]);
      const b = rows.find((row) => kit.record("Parent", row)["code"] === "b")!;
      const refusal = { committed: false, refusal: { code: "WRITE.UNIQUE", model: kit.name("Parent") } };
      expect(await kit.commit(await kit.newRows("Parent", [{ code: "a" }]))).toMatchObject(refusal);
      expect(await kit.commit(update("Parent", ["code"], [b], ["a"]))).toMatchObject(refusal);
      expect(await kit.stored("Parent", ["code"])).toEqual([{ code: "a" }, { code: "b" }]);
    },
  },
  {
    id: "errors/key-taken",
    says: "A key that another row has is refused as WRITE.UNIQUE.",
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a", title: "theirs" }]);
      expect(await kit.commit(await kit.newRows("Book", [{ id: "a", title: "ours" }]))).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
      expect(await kit.stored("Book")).toEqual([{ id: "a", title: "theirs" }]);
    },
  },
  {
    id: "errors/null-in-unique-key",
    says: "A unique key with a null in it holds nobody up.",
    async check(kit) {
      const top = await kit.insert("Node", [{ name: "same", aboveId: null }, { name: "same", aboveId: null }]);
      const below = { name: "same", aboveId: top[0]!.key[0]! };
      await kit.insert("Node", [below]);
      expect(await kit.commit(await kit.newRows("Node", [below]))).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
      expect(await kit.stored("Node", ["name"])).toHaveLength(3);
    },
  },
  {
    id: "errors/check",
    says: "A row that fails a check constraint is refused as WRITE.CHECK.",
    needs: ["checks"],
    async check(kit) {
      expect(await kit.commit(await kit.newRows("Parent", [{ code: "a", size: "-1" }]))).toMatchObject({ committed: false, refusal: { code: "WRITE.CHECK" } });
      expect(await kit.stored("Parent")).toEqual([]);
    },
  },
  {
    id: "errors/not-null",
    says: "Null where there has to be a value is refused as WRITE.NOT_NULL.",
    needs: ["notNull"],
    async check(kit) {
      const model = kit.name("Parent");
      const refusal = { code: "WRITE.NOT_NULL", model };
      expect(await kit.commit(await kit.newRows("Parent", [{ code: null, name: "a" }]))).toMatchObject({ committed: false, refusal });
      expect(await kit.stored("Parent")).toEqual([]);
    },
  },
  {
    id: "errors/no-values",
    says: "No refusal and no error says a value of a record: not in its message, not in any property.",
    async check(kit) {
      for (const committed of await refusals(kit)) {
        expect(committed.committed).toBe(false);
        const said = JSON.stringify(committed);
        expect(said).not.toContain(SECRET);
        expect(said).not.toContain("424242");
      }
    },
  },
  {
    id: "errors/lost-lease",
    says: "A unit under another fence than the lease's throws LEASE.LOST, an error that says what to do and may not be tried again as it is.",
    async check(kit) {
      const unit = kit.unit(await kit.newRows("Book", [{ id: "a", title: SECRET }]));
      const error = await refused(kit.database.commit({ ...unit, fence: unit.fence + 1 }));
      expect(isSyncError(error) ? { code: error.code, retryable: error.retryable } : error).toEqual({ code: "LEASE.LOST", retryable: false });
      expect((error as Error).message).not.toContain(SECRET);
      expect(await kit.stored("Book")).toEqual([]);
    },
  },
];
