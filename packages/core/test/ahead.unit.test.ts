import { expect, test } from "vitest";
import type { Committed, StateChange } from "@sync/core";
import { memoryState } from "@sync/core/memory";
import { model, pairOf, text, withCommit, withScan } from "./pairs.ts";

const item = model("Item", [text("code")]);

function fill(insert: (model: string, record: Record<string, string>) => unknown, records: number): void {
  for (let n = 0; n < records; n += 1) insert("Item", { code: `c${String(n).padStart(2, "0")}` });
}

test("a first copy reads on while a page is written", async () => {
  let fourthPage = (): void => undefined;
  const read = new Promise<void>((resolve) => (fourthPage = resolve));
  const units: number[] = [];
  const pair = pairOf([item], {
    wrap: (database, side) => {
      if (side === "left") return withScan(database, (_, page) => void (page === 3 && fourthPage()));
      return withCommit(database, async (unit, real) => {
        units.push(unit.batches[0]!.rows.length);
        // The first unit, two pages, is not through before the fourth page is asked for: it never would be, if nobody read on.
        if (units.length === 1) await read;
        return real(unit);
      });
    },
  });
  fill(pair.left.application.insert, 40);
  await pair.sync.run();
  expect(units).toEqual([10, 10, 10, 10]);
  expect((await pair.sync.verify()).equal).toBe(true);
  expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
});

test("the next unit gets its cloudIds while this one is written", async () => {
  let identified = 0;
  let second = (): void => undefined;
  const secondIdentified = new Promise<void>((resolve) => (second = resolve));
  const pair = pairOf([item], {
    wrap: (database, side) => withCommit(database, async (unit, real) => {
      // The first rows do not come to the right before the second unit has its cloudIds on the left.
      if (side === "right") await secondIdentified;
      const committed = await real(unit);
      if (side === "left" && ++identified === 2) second();
      return committed;
    }),
  });
  fill(pair.left.application.insert, 40);
  await pair.sync.run();
  expect(identified).toBe(4);
  expect((await pair.sync.verify()).equal).toBe(true);
});

test("units go one after the other, and a run that fails leaves none on its way", async () => {
  let open = 0;
  let units = 0;
  const pair = pairOf([item], {
    wrap: (database, side) => side === "left" ? database : withCommit(database, async (unit, real): Promise<Committed> => {
      open += 1;
      expect(open).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      units += 1;
      if (units === 2) {
        open -= 1;
        throw new Error("no more");
      }
      const committed = await real(unit);
      open -= 1;
      return committed;
    }),
  });
  fill(pair.left.application.insert, 20);
  await expect(pair.sync.run()).rejects.toThrow("no more");
  expect([open, pair.right.probe.rows("Item").length]).toEqual([0, 10]);
  await pair.sync.run();
  expect(pair.right.probe.rows("Item")).toHaveLength(20);
  expect((await pair.sync.verify()).equal).toBe(true);
});

test("a run that is stopped has nothing on its way", async () => {
  const stop = new AbortController();
  let open = 0;
  const pair = pairOf([item], {
    wrap: (database, side) => {
      if (side === "left") return withScan(database, (_, page) => void (page === 3 && stop.abort()));
      return withCommit(database, async (unit, real) => {
        open += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        const committed = await real(unit);
        open -= 1;
        return committed;
      });
    },
  });
  fill(pair.left.application.insert, 20);
  await expect(pair.sync.run({ signal: stop.signal })).rejects.toMatchObject({ code: "RUN.ABORTED" });
  expect(open).toBe(0);
  await pair.sync.run();
  expect((await pair.sync.verify()).equal).toBe(true);
});

/** A state that tells how many bases each commit brought. */
function watched(): { readonly state: ReturnType<typeof memoryState>; readonly bases: number[] } {
  const state = memoryState();
  const bases: number[] = [];
  const commit = state.commit.bind(state);
  state.commit = (pair, changes: readonly StateChange[], fences) => {
    const brought = changes.reduce((sum, change) => sum + (change.op === "putBases" ? change.bases.length : 0), 0);
    if (brought > 0) bases.push(brought);
    return commit(pair, changes, fences);
  };
  return { state, bases };
}

test("the bases of a first copy are stored together for several units, however these end", async () => {
  const { state, bases } = watched();
  let units = 0;
  const pair = pairOf([item], {
    state,
    wrap: (database, side) => side === "left" ? database : withCommit(database, (unit, real) => {
      units += 1;
      if (units === 4) throw new Error("no more");
      return real(unit);
    }),
  });
  fill(pair.left.application.insert, 60);
  await expect(pair.sync.run()).rejects.toThrow("no more");
  expect(bases).toEqual([30]);
  // What somebody writes to a record whose base is stored is an edit, not a first meeting.
  pair.right.application.update("Item", pair.right.probe.rows("Item")[0]!.key, { code: "edited" });
  const { models } = await pair.sync.run();
  expect(models.get("Item")).toMatchObject({ created: { left: 0, right: 30 }, updated: { left: 1, right: 0 }, conflicts: 0 });
  expect(bases.reduce((sum, each) => sum + each)).toBe(61);
  expect((await pair.sync.verify()).equal).toBe(true);
});
