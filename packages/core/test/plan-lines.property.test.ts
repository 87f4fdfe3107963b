import fc from "fast-check";
import { expect, it } from "vitest";
import { isSyncError, type PlannedAction } from "@sync/core";
import { LineReader, writeLines } from "../src/plan-file/format.ts";

const side = fc.constantFrom("left" as const, "right" as const);
const words = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("\u2028", "\n", '"', "\\", "\ud800"));
const key = fc.array(words, { minLength: 1, maxLength: 2 });
const names = fc.array(words, { maxLength: 3 });

const action: fc.Arbitrary<PlannedAction> = fc.record({
  model: words, action: fc.constantFrom("create", "update", "delete", "link", "forget", "park", "quarantine"),
  cloudId: fc.option(fc.uuid()), toLeft: names, toRight: names, reason: words,
  conflicts: fc.array(fc.record({ kind: words, fields: names, rule: words, decision: words }), { maxLength: 2 }),
  side, leftKey: key, rightKey: key, leftRevision: words, rightRevision: words,
  quarantine: fc.record({ side, code: words, field: words }, { requiredKeys: ["side", "code"] }),
}, { requiredKeys: ["model", "action", "cloudId", "toLeft", "toRight", "reason", "conflicts"] });

const secret = '["left id","right id"]';

async function* inPages(actions: readonly PlannedAction[], size: number): AsyncGenerator<readonly PlannedAction[]> {
  for (let at = 0; at < actions.length; at += size) yield actions.slice(at, at + size);
}

async function written(actions: readonly PlannedAction[], size = 2): Promise<string[]> {
  const signature = { left: "a", right: "b", way: "both", models: {} };
  const lines: string[] = [];
  const header = { pair: "pair", id: "plan", at: "2026-01-01T00:00:00.000Z", actions: actions.length, signature, counts: {}, deletesToConfirm: [] };
  for await (const text of writeLines(header, secret, inPages(actions, size))) lines.push(...text.split(/(?<=\n)/));
  return lines;
}

async function read(lines: Iterable<string>, { with: given = secret, size = 3 } = {}): Promise<PlannedAction[]> {
  const reader = new LineReader(lines);
  const header = await reader.header();
  const actions: PlannedAction[] = [];
  for await (const page of reader.pages(header, given, size)) actions.push(...page);
  return actions;
}

/** The code of the refusal and the line it names. */
async function refusal(lines: Iterable<string>, options?: Parameters<typeof read>[1]): Promise<[code: string, line: number]> {
  try {
    await read(lines, options);
  } catch (error) {
    if (isSyncError(error)) return [error.code, Number(/^Line (\d+) /.exec(error.message)?.[1])];
    throw error;
  }
  throw new Error("Nothing was refused.");
}

/** As a file gives them. */
const linesIn = (text: string): string[] => text.split("\n");

it("every plan survives its lines, whatever the pages it was written and is read in", async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), async (actions, size, readSize) => {
    const lines = await written(actions, size);
    const expected = JSON.parse(JSON.stringify(actions)) as PlannedAction[];
    expect(await read(lines, { size: readSize })).toEqual(expected);
    expect(await read(linesIn(lines.join("")))).toEqual(expected);
    expect(await read([lines.join("")])).toEqual(expected);
  }));
});

it("no line holds what a reader could take for the end of a line", async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 6 }), async (actions) => {
    for (const line of await written(actions)) expect(line.slice(0, -1)).not.toMatch(/[\n\r\u2028\u2029]/);
  }));
});

const sample: readonly PlannedAction[] = [
  { model: "Country", action: "create", cloudId: null, side: "right", leftKey: ["1"], toLeft: [], toRight: [], conflicts: [], reason: "only on the left", leftRevision: "abc" },
  { model: "City", action: "update", cloudId: "c", leftKey: ["1"], rightKey: ["\u20283"], toLeft: [], toRight: ["name"], conflicts: [{ kind: "update-update", fields: ["name"], rule: "left wins", decision: "left" }], reason: "changed" },
];

