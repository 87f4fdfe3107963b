import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { conflicts } from "../src/conflicts.ts";
import { erase } from "../src/erase.ts";
import { open, type Opened } from "../src/sync.ts";
import { undo } from "../src/undo.ts";

const said: unknown[][] = [];
beforeEach(() => void vi.spyOn(console, "log").mockImplementation((...words: unknown[]) => void said.push(words)));
afterEach(() => {
  vi.restoreAllMocks();
  said.splice(0);
});

const rows = ({ left, right }: Opened): unknown => [left, right].map((database) => database.prepare("select code, name, capital from country order by code").raw().all());

test("conflicts are shown and decided, and what waits is tried again", async () => {
  const opened = await open();
  await conflicts(opened);
  expect(said).toContainEqual(["update-update", "ask", "capital", { base: "Paris", left: "PARIS", right: "Ville de Paris" }]);
  expect(said).toContainEqual([1, "decided,", 0, "whose values had moved"]);
  expect(said).toContainEqual(["decided already"]);
  expect(said.find(([, code]) => code === "WRITE.CHECK")).toEqual(["Country", "WRITE.CHECK", "short_name", 1]);
  const agreed = [["FR", "France", "PARIS"], ["IT", "Italy", "ROME"], ["PT", "Portugal", "Lisbon"]];
  expect(rows(opened)).toEqual([agreed, agreed]);
});

test("a run is taken back but for what somebody edited since, and values are erased", async () => {
  const opened = await open();
  await undo(opened);
  expect(said).toContainEqual(["Country", { restored: { left: 0, right: 1 }, recreated: { left: 0, right: 1 }, removed: { left: 0, right: 1 }, kept: 1 }]);
  expect(said).toContainEqual(["Country", "stays as it is:", "edited"]);
  expect(said).toContainEqual(["done", 1, "kept"]);
  await erase(opened);
  expect(said.at(-1)).toEqual([{ conflicts: 0, quarantine: 0, preImages: 2, bases: 1 }]);
});
