import type { Row } from "@sync/core";
import { expect } from "vitest";
import { many, sorted } from "../kit.ts";
import type { Law } from "../law.ts";

export const fetchSuite: readonly Law[] = [
  {
    id: "fetch/by-key",
    says: "Rows are fetched by their keys; a key without a row is absent from the answer.",
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a", title: "A" }, { id: "b", title: "B" }, { id: "c", title: "C" }]);
      const rows = await kit.fetch("Book", "key", [["a"], ["nobody"], ["c"]], ["title"]);
      expect(sorted(rows.map(({ key, values }) => [...key, ...values]))).toEqual([["a", "A"], ["c", "C"]]);
      expect(await kit.fetch("Book", "key", [])).toEqual([]);
    },
  },
  {
    id: "fetch/once",
    says: "A row is in the answer once, however often and in how many ways it was asked for.",
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a", title: "x" }, { id: "b", title: "x" }]);
      expect(await kit.fetch("Book", "key", [["a"], ["a"], ["b"], ["a"]])).toHaveLength(2);
      expect(await kit.fetch("Book", ["title"], [["x"], ["x"]])).toHaveLength(2);
    },
  },
  {
    id: "fetch/by-cloud-id",
    says: "Rows are fetched by their cloudId, whether they bear it themselves or the side table has it.",
    async check(kit) {
      const parents = await kit.insert("Parent", [{ code: "a" }, { code: "b" }]);
      const children = await kit.insert("Child", [{ name: "x", rank: "1" }, { name: "y", rank: "1" }]);
      const found = await kit.fetch("Parent", "cloudId", [[parents[1]!.cloudId], [kit.cloudId()]], ["code"]);
      expect(found.map(({ key, cloudId, values }) => [key, cloudId, values])).toEqual([[parents[1]!.key, parents[1]!.cloudId, ["b"]]]);
      expect((await kit.fetch("Child", "cloudId", [[children[0]!.cloudId]], ["name"])).map(({ values }) => values)).toEqual([["x"]]);
    },
  },
  {
    id: "fetch/by-unique-key",
    says: "Rows are fetched by a unique key of one field or of several.",
    async check(kit) {
      await kit.probe.insert("Parent", [{ code: "a" }, { code: "b" }, { code: "it's" }]);
      expect((await kit.fetch("Parent", ["code"], [["it's"], ["a"], ["z"]], ["code"])).map(({ values }) => values[0]).sort()).toEqual(["a", "it's"]);
      const [top] = await kit.given("Node", [{ name: "top" }]);
      await kit.probe.insert("Node", [{ name: "one", aboveId: top!.key[0]! }, { name: "two", aboveId: top!.key[0]! }]);
      const found = await kit.fetch("Node", ["name", "aboveId"], [["two", top!.key[0]!], ["top", top!.key[0]!]], ["name"]);
      expect(found.map(({ values }) => values)).toEqual([["two"]]);
    },
  },
  {
    id: "fetch/by-reference",
    says: "All rows that refer to a record are fetched by the fields of that reference.",
    async check(kit) {
      const [a, b] = await kit.given("Parent", [{ code: "a" }, { code: "b" }, { code: "c" }]);
      const of = (name: string, parent: Row | undefined) => ({ name, rank: "1", parentId: parent?.key[0] ?? null });
      await kit.probe.insert("Child", [of("1", a), of("2", a), of("3", b), of("4", undefined)]);
      const found = await kit.fetch("Child", ["parentId"], [[a!.key[0]!]], ["name"]);
      expect(found.map(({ values }) => values[0]).sort()).toEqual(["1", "2"]);
      expect((await kit.fetch("Child", ["parentId"], [[a!.key[0]!], [b!.key[0]!]], ["name"])).map(({ values }) => values[0]).sort()).toEqual(["1", "2", "3"]);
    },
  },
  {
    id: "fetch/null-is-nothing",
    says: "A row with null in a field is found by no value of that field.",
    async check(kit) {
      await kit.probe.insert("Parent", [{ code: "a", name: null }, { code: "b", name: "" }, { code: "c", name: "null" }]);
      expect((await kit.fetch("Parent", ["name"], [[""]], ["code"])).map(({ values }) => values[0])).toEqual(["b"]);
      expect((await kit.fetch("Parent", ["name"], [["null"]], ["code"])).map(({ values }) => values[0])).toEqual(["c"]);
    },
  },
  {
    id: "fetch/any-number",
    says: "Any number of tuples may be asked for at once.",
    async check(kit) {
      const records = many(1500, (n) => ({ id: `book ${n}`, title: `title ${n % 700}` }));
      await kit.probe.insert("Book", records);
      const keys = many(3500, (n) => ({ id: `book ${n}` })).map(({ id }) => [id!]);
      expect(await kit.fetch("Book", "key", keys, [])).toHaveLength(1500);
      expect(await kit.fetch("Book", ["title"], records.slice(0, 600).map(({ title }) => [title!]), [])).toHaveLength(1300);
    },
  },
  {
    id: "fetch/same-as-scan",
    says: "A fetched row is what a scan says of it: key, cloudId, revision and values.",
    async check(kit) {
      await kit.insert("Parent", [{ code: "a", name: "x", size: "1" }, { code: "b", name: null, size: null }]);
      await kit.probe.insert("Parent", [{ code: "c" }]);
      const scanned = await kit.rows("Parent");
      const fetched = await kit.fetch("Parent", "key", scanned.map(({ key }) => key));
      expect(sorted(fetched.map(({ key, cloudId, revision, values }) => ({ key, cloudId, revision, values }))))
        .toEqual(sorted(scanned.map(({ key, cloudId, revision, values }) => ({ key, cloudId, revision, values }))));
    },
  },
  {
    id: "fetch/fields-as-asked",
    says: "Values of a fetched row come in the order of the asked fields, and the fields it is found by need not be among them.",
    async check(kit) {
      await kit.probe.insert("Parent", [{ code: "a", name: "n", size: "3" }]);
      expect((await kit.fetch("Parent", ["code"], [["a"]], ["size", "name"])).map(({ values }) => values)).toEqual([["3", "n"]]);
      expect((await kit.fetch("Parent", ["code"], [["a"]], [])).map(({ values }) => values)).toEqual([[]]);
    },
  },
];
