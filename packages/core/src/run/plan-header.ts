import { SyncError } from "../errors.ts";
import { hash64 } from "../hash.ts";
import type { Mapping } from "../mapping/compile.ts";
import type { SideMark, StateRecords } from "../state.ts";
import type { ModelAnalysis } from "./analyse.ts";
import type { RunContext } from "./context.ts";

/** How far the sides were known when the plan was made: once all of it is applied, they are known as far. */
export interface PlannedMark {
  readonly next?: string;
  readonly total?: number;
  readonly ranges?: SideMark["ranges"];
}

/** What a stored plan holds besides its pages. */
export type PlanHeader = StateRecords["plan"] & {
  readonly pages: number;
  /** Of mapping, rules and both databases: another one means that the plan speaks of something else. */
  readonly signature: string;
  readonly marks: Readonly<Record<string, { readonly left: PlannedMark; readonly right: PlannedMark; readonly from: string }>>;
};

/** What was known of a model when a plan was made: another run since then knows more, and its marks stay. */
export function markedFrom(context: RunContext, model: string): string {
  const { left, right } = context.checkpoints.get(model) ?? {};
  return hash64(JSON.stringify([left, right]), context.seed);
}

export function planSignature(context: RunContext, mapping: Mapping): string {
  const { claims } = context;
  return hash64(JSON.stringify([
    claims?.left.databaseId, claims?.right.databaseId, context.settings.direction,
    mapping.models.map((model) => [model.name, model.signature, model.policy.name, model.onEditDelete, model.rules.map((rule) => rule.rule), context.shapes.get(`left ${model.name}`), context.shapes.get(`right ${model.name}`)]),
  ]), context.seed);
}

export async function storeHeader(context: RunContext, mapping: Mapping, pages: number, analyses: readonly ModelAnalysis[]): Promise<void> {
  const { state, pair } = context.settings;
  const marks = Object.fromEntries(analyses.map(({ model, sources }) => {
    const mark = (side: "left" | "right"): PlannedMark => {
      const { changes, ranges } = sources[side];
      return changes ? { next: changes.next, total: changes.total } : { ranges };
    };
    return [model.name, { left: mark("left"), right: mark("right"), from: markedFrom(context, model.name) }];
  }));
  const header: PlanHeader = { id: context.runId, pages, signature: planSignature(context, mapping), marks };
  await context.retrying(() => state.commit(pair, [{ op: "put", collection: "plan", records: [header] }]));
}

export async function loadHeader(context: RunContext, mapping: Mapping, planId: string): Promise<PlanHeader> {
  const { state, pair } = context.settings;
  const [header] = (await context.retrying(() => state.read(pair, { collection: "plan", ids: [planId] }))) as readonly PlanHeader[];
  if (!header) throw new SyncError("PLAN.UNKNOWN", "This pair's state holds no such plan: it was applied already, or made with another state store. Make a new one with `plan()`.", { stage: "check" });
  if (header.signature !== planSignature(context, mapping)) {
    throw new SyncError("PLAN.STALE", "Models, mapping, rules or databases are not those the plan was made with. Make a new one with `plan()`.", { stage: "check" });
  }
  return header;
}
