import type { Kind } from "@sync/core";
import type { FieldSpec, ModelSpec, SideName } from "./spec.ts";

/**
 * What the simulator itself believes about values, in the few kinds its cases use; written apart from the engine, so
 * that the engine is not its own judge.
 */

/** How much of a value both sides can hold: what equality is decided on. */
export function meetText(field: FieldSpec, value: string | null): string | null {
  if (value === null) return null;
  const { left, right } = field.kinds;
  if (left.type === "instant" && right.type === "instant") return cutSeconds(value, Math.min(left.digits, right.digits));
  if (left.type === "decimal" && right.type === "decimal") return cutDecimal(value, Math.min(left.scale ?? 99, right.scale ?? 99));
  return value;
}

/** The value as the other side would be given it, or why it cannot have it. */
export function carried(spec: ModelSpec, field: FieldSpec, to: SideName, value: string | null): { readonly value: string | null } | { readonly refused: string } {
  if (value === null) return field.nullable ? { value } : { refused: "null" };
  const kind: Kind = field.kinds[to];
  if (kind.type === "instant") return { value: cutSeconds(value, kind.digits) };
  if (kind.type === "decimal" && kind.scale !== undefined) {
    const cut = cutDecimal(value, kind.scale);
    return cut === value || spec.narrow.includes(field.name) ? { value: cut } : { refused: "scale" };
  }
  if (kind.type === "integer" && kind.bits === 32 && Math.abs(Number(value)) > 2_147_483_647) return { refused: "range" };
  return { value };
}

/** What stands in a side's database after this value was written there. */
export function stored(spec: ModelSpec, field: FieldSpec, side: SideName, value: string | null): string | null {
  const alter = spec.alter[side][field.name];
  return value === null || alter === undefined ? value : alter(value);
}

/** Both sides are in agreement on this field: equal at the meet, or as near as a database that alters values lets them be. */
export function agree(spec: ModelSpec, field: FieldSpec, left: string | null, right: string | null): boolean {
  if (meetText(field, left) === meetText(field, right)) return true;
  const toRight = carried(spec, field, "right", left);
  const toLeft = carried(spec, field, "left", right);
  return (
    ("value" in toRight && meetText(field, stored(spec, field, "right", toRight.value)) === meetText(field, right)) ||
    ("value" in toLeft && meetText(field, stored(spec, field, "left", toLeft.value)) === meetText(field, left))
  );
}

function cutSeconds(value: string, digits: number): string {
  const match = /^(.*:\d\d)\.(\d+)Z$/.exec(value);
  if (match === null) return value;
  const fraction = match[2]!.slice(0, digits).replace(/0+$/, "");
  return fraction === "" ? `${match[1]!}Z` : `${match[1]!}.${fraction}Z`;
}

function cutDecimal(value: string, scale: number): string {
  const point = value.indexOf(".");
  if (point < 0) return value;
  return value.slice(0, point + 1 + scale).replace(/\.?0*$/, "");
}
