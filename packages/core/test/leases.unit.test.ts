import type { Database, Unit } from "@sync/core";
import type { MemoryDatabase } from "@sync/core/memory";
import { expect, test } from "vitest";
import { model, pairOf, text } from "./pairs.ts";

const shop = model("Shop", [text("code")]);

/** Turns of the event loop, enough for whatever does not wait for an answer to come to its end. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** One side's database cannot note whom it meets; the other one's answer to that comes late. */
function slowBesideBroken(broken: "left" | "right", log: string[]) {
  return (database: MemoryDatabase, side: "left" | "right"): Database => {
    const [claim, release] = [database.claim.bind(database), database.release.bind(database)];
    return Object.assign(database, {
      claim: async (request: Parameters<Database["claim"]>[0]) => {
        const notes = request.meets !== undefined || (request.pairs ?? []).length > 0;
        if (notes && side === broken) throw new Error("the note is refused");
        if (notes) await turns();
        const claimed = await claim(request);
        if (side !== broken) log.push("claimed");
        return claimed;
      },
      release: (fence: number, wrote: boolean) => {
        if (side !== broken) log.push("released");
        return release(fence, wrote);
      },
    });
  };
}

test.each(["left", "right"] as const)("a run whose %s database cannot note the other lets go only after the other one has answered", async (broken) => {
  const log: string[] = [];
  const { left, sync } = pairOf([shop], { wrap: slowBesideBroken(broken, log) });
  left.application.insert("Shop", { code: "1" });
  await expect(sync.run()).rejects.toThrow("the note is refused");
  expect(log).toEqual(["claimed", "claimed", "released"]);
});

test.each(["left", "right"] as const)("forget() whose %s database refuses the note lets go only after the other one has answered", async (broken) => {
  const log: string[] = [];
  const first = pairOf([shop]);
  first.left.application.insert("Shop", { code: "1" });
  await first.sync.run();
  const { sync } = pairOf([shop], { left: slowBesideBroken(broken, log)(first.left, "left"), right: slowBesideBroken(broken, log)(first.right, "right") });
  await expect(sync.forget()).rejects.toThrow("the note is refused");
  expect(log).toEqual(["claimed", "claimed", "released"]);
});

/** One side refuses its units of one kind, for a reason that no run gets over; the other one's answers come late. */
function slowUnitsBeside(broken: "left" | "right", op: "identify" | "insert", log: string[]) {
  return (database: MemoryDatabase, side: "left" | "right"): Database => {
    const [commit, release] = [database.commit.bind(database), database.release.bind(database)];
    return Object.assign(database, {
      commit: async (unit: Unit) => {
        if (side === broken && unit.batches.some((batch) => batch.op === op)) throw new Error("the disk is full");
        if (side !== broken) await turns();
        const committed = await commit(unit);
        if (side !== broken) log.push("committed");
        return committed;
      },
      release: (fence: number, wrote: boolean) => {
        if (side !== broken) log.push("released");
        return release(fence, wrote);
      },
    });
  };
}

test.each(["left", "right"] as const)("a run whose %s database fails lets go only after the unit of the other one has ended", async (broken) => {
  const log: string[] = [];
  const { left, right, sync } = pairOf([shop], { wrap: slowUnitsBeside(broken, "identify", log) });
  for (const database of [left, right]) database.application.insert("Shop", { code: "1" });
  await expect(sync.run()).rejects.toThrow("the disk is full");
  expect(log).toEqual(["committed", "released"]);
});

test.each(["run", "apply"] as const)("%s() that fails lets go only after everything has ended that it had sent ahead", async (way) => {
  const log: string[] = [];
  const { left, sync } = pairOf([shop], { wrap: slowUnitsBeside("right", "insert", log), pageSize: 1 });
  for (let code = 0; code < 12; code++) left.application.insert("Shop", { code: `${code}` });
  const plan = way === "apply" ? await sync.plan() : undefined;
  log.length = 0;
  await expect(plan === undefined ? sync.run() : sync.apply(plan)).rejects.toThrow("the disk is full");
  await turns();
  expect(log.length).toBeGreaterThan(2);
  expect(log.indexOf("released")).toBe(log.length - 1);
});
