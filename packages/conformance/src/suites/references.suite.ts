import { expect } from "vitest";
import { sorted, update } from "../kit.ts";
import type { Law } from "../law.ts";

export const referencesSuite: readonly Law[] = [
  {
    id: "references/parent-and-child",
    says: "Parent and child of one unit are written together; the child holds the parent's local key.",
    async check(kit) {
      const parents = await kit.newRows("Parent", [{ code: "a" }, { code: "b" }]);
      const [a, b] = parents.rows;
      const children = await kit.newRows("Child", [
        { name: "of b", rank: "1", parentId: b!.key[0]! }, { name: "of a", rank: "1", parentId: a!.key[0]! }, { name: "of none", rank: "1", parentId: null },
      ]);
      expect((await kit.statuses(parents, children)).flat()).toEqual(["written", "written", "written", "written", "written"]);
      expect(await kit.stored("Child", ["name", "parentId"])).toEqual(
        sorted([{ name: "of b", parentId: b!.key[0]! }, { name: "of a", parentId: a!.key[0]! }, { name: "of none", parentId: null }]),
      );
    },
  },
  {
    id: "references/read-as-keys",
    says: "A reference is read as the very text of the parent's key.",
    async check(kit) {
      const [a, b] = await kit.given("Parent", [{ code: "a" }, { code: "b" }]);
      await kit.probe.insert("Child", [
        { name: "1", rank: "1", parentId: a!.key[0]! }, { name: "2", rank: "1", parentId: b!.key[0]! }, { name: "3", rank: "1" },
      ]);
      const found = (await kit.rows("Child", { fields: ["name", "parentId"] })).map(({ values }) => values);
      expect(sorted(found)).toEqual(sorted([["1", a!.key[0]!], ["2", b!.key[0]!], ["3", null]]));
    },
  },
  {
    id: "references/to-nothing",
    says: "A reference to a row that is not there is refused as WRITE.FOREIGN_KEY.",
    needs: ["foreignKeys"],
    async check(kit) {
      const [missing] = await kit.endpoint("Parent").allocate(1);
      const orphan = await kit.newRows("Child", [{ name: "a", rank: "1", parentId: missing![0]! }]);
      expect(await kit.commit(orphan)).toMatchObject({ committed: false, refusal: { code: "WRITE.FOREIGN_KEY" } });
      const [child] = await kit.given("Child", [{ name: "b", rank: "1" }]);
      const moved = update("Child", ["parentId"], [child!], [missing![0]!]);
      expect(await kit.commit(moved)).toMatchObject({ committed: false, refusal: { code: "WRITE.FOREIGN_KEY" } });
      expect(await kit.stored("Child", ["name", "parentId"])).toEqual([{ name: "b", parentId: null }]);
    },
  },
  {
    id: "references/to-itself",
    says: "A model may refer to itself: a unit writes one level after the other.",
    async check(kit) {
      const top = await kit.newRows("Node", [{ name: "top", aboveId: null }]);
      const middle = await kit.newRows("Node", [{ name: "left", aboveId: top.rows[0]!.key[0]! }, { name: "right", aboveId: top.rows[0]!.key[0]! }]);
      const low = await kit.newRows("Node", [{ name: "low", aboveId: middle.rows[1]!.key[0]! }]);
      await kit.write(top, middle, low);
      const [topId, rightId] = [top.rows[0]!.key[0]!, middle.rows[1]!.key[0]!];
      expect(await kit.stored("Node", ["name", "aboveId"])).toEqual(
        sorted([{ name: "top", aboveId: null }, { name: "left", aboveId: topId }, { name: "right", aboveId: topId }, { name: "low", aboveId: rightId }]),
      );
    },
  },
  {
    id: "references/patched",
    says: "New rows may get their references by a later unit, which is how a cycle is closed.",
    async check(kit) {
      const [a, b] = await kit.insert("Node", [{ name: "a", aboveId: null }, { name: "b", aboveId: null }]);
      const rows = [[await kit.row("Node", a!.key), b!.key[0]!], [await kit.row("Node", b!.key), a!.key[0]!]] as const;
      const patched = update("Node", ["aboveId"], rows.map(([row, above]) => ({ ...row, above })), ({ above }) => [above]);
      expect(await kit.statuses(patched)).toEqual([["written", "written"]]);
      expect(await kit.stored("Node", ["name", "aboveId"])).toEqual(sorted([{ name: "a", aboveId: b!.key[0]! }, { name: "b", aboveId: a!.key[0]! }]));
    },
  },
  {
    id: "references/moved",
    says: "An update moves a child to another parent, and away from every parent.",
    async check(kit) {
      const [a, b] = await kit.given("Parent", [{ code: "a" }, { code: "b" }]);
      const rows = await kit.given("Child", [{ name: "1", rank: "1", parentId: a!.key[0]! }, { name: "2", rank: "1", parentId: a!.key[0]! }]);
      await kit.write(update("Child", ["parentId"], rows, (row) => [kit.record("Child", row)["name"] === "1" ? b!.key[0]! : null]));
      expect(await kit.stored("Child", ["name", "parentId"])).toEqual([{ name: "1", parentId: b!.key[0]! }, { name: "2", parentId: null }]);
    },
  },
];
