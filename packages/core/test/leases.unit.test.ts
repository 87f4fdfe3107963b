import type { Database } from "@sync/core";
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
