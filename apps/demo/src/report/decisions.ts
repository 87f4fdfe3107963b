import type { ConflictRecord, Plan, PlannedAction } from "@sync/prisma";
import { nameOf } from "../names.ts";
import type { Demo } from "../open.ts";
import { columns, paint } from "./page.ts";

/** One line for each action of a plan, and the same as plain text, sorted. */
export async function planLines(demo: Demo, plan: Plan): Promise<{ readonly lines: string[]; readonly actions: string[] }> {
  const rows: string[][] = [];
  const actions: string[] = [];
  for await (const page of plan.actions()) {
    for (const action of page) {
      const name = await nameOf(demo, action);
      rows.push([action.model, name, action.action, directionOf(action), action.reason]);
      actions.push(`${action.model} ${name} ${action.action}${action.side ? ` ${action.side}` : ""}: ${action.reason}`);
    }
  }
  return { lines: columns(rows), actions: actions.sort() };
}

/** Which side would be written. */
function directionOf({ side, toLeft, toRight }: PlannedAction): string {
  const left = side === "left" || toLeft.length > 0;
  const right = side === "right" || toRight.length > 0;
  return left && right ? "both" : left ? "left" : "right";
}

/** Every logged conflict with what both sides agreed on last, what each made of it, and the rule that decided. */
export async function conflictLines(demo: Demo): Promise<string[]> {
  const lines: string[] = [];
  for await (const conflict of demo.sync.conflicts()) lines.push(...(await conflictBlock(demo, conflict)));
  return lines;
}

async function conflictBlock(demo: Demo, conflict: ConflictRecord): Promise<string[]> {
  const { base, left, right, decision, rule } = conflict;
  const { fields, values } = changedFields(conflict);
  const name = left && conflict.kind === "update-delete" ? valueOf(conflict, "ident", left) : await nameOf(demo, conflict);
  const stands = (side: string): string => (decision === side ? paint("green", "stands") : "");
  return [
    `${conflict.model} ${paint("bold", name)}: ${fields.join(", ")}`,
    ...columns([
      ["  base", values(base), ""],
      ["  left", left ? values(left) : "deleted", stands("left")],
      ["  right", right ? values(right) : "deleted", stands("right")],
      ["  rule", rule, ""],
    ]),
  ];
}

type Values = readonly (string | null)[] | undefined;

/** Of a conflict over a whole record: only what differs from the base. */
function changedFields({ base, left, right, fields }: ConflictRecord): { fields: string[]; values: (side: Values) => string } {
  const positions = fields.flatMap((_, at) => (fields.length === 1 || [left, right].some((side) => side && side[at] !== base?.[at]) ? [at] : []));
  return {
    fields: positions.map((at) => fields[at]!),
    values: (side) => (side ? positions.map((at) => side[at] ?? "null").join(", ") : "unknown"),
  };
}

const valueOf = (conflict: ConflictRecord, field: string, side: Values): string => side?.[conflict.fields.indexOf(field)] ?? "";

/** Every record that waits, with the same three values. */
export async function quarantineLines(demo: Demo): Promise<string[]> {
  const lines: string[] = [];
  for await (const entry of demo.sync.quarantine()) {
    const name = await nameOf(demo, { model: entry.model, [`${entry.side}Key`]: entry.key });
    lines.push(`${entry.model} ${paint("bold", name)}`, ...columns([["  rule", `${entry.code}, ${entry.constraint ?? ""}`]]));
  }
  return lines;
}
