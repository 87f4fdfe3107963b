import type { Changes, KeyRange } from "@sync/core";
import { expect } from "vitest";
import { type Kit, many, update } from "../kit.ts";
import type { Law } from "../law.ts";

const ids = (changes: Changes): string[] => (changes.keys === "all" ? ["all"] : changes.keys.map(([id]) => id!).sort());
const everything: readonly KeyRange[] = [{ after: null, upTo: null }];
const books = many(6, (n) => ({ id: `b${n}`, title: "t" }));

/** Six books, and a mark behind them. */
async function markBehindBooks(kit: Kit): Promise<string> {
  await kit.probe.insert("Book", books);
  return (await kit.changesSince("Book")).next;
}

export const changesSuite: readonly Law[] = [
  {
    id: "changes/without-a-mark",
    says: "Without a mark everything is to be compared.",
    needs: ["changesSince"],
    async check(kit) {
      await kit.probe.insert("Book", books);
      expect(await kit.changesSince("Book")).toMatchObject({ keys: "all", total: 6 });
    },
  },
  {
    id: "changes/named",
    says: "Every row that came or changed since a mark is named, and the next mark goes on from there.",
    needs: ["changesSince"],
    async check(kit) {
      const next = await markBehindBooks(kit);
      await kit.probe.update("Book", { id: "b2" }, { title: "new" });
      await kit.probe.insert("Book", [{ id: "c" }]);
      const changes = await kit.changesSince("Book", next);
      expect(ids(changes)).toEqual(expect.arrayContaining(["b2", "c"]));
      await kit.probe.update("Book", { id: "b4" }, { title: "new" });
      expect(ids(await kit.changesSince("Book", changes.next))).toContain("b4");
      expect(ids(await kit.changesSince("Book", next)), "an older mark still says it all").toEqual(expect.arrayContaining(["b2", "b4", "c"]));
    },
  },
  {
    id: "changes/not-everything",
    says: "Where nothing has changed for a while no row is named.",
    needs: ["changesSince"],
    async check(kit) {
      await kit.probe.insert("Book", books);
      let changes = await kit.changesSince("Book");
      for (let turn = 0; turn < 50 && ids(changes).length > 0; turn += 1) changes = await kit.changesSince("Book", changes.next);
      expect(ids(changes)).toEqual([]);
    },
  },
  {
    id: "changes/total",
    says: "The total tells how many rows there are, so that a delete shows in it.",
    needs: ["changesSince"],
    async check(kit) {
      const next = await markBehindBooks(kit);
      await kit.probe.delete("Book", { id: "b1" });
      expect((await kit.changesSince("Book", next)).total).toBe(5);
      await kit.probe.insert("Book", [{ id: "c" }, { id: "d" }]);
      expect((await kit.changesSince("Book", next)).total).toBe(7);
    },
  },
  {
    id: "changes/present-key",
    says: "A row whose key has changed is named under the key it has now.",
    needs: ["changesSince"],
    async check(kit) {
      const next = await markBehindBooks(kit);
      await kit.probe.update("Book", { id: "b3" }, { id: "moved" });
      expect(ids(await kit.changesSince("Book", next))).toContain("moved");
    },
  },
  {
    id: "changes/our-own",
    says: "Rows that only our own units wrote are left out; one that somebody else wrote afterwards is not.",
    needs: ["changesSince"],
    async check(kit) {
      const next = await markBehindBooks(kit);
      const rows = (await kit.rows("Book")).filter(({ key }) => key[0] === "b1" || key[0] === "b2");
      const { transaction } = await kit.write(update("Book", ["title"], rows, ["ours"]));
      expect(ids(await kit.changesSince("Book", next))).toEqual(expect.arrayContaining(["b1", "b2"]));
      const without = ids(await kit.changesSince("Book", next, [transaction]));
      expect([without.includes("b1"), without.includes("b2")]).toEqual([false, false]);
      await kit.probe.update("Book", { id: "b2" }, { title: "theirs" });
      const changed = ids(await kit.changesSince("Book", next, [transaction]));
      expect([changed.includes("b1"), changed.includes("b2")]).toEqual([false, true]);
    },
  },
  {
    id: "changes/late-commit",
    says: "A transaction that began before a mark and commits after it is not missed.",
    needs: ["changesSince", "transactions", "overlappingTransactions"],
    async check(kit) {
      const early = await markBehindBooks(kit);
      const late = await kit.probe.begin!();
      await late.update("Book", { id: "b5" }, { title: "late" });
      await kit.probe.update("Book", { id: "b1" }, { title: "before the mark" });
      const { next } = await kit.changesSince("Book", early);
      await kit.probe.update("Book", { id: "b2" }, { title: "after the mark" });
      const between = await kit.changesSince("Book", next);
      expect(ids(between)).toContain("b2");
      await late.commit();
      for (const mark of [early, next, between.next]) expect(ids(await kit.changesSince("Book", mark))).toContain("b5");
    },
  },
  {
    id: "changes/mark-of-nobody",
    says: "A mark that this database cannot have given is not trusted: everything is to be compared.",
    needs: ["changesSince"],
    async check(kit) {
      const next = await markBehindBooks(kit);
      const later = next.replace(/("?horizon"?\D*)\d+/, "$1999999999");
      const marks = ["nonsense", "{}", "[]", ...(later === next ? [] : [later])];
      for (const mark of marks) expect(await kit.changesSince("Book", mark)).toMatchObject({ keys: "all", total: 6 });
    },
  },
  {
    id: "changes/fingerprint-of-page",
    says: "The fingerprint of a range is that of the page that was read of it, and counts its rows.",
    needs: ["fingerprints"],
    async check(kit) {
      await kit.probe.insert("Parent", many(9, (n) => ({ code: `c${n}`, name: n % 2 === 0 ? null : `n${n}`, size: String(n) })));
      const fields = ["code", "name"];
      for (const pageSize of [1, 4, 9, 20]) {
        const pages = await kit.pages("Parent", { pageSize, fields });
        const fingerprints = await kit.endpoint("Parent").fingerprint!(fields, pages.map(({ range }) => range));
        expect(fingerprints).toEqual(pages.map(({ rows, fingerprint }) => ({ count: rows.length, fingerprint })));
      }
    },
  },
  {
    id: "changes/fingerprint-moves",
    says: "A fingerprint moves with every value of its fields, with null and empty, and with rows that come and go; else it stays.",
    needs: ["fingerprints"],
    async check(kit) {
      await kit.probe.insert("Book", [{ id: "a", title: "x" }, { id: "b", title: null }, { id: "c", title: "z" }]);
      const now = async () => (await kit.endpoint("Book").fingerprint!(["title"], everything))[0]!;
      let before = await now();
      expect(await now()).toEqual(before);
      const changes: (() => Promise<void>)[] = [
        () => kit.probe.update("Book", { id: "a" }, { title: "y" }),
        () => kit.probe.update("Book", { id: "b" }, { title: "" }),
        () => kit.probe.update("Book", { id: "b" }, { title: null }),
        () => kit.probe.insert("Book", [{ id: "aa", title: "x" }]),
        () => kit.probe.delete("Book", { id: "c" }),
        () => kit.probe.update("Book", { id: "aa" }, { id: "ab" }),
      ];
      for (const change of changes) {
        await change();
        const after = await now();
        expect(after.fingerprint).not.toBe(before.fingerprint);
        before = after;
      }
      expect(before.count).toBe(3);
    },
  },
];
