import { isSyncError, type ClaimRequest, type KnownPair } from "@sync/core";
import { expect } from "vitest";
import { refused, sorted, type Kit } from "../kit.ts";
import type { Law } from "../law.ts";
import { kitModels, type KitModelName } from "../models.ts";
import { capabilityDifferences, modelDifferences } from "../declared.ts";

const one: ClaimRequest = { holder: "first host", runner: "one", seconds: 600 };
const two: ClaimRequest = { holder: "second host", runner: "two", seconds: 600 };

const held = async (claim: Promise<unknown>): Promise<string> => {
  const error = await refused(claim);
  expect(isSyncError(error) ? error.code : error).toBe("LEASE.HELD");
  return (error as Error).message;
};

const insertBook = (kit: Kit, fence: number) => {
  const row = { key: ["a"], cloudId: kit.cloudId(), values: ["a"] };
  return kit.database.commit({ id: "book", fence, batches: [{ op: "insert", model: kit.name("Book"), fields: ["id"], rows: [row] }] });
};

export const lifecycleSuite: readonly Law[] = [
  {
    id: "lifecycle/models-as-they-are",
    says: "Models say what the database has: fields with their kinds, keys, and references with what a delete does to them.",
    async check(kit) {
      expect((Object.keys(kitModels) as KitModelName[]).flatMap((model) => modelDifferences(kit, model))).toEqual([]);
    },
  },
  {
    id: "lifecycle/capabilities-as-they-are",
    says: "What is declared is there, and what is there is declared: in the endpoints, in the harness and in the database.",
    async check(kit) {
      expect(await capabilityDifferences(kit)).toEqual([]);
    },
  },
  {
    id: "lifecycle/inspect-finds-nothing",
    says: "A database that is as its models say has no errors, and a shape per model that stays.",
    async check(kit) {
      const first = await kit.inspect();
      expect(first.findings.filter(({ severity }) => severity === "error")).toEqual([]);
      expect([...first.shapes.keys()].sort()).toEqual((Object.keys(kitModels) as KitModelName[]).map((model) => kit.name(model)).sort());
      await kit.insert("Book", [{ id: "a" }]);
      expect([...(await kit.inspect()).shapes]).toEqual([...first.shapes]);
    },
  },
  {
    id: "lifecycle/inspect-only-reads",
    says: "Before a claim, `inspect` says what it says afterwards, and leaves nothing in the database.",
    untouched: true,
    async check(kit) {
      const before = await kit.inspect();
      expect(before.findings.filter(({ severity }) => severity === "error")).toEqual([]);
      if (kit.probe.sideTables) expect(await kit.probe.sideTables()).toEqual([]);
      await kit.claim();
      expect([...(await kit.inspect()).shapes]).toEqual([...before.shapes]);
    },
  },
  {
    id: "lifecycle/first-claim",
    says: "The first claim makes what the sync needs, and an id of the database that stays.",
    untouched: true,
    async check(kit) {
      const first = await kit.database.claim(one);
      expect(first.runCounter).toBe(0);
      expect(first.databaseId.length).toBeGreaterThanOrEqual(16);
      expect(first.serverIdentity).not.toBe("");
      expect(await kit.database.release(first.fence, false)).toBe(true);
      const second = await kit.database.claim(two);
      expect({ ...second, fence: 0 }).toEqual({ ...first, fence: 0 });
      expect(second.fence).toBeGreaterThan(first.fence);
    },
  },
  {
    id: "lifecycle/one-holder",
    says: "A lease that is held is refused to another runner as LEASE.HELD, which names the holder and since when.",
    untouched: true,
    async check(kit) {
      await kit.database.claim(one);
      expect(await held(kit.database.claim(two))).toMatch(/first host.*\d{4}-\d\d-\d\d/);
      const claims = await Promise.allSettled(["a", "b", "c"].map((runner) => kit.database.claim({ ...two, runner })));
      expect(claims.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    },
  },
  {
    id: "lifecycle/one-of-many",
    says: "Of several runners that claim at once one gets the lease.",
    untouched: true,
    async check(kit) {
      const claims = await Promise.allSettled(["a", "b", "c", "d"].map((runner) => kit.database.claim({ ...one, runner })));
      expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const claim of claims) if (claim.status === "rejected") await held(Promise.reject(claim.reason as Error));
    },
  },
  {
    id: "lifecycle/renewed",
    says: "Its holder renews a lease under the same fence, even after its time where nobody else has claimed.",
    untouched: true,
    async check(kit) {
      const { fence } = await kit.database.claim({ ...one, seconds: 0.01 });
      await new Promise((resolve) => void setTimeout(resolve, 30));
      expect((await kit.database.claim(one)).fence).toBe(fence);
      await held(kit.database.claim(two));
      expect(await insertBook(kit, fence)).toMatchObject({ committed: true });
    },
  },
  {
    id: "lifecycle/expired",
    says: "A lease whose time is over is free to anybody, who gets a higher fence.",
    untouched: true,
    async check(kit) {
      const { fence } = await kit.database.claim({ ...one, seconds: 0.01 });
      await expect.poll(() => kit.database.claim(two).then((claim) => claim.fence > fence, () => false), { timeout: 10_000 }).toBe(true);
    },
  },
  {
    id: "lifecycle/taken-over",
    says: "A lease may be taken over; from then on the former holder writes nothing and lets nothing go.",
    untouched: true,
    async check(kit) {
      const first = await kit.database.claim(one);
      const second = await kit.database.claim({ ...two, takeOver: true });
      expect(second.fence).toBeGreaterThan(first.fence);
      expect(await refused(insertBook(kit, first.fence))).toMatchObject({ code: "LEASE.LOST" });
      expect(await kit.database.release(first.fence, true)).toBe(false);
      expect(await kit.stored("Book")).toEqual([]);
      expect(await insertBook(kit, second.fence)).toMatchObject({ committed: true });
      expect((await kit.database.claim(two)).runCounter).toBe(0);
    },
  },
  {
    id: "lifecycle/released",
    says: "A lease that was let go is free, is let go once, and writes nothing any more.",
    untouched: true,
    async check(kit) {
      const { fence } = await kit.database.claim(one);
      expect(await kit.database.release(fence, false)).toBe(true);
      expect(await kit.database.release(fence, false)).toBe(false);
      expect(await refused(insertBook(kit, fence))).toMatchObject({ code: "LEASE.LOST" });
      expect((await kit.database.claim(two)).fence).toBeGreaterThan(fence);
    },
  },
  {
    id: "lifecycle/run-counter",
    says: "A run that wrote raises the run counter by one, an idle one does not.",
    untouched: true,
    async check(kit) {
      const counters: number[] = [];
      for (const wrote of [false, true, false, true]) {
        const claim = await kit.database.claim(one);
        counters.push(claim.runCounter);
        await kit.database.release(claim.fence, wrote);
      }
      expect([...counters, (await kit.database.claim(one)).runCounter]).toEqual([0, 0, 1, 1, 2]);
    },
  },
  {
    id: "lifecycle/encounters",
    says: "Whom a database has met in a pair stays known, told only to who names that pair.",
    untouched: true,
    async check(kit) {
      const ask = { ...one, pair: "crm" };
      const first = await kit.database.claim(one);
      expect([first.met, first.pairs]).toEqual([undefined, undefined]);
      expect((await kit.database.claim(ask)).met).toEqual([]);
      await kit.database.claim({ ...ask, meets: { side: "right", other: "a" } });
      await kit.database.claim({ ...ask, meets: { side: "right", other: "a" } });
      await kit.database.claim({ ...ask, meets: { side: "left", other: "b" } });
      await held(kit.database.claim({ ...two, pair: "crm", meets: { side: "left", other: "c" } }));
      expect(sorted((await kit.database.claim(ask)).met!)).toEqual(sorted([{ side: "left", other: "b" }, { side: "right", other: "a" }]));
      expect((await kit.database.claim({ ...one, pair: "another" })).met).toEqual([]);
    },
  },
  {
    id: "lifecycle/known-pairs",
    says: "Every pair that a database was told of stays known, each by the latest note of it.",
    untouched: true,
    async check(kit) {
      const note = (name: string, times: number): KnownPair => ({ name, left: "a", right: "b", times });
      const told = async (...pairs: readonly KnownPair[]): Promise<readonly KnownPair[]> => (await kit.database.claim({ ...one, pair: "crm", pairs })).pairs!;
      expect(await told()).toEqual([]);
      await told(note("crm", 1), note("o'ther", 2));
      await told(note("crm", 3), note("o'ther", 1));
      expect(sorted((await kit.database.claim({ ...one, pair: "another" })).pairs!)).toEqual(sorted([note("crm", 3), note("o'ther", 2)]));
    },
  },
  {
    id: "lifecycle/closed-by-its-opener",
    says: "What the application opened stays open when the database is closed.",
    async check(kit) {
      await kit.insert("Book", [{ id: "a" }]);
      await kit.database.close();
      await kit.probe.insert("Book", [{ id: "b" }]);
      expect(await kit.stored("Book", ["id"])).toEqual([{ id: "a" }, { id: "b" }]);
    },
  },
  {
    id: "lifecycle/uninstalled",
    says: "What the sync has made can be removed by one call, and nothing else goes; a later claim begins anew.",
    needs: ["uninstall"],
    async check(kit) {
      await kit.insert("Book", [{ id: "a", title: "t" }]);
      await kit.database.state?.open();
      expect(await kit.probe.sideTables!()).not.toEqual([]);
      await kit.session.uninstall!();
      expect(await kit.probe.sideTables!()).toEqual([]);
      expect(await kit.stored("Book")).toEqual([{ id: "a", title: "t" }]);
      await kit.claim();
      expect((await kit.row("Book", ["a"])).cloudId).toBeNull();
    },
  },
];
