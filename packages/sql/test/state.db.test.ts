import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Base, ConflictRecord, PreImage, StateChange, StateStore } from "@sync/core";
import { memoryState } from "@sync/core/memory";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteState, sqlState } from "../src/index.ts";
import { onEveryDialect, type Session } from "./support/engines.ts";

onEveryDialect(import.meta.url, (engine) => {
  let session: Session;
  cases(
    async () => {
      session = await engine.open();
      return sqlState(session.executor);
    },
    () => session.close(),
    async (version) => session.exec(`update sync_state set version = ${version}`),
  );
});

describe("a SQLite file", () => {
  let folder: string;
  const file = (): string => join(folder, "state.db");
  cases(
    async () => {
      folder = mkdtempSync(join(tmpdir(), "sync-state-"));
      return sqliteState(file());
    },
    async () => rmSync(folder, { recursive: true }),
    async (version) => {
      const other = new DatabaseSync(file());
      other.exec(`update sync_state set version = ${version}`);
      other.close();
    },
  );

  test("what was written is there after the file is closed", async () => {
    folder = mkdtempSync(join(tmpdir(), "sync-state-"));
    const first = sqliteState(file());
    await first.open();
    await first.commit("p", [{ op: "putBases", bases: [base(1)] }]);
    await first.close();
    const second = sqliteState(file());
    await second.open();
    expect(await second.bases("p", "M", [base(1).cloudId])).toEqual([base(1)]);
    await second.close();
    rmSync(folder, { recursive: true });
  });
});

function base(n: number, extra: Partial<Base> = {}): Base {
  return { model: "M", cloudId: `c${String(n).padStart(3, "0")}`, hashes: `h${n}`, ...extra };
}

function conflict(id: string, model = "M"): ConflictRecord {
  return { id, model, cloudId: "c1", kind: "update-update", fields: ["a"], left: ["x\u0000y"], right: [null], rule: "left", decision: "left", run: "r", at: "2026-01-01T00:00:00Z" };
}

function preImage(id: string): PreImage {
  return { id, run: "r", model: "M", cloudId: id, side: "left", op: "update", key: ["1"], fields: ["a"], values: ["tab\tline\nslash\\\u0000"], at: "2026-01-01T00:00:00Z" };
}

