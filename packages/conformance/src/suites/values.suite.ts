import type { Kind, Row } from "@sync/core";
import { expect } from "vitest";
import { valuesFor } from "../corpus/values.ts";
import type { KitRecord } from "../harness.ts";
import { type Kit, sorted, update } from "../kit.ts";
import type { Law } from "../law.ts";
import type { ValueField } from "../models.ts";

function kindOf(kit: Kit, field: ValueField): Kind {
  return kit.endpoint("Thing").model.fields.find(({ name }) => name === field)!.kind;
}

/** The whole corpus, one thing per line of it: all fields side by side, null where a field has no more values. */
function corpusOf(kit: Kit): KitRecord[] {
  const values = kit.values.map((field) => [field, valuesFor(field, kindOf(kit, field))] as const);
  const height = Math.max(...values.map(([, list]) => list.length));
  return Array.from({ length: height }, (_, n) => ({
    id: `thing ${String(n).padStart(3, "0")}`,
    ...Object.fromEntries(values.map(([field, list]) => [field, list[n] ?? null])),
  }));
}

/** Differences one by one: a whole corpus side by side tells a reader nothing. Both are in the same order. */
function expectSame(found: readonly KitRecord[], wanted: readonly KitRecord[]): void {
  expect(found.length).toBe(wanted.length);
  const different = wanted.flatMap((record, n) =>
    Object.keys(record).filter((field) => found[n]![field] !== record[field]).map((field) => ({ field, wanted: record[field], found: found[n]![field] })));
  expect(different).toEqual([]);
}

const byId = (records: readonly KitRecord[]): KitRecord[] => [...records].sort((a, b) => (a["id"]! < b["id"]! ? -1 : 1));

export const valuesSuite: readonly Law[] = [
  {
    id: "values/written-exactly",
    says: "Every value that fits its field comes into the database as it was sent.",
    async check(kit) {
      const corpus = corpusOf(kit);
      await kit.insert("Thing", corpus);
      expectSame(byId(await kit.stored("Thing")), corpus);
    },
  },
  {
    id: "values/read-exactly",
    says: "Every value that an application wrote is read as its one canonical text, without a fault.",
    async check(kit) {
      const corpus = corpusOf(kit);
      await kit.probe.insert("Thing", corpus);
      const rows = await kit.rows("Thing");
      expect(rows.flatMap(({ faults }) => faults ?? [])).toEqual([]);
      expectSame(byId(rows.map((row) => kit.record("Thing", row))), corpus);
    },
  },
  {
    id: "values/updated-exactly",
    says: "An update writes values as exactly as an insert, from any value to any other, to null and from it.",
    async check(kit) {
      const corpus = corpusOf(kit);
      await kit.insert("Thing", corpus);
      const rows = await kit.rows("Thing", { fields: [] });
      const next = corpus.map((record, n) => ({ ...corpus[(n + 1) % corpus.length], id: record["id"]! }));
      const fields = kit.values;
      const values = ({ key }: Row) => {
        const record = next.find(({ id }) => id === key[0])! as KitRecord;
        return fields.map((field) => record[field]!);
      };
      const statuses = await kit.statuses(update("Thing", fields, rows, values));
      expect(new Set(statuses.flat())).toEqual(new Set(["written"]));
      expectSame(byId(await kit.stored("Thing")), next);
    },
  },
  {
    id: "values/null-is-not-empty",
    says: "Null, an empty text and the text `null` are three values, both ways.",
    async check(kit) {
      const names = [null, "", "null"];
      await kit.insert("Parent", names.map((name, n) => ({ code: `ours ${n}`, name })));
      await kit.probe.insert("Parent", names.map((name, n) => ({ code: `theirs ${n}`, name })));
      const wanted = sorted(["ours", "theirs"].flatMap((who) => names.map((name, n) => ({ code: `${who} ${n}`, name }))));
      expect(await kit.stored("Parent", ["code", "name"])).toEqual(wanted);
      expect(sorted((await kit.rows("Parent", { fields: ["code", "name"] })).map((row) => kit.record("Parent", row, ["code", "name"])))).toEqual(wanted);
    },
  },
  {
    id: "values/not-supplied",
    says: "A value that an update does not supply stays as it is; null is written as null.",
    async check(kit) {
      const rows = await kit.given("Parent", [{ code: "a", name: "x", size: "1" }, { code: "b", name: "y", size: "2" }]);
      const values = (row: Row) => (kit.record("Parent", row)["code"] === "a" ? [undefined, "5"] : [null, undefined]);
      await kit.write(update("Parent", ["name", "size"], rows, values));
      expect(await kit.stored("Parent", ["code", "name", "size"])).toEqual([{ code: "a", name: "x", size: "5" }, { code: "b", name: null, size: "2" }]);
    },
  },
  {
    id: "values/left-out",
    says: "A field that may be null and that an insert leaves out is null.",
    async check(kit) {
      await kit.insert("Parent", [{ code: "a" }]);
      expect(await kit.stored("Parent", ["code", "name", "size"])).toEqual([{ code: "a", name: null, size: null }]);
    },
  },
  {
    id: "values/defaults",
    says: "A field that an insert leaves out gets the database's default; null is not left out.",
    needs: ["defaults"],
    async check(kit) {
      await kit.insert("Child", [{ name: "a" }]);
      await kit.insert("Child", [{ name: "b", rank: "1" }]);
      expect(await kit.stored("Child", ["name", "rank"])).toEqual([{ name: "a", rank: "7" }, { name: "b", rank: "1" }]);
    },
  },
  {
    id: "values/fault-of-its-field",
    says: "A stored value that is not of its kind is a fault of its field, where that is asked for; the rest of the row is read.",
    needs: ["foreignValues"],
    async check(kit) {
      await kit.probe.insert("Thing", [{ id: "a", text: "fine", small: "1" }, { id: "b", text: "fine", small: "1" }]);
      const field = await kit.probe.spoil!({ id: "a" });
      expect(field).not.toBe("text");
      const rows = await kit.rows("Thing");
      expect(rows.map(({ key }) => key[0]).sort()).toEqual(["a", "b"]);
      for (const row of rows) {
        expect(row.faults?.map((fault) => fault.field)).toEqual(row.key[0] === "a" ? [field] : undefined);
        expect(kit.record("Thing", row)["text"]).toBe("fine");
      }
      expect(kit.record("Thing", rows.find(({ key }) => key[0] === "a")!)[field]).toBeNull();
      for (const row of await kit.rows("Thing", { fields: ["text"] })) expect(row.faults ?? []).toEqual([]);
    },
  },
  {
    id: "values/never-another",
    says: "A text that is no value of its field is refused as WRITE.VALUE, or stands there as it was sent: never as another value.",
    async check(kit) {
      const wrong: Partial<Record<ValueField, readonly string[]>> = {
        small: ["many", "99999999999999999999999"], flag: ["maybe"], moment: ["soon"], data: ["{"], token: ["none"],
      };
      for (const field of kit.values) {
        for (const text of wrong[field] ?? []) {
          const committed = await kit.commit(await kit.newRows("Thing", [{ id: `${field} ${text}`, [field]: text }]));
          if (!committed.committed) expect(committed.refusal.code).toBe("WRITE.VALUE");
          const there = await kit.probe.rows("Thing").catch(() => []);
          for (const record of there) if (record["id"] === `${field} ${text}`) expect(record[field]).toBe(text);
          if (there.length > 0) await kit.probe.delete("Thing", { id: `${field} ${text}` });
        }
      }
    },
  },
];
