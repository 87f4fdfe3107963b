import type { ApplyResult, ModelCounts, RunResult, VerifyResult } from "@sync/prisma";
import { nameOf } from "../names.ts";
import type { Demo } from "../open.ts";
import { counted, figure, paint } from "./page.ts";

/** All models' counts in one. */
export function totals({ models }: { readonly models: ReadonlyMap<string, ModelCounts> }) {
  const total = {
    read: { left: 0, right: 0 },
    created: { left: 0, right: 0 },
    updated: { left: 0, right: 0 },
    deleted: { left: 0, right: 0 },
    conflicts: 0,
    quarantined: 0,
    waiting: 0,
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

const bySide = ({ left, right }: { left: number; right: number }): string =>
  [left > 0 ? `${figure(left)} on the left` : "", right > 0 ? `${figure(right)} on the right` : ""].filter((text) => text !== "").join(", ");

/** What was done, one row for each kind of write that was. */
export function applied(result: RunResult | ApplyResult): string[][] {
  const total = totals(result);
  const rows: [string, string][] = [
    ["created", bySide(total.created)],
    ["updated", bySide(total.updated)],
    ["deleted", bySide(total.deleted)],
    ["quarantine", total.quarantined > 0 ? paint("yellow", counted(total.quarantined, "record")) : ""],
  ];
  const done = rows.filter(([, what]) => what !== "");
  return done.length > 0 ? done : [["nothing to do"]];
}

export async function verified(demo: Demo, { models, differences }: VerifyResult): Promise<(string | string[])[]> {
  let [equal, amiss, explained] = [0, 0, 0];
  for (const counts of models.values()) {
    equal += counts.equal;
    amiss += counts.different + counts.onlyLeft + counts.onlyRight;
    explained += counts.explained;
  }
  const why = explained === amiss ? "explained" : `${figure(explained)} of them explained`;
  const rest = amiss === 0 ? "no difference" : `${counted(amiss, "difference")}, ${why}`;
  const rows: (string | string[])[] = [`${paint("green", `${counted(equal, "record")} equal on both sides`)}, ${rest}`];
  for (const difference of differences) {
    const name = `${difference.model} ${paint("bold", await nameOf(demo, difference))}`;
    rows.push([name, difference.fields.join(", "), difference.explanation ?? "not explained"]);
  }
  return rows;
}
