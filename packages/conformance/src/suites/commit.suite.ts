import { expect } from "vitest";
import { many, pick, remove, same, sorted, update } from "../kit.ts";
import type { Law } from "../law.ts";

export const commitSuite: readonly Law[] = [
  {
    id: "commit/outcomes-in-order",
    says: "A unit has one outcome per row, in the order of its batches and their rows.",
    async check(kit) {
      const rows = await kit.given("Book", many(6, (n) => ({ id: String(n), title: "t" })));
      await kit.probe.update("Book", { id: "1" }, { title: "theirs" });
      await kit.probe.update("Book", { id: "4" }, { title: "theirs" });
      const of = (ids: readonly string[]): { key: readonly string[]; revision: string }[] =>
        ids.map((id) => ({ key: [id], revision: rows.find(({ key }) => key[0] === id)!.revision }));
      const statuses = await kit.statuses(
        update("Book", ["title"], of(["2", "1", "0"]), ["ours"]),
        await kit.newRows("Book", [{ id: "new" }, { id: "newer" }]),
        remove("Book", of(["4", "3"])),
      );
      expect(statuses).toEqual([["written", "stale", "written"], ["written", "written"], ["stale", "written"]]);
    },
  },
  {
    id: "commit/identity-with-row",
    says: "A new row and its cloudId are there together.",
    async check(kit) {
      for (const model of ["Parent", "Child"] as const) {
        const records = model === "Parent" ? [{ code: "a" }, { code: "b" }] : [{ name: "a", rank: "1" }, { name: "b", rank: "1" }];
        const written = await kit.insert(model, records);
        const identity = ({ key, cloudId }: { key: readonly string[]; cloudId: string | null }) => ({ key, cloudId });
        expect(sorted((await kit.rows(model)).map(identity))).toEqual(sorted(written.map(identity)));
      }
      if (kit.capabilities.cloudIdField) {
        expect((await kit.stored("Child", ["cloudId"])).map(({ cloudId }) => cloudId)).toEqual(sorted((await kit.rows("Child")).map(({ cloudId }) => cloudId)));
      }
    },
  },
  {
    id: "commit/all-or-nothing",
    says: "A refused unit has written nothing: no row, no change, no delete, no identity.",
    needs: ["atomicUnits"],
    async check(kit) {
      const rows = await kit.given("Book", [{ id: "a", title: "1" }, { id: "b", title: "2" }]);
      const parents = await kit.newRows("Parent", [{ code: "new" }]);
      const committed = await kit.commit(
        parents,
        { op: "identify", model: "Book", rows: [{ key: ["a"], cloudId: kit.cloudId(), was: null }] },
        update("Book", ["title"], rows.filter(({ key }) => key[0] === "a"), ["ours"]),
        await kit.newRows("Book", [{ id: "c" }, { id: "b" }]),
      );
      expect(committed).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
      expect(await kit.stored("Book")).toEqual([{ id: "a", title: "1" }, { id: "b", title: "2" }]);
      expect(await kit.stored("Parent")).toEqual([]);
      expect((await kit.rows("Book")).map(({ cloudId }) => cloudId)).toEqual([null, null]);
      expect(await kit.fetch("Parent", "cloudId", [[parents.rows[0]!.cloudId]])).toEqual([]);
    },
  },
  {
    id: "commit/batches-in-order",
    says: "Batches are carried out in order: a value that one row gives up is free for the next.",
    async check(kit) {
      const [a] = await kit.given("Parent", [{ code: "wanted", name: "old" }]);
      const { op, model, fields, rows } = await kit.newRows("Parent", [{ code: "wanted", name: "new" }]);
      const statuses = await kit.statuses(remove("Parent", [a!]), { op, model, fields, rows });
      expect(statuses).toEqual([["written"], ["written"]]);
      expect(await kit.stored("Parent", ["code", "name"])).toEqual([{ code: "wanted", name: "new" }]);
    },
  },
  {
    id: "commit/row-named-twice",
    says: "A later batch may name a row again, guarded by the revision from before the unit: two rows swap a unique value.",
    async check(kit) {
      const rows = await kit.given("Parent", [{ code: "a", name: "first" }, { code: "b", name: "second" }]);
      const [a, b] = ["a", "b"].map((code) => rows.find((row) => kit.record("Parent", row)["code"] === code)!);
      const code = (row: typeof a, value: string) =>
        (update("Parent", ["code"], [row!], [value]));
      expect(await kit.statuses(code(a, "parked"), code(b, "a"), code(a, "b"))).toEqual([["written"], ["written"], ["written"]]);
      expect(await kit.stored("Parent", ["code", "name"])).toEqual([{ code: "a", name: "second" }, { code: "b", name: "first" }]);
    },
  },
  {
    id: "commit/image-of-what-stands",
    says: "A written row stands as it was sent, or its outcome has an after-image that says how it stands, with all fields of the model.",
    async check(kit) {
      const batch = await kit.newRows("Child", [{ name: "a", rank: "1" }, { name: "b", rank: "2" }]);
      const [inserted] = (await kit.write(batch)).outcomes;
      const rows = await kit.rows("Child");
      const at = (key: readonly string[]) => rows.find((row) => same(row.key, key))!;
      const [updated] = (await kit.write(update("Child", ["name", "rank"], batch.rows.map(({ key }) => at(key)), ["c", "3"]))).outcomes;
      const stored = await kit.stored("Child");
      const model = kit.endpoint("Child").model;
      for (const [n, { key }] of batch.rows.entries()) {
        const record = stored.find(({ id }) => id === key[0])!;
        expect(pick(record, ["name", "rank"])).toEqual({ name: "c", rank: "3" });
        for (const [outcome, name] of [[inserted![n]!, n === 0 ? "a" : "b"], [updated![n]!, "c"]] as const) {
          if (outcome.status !== "written" || !outcome.after) continue;
          expect(outcome.after.values, "an after-image has all fields of the model").toHaveLength(model.fields.length);
          const image = Object.fromEntries(model.fields.map((field, part) => [field.name, outcome.after!.values[part]!]));
          expect(image["name"]).toBe(name);
          expect(outcome.after.key).toEqual(key);
        }
      }
    },
  },
  {
    id: "commit/identify",
    says: "An existing row is given a cloudId once: where it is no longer what it was, or the row is gone, that is stale.",
    async check(kit) {
      for (const model of ["Parent", "Child"] as const) {
        const [a, b] = await kit.given(model, model === "Parent" ? [{ code: "a" }, { code: "b" }] : [{ name: "a", rank: "1" }, { name: "b", rank: "1" }]);
        const [missing] = await kit.endpoint(model).allocate(1);
        const [first, second, third] = [kit.cloudId(), kit.cloudId(), kit.cloudId()];
        expect(await kit.statuses({ op: "identify", model, rows: [{ key: a!.key, cloudId: first, was: null }] })).toEqual([["written"]]);
        const rows = [
          { key: a!.key, cloudId: kit.cloudId(), was: null }, { key: b!.key, cloudId: second, was: null }, { key: missing!, cloudId: kit.cloudId(), was: null },
        ];
        expect(await kit.statuses({ op: "identify", model, rows })).toEqual([["stale", "written", "stale"]]);
        expect(await kit.statuses({ op: "identify", model, rows: [{ key: a!.key, cloudId: third, was: first }] })).toEqual([["written"]]);
        expect([(await kit.row(model, a!.key)).cloudId, (await kit.row(model, b!.key)).cloudId]).toEqual([third, second]);
      }
    },
  },
  {
    id: "commit/update-with-cloud-id",
    says: "A guarded update may give its row a cloudId, also without any field; a row that has another one by then is stale.",
    async check(kit) {
      const [a, b, c] = await kit.given("Parent", [{ code: "a" }, { code: "b" }, { code: "c" }]);
      const [first, second, third] = [kit.cloudId(), kit.cloudId(), kit.cloudId()];
      await kit.write({ op: "identify", model: "Parent", rows: [{ key: c!.key, cloudId: third, was: null }] });
      const statuses = await kit.statuses(
        { op: "update", model: "Parent", fields: ["name"], rows: [{ key: a!.key, revision: a!.revision, values: ["ours"], cloudId: first }] },
        { op: "update", model: "Parent", fields: [], rows: [{ key: b!.key, revision: b!.revision, values: [], cloudId: second }] },
        { op: "update", model: "Parent", fields: ["name"], rows: [{ key: c!.key, revision: c!.revision, values: ["ours"], cloudId: kit.cloudId() }] },
      );
      expect(statuses).toEqual([["written"], ["written"], ["stale"]]);
      const rows = await Promise.all([a, b, c].map((row) => kit.row("Parent", row!.key)));
      expect(rows.map((row) => [row.cloudId, kit.record("Parent", row)["name"]])).toEqual([[first, "ours"], [second, null], [third, null]]);
    },
  },
  {
    id: "commit/one-row-per-cloud-id",
    says: "A cloudId that another row has is refused as WRITE.UNIQUE.",
    async check(kit) {
      for (const model of ["Parent", "Child"] as const) {
        const [taken] = await kit.insert(model, [model === "Parent" ? { code: "a" } : { name: "a", rank: "1" }]);
        const next = await kit.newRows(model, [model === "Parent" ? { code: "b" } : { name: "b", rank: "1" }]);
        const twice = { ...next, rows: next.rows.map((row) => ({ ...row, cloudId: taken!.cloudId })) };
        expect(await kit.commit(twice)).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
        await kit.probe.insert(model, [model === "Parent" ? { code: "c" } : { name: "c", rank: "1" }]);
        const other = (await kit.rows(model)).find(({ cloudId }) => cloudId === null)!;
        const identified = await kit.commit({ op: "identify", model, rows: [{ key: other.key, cloudId: taken!.cloudId, was: null }] });
        expect(identified).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
      }
    },
  },
  {
    id: "commit/orphaned-identity",
    says: "The identity of a row that the application deleted stands in nobody's way.",
    async check(kit) {
      const [a, b] = await kit.insert("Book", [{ id: "a" }, { id: "b" }]);
      await kit.probe.delete("Book", { id: "a" });
      await kit.probe.delete("Book", { id: "b" });
      const next = await kit.newRows("Book", [{ id: "a" }, { id: "c" }]);
      await kit.write({ ...next, rows: next.rows.map((row, n) => (n === 0 ? row : { ...row, cloudId: b!.cloudId })) });
      expect((await kit.rows("Book")).map(({ key, cloudId }) => [key[0], cloudId]).sort()).toEqual([["a", next.rows[0]!.cloudId], ["c", b!.cloudId]]);
      expect(await kit.fetch("Book", "cloudId", [[a!.cloudId]])).toEqual([]);
    },
  },
  {
    id: "commit/large",
    says: "A unit may have thousands of rows.",
    async check(kit) {
      await kit.insert("Book", many(3000, (n) => ({ id: `book ${n}`, title: `title ${n}` })));
      const rows = await kit.rows("Book");
      expect(rows).toHaveLength(3000);
      const statuses = await kit.statuses(
        update("Book", ["title"], rows.slice(0, 2000), ({ key }) => [`new ${key[0]}`]),
        remove("Book", rows.slice(2000)),
      );
      expect(new Set(statuses.flat())).toEqual(new Set(["written"]));
      const stored = await kit.stored("Book");
      expect(stored).toHaveLength(2000);
      expect(stored.every(({ id, title }) => title === `new ${id}`)).toBe(true);
    },
  },
];