function cases(open: () => Promise<StateStore>, close: () => Promise<void>, setVersion: (version: number) => Promise<void>): void {
  describe("state", () => {
    let state: StateStore;
    beforeEach(async () => {
      state = await open();
      await state.open();
    });
    afterEach(async () => {
      await state.close();
      await close();
    });

    test("bases come back as they were put, those of another pair do not", async () => {
      const bases = [base(1), base(2, { rightHashes: "r2" }), base(3, { values: ["a", null, "\"'\\"] })];
      await state.commit("p", [{ op: "putBases", bases }]);
      await state.commit("q", [{ op: "putBases", bases: [base(1, { hashes: "other" })] }]);
      expect([...(await state.bases("p", "M", ["c003", "c001", "c002", "c009"]))].sort((a, b) => (a.cloudId < b.cloudId ? -1 : 1))).toEqual(bases);
      expect(await state.bases("p", "Other", ["c001"])).toEqual([]);
      expect(await state.bases("p", "M", [])).toEqual([]);
    });

    test("putting a base again replaces all of it", async () => {
      await state.commit("p", [{ op: "putBases", bases: [base(1, { rightHashes: "r", values: ["a"] })] }]);
      await state.commit("p", [{ op: "putBases", bases: [base(1, { hashes: "old" }), base(1, { hashes: "new" })] }]);
      expect(await state.bases("p", "M", ["c001"])).toEqual([base(1, { hashes: "new" })]);
    });

    test("bases are read in pages of cloudId order, with their number", async () => {
      const bases = [5, 3, 1, 4, 2].map((n) => base(n));
      await state.commit("p", [{ op: "putBases", bases }, { op: "putBases", bases: [base(9, { model: "Other" })] }]);
      const first = await state.scanBases("p", "M", undefined, 2);
      expect(first).toEqual({ total: 5, bases: [base(1), base(2)] });
      expect(await state.scanBases("p", "M", "c002", 2)).toEqual({ total: 5, bases: [base(3), base(4)] });
      expect(await state.scanBases("p", "M", "c004", 2)).toEqual({ total: 5, bases: [base(5)] });
      expect(await state.scanBases("p", "M", "c005", 2)).toEqual({ total: 5, bases: [] });
      expect(await state.scanBases("p", "Nobody", undefined, 2)).toEqual({ total: 0, bases: [] });
    });

    test("changes of one commit are applied in their order", async () => {
      await state.commit("p", [{ op: "putBases", bases: [base(1), base(2)] }]);
      await state.commit("p", [
        { op: "clearBases", model: "M" },
        { op: "putBases", bases: [base(3), base(4)] },
        { op: "removeBases", model: "M", cloudIds: ["c004"] },
      ]);
      expect((await state.scanBases("p", "M", undefined, 10)).bases).toEqual([base(3)]);
    });

    test("of any changes to bases the last one of each record counts, as in memory", async () => {
      const cloudIds = fc.constantFrom("", "a", "b", "ab", "c001", "c002", "\u00e4\u00f6");
      const models = fc.constantFrom("M", "N");
      const change: fc.Arbitrary<StateChange> = fc.oneof(
        fc.record({ op: fc.constant("putBases" as const), bases: fc.array(fc.record({ model: models, cloudId: cloudIds, hashes: fc.constantFrom("1", "2", "3") }), { maxLength: 5 }) }),
        fc.record({ op: fc.constant("removeBases" as const), model: models, cloudIds: fc.array(cloudIds, { maxLength: 3 }) }),
        fc.record({ op: fc.constant("clearBases" as const), model: models }),
      );
      let pairs = 0;
      await fc.assert(fc.asyncProperty(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 3 }), async (commits) => {
        const pair = `changes ${pairs++}`;
        const memory = memoryState();
        for (const store of [memory, state]) for (const changes of commits) await store.commit(pair, changes);
        for (const model of ["M", "N"]) {
          const sorted = async (store: StateStore): Promise<Base[]> => (await store.bases(pair, model, ["", "a", "b", "ab", "c001", "c002", "\u00e4\u00f6"])).toSorted((a, b) => (a.cloudId < b.cloudId ? -1 : 1));
          expect(await sorted(state)).toEqual(await sorted(memory));
        }
      }), { numRuns: 40 });
    });

    test("of many new bases the last one of each record counts", async () => {
      const many = Array.from({ length: 700 }, (_, n) => base(n + 1, { model: n % 2 ? "M" : "N" }));
      await state.commit("p", [{ op: "putBases", bases: [...many.toReversed(), { ...many[6]!, hashes: "later" }] }]);
      for (const model of ["M", "N"]) {
        const wanted = many.filter((each) => each.model === model).map((each) => (each === many[6] ? { ...each, hashes: "later" } : each));
        expect((await state.scanBases("p", model, undefined, 1000)).bases).toEqual(wanted);
      }
    });

    test("whoever comes with a lower fence than was seen stores nothing", async () => {
      await state.commit("p", [{ op: "putBases", bases: [base(1)] }], { left: 3, right: 7 });
      await state.commit("p", [{ op: "putBases", bases: [base(2)] }], { left: 3, right: 7 });
      await state.commit("p", [{ op: "putBases", bases: [base(1, { hashes: "newer" })] }], { left: 4, right: 8 });
      const late = [{ op: "putBases", bases: [base(1, { hashes: "late" })] }, { op: "removeBases", model: "M", cloudIds: ["c002"] }, { op: "put", collection: "conflict", records: [conflict("late")] }] as const;
      for (const fences of [{ left: 3, right: 7 }, { left: 3, right: 8 }, { left: 4, right: 7 }]) {
        await expect(state.commit("p", late, fences)).rejects.toMatchObject({ code: "LEASE.LOST" });
        await expect(state.commit("p", [{ op: "clearBases", model: "M" }, ...late], fences)).rejects.toMatchObject({ code: "LEASE.LOST" });
      }
      expect((await state.scanBases("p", "M", undefined, 10)).bases).toEqual([base(1, { hashes: "newer" }), base(2)]);
      expect(await state.read("p", { collection: "conflict" })).toEqual([]);
      await state.commit("p", [{ op: "putBases", bases: [base(3)] }], { left: 4, right: 8 });
      await state.commit("another", [{ op: "putBases", bases: [base(3)] }], { left: 1, right: 1 });
      expect((await state.scanBases("p", "M", undefined, 10)).total).toBe(3);
    });

    test("many bases at once are refused like one, and what needs no lease is not", async () => {
      const many = Array.from({ length: 5000 }, (_, n) => base(n, { cloudId: `c${String(n).padStart(6, "0")}` }));
      await state.commit("p", [{ op: "put", collection: "conflict", records: [conflict("a")] }], { left: 2, right: 2 });
      await expect(state.commit("p", [{ op: "putBases", bases: many }], { left: 1, right: 2 })).rejects.toMatchObject({ code: "LEASE.LOST" });
      expect((await state.scanBases("p", "M", undefined, 1)).total).toBe(0);
      await state.commit("p", [{ op: "remove", collection: "conflict", ids: ["a"] }]);
      expect(await state.read("p", { collection: "conflict" })).toEqual([]);
      await state.commit("p", [{ op: "putBases", bases: many }], { left: 2, right: 3 });
      expect((await state.scanBases("p", "M", undefined, 1)).total).toBe(5000);
    });

    test("an adopted database may have gone back: its fences count from then on", async () => {
      await state.commit("p", [{ op: "putBases", bases: [base(1)] }], { left: 9, right: 9 });
      await state.commit("p", [{ op: "clearBases", model: "M" }], { left: 9, right: 2, anew: true });
      await state.commit("p", [{ op: "putBases", bases: [base(2)] }], { left: 10, right: 3 });
      expect((await state.scanBases("p", "M", undefined, 10)).bases).toEqual([base(2)]);
      await expect(state.commit("p", [{ op: "putBases", bases: [base(3)] }], { left: 9, right: 2 })).rejects.toMatchObject({ code: "LEASE.LOST" });
    });

    test("records are kept by collection, read by model, id and page", async () => {
      const records = ["d", "b", "a"].map((id) => conflict(id));
      await state.commit("p", [
        { op: "put", collection: "conflict", records: [...records, conflict("c", "Other")] },
        { op: "put", collection: "run", records: [{ id: "a", began: 1 }] },
      ]);
      expect((await state.read("p", { collection: "conflict" })).map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
      expect((await state.read("p", { collection: "conflict", model: "M", after: "a", limit: 1 })).map(({ id }) => id)).toEqual(["b"]);
      expect(await state.read("p", { collection: "conflict", ids: ["d", "z"] })).toEqual([conflict("d")]);
      expect(await state.read("p", { collection: "run" })).toEqual([{ id: "a", began: 1 }]);
      await state.commit("p", [{ op: "remove", collection: "conflict", ids: ["a", "b"] }, { op: "put", collection: "run", records: [{ id: "a", began: 2 }] }]);
      expect((await state.read("p", { collection: "conflict" })).map(({ id }) => id)).toEqual(["c", "d"]);
      expect(await state.read("p", { collection: "run" })).toEqual([{ id: "a", began: 2 }]);
      expect(await state.read("q", { collection: "run" })).toEqual([]);
    });

    test("long records stand beside short ones, few or many, and replace what was there", async () => {
      const long = (n: number, id: string): ConflictRecord => ({ ...conflict(id, n % 2 === 0 ? "M" : "Other"), left: [`${n} ' \\ " ä\u0000`.repeat(3_000)] });
      const records = ["a", "b"].flatMap((id, n) => [long(n, id), conflict(`${id}-short`)]);
      for (const fences of [undefined, { left: 1, right: 1 }]) {
        await state.commit("p", [{ op: "put", collection: "conflict", records: [conflict("a"), ...records.slice(1)] }], fences);
        await state.commit("p", [{ op: "put", collection: "conflict", records }, { op: "putBases", bases: [base(1)] }], fences);
        expect(await state.read("p", { collection: "conflict" })).toEqual(records);
      }
      await expect(state.commit("p", [{ op: "put", collection: "conflict", records: [long(7, "b")] }], { left: 0, right: 0 })).rejects.toMatchObject({ code: "LEASE.LOST" });
      expect(await state.read("p", { collection: "conflict" })).toEqual(records);
      const many = Array.from({ length: 12 }, (_, n) => long(n, `m${String(n).padStart(2, "0")}`));
      await state.commit("p", [{ op: "put", collection: "conflict", records: many }, { op: "remove", collection: "conflict", ids: records.map(({ id }) => id) }]);
      expect(await state.read("p", { collection: "conflict" })).toEqual(many);
    });

    test("many pre-images stand once, however often they are put, beside what else was put with them", async () => {
      const preImages = Array.from({ length: 700 }, (_, n) => preImage(`i${String(n).padStart(3, "0")}`));
      const changes: StateChange[] = [
        { op: "put", collection: "preImage", records: preImages },
        { op: "put", collection: "conflict", records: [conflict("a")] },
        { op: "putBases", bases: [base(1)] },
      ];
      await state.commit("p", changes);
      await state.commit("p", changes);
      await state.commit("p", [{ op: "put", collection: "preImage", records: [...preImages, preImage("more")] }]);
      expect(await state.read("p", { collection: "preImage" })).toEqual([...preImages, preImage("more")]);
      expect(await state.read("p", { collection: "conflict" })).toEqual([conflict("a")]);
      expect(await state.bases("p", "M", ["c001"])).toEqual([base(1)]);
    });

    test("many bases replace those that stand, whether these were read before or not", async () => {
      const bases = (hashes: string): Base[] => Array.from({ length: 700 }, (_, n) => base(n + 1, { hashes }));
      for (const hashes of ["first", "second"]) await state.commit("p", [{ op: "putBases", bases: bases(hashes) }]);
      expect((await state.scanBases("p", "M", undefined, 1000)).bases).toEqual(bases("second"));
      await state.bases("p", "M", ["c001"]);
      await state.commit("p", [{ op: "putBases", bases: bases("third") }]);
      expect((await state.scanBases("p", "M", undefined, 1000)).bases).toEqual(bases("third"));
    });

    test("opening again keeps everything, uninstalling removes it", async () => {
      await state.commit("p", [{ op: "putBases", bases: [base(1)] }]);
      await state.open();
      expect((await state.bases("p", "M", ["c001"])).length).toBe(1);
      await state.uninstall();
      await state.open();
      expect(await state.bases("p", "M", ["c001"])).toEqual([]);
    });

    test("state of a newer version is refused", async () => {
      await setVersion(99);
      await expect(state.open()).rejects.toMatchObject({ code: "STATE.NEWER_VERSION" });
    });
  });
}
