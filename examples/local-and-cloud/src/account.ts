import { styleText } from "node:util";
import type { ConflictRecord, Plan, RunResult } from "@sync/prisma";

/** Colours on a terminal only, and not where NO_COLOR says so. */
const bold = (text: string): string => styleText("bold", text, { stream: process.stdout });
const dim = (text: string): string => styleText("dim", text, { stream: process.stdout });

export function title(text: string, more: string): void {
  console.log(`\n${bold(text)} ${dim(more)}`);
}

export function line(text: string, more = ""): void {
  console.log(`\n  ${text} ${dim(more)}`.trimEnd());
}

/** How the records of each model were recognised, as the plan's reasons say it: model → rule → how often. */
export async function recognised(plan: Plan): Promise<Map<string, Map<string, number>>> {
  const found = new Map<string, Map<string, number>>();
  for await (const page of plan.actions()) {
    for (const { model, reason } of page) {
      const rule = /^matched by ([^;]+)/.exec(reason)?.[1]?.replaceAll("`", "");
      if (rule === undefined) continue;
      const rules = found.get(model) ?? new Map<string, number>();
      found.set(model, rules.set(rule, (rules.get(rule) ?? 0) + 1));
    }
  }
  return found;
}

/** One line per model: who was recognised by which rule, and what went where. */
export function printMeeting(run: RunResult, rules: ReadonlyMap<string, ReadonlyMap<string, number>>): void {
  const rows = [...run.models].map(([model, { linked, created, conflicts }]) => {
    const by = [...(rules.get(model) ?? [])].map(([rule, times]) => (times === linked ? rule : `${rule} (${times})`)).join("; ");
    return [model, linked, created.right, created.left, conflicts, linked + created.left + created.right, by];
  });
  const sum = (column: number): number => rows.reduce((total, row) => total + Number(row[column]), 0);
  printTable(["", "on both", "to cloud", "to local", "differed", "now", "recognised by"], [...rows, ["all", ...[1, 2, 3, 4, 5].map(sum), ""]]);
}

/** Both values of every field that differed, and whose stands. */
export async function printConflicts(conflicts: AsyncIterable<ConflictRecord>): Promise<void> {
  const rows: string[][] = [];
  for await (const { model, fields, left, right, decision, rule } of conflicts) {
    rows.push([`${model}.${fields.join(", ")}`, shown(left), shown(right), decision === "left" ? "local" : "cloud", rule]);
  }
  printTable(["", "local", "cloud", "stands", "by"], rows);
}

/** What one sync did, in one line. */
export function did(run: RunResult): string {
  const parts = [...run.models].flatMap(([model, { created, updated, linked }]) => [
    ...(linked > 0 ? [`${linked} ${model} linked`] : []),
    ...(["left", "right"] as const).flatMap((side) => {
      const where = side === "left" ? "locally" : "in the cloud";
      return [
        ...(created[side] > 0 ? [`${created[side]} ${model} created ${where}`] : []),
        ...(updated[side] > 0 ? [`${updated[side]} ${model} updated ${where}`] : []),
      ];
    }),
  ]);
  return parts.length === 0 ? "nothing to do, nothing written" : parts.join(", ");
}

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

function shown(values: readonly (string | null)[] | undefined): string {
  return (values ?? []).map((value) => value ?? "(nothing)").join(", ");
}

/** Numbers to the right, words to the left. */
function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => String(row[at]).length)));
  const cell = (value: string | number, at: number, right: boolean): string => (right ? String(value).padStart(widths[at]!) : String(value).padEnd(widths[at]!));
  const numeric = head.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "number"));
  if (head.some((name) => name !== "")) console.log(dim(`    ${head.map((name, at) => cell(name, at, numeric[at]!)).join("  ")}`.trimEnd()));
  for (const row of rows) console.log(`    ${row.map((value, at) => cell(value, at, numeric[at]!)).join("  ")}`.trimEnd());
}
