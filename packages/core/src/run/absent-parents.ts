import { otherSide } from "../mapping/pair-model.ts";
import type { RunContext } from "./context.ts";
import type { Examined } from "./examine.ts";
import { keyIn, type ReadRecord } from "./records.ts";

type Sides = Pick<Examined, "left" | "right">;

/**
 * The same two records, where one would take along a reference to a record that bears a cloudId and is not on the other side:
 * that reference waits, as one to a record without a cloudId does. Undefined: none would. Asks nobody: `resolveTargets` has.
 */
export function withAbsentParents(context: RunContext, { model, plan, problem, left, right }: Examined): Sides | undefined {
  if (problem) return undefined;
  const sides: { left: ReadRecord | undefined; right: ReadRecord | undefined } = { left, right };
  for (const target of ["left", "right"] as const) {
    const source = sides[otherSide(target)];
    if (!source) continue;
    const creates = plan.action === "create" && plan.side === target;
    const written = target === "left" ? plan.toLeft : plan.toRight;
    for (const [at, field] of model.fields.entries()) {
      const cloudId = source.meet[at];
      if (field.parent === undefined || !(field.parent === model.name || field.late) || typeof cloudId !== "string" || plan.custom?.has(at) || !(creates || written.includes(at))) continue;
      if (context.identities[target].keyOf(field.parent, cloudId) !== undefined) continue;
      const key = keyIn(source.row, field, source.side);
      const wait: ReadRecord["waits"][number] = {
        at,
        problem: {
          code: "REFERENCE.PARENT_WAITS", field: field.name, message: `\`${field.name}\` refers to a \`${field.parent}\` that is not on the ${target} yet.`,
          ...(key ? { waitsFor: { model: field.parent, key } } : {}),
        },
      };
      const before = sides[source.side]!;
      sides[source.side] = { ...before, meet: before.meet.with(at, null), waits: [...before.waits, wait] };
    }
  }
  return sides.left === left && sides.right === right ? undefined : sides;
}
