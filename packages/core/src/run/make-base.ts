import { otherSide, type SideName } from "../mapping/pair-model.ts";
import type { Base } from "../state.ts";
import type { Value } from "../value.ts";
import type { RunContext } from "./context.ts";
import type { WriteItem } from "./write-item.ts";

/**
 * What both sides agree on once this item is written. A field that a database altered gets that side's own hash, so
 * that it neither looks changed later nor travels back; a field that waits keeps what it had. `only`: the fields that
 * came through, where others did not.
 */
export function makeBase(context: RunContext, item: WriteItem, only?: ReadonlySet<number>): Base {
  const { model, base, plan, cloudId } = item.examined;
  const codec = context.codecOf(model);
  const source = plan.action === "create" ? item.examined[otherSide(plan.side!)] : undefined;
  // The common case of a first copy: what was read is what stands on both sides.
  if (source && !only && !item.after.left && !item.after.right && plan.open.length + plan.drift.length === 0) return codec.of(cloudId, source.meet);
  const kept = new Set([...plan.open, ...plan.drift]);
  const leftHashes: (string | undefined)[] = [];
  const rightHashes: (string | undefined)[] = [];
  const values: Value[] = [];
  const altered: Record<SideName, string[]> = { left: [], right: [] };
  for (let at = 0; at < model.fields.length; at++) {
    if (plan.kept?.includes(at)) {
      const [l, r] = [item.examined.left!.meet[at], item.examined.right!.meet[at]];
      leftHashes.push(codec.hash(l));
      rightHashes.push(codec.hash(r));
      values.push((context.settings.direction === "left-to-right" ? l : r) ?? null);
      continue;
    }
    const agreed = agreedValue(item, at);
    const unchangedButUnequal = agreed === undefined;
    if (kept.has(at) || unchangedButUnequal || (only && !only.has(at))) {
      leftHashes.push(base?.left[at]);
      rightHashes.push(base?.right[at]);
      values.push(base?.values?.[at] ?? null);
      continue;
    }
    const hash = codec.hash(agreed);
    const own = (side: SideName): string => {
      const after = item.after[side]?.meet[at];
      if (item.after[side] === undefined || after === agreed) return hash;
      altered[side].push(model.fields[at]!.name);
      return codec.hash(after);
    };
    leftHashes.push(own("left"));
    rightHashes.push(own("right"));
    values.push(agreed);
  }
  for (const side of ["left", "right"] as const) {
    if (altered[side].length === 0) continue;
    context.countsOf(model.name).altered++;
    context.emit({ type: "altered", model: model.name, side, fields: altered[side] });
  }
  return codec.make(cloudId, leftHashes, rightHashes, values);
}

/** The value that stands on both sides afterwards; undefined where they differ by an agreed alteration. */
function agreedValue(item: WriteItem, at: number): Value | undefined {
  const { left, right, plan } = item.examined;
  if (plan.custom?.has(at)) return plan.custom.get(at)!;
  if (plan.action === "create") return (plan.side === "right" ? left : right)!.meet[at]!;
  if (plan.toRight.includes(at)) return left!.meet[at]!;
  if (plan.toLeft.includes(at)) return right!.meet[at]!;
  const [l, r] = [left?.meet[at], right?.meet[at]];
  return l === r ? l : undefined;
}
