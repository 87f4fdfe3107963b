import type { Key, KeyRange } from "@sync/core";
import { expect } from "vitest";
import { many, same, sorted, type Kit } from "../kit.ts";
import type { Law } from "../law.ts";

/** Entries of three books: keys whose order is that of their parts. */
async function entries(kit: Kit): Promise<void> {
  await kit.probe.insert("Book", [{ id: "a" }, { id: "b" }, { id: "c" }]);
  await kit.probe.insert("Entry", ["a", "b", "c"].flatMap((book) => many(7, (n) => ({ book, page: String(n * 3 + 5), note: `${book}${n}` }))));
}

const everything: KeyRange = { after: null, upTo: null };
const texts = (keys: readonly Key[]): string[] => keys.map((key) => JSON.stringify(key));

export const pagingSuite: readonly Law[] = [
  {
    id: "paging/each-row-once",
    says: "A scan gives every row exactly once, however large its pages are, and no page is larger than asked for.",
    async check(kit) {
      await entries(kit);
      const there = await kit.stored("Entry");
      for (const pageSize of [1, 4, 7, 21, 100]) {
        const pages = await kit.pages("Entry", { pageSize });
        for (const { rows } of pages) expect(rows.length).toBeLessThanOrEqual(pageSize);
        expect(sorted(pages.flatMap(({ rows }) => rows).map((row) => kit.record("Entry", row)))).toEqual(there);
      }
    },
  },
  {
    id: "paging/same-order",
    says: "Rows come in one order, whatever the page size and the fields.",
    async check(kit) {
      await entries(kit);
      const order = texts((await kit.rows("Entry")).map(({ key }) => key));
      for (const pageSize of [1, 4, 100]) expect(texts((await kit.rows("Entry", { pageSize, fields: ["note"] })).map(({ key }) => key))).toEqual(order);
    },
  },
  {
    id: "paging/ranges-without-gap",
    says: "The ranges of a scan's pages join from open to open, and each page has the rows of its range.",
    async check(kit) {
      await entries(kit);
      for (const pageSize of [1, 5, 7, 21, 50]) {
        const pages = await kit.pages("Entry", { pageSize });
        expect(pages[0]!.range.after).toBeNull();
        expect(pages.at(-1)!.range.upTo).toBeNull();
        pages.slice(1).forEach(({ range }, at) => expect(range.after).toEqual(pages[at]!.range.upTo));
        for (const { range, rows } of pages) expect((await kit.rows("Entry", { ranges: [range] })).map(({ key }) => key)).toEqual(rows.map(({ key }) => key));
      }
    },
  },
  {
    id: "paging/empty",
    says: "A model without rows, and a range without rows, gives one page without rows.",
    async check(kit) {
      expect((await kit.pages("Entry")).map(({ rows, range }) => ({ rows, range }))).toEqual([{ rows: [], range: everything }]);
      await entries(kit);
      const { key } = (await kit.rows("Entry"))[3]!;
      const range = { after: key, upTo: key };
      expect((await kit.pages("Entry", { ranges: [range] })).map(({ rows, range: of }) => ({ rows, range: of }))).toEqual([{ rows: [], range }]);
    },
  },
  {
    id: "paging/asked-ranges",
    says: "Only what lies in the asked ranges is read, above `after` up to and including `upTo`, and no page spans two of them.",
    async check(kit) {
      await entries(kit);
      const keys = (await kit.rows("Entry")).map(({ key }) => key);
      const ranges: KeyRange[] = [{ after: null, upTo: keys[2]! }, { after: keys[5]!, upTo: keys[9]! }, { after: keys[17]!, upTo: null }];
      for (const pageSize of [2, 4, 100]) {
        const pages = await kit.pages("Entry", { ranges, pageSize });
        expect(texts(pages.flatMap(({ rows }) => rows.map(({ key }) => key)))).toEqual(texts([...keys.slice(0, 3), ...keys.slice(6, 10), ...keys.slice(18)]));
        for (const range of ranges) {
          const first = pages.findIndex((page) => same(page.range.after ?? [], range.after ?? []));
          const last = pages.findIndex((page, at) => at >= first && same(page.range.upTo ?? [], range.upTo ?? []));
          expect(first, "a page begins where the range does").toBeGreaterThanOrEqual(0);
          expect(last, "a page ends where the range does").toBeGreaterThanOrEqual(first);
        }
      }
    },
  },
  {
    id: "paging/fields-as-asked",
    says: "Values come in the order of the asked fields; without any, key, cloudId and revision still come.",
    async check(kit) {
      const [parent] = await kit.insert("Parent", [{ code: "a", name: "n", size: "3" }]);
      const [row] = await kit.rows("Parent", { fields: ["size", "code"] });
      expect(row!.values).toEqual(["3", "a"]);
      const [bare] = await kit.rows("Parent", { fields: [] });
      expect(bare).toMatchObject({ key: parent!.key, cloudId: parent!.cloudId, revision: row!.revision, values: [] });
    },
  },
  {
    id: "paging/left-early",
    says: "A scan may be left before its end: nothing stays behind that hinders reading or writing.",
    async check(kit) {
      await entries(kit);
      for (let turn = 0; turn < 12; turn += 1) {
        for await (const page of kit.endpoint("Entry").scan({ fields: ["note"], pageSize: 2 })) {
          expect(page.rows).toHaveLength(2);
          break;
        }
      }
      await kit.insert("Entry", [{ book: "a", page: "1000", note: null }]);
      expect(await kit.rows("Entry", { pageSize: 3 })).toHaveLength(22);
    },
  },
  {
    id: "paging/rows-that-stay",
    says: "A row that stays is read exactly once, whatever comes and goes around it while the scan goes on.",
    async check(kit) {
      await entries(kit);
      const keys = (await kit.rows("Entry")).map(({ key }) => key);
      const seen: Key[] = [];
      for await (const page of kit.endpoint("Entry").scan({ fields: ["note"], pageSize: 4 })) {
        seen.push(...page.rows.map(({ key }) => key));
        // What was just read goes, the page's own end among it.
        const gone = page.rows.slice(-2);
        for (const { key } of gone) await kit.probe.delete("Entry", { book: key[0]!, page: key[1]! });
      }
      expect(texts(seen).sort()).toEqual(texts(keys).sort());
    },
  },
  {
    id: "paging/by-parts",
    says: "The order of composite keys is that of their parts, numbers by their value.",
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a" }, { id: "b" }]);
      const pages = ["2", "10", "9", "100", "1"];
      await kit.probe.insert("Entry", ["b", "a"].flatMap((book) => pages.map((page) => ({ book, page }))));
      const [first, ...more] = (await kit.rows("Entry")).map(({ key }) => key);
      const range: KeyRange = { after: first!, upTo: more[3]! };
      expect((await kit.rows("Entry", { ranges: [range] })).map(({ key }) => key)).toEqual(more.slice(0, 4));
      const ordered = pages.toSorted((a, b) => Number(a) - Number(b));
      expect([first!, ...more].map(([, page]) => page)).toEqual([...ordered, ...ordered]);
    },
  },
];
