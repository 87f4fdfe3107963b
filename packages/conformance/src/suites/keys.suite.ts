import { fits } from "@sync/core";
import { expect } from "vitest";
import { keyRecord, same, sorted, update } from "../kit.ts";
import type { Law } from "../law.ts";

/** Texts that a database may take for one another if nobody says otherwise. */
const lookAlikes = ["key", "Key", "KEY", "key ", " key", "k\u00e9y", "ke\u0301y", "kay"];

export const keysSuite: readonly Law[] = [
  {
    id: "keys/never-given-twice",
    says: "An allocated key is given once, whether it was used or not, and no row has it.",
    async check(kit) {
      await kit.probe.insert("Parent", [{ code: "a" }, { code: "b" }]);
      const endpoint = kit.endpoint("Parent");
      const first = await endpoint.allocate(3);
      const given = [...first, ...(await Promise.all([endpoint.allocate(2), endpoint.allocate(4)])).flat()];
      const there = (await kit.stored("Parent", ["id"])).map(({ id }) => [id]);
      expect(given).toHaveLength(9);
      expect(new Set([...given, ...there].map((key) => JSON.stringify(key))).size).toBe(11);
    },
  },
  {
    id: "keys/beside-the-application",
    says: "Keys that the sync chose are no hindrance to the application's own new rows, nor theirs to ours.",
    async check(kit) {
      for (const round of ["1", "2"]) {
        await kit.probe.insert("Parent", [{ code: `theirs ${round}` }]);
        await kit.insert("Parent", [{ code: `ours ${round}` }, { code: `more of ours ${round}` }]);
      }
      await kit.probe.insert("Parent", [{ code: "theirs at last" }]);
      const stored = await kit.stored("Parent", ["id"]);
      expect(new Set(stored.map(({ id }) => id)).size).toBe(7);
    },
  },
  {
    id: "keys/written-as-chosen",
    says: "A new row stands under the key that the unit gave it.",
    async check(kit) {
      const parents = await kit.insert("Parent", [{ code: "a" }, { code: "b" }]);
      expect(await kit.stored("Parent", ["id", "code"])).toEqual(sorted([{ id: parents[0]!.key[0]!, code: "a" }, { id: parents[1]!.key[0]!, code: "b" }]));
    },
  },
  {
    id: "keys/tuples",
    says: "A composite key is a tuple: parts are never joined so that two keys become one.",
    async check(kit) {
      const books = ["a", "a,1", "a\",\"1", "1", "11"];
      await kit.insert("Book", books.map((id) => ({ id })));
      const keys = books.flatMap((book) => ["1", "11"].map((page) => [book, page] as const));
      await kit.insert("Entry", keys.map(([book, page]) => ({ book, page, note: `${book} | ${page}` })));
      for (const key of keys) {
        const row = await kit.row("Entry", key);
        expect(kit.record("Entry", row), "the row under exactly this key").toEqual({ ...keyRecord("Entry", key), note: `${key[0]} | ${key[1]}` });
      }
      expect((await kit.rows("Entry")).map(({ key }) => key)).toHaveLength(keys.length);
    },
  },
  {
    id: "keys/look-alikes",
    says: "Keys that differ in case, blanks or Unicode form only are different keys.",
    async check(kit) {
      await kit.insert("Book", lookAlikes.map((id) => ({ id, title: `the ${id}` })));
      expect(sorted((await kit.rows("Book")).map(({ key }) => key[0]!))).toEqual(sorted(lookAlikes));
      for (const id of lookAlikes) {
        const found = (await kit.fetch("Book", "key", [[id]])).filter(({ key }) => key[0] === id);
        expect(found.map((row) => kit.record("Book", row)["title"])).toEqual([`the ${id}`]);
      }
    },
  },
  {
    id: "keys/large-numbers",
    says: "A number in a key keeps every digit.",
    async check(kit) {
      const { kind } = kit.endpoint("Entry").model.fields.find(({ name }) => name === "page")!;
      const pages = ["0", "1", "2147483647", "9007199254740991", "9007199254740993", "9223372036854775807"].filter((page) => fits(kind, page) === undefined);
      await kit.insert("Book", [{ id: "b" }]);
      await kit.insert("Entry", pages.map((page) => ({ book: "b", page, note: page })));
      expect(await kit.stored("Entry", ["page", "note"])).toEqual(sorted(pages.map((page) => ({ page, note: page }))));
      for (const page of pages) expect(kit.record("Entry", await kit.row("Entry", ["b", page]))["note"]).toBe(page);
    },
  },
  {
    id: "keys/changed",
    says: "A row that gets another key keeps its identity, and its old key is free.",
    async check(kit) {
      const [book] = await kit.insert("Book", [{ id: "old", title: "one" }]);
      const before = await kit.row("Book", ["old"]);
      const { outcomes } = await kit.write(update("Book", ["id"], [before], ["new"]));
      const [outcome] = outcomes[0]!;
      expect(outcome!.status).toBe("written");
      if (outcome!.status === "written" && outcome!.after) expect(outcome!.after.key, "an after-image bears the new key").toEqual(["new"]);
      expect((await kit.fetch("Book", "cloudId", [[book!.cloudId]])).map(({ key }) => key)).toEqual([["new"]]);
      const [again] = await kit.insert("Book", [{ id: "old", title: "two" }]);
      expect((await kit.rows("Book")).map(({ key, cloudId }) => [key[0], cloudId]).sort()).toEqual([["new", book!.cloudId], ["old", again!.cloudId]]);
      expect(await kit.stored("Book")).toEqual([{ id: "new", title: "one" }, { id: "old", title: "two" }]);
    },
  },
  {
    id: "keys/key-fields-read",
    says: "The key of a row says the same as its key fields.",
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "b" }]);
      await kit.probe.insert("Entry", [{ book: "b", page: "1" }, { book: "b", page: "12" }]);
      const rows = await kit.rows("Entry", { fields: ["page", "book"] });
      expect(rows).toHaveLength(2);
      for (const { key, values } of rows) expect(same(key, [values[1]!, values[0]!])).toBe(true);
    },
  },
];
