import { expect, it } from "vitest";
import { codes, fieldsByCode, keyOf, model, pairOf, text, withCommit, withFetch, withScan } from "./pairs.ts";

it("an edit between the look at a record and the page that seals it is carried over by the next run", async () => {
  const country = model("Country", [text("code"), text("name")]);
  let during: (() => void) | undefined;
  const { left, right, sync } = pairOf([country], {
    pageSize: 2, leftTracking: "fingerprints", firstLink: "left",
    wrap: (database, side) => (side === "left" ? database : withScan(database, (_, page) => {
      if (page !== 1) return;
      during?.();
      during = undefined;
    })),
  });
  for (const code of ["A", "B", "C", "D", "E"]) {
    left.application.insert("Country", { code, name: code });
    right.application.insert("Country", { code, name: code });
  }
  // Pages behind the first are read when the left has long been compared.
  const last = right.probe.rows("Country").at(-1)!.record["code"]!;
  during = () => void right.application.update("Country", keyOf(right, "Country", last), { name: "edited" });
  await sync.run();
  for (let n = 0; n < 2; n++) await sync.run();
  expect(fieldsByCode(left, "Country", "name")[last]).toBe("edited");
  expect((await sync.verify()).equal).toBe(true);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

it("a delete between the fingerprints and the pages is seen by this run or the next", async () => {
  const country = model("Country", [text("code"), text("name")]);
  let during: (() => void) | undefined;
  const { left, right, sync } = pairOf([country], {
    leftTracking: "fingerprints", pageSize: 100,
    wrap: (database, side) => (side === "left" ? database : withScan(database, (_, page) => {
      if (page !== 0) return;
      during?.();
      during = undefined;
    })),
  });
  for (const code of ["A", "B", "C"]) left.application.insert("Country", { code, name: code });
  await sync.run();
  await sync.run();
  right.application.update("Country", keyOf(right, "Country", "A"), { name: "edited" });
  during = () => void right.application.delete("Country", keyOf(right, "Country", "B"));
  for (let n = 0; n < 3; n++) await sync.run();
  expect(fieldsByCode(left, "Country", "name")).toEqual({ A: "edited", C: "C" });
});

it.each([
  ["before the run ends", false], ["before the run ends", true], ["before the next run", false], ["before the next run", true],
] as const)("a record that goes after its page was known, and is made again as it was %s, is found by the next one (other writes: %s)", async (when, otherWrites) => {
  const country = model("Country", [text("code"), text("name")]);
  const during: { fetch?: (() => void) | undefined; commit?: (() => void) | undefined } = {};
  const once = (what: keyof typeof during): void => {
    const todo = during[what];
    during[what] = undefined;
    todo?.();
  };
  const { left, right, sync } = pairOf([country], {
    leftTracking: "fingerprints", rightTracking: "changes",
    wrap: (database, side) => side === "left" ? withFetch(database, () => once("fetch")) : withCommit(database, async (unit, real) => {
      const answer = await real(unit);
      if (unit.batches.some(({ op }) => op === "delete")) once("commit");
      return answer;
    }),
  });
  for (const code of ["A", "B", "C"]) left.application.insert("Country", { code, name: code });
  await sync.run();
  const [id] = keyOf(left, "Country", "A");
  // Named by the right's mark, though it is as it was.
  for (const name of ["edited", "A"]) right.application.update("Country", keyOf(right, "Country", "A"), { name });
  if (otherWrites) right.application.update("Country", keyOf(right, "Country", "B"), { name: "edited" });
  during.fetch = () => void left.application.delete("Country", [id!]);
  const remake = (): void => void left.application.insert("Country", { id: id!, code: "A", name: "A" });
  if (when === "before the run ends") during.commit = remake;
  await sync.run();
  expect([during.fetch, during.commit]).toEqual([undefined, undefined]);
  expect(codes(right, "Country")).toEqual(["B", "C"]);
  if (when === "before the next run") remake();
  await sync.run();
  expect(codes(right, "Country")).toEqual(["A", "B", "C"]);
  expect((await sync.verify()).equal).toBe(true);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

it.each([true, false])("a record that a run deletes, and somebody makes again as it was before the run ends, is found by the next one (under its key: %s)", async (sameKey) => {
  const country = model("Country", [text("code"), text("name")]);
  let during: (() => void) | undefined;
  const { left, right, sync } = pairOf([country], {
    leftTracking: "fingerprints", rightTracking: "changes",
    wrap: (database, side) => side === "right" ? database : withCommit(database, async (unit, real) => {
      const answer = await real(unit);
      if (unit.batches.some(({ op }) => op === "delete")) during?.();
      return answer;
    }),
  });
  for (const code of ["A", "B", "C"]) left.application.insert("Country", { code, name: code });
  await sync.run();
  const [id] = keyOf(left, "Country", "A");
  right.application.delete("Country", keyOf(right, "Country", "A"));
  during = () => void left.application.insert("Country", { ...(sameKey ? { id: id! } : {}), code: "A", name: "A" });
  await sync.run();
  expect([codes(left, "Country"), codes(right, "Country")]).toEqual([["A", "B", "C"], ["B", "C"]]);
  during = undefined;
  await sync.run();
  expect(codes(right, "Country")).toEqual(["A", "B", "C"]);
  expect((await sync.verify()).equal).toBe(true);
});
