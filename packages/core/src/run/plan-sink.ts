import type { Key } from "../endpoint.ts";
import { putPage } from "../plan-file/pages.ts";
import type { RecordPlan } from "../plan/record-plan.ts";
import { quarantineId, type RunContext } from "./context.ts";
import type { ModelCounts } from "./events.ts";
import type { Examined } from "./examine.ts";
import { payloadOf, Quarantine } from "./quarantine.ts";
import { hashedRevision, planSecret } from "./plan-header.ts";
import type { Sink } from "./writer.ts";
import type { PairModels } from "./pair-models.ts";
import { promiseIdentities, resolveTargets, takeItem } from "./write-item.ts";

/** What a plan says about one record: names, keys and reasons, never values. */
export interface PlannedAction {
  readonly model: string;
  readonly action: string;
  /** The cloudId it has; a new record gets its own only when the plan is applied. */
  readonly cloudId: string | null;
  readonly side?: "left" | "right";
  readonly leftKey?: Key;
  readonly rightKey?: Key;
  readonly toLeft: readonly string[];
  readonly toRight: readonly string[];
  readonly conflicts: readonly { readonly kind: string; readonly fields: readonly string[]; readonly rule: string; readonly decision: string }[];
  readonly quarantine?: { readonly side: "left" | "right"; readonly code: string; readonly field?: string };
  readonly reason: string;
  /** Of the rows this was planned on, hashed: they may be made of values. */
  readonly leftRevision?: string;
  readonly rightRevision?: string;
}

export function plannedAction(context: RunContext, examined: Examined): PlannedAction {
  const { model, plan, left, right, problem } = examined;
  const names = (positions: readonly number[]): string[] => positions.map((at) => model.fields[at]!.name);
  const secret = planSecret(context);
  const revision = (text: string): string => hashedRevision(context.settings.pair, secret, text);
  const matched = examined.matchedBy === undefined ? "" : `matched by ${examined.matchedBy}; `;
  return {
    model: model.name, action: problem ? "quarantine" : plan.action, cloudId: left?.cloudId ?? right?.cloudId ?? (plan.action === "forget" ? examined.cloudId : null),
    ...(plan.side ? { side: plan.side } : {}), ...(left ? { leftKey: left.key } : {}), ...(right ? { rightKey: right.key } : {}),
    toLeft: names(plan.toLeft), toRight: names(plan.toRight),
    conflicts: plan.conflicts.map(({ kind, fields, rule, decision }) => ({ kind, fields: names(fields), rule, decision })),
    ...(problem ? { quarantine: { side: problem.side, code: problem.cause.code, ...(problem.cause.field === undefined ? {} : { field: problem.cause.field }) } } : {}),
    reason: problem ? problem.cause.message : `${matched}${plan.reason}`,
    ...(left ? { leftRevision: revision(left.row.revision) } : {}), ...(right ? { rightRevision: revision(right.row.revision) } : {}),
  };
}

function countPlanned(counts: ModelCounts, plan: RecordPlan): void {
  if (plan.action === "create") counts.created[plan.side!]++;
  else if (plan.action === "delete") counts.deleted[plan.side!]++;
  else if (plan.action === "link") counts.linked++;
  else if (plan.action === "settle") counts.settled++;
  if (plan.toLeft.length > 0) counts.updated.left++;
  if (plan.toRight.length > 0) counts.updated.right++;
  counts.conflicts += plan.conflicts.filter((conflict) => conflict.decision !== "open").length;
  counts.open += plan.conflicts.filter((conflict) => conflict.decision === "open").length;
  counts.drift += plan.drift.length > 0 ? 1 : 0;
}

/** Takes what a run would write and stores it as a plan, page by page. */
export class PlanSink implements Sink {
  pages = 0;
  actions = 0;
  readonly #context: RunContext;
  readonly #models: PairModels;
  readonly #quarantine: Quarantine;
  #buffer: PlannedAction[] = [];

  constructor(context: RunContext, models: PairModels) {
    this.#context = context;
    this.#models = models;
    // Only asked: a plan moves nobody in or out.
    this.#quarantine = new Quarantine(context, () => undefined);
  }

  async add(examined: readonly Examined[]): Promise<void> {
    await resolveTargets(this.#context, this.#models, examined);
    for (const record of examined) {
      // A value that the other side cannot hold is met here as it is by the writer.
      takeItem(this.#context, record);
      const { model, plan, problem } = record;
      const counts = this.#context.countsOf(model.name);
      if (problem) {
        const known = this.#context.quarantine.get(quarantineId(problem.side, model.name, problem.record.key));
        if (known?.code === problem.cause.code && known.payload === payloadOf(this.#context, record, problem.record)) {
          counts.waiting++;
          continue;
        }
        counts.quarantined++;
      } else if (this.#quarantine.isWaiting(record)) {
        counts.waiting++;
        continue;
      } else countPlanned(counts, plan);
      if (!problem && plan.action === "none" && plan.drift.length === 0) continue;
      if (!problem) promiseIdentities(this.#context, model, record, undefined);
      this.#buffer.push(plannedAction(this.#context, record));
    }
    if (this.#buffer.length >= this.#context.settings.pageSize) await this.store();
  }

  hold(): void {}

  async send(): Promise<void> {}

  async land(): Promise<void> {}

  async flush(): Promise<void> {
    if (this.#buffer.length > 0) await this.store();
  }

  /** Makes the buffered actions a page of the stored plan. */
  protected async store(): Promise<void> {
    const { state, pair } = this.#context.settings;
    const actions = this.takeBuffer();
    this.actions += actions.length;
    const page = putPage(this.#context.runId, this.pages++, actions);
    await this.#context.retrying(() => state.commit(pair, [page]));
  }

  protected takeBuffer(): PlannedAction[] {
    const taken = this.#buffer;
    this.#buffer = [];
    return taken;
  }
}
