import { expect, it } from "vitest";
import { fieldsByCode, keyOf, model, pairOf, text, withScan } from "./pairs.ts";

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
