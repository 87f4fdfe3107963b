import { displayWidth, printable } from "./display-width.ts";
import { countRows, keysOf, kindOf, reasonsOf, Sampler, targetOf, type Reported } from "./sample.ts";

export interface PlanTableOptions {
  /**
   * Actions of each kind in each model, at most; what is left out is counted.
   * @default 10
   */
  readonly limit?: number;
}

type Cell = string | number;

/** A plan as text: counts per model, then its actions with keys and reasons. Holds no values. */
export async function planTable(plan: Reported, { limit = 10 }: PlanTableOptions = {}): Promise<string> {
  const sampler = new Sampler(limit);
  const rows: Cell[][] = [];
  for await (const page of plan.actions()) {
    for (const action of sampler.take(page)) rows.push([action.model, kindOf(action), keysOf(action), targetOf(action), reasonsOf(action)]);
  }
  const { head, rows: counts } = countRows(plan.models);
  const more = sampler.kinds.filter(({ left }) => left > 0).map(({ model, kind, left }) => `${left} more: ${printable(model)} ${kind}`);
  const guarded = plan.deletesToConfirm.map(({ model, deletes, records }) => `${printable(model)}: ${deletes} deletes of ${records} records need \`confirmDeletes\``);
  const findings = plan.findings.map(({ severity, code, message }) => printable(`${severity} ${code}: ${message}`));
  const actions = rows.length > 0 ? aligned([["model", "action", "key", "to", "reason"], ...rows]) : ["Nothing to do."];
  return [aligned([head, ...counts]), guarded, findings, actions, more].filter((block) => block.length > 0).map((block) => `${block.join("\n")}\n`).join("\n");
}

/** Columns of one width each; numbers to the right. */
function aligned(rows: readonly (readonly Cell[])[]): string[] {
  const texts = rows.map((row) => row.map((cell) => printable(String(cell))));
  const numeric = rows[0]!.map((_, column) => rows.length > 1 && rows.slice(1).every((row) => typeof row[column] === "number"));
  const widths = texts[0]!.map((_, column) => texts.reduce((most, row) => Math.max(most, displayWidth(row[column] ?? "")), 0));
  return texts.map((row) => row.map((text, column) => {
    const padding = " ".repeat(widths[column]! - displayWidth(text));
    return numeric[column] ? padding + text : text + padding;
  }).join("  ").trimEnd());
}
