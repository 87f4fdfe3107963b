import type { ApplyResult, ModelCounts, PlanSummary, VerifyResult } from "@sync/prisma";
import { nameOf } from "../names.ts";
import type { Demo } from "../open.ts";
import { columns, counted, figure } from "./page.ts";

type Models = ReadonlyMap<string, ModelCounts>;

/** All models' counts in one. */
export function totals(models: Models) {
  const total = {
    read: { left: 0, right: 0 }, created: { left: 0, right: 0 }, updated: { left: 0, right: 0 }, deleted: { left: 0, right: 0 },
    conflicts: 0, quarantined: 0, waiting: 0,
  };
  for (const counts of models.values()) {
    for (const what of ["read", "created", "updated", "deleted"] as const) {
      total[what].left += counts[what].left;
      total[what].right += counts[what].right;
    }
    for (const what of ["conflicts", "quarantined", "waiting"] as const) total[what] += counts[what];
  }
  return total;
}

/** What was read to make a plan, and what it would write. */
export function planned({ models }: PlanSummary): string {
  const { read, created, updated, deleted } = totals(models);
  return `${figure(read.left)} records read on the left, ${figure(read.right)} on the right; to ${written({ created, updated, deleted }, ["create", "update", "delete"])}`;
}

export function applied({ models, skipped }: ApplyResult): string {
  const { quarantined, ...done } = totals(models);
  const rest = [quarantined > 0 ? `${figure(quarantined)} put in quarantine` : "", skipped.length > 0 ? `${figure(skipped.length)} skipped` : ""];
  return [written(done, ["created", "updated", "deleted"]), ...rest].filter((part) => part !== "").join("; ");
}

/** `created 3 on the left; updated 2 on the left, 2 on the right`. */
function written(done: Pick<ReturnType<typeof totals>, "created" | "updated" | "deleted">, verbs: readonly [string, string, string]): string {
  const parts = (["created", "updated", "deleted"] as const).flatMap((what, at) => {
    const sides = (["left", "right"] as const).filter((side) => done[what][side] > 0);
    return sides.length === 0 ? [] : [`${verbs[at]} ${sides.map((side) => `${figure(done[what][side])} on the ${side}`).join(", ")}`];
  });
  return parts.length === 0 ? "nothing to do" : parts.join("; ");
}

export function verified({ models }: VerifyResult): string {
  let [equal, amiss, explained] = [0, 0, 0];
  for (const counts of models.values()) {
    equal += counts.equal;
    amiss += counts.different + counts.onlyLeft + counts.onlyRight;
    explained += counts.explained;
  }
  const rest = amiss === 0 ? "no difference" : `${counted(amiss, "difference")}, ${explained === amiss ? "explained" : `${figure(amiss - explained)} unexplained`}`;
  return `${figure(equal)} records are equal on both sides, ${rest}`;
}

/** Each difference that verify found, with its explanation. */
export async function differences(demo: Demo, { differences: found }: VerifyResult): Promise<string[]> {
  const rows: string[][] = [];
  for (const difference of found) rows.push([difference.model, await nameOf(demo, difference), difference.fields.join(", "), difference.explanation ?? "not explained"]);
  return columns(rows);
}