it("every edit of one character is refused, naming its line", async () => {
  const text = (await written(sample)).join("");
  for (let at = 0; at < text.length; at++) {
    const line = linesIn(text.slice(0, at)).length;
    const other = text[at] === "x" ? "y" : "x";
    for (const [what, edited] of [["replaced", text.slice(0, at) + other + text.slice(at + 1)], ["removed", text.slice(0, at) + text.slice(at + 1)], ["doubled", text.slice(0, at + 1) + text.slice(at)], ["broken", `${text.slice(0, at)}\n${text.slice(at)}`]] as const) {
      // Newlines at the very end are nobody's edit, and one before or behind another makes an empty line of its own.
      if (at === text.length - 1 && what !== "replaced") continue;
      const [code, named] = await refusal(linesIn(edited));
      expect([what, at, code]).toEqual([what, at, expect.stringMatching(/^PLAN\.(EDITED|TRUNCATED|NOT_A_PLAN|VERSION)$/)]);
      expect([what, at, named === line || (text[at] === "\n" && what !== "replaced" && named === line + 1)]).toEqual([what, at, true]);
    }
  }
});

it("a file that ends anywhere before its end is refused as cut off there", async () => {
  const text = (await written(sample)).join("");
  for (let end = 0; end < text.length - 1; end++) {
    const lines = linesIn(text.slice(0, end));
    const [code, line] = await refusal(lines.at(-1) === "" ? lines.slice(0, -1) : lines);
    expect([end, line]).toEqual([end, text[end] === "\n" ? lines.length + 1 : lines.length]);
    expect([end, code]).toEqual([end, expect.stringMatching(/^PLAN\.(TRUNCATED|EDITED|NOT_A_PLAN)$/)]);
  }
});

it("a file that lacks its last lines is refused as cut off, naming the first that lacks", async () => {
  const lines = await written(sample);
  for (let count = 0; count < lines.length; count++) expect(await refusal(lines.slice(0, count))).toEqual(["PLAN.TRUNCATED", count + 1]);
});

it("lines that are missing, exchanged, doubled or added are refused, naming the first", async () => {
  const [first, second, third, last] = (await written(sample)) as [string, string, string, string];
  expect(await refusal([first, third, last])).toEqual(["PLAN.EDITED", 2]);
  expect(await refusal([first, third, second, last])).toEqual(["PLAN.EDITED", 2]);
  expect(await refusal([first, second, second, third, last])).toEqual(["PLAN.EDITED", 3]);
  expect(await refusal([first, second, third, last, second])).toEqual(["PLAN.EDITED", 5]);
  expect(await refusal(["", first, second, third, last])).toEqual(["PLAN.NOT_A_PLAN", 1]);
});

it("lines with new checks are refused for lack of the seal", async () => {
  const lines = await written(sample);
  expect(await refusal(lines, { with: '["left id","another"]' })).toEqual(["PLAN.EDITED", 4]);
});

it("another file is no plan, and a later form of one is said to be that", async () => {
  expect(await refusal([])).toEqual(["PLAN.TRUNCATED", 1]);
  expect(await refusal(["code,name", "a,b"])).toEqual(["PLAN.NOT_A_PLAN", 1]);
  expect(await refusal(['{"sync":"plan","version":2}'])).toEqual(["PLAN.VERSION", 1]);
});

it("lines are made while they are taken: one page of actions at a time", async () => {
  let given = 0;
  async function* pages(): AsyncGenerator<readonly PlannedAction[]> {
    for (; given < 1_000_000; given += 100) yield Array.from({ length: 100 }, () => sample[0]!);
  }
  const lines = writeLines({ pair: "pair", id: "plan", at: "", actions: 1_000_000, signature: { left: "", right: "", way: "both", models: {} }, counts: {}, deletesToConfirm: [] }, secret, pages());
  for (let taken = 0; taken < 4; taken++) await lines.next();
  expect(given).toBe(200);
});

it("pages are given while lines are read: no more lines are taken than a page needs", async () => {
  const lines = await written(Array.from({ length: 1000 }, () => sample[0]!));
  let taken = 0;
  function* counted(): Generator<string> {
    for (const line of lines) {
      taken++;
      yield line;
    }
  }
  const reader = new LineReader(counted());
  const pages = reader.pages(await reader.header(), secret, 100);
  await pages.next();
  await pages.next();
  expect(taken).toBe(201);
});
