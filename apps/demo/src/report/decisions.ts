import type { ConflictRecord, Plan, PlannedAction, QuarantineRecord } from "@sync/prisma";
import { nameOf } from "../names.ts";
import type { Demo } from "../open.ts";
import { paint } from "./page.ts";

/** A planned action for the page, and as one plain line. */
export interface ShownAction {
  readonly row: readonly string[];
  readonly text: string;
}

export async function actionsOf(demo: Demo, plan: Plan): Promise<ShownAction[]> {
  const shown: ShownAction[] = [];
  for await (const page of plan.actions()) {
    for (const action of page) {
      const name = await nameOf(demo, action);
      const what = `${action.action} ${directionOf(action)}`;
      shown.push({ row: [`${action.model} ${paint("bold", name)}`, what, action.reason], text: `${action.model} ${name} ${what}: ${action.reason}` });
    }
  }
  return shown;
}

/** Which side would be written. */
function directionOf({ side, toLeft, toRight }: PlannedAction): string {
  const left = side === "left" || toLeft.length > 0;
  const right = side === "right" || toRight.length > 0;
  return left && right ? "both" : left ? "left" : "right";
}

/** Logged conflicts: what both sides agreed on last, what each made of it, and the rule that decided. */
export async function conflictRows(demo: Demo, filter?: { readonly open: boolean }): Promise<(string | string[])[]> {
  const rows: (string | string[])[] = [];
  for await (const conflict of demo.sync.conflicts(filter)) {
    const { base, left, right, decision, rule } = conflict;
    const { fields, show } = whatDiffers(conflict);
    const whole = left ?? right; // a deleted record can no longer be asked for its name
    const name = conflict.kind === "update-delete" ? whole?.[conflict.fields.indexOf("ident")] : await nameOf(demo, conflict);
    const stands = (side: string): string => (decision === side ? paint("green", "  stands") : "");
    rows.push(
      `${conflict.model} ${paint("bold", name ?? "")}, ${fields.join(", ")}`,
      ["  base", show(base)],
      ["  left", (left ? show(left) : "deleted") + stands("left")],
      ["  right", (right ? show(right) : "deleted") + stands("right")],
      ["  rule", rule],
    );
  }
  return rows;
}

type Values = readonly (string | null)[] | undefined;

/** Of a conflict over a whole record: only the fields that somebody changed. */
function whatDiffers({ base, left, right, fields }: Pick<ConflictRecord, "base" | "left" | "right" | "fields">) {
  const changed = (at: number): boolean => [left, right].some((side) => side !== undefined && side[at] !== base?.[at]);
  const positions = fields.flatMap((_, at) => (fields.length === 1 || changed(at) ? [at] : []));
  return {
    fields: positions.map((at) => fields[at]!),
    show: (side: Values): string => (side ? positions.map((at) => side[at] ?? "null").join(", ") : "unknown"),
  };
}

/** Every record that waits, with the same three values and what stands in its way. */
export async function quarantineRows(demo: Demo): Promise<(string | string[])[]> {
  const rows: (string | string[])[] = [];
  for await (const entry of demo.sync.quarantine()) {
    const { base, left, right, side, fields = [] } = entry;
    const name = await nameOf(demo, { model: entry.model, [`${side}Key`]: entry.key });
    const { show } = whatDiffers({ base, left, right, fields });
    const waits = (of: string): string => (side === of ? paint("yellow", "  waits") : "");
    rows.push(
      `${entry.model} ${paint("bold", name)}, ${fields.join(", ")}`,
      ["  base", show(base)],
      ["  left", show(left) + waits("left")],
      ["  right", show(right) + waits("right")],
      ["  rule", ruleOf(entry)],
    );
  }
  return rows;
}

const ruleOf = ({ code, constraint, side }: QuarantineRecord): string =>
  `${code}: the ${side === "left" ? "right" : "left"} refuses it${constraint === undefined ? "" : `, constraint ${constraint}`}`;
