import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@sync/test-databases";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { apply } from "../src/apply.ts";
import { edit, fill } from "../src/edits.ts";
import { save } from "../src/save.ts";

const folder = temporaryFolder("reviewed-plan");
const inFolder = (name: string): string => join(folder.path, name);
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  folder.remove();
});

test("the plan is what the guide shows, its file and page hold no values, and what changed since is skipped", async () => {
  await fill(folder.path);
  edit(folder.path);
  const table = await save(folder.path);
  expect(readFileSync(new URL("../../../docs/guide/plans.md", import.meta.url), "utf8")).toContain(`\`\`\`\n${table}\`\`\``);
  for (const name of ["plan.ndjson", "plan.html"]) expect(readFileSync(inFolder(name), "utf8")).not.toMatch(/Paris|Roma|Spain/);
  expect(readFileSync(inFolder("plan-with-values.html"), "utf8")).toMatch(/Paris[^]*Roma[^]*Spain/);

  const left = new Database(inFolder("left.db"));
  left.exec("update country set name = 'España' where code = 'ES'");
  const { skipped } = await apply(folder.path);
  expect(skipped).toEqual([{ model: "Country", leftKey: ["5"] }]);
  const right = new Database(inFolder("right.db"));
  const codes = (database: Database.Database): unknown => database.prepare("select code, capital from country order by code").raw().all();
  expect(codes(right)).toEqual([["FR", "Paris"], ["IT", "Rome"], ["PT", null]]);
  expect(codes(left)).toEqual([["ES", null], ["FR", "Paris"], ["IT", "Roma"], ["PT", null]]);
  for (const database of [left, right]) database.close();
});
