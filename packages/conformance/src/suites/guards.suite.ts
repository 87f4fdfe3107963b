import { expect } from "vitest";
import { keyRecord, remove, update } from "../kit.ts";
import type { Law } from "../law.ts";

export const guardsSuite: readonly Law[] = [
  {
    id: "guards/stale-update",
    says: "A row that has changed since it was read is not updated and comes back stale; the other rows of the unit are written.",
    async check(kit) {
      const rows = await kit.given("Book", [{ id: "a", title: "1" }, { id: "b", title: "2" }, { id: "c", title: "3" }]);
      const moved = rows[1]!;
      await kit.probe.update("Book", keyRecord("Book", moved.key), { title: "theirs" });
      const statuses = await kit.statuses(update("Book", ["title"], rows, ["ours"]));
      expect(statuses).toEqual([["written", "stale", "written"]]);
      const titles = Object.fromEntries((await kit.stored("Book")).map(({ id, title }) => [id, title]));
      expect(titles).toEqual(Object.fromEntries(rows.map(({ key }) => [key[0], key[0] === moved.key[0] ? "theirs" : "ours"])));
    },
  },
  {
    id: "guards/stale-delete",
    says: "A row that has changed since it was read is not deleted and comes back stale.",
    async check(kit) {
      const rows = await kit.given("Book", [{ id: "a" }, { id: "b" }]);
      await kit.probe.update("Book", { id: "b" }, { title: "theirs" });
      const statuses = await kit.statuses(remove("Book", rows));
      expect(statuses).toEqual([rows.map(({ key }) => (key[0] === "b" ? "stale" : "written"))]);
      expect(await kit.stored("Book")).toEqual([{ id: "b", title: "theirs" }]);
    },
  },
  {
    id: "guards/gone",
    says: "A write to a row that is gone is stale and makes no row.",
    async check(kit) {
      const [a, b] = await kit.given("Book", [{ id: "a" }, { id: "b" }]);
      await kit.probe.delete("Book", { id: "a" });
      await kit.probe.delete("Book", { id: "b" });
      const statuses = await kit.statuses(
        update("Book", ["title"], [a!], ["ours"]),
        remove("Book", [b!]),
      );
      expect(statuses).toEqual([["stale"], ["stale"]]);
      expect(await kit.stored("Book")).toEqual([]);
    },
  },
  {
    id: "guards/any-field",
    says: "A revision moves with every field of the model, even with one that was not read.",
    async check(kit) {
      await kit.probe.insert("Parent", [{ code: "a", name: "n", size: "1" }]);
      for (const [field, value] of [["name", "m"], ["size", "2"], ["code", "b"]] as const) {
        const [before] = await kit.rows("Parent", { fields: [] });
        await kit.probe.update("Parent", keyRecord("Parent", before!.key), { [field]: value });
        const [after] = await kit.rows("Parent", { fields: [] });
        expect(after!.revision, `the revision after a change of ${field}`).not.toBe(before!.revision);
        const statuses = await kit.statuses(update("Parent", ["name"], [before!], ["ours"]));
        expect(statuses).toEqual([["stale"]]);
      }
    },
  },
  {
    id: "guards/null-and-empty",
    says: "A revision moves when null becomes an empty text, and back.",
    async check(kit) {
      const [first] = await kit.given("Parent", [{ code: "a", name: null }]);
      await kit.probe.update("Parent", keyRecord("Parent", first!.key), { name: "" });
      const [second] = await kit.rows("Parent");
      expect(second!.revision).not.toBe(first!.revision);
      expect(await kit.statuses(remove("Parent", [first!]))).toEqual([["stale"]]);
    },
  },
  {
    id: "guards/one-revision",
    says: "While a row stays as it is, every way to read it gives the same revision.",
    async check(kit) {
      const [parent] = await kit.insert("Parent", [{ code: "a", name: "n", size: "1" }]);
      const reads = [
        await kit.rows("Parent"), await kit.rows("Parent", { fields: [] }), await kit.rows("Parent", { fields: ["size", "name"] }),
        await kit.fetch("Parent", "key", [parent!.key], ["code"]), await kit.fetch("Parent", "cloudId", [[parent!.cloudId]], []),
        await kit.fetch("Parent", ["code"], [["a"]]), await kit.rows("Parent"),
      ];
      expect(new Set(reads.map(([row]) => row!.revision)).size).toBe(1);
      await kit.insert("Parent", [{ code: "b" }]);
      expect((await kit.row("Parent", parent!.key)).revision).toBe(reads[0]![0]!.revision);
    },
  },
  {
    id: "guards/own-writes-count",
    says: "A revision from before our own write is stale afterwards, and the one read after it is good.",
    async check(kit) {
      const [before] = await kit.given("Book", [{ id: "a", title: "0" }]);
      const retitled = (revision: string, title: string): Promise<unknown> => kit.statuses(update("Book", ["title"], [{ key: ["a"], revision }], [title]));
      expect(await retitled(before!.revision, "1")).toEqual([["written"]]);
      expect(await retitled(before!.revision, "2")).toEqual([["stale"]]);
      expect(await retitled((await kit.row("Book", ["a"])).revision, "3")).toEqual([["written"]]);
      expect(await kit.stored("Book")).toEqual([{ id: "a", title: "3" }]);
    },
  },
  {
    id: "guards/only-what-was-named",
    says: "A unit changes no row and no field that it does not name.",
    async check(kit) {
      const rows = await kit.given("Parent", [{ code: "a", name: "n", size: "1" }, { code: "b", name: "n", size: "1" }, { code: "c", name: "n", size: "1" }]);
      const [a, b] = rows;
      await kit.write(
        update("Parent", ["size"], [a!], ["2"]),
        remove("Parent", [b!]),
      );
      const [codeA, codeB] = [kit.record("Parent", a!)["code"], kit.record("Parent", b!)["code"]];
      expect(await kit.stored("Parent", ["code", "name", "size"])).toEqual(
        ["a", "b", "c"].filter((code) => code !== codeB).map((code) => ({ code, name: "n", size: code === codeA ? "2" : "1" })),
      );
    },
  },
];
