import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { ask, planPage, planTable, type PlannedAction } from "@sync/core";
import { displayWidth, printable } from "../src/report/display-width.ts";
import { pageScript, pageScriptHash } from "../src/report/page-assets.ts";
import type { Reported } from "../src/report/sample.ts";
import { emptyCounts } from "../src/run/events.ts";
import { collect, keyOf, model, pairOf, text } from "./pairs.ts";

const country = model("Country", [text("code"), text("name")]);

/** Creates, an update, a delete and a conflict that waits. */
async function planned(): Promise<{ readonly plan: Awaited<ReturnType<ReturnType<typeof pairOf>["sync"]["plan"]>>; readonly left: ReturnType<typeof pairOf>["left"] }> {
  const { left, right, sync } = pairOf([country], { conflicts: ask() });
  for (const code of ["A", "B", "C"]) left.application.insert("Country", { code, name: code.toLowerCase() });
  await sync.run();
  for (const code of ["X", "Y", "Z"]) left.application.insert("Country", { code, name: `new ${code}` });
  left.application.update("Country", keyOf(left, "Country", "A"), { name: "left A" });
  left.application.update("Country", keyOf(left, "Country", "B"), { name: "left B" });
  right.application.update("Country", keyOf(right, "Country", "B"), { name: "right B" });
  right.application.delete("Country", keyOf(right, "Country", "C"));
  return { plan: await sync.plan(), left };
}

const action = (more: Partial<PlannedAction> = {}): PlannedAction =>
  ({ model: "Country", action: "create", cloudId: null, side: "right", leftKey: ["1"], toLeft: [], toRight: [], conflicts: [], reason: "only on the left", ...more });

function reported(pages: readonly (readonly PlannedAction[])[], more: Partial<Reported> = {}): Reported & { readonly id: string } {
  return {
    id: "plan", models: new Map([["Country", emptyCounts()]]), deletesToConfirm: [], findings: [],
    async *actions() { yield* pages; },
    look: async (actions) => actions.map(() => ({ stale: false, fields: [] })), ...more,
  };
}

const joined = async (chunks: AsyncIterable<string>): Promise<string> => (await collect(chunks)).join("");

it("a table shows counts per model, then actions with keys, fields and reasons, aligned", async () => {
  const created = { ...emptyCounts(), read: { left: 1200, right: 5 }, created: { left: 0, right: 1 }, deleted: { left: 1, right: 0 } };
  const plan = reported([[
    action(),
    action({ action: "update", side: undefined, leftKey: ["2"], rightKey: ["17"], toRight: ["name", "motto"], reason: "changed on the left: name, motto" }),
  ], [
    action({ action: "park", side: undefined, leftKey: ["3"], conflicts: [{ kind: "update-delete", fields: [], rule: "ask", decision: "open" }], reason: "name edited on the left, deleted on the right" }),
    action({ model: "City", action: "delete", side: "left", leftKey: ["a", "b"], reason: "deleted on the right" }),
    action({ model: "City", action: "quarantine", side: undefined, leftKey: ["4"], quarantine: { side: "left", code: "VALUE.TOO_LONG", field: "name" }, reason: "too long" }),
  ]], { models: new Map([["Country", created], ["City", { ...emptyCounts(), quarantined: 1 }]]) });
  expect(await planTable(plan)).toMatchInlineSnapshot(`
    "model    read left  read right  create right  delete left  quarantine
    Country       1200           5             1            1           0
    City             0           0             0            0           1

    model    action         key     to             reason
    Country  create         1       right          only on the left
    Country  update         2 = 17  → name, motto  changed on the left: name, motto
    Country  open conflict  3                      name edited on the left, deleted on the right; waits for a person
    City     delete         a / b   left           deleted on the right
    City     quarantine     4                      VALUE.TOO_LONG (name); too long
    "
  `);
});

it("a plan without actions says that there is nothing to do", async () => {
  expect(await planTable(reported([]))).toMatch(/Nothing to do\.\n$/);
});

it("a limit leaves some of every kind, and says how many it left out", async () => {
  const creates = Array.from({ length: 30 }, (_, at) => action({ leftKey: [String(at)] }));
  const table = await planTable(reported([creates, [action({ action: "delete", side: "left", leftKey: ["last"], reason: "deleted on the right" })]]), { limit: 3 });
  expect(table).toContain("27 more: Country create");
  expect(table).toContain("deleted on the right");
  expect(table.match(/only on the left/g)).toHaveLength(3);
});

it("columns are aligned by what a terminal shows, and nothing in a key can move its cursor", async () => {
  const table = await planTable(reported([["ab", "日本", "e\u0301\u200d", "\u001b[2J\n", "\u202eabc"].map((key) => action({ leftKey: [key] }))]));
  const lines = table.split("\n").filter((line) => line.startsWith("Country  create"));
  expect(lines).toHaveLength(5);
  expect(new Set(lines.map((line) => displayWidth(line.slice(0, line.indexOf("right")))))).toHaveLength(1);
  for (const character of "\u001b\u202e") expect(table).not.toContain(character);
  expect(table).toContain(String.raw`\u001b[2J\u000a`);
});

it("the width of a text is the columns it takes", () => {
  expect(["", "abc", "日本", "한글", "ｆｕｌｌ", "e\u0301", "🙂", "ﬀ"].map(displayWidth)).toEqual([0, 3, 4, 4, 8, 1, 2, 1]);
  expect(printable("a\tb\ud800")).toBe(String.raw`a\u0009b\ud800`);
});

it("deletes that need a word, and findings, are said in table and page", async () => {
  const plan = reported([[action()]], {
    deletesToConfirm: [{ model: "Country", deletes: 12, records: 20 }],
    findings: [{ severity: "warning", code: "SCHEMA.READ_ONLY", message: "right: read only" }],
  });
  for (const report of [await planTable(plan), await joined(planPage(plan))]) {
    expect(report).toContain("12 deletes of 20 records");
    expect(report).toContain("SCHEMA.READ_ONLY: right: read only");
  }
});

it("a page needs nothing from elsewhere and lets only its own script run", async () => {
  const page = await joined(planPage((await planned()).plan));
  expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import/i);
  expect(page).toContain("default-src 'none'");
  expect(page.match(/<script>([^]*?)<\/script>/)![1]).toBe(pageScript);
  expect(pageScriptHash).toBe(`sha256-${createHash("sha256").update(pageScript).digest("base64")}`);
  for (const tag of ["table", "tbody", "thead", "tr", "td", "th", "p", "main", "body", "html", "form", "select", "label"]) {
    expect([tag, page.match(new RegExp(`<${tag}[ >]`, "g"))?.length]).toEqual([tag, page.match(new RegExp(`</${tag}>`, "g"))?.length]);
  }
});

it("a page holds no values unless it is asked for them; then those of now, with what changed marked", async () => {
  const { plan, left } = await planned();
  const without = await joined(planPage(plan));
  for (const value of ["new X", "left A", "right B"]) expect(without).not.toContain(value);
  left.application.update("Country", keyOf(left, "Country", "A"), { name: "later A" });
  const page = await joined(planPage(plan, { values: true }));
  for (const value of ["new X", "right B"]) expect(page).toContain(value);
  expect(page).toContain(`<td class="changed">later A</td>`);
  expect(page).not.toContain("left A");
  expect(page).toContain("Changed since the plan was made");
});

it("nothing that comes out of a database is taken for markup", async () => {
  const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\u202e\ud800`;
  const plan = reported([[action({
    model: evil, action: evil, leftKey: [evil, evil], rightKey: [evil], toLeft: [evil], reason: evil, side: evil as "left",
    conflicts: [{ kind: evil, fields: [evil], rule: evil, decision: evil }], quarantine: { side: "left", code: evil, field: evil },
  })]], {
    models: new Map([[evil, emptyCounts()]]), deletesToConfirm: [{ model: evil, deletes: 1, records: 1 }],
    findings: [{ severity: "warning", code: evil, message: evil }],
    look: async () => [{ stale: true, fields: [{ field: evil, left: evil, right: evil, base: evil, changed: ["left"] }, { field: "none", left: null }] }],
  });
  const page = await joined(planPage({ ...plan, id: evil }, { values: true }));
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toMatch(/<img|\u202e/);
  expect(page).not.toContain(evil);
  expect(page.match(/&lt;script&gt;/g)!.length).toBeGreaterThan(15);
  expect(page.match(/data-(?:model|kind)="[^"]*"/g)).toHaveLength(2);
  expect(page).toContain("<i>null</i>");
});

it("a page is made while it is taken, one page of the plan at a time, and looks at what it shows only", async () => {
  let given = 0;
  const looked: number[] = [];
  const plan = reported([], {
    async *actions() {
      for (; given < 1000; given += 10) yield Array.from({ length: 10 }, () => action());
    },
    look: async (actions) => {
      looked.push(actions.length);
      return actions.map(() => ({ stale: false, fields: [] }));
    },
  });
  const page = planPage(plan, { values: true, limit: 25 });
  await page.next();
  await page.next();
  expect(given).toBe(0);
  const rest = await joined(page);
  expect([looked, rest.includes("975 more: Country, create")]).toEqual([[10, 10, 5], true]);
});
