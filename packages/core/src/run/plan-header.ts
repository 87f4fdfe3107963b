import { SyncError } from "../errors.ts";
import { hash64 } from "../hash.ts";
import type { Mapping } from "../mapping/compile.ts";
import type { PairModel } from "../mapping/pair-model.ts";
import type { PlanPlace } from "../plan-file/pages.ts";
import type { SideMark, StateRecords } from "../state.ts";
import type { ModelAnalysis } from "./analyse.ts";
import { seedOf, wayOf, type RunContext } from "./context.ts";
import { guardDeletes, type GuardedDeletes } from "./deletes.ts";
import type { ModelCounts } from "./events.ts";

/** How far the sides were known when the plan was made: once all of it is applied, they are known as far. */
export interface PlannedMark {
  readonly next?: string;
  readonly total?: number;
  readonly ranges?: SideMark["ranges"];
  /** Rows that the plan leaves unlinked. */
  readonly staying?: number;
}

/** What a plan was made for, as hashes: where any of it differs, the plan speaks of something else. */
export interface PlanSignature {
  readonly left: string;
  readonly right: string;
  /** Direction, and what holds for one way only. */
  readonly way: string;
  readonly models: Readonly<Record<string, {
    readonly fields: string;
    readonly rules: string;
    /** The live tables. */
    readonly leftShape: string;
    readonly rightShape: string;
  }>>;
}

/** What a stored plan holds besides its pages. */
export type PlanHeader = StateRecords["plan"] & {
  readonly pages: number;
  readonly actions: number;
  readonly at: string;
  readonly signature: PlanSignature;
  /** Known to whoever reaches the databases or this store, and to nobody who only has the file. */
  readonly secret: string;
  /** Absent in a plan that came as a file: after it the next run finds out by itself how far the sides are known. */
  readonly marks?: Readonly<Record<string, { readonly left: PlannedMark; readonly right: PlannedMark; readonly from: string }>>;
  readonly counts: Readonly<Record<string, ModelCounts>>;
  readonly deletesToConfirm: readonly GuardedDeletes[];
};

/** What was known of a model when a plan was made: another run since then knows more, and its marks stay. */
export function markedFrom(context: RunContext, model: string): string {
  const { left, right } = context.checkpoints.get(model) ?? {};
  return hash64(JSON.stringify([left, right]), context.seed);
}

/** Made of what only the two databases know: revisions are hashed with it, since they may be made of values that can be guessed. */
export function planSecret({ claims }: RunContext): string {
  return JSON.stringify([claims?.left.databaseId, claims?.right.databaseId]);
}

export function hashedRevision(pair: string, secret: string, revision: string): string {
  return hash64(`${secret}${revision}`, seedOf(pair));
}

export function planSignature(context: RunContext, mapping: Mapping): PlanSignature {
  const hash = (...parts: readonly unknown[]): string => hash64(JSON.stringify(parts), context.seed);
  return {
    left: hash(context.claims?.left.databaseId), right: hash(context.claims?.right.databaseId), way: wayOf(context.settings).way ?? "both",
    models: Object.fromEntries(mapping.models.map((model) => [model.name, {
      fields: hash(...fieldsOf(model)),
      rules: hash(...rulesOf(model)),
      leftShape: hash(context.shapes.get(`left ${model.name}`)), rightShape: hash(context.shapes.get(`right ${model.name}`)),
    }])),
  };
}

function fieldsOf({ left, right, signature, fields }: PairModel): readonly unknown[] {
  return [left.name, right.name, signature, fields.map(({ group, narrow }) => [group, narrow]), left.constants, right.constants];
}

function rulesOf({ policy, onEditDelete, softDelete, firstLink, rules }: PairModel): readonly unknown[] {
  return [policy.name, onEditDelete, softDelete, typeof firstLink === "object" ? firstLink.name : firstLink, rules.map((rule) => rule.rule)];
}

/** What is no longer as it was, in words. */
export function signatureDifferences(then: PlanSignature, now: PlanSignature): string[] {
  const differences: string[] = [];
  for (const side of ["left", "right"] as const) if (then[side] !== now[side]) differences.push(`the ${side} database is another one`);
  if (then.way !== now.way) differences.push(`the direction was \`${then.way}\` and is \`${now.way}\``);
  for (const name of new Set([...Object.keys(then.models), ...Object.keys(now.models)])) {
    const [before, after] = [then.models[name], now.models[name]];
    if (!before || !after) differences.push(before ? `\`${name}\` no longer takes part` : `\`${name}\` takes part now`);
    else {
      if (before.fields !== after.fields) differences.push(`the mapping of \`${name}\` changed`);
      if (before.rules !== after.rules) differences.push(`the rules of \`${name}\` changed (match, conflicts, onEditDelete or firstLink)`);
      if (before.leftShape !== after.leftShape) differences.push(`the schema of \`${name}\` changed on the left`);
      if (before.rightShape !== after.rightShape) differences.push(`the schema of \`${name}\` changed on the right`);
    }
  }
  return differences;
}

/** Refuses a plan that was made for something else. */
export function requireSignature(context: RunContext, mapping: Mapping, then: PlanSignature, where = ""): void {
  const differences = signatureDifferences(then, planSignature(context, mapping));
  if (differences.length === 0) return;
  const advice = "Nothing was written. Make a new one with `plan()`.";
  throw new SyncError("PLAN.STALE", `${where}This plan was made for something else: ${differences.join("; ")}. ${advice}`, { stage: "check" });
}

export async function storeHeader(
  context: RunContext, mapping: Mapping, { pages, actions }: { readonly pages: number; readonly actions: number }, analyses: readonly ModelAnalysis[],
): Promise<void> {
  const { state, pair } = context.settings;
  const marks = Object.fromEntries(analyses.map(({ model, sources, staying }) => {
    const mark = (side: "left" | "right"): PlannedMark => {
      const { changes, ranges } = sources[side];
      return { staying: staying[side], ...(changes ? { next: changes.next, total: changes.total } : { ranges }) };
    };
    return [model.name, { left: mark("left"), right: mark("right"), from: markedFrom(context, model.name) }];
  }));
  const header: PlanHeader = {
    id: context.runId, pages, actions, at: context.timestamp(), signature: planSignature(context, mapping), secret: planSecret(context), marks,
    counts: Object.fromEntries(context.counts), deletesToConfirm: guardDeletes(context, analyses),
  };
  await context.retrying(() => state.commit(pair, [{ op: "put", collection: "plan", records: [header] }]));
}

/** The stored header of a plan, whoever made it. */
export async function readHeader({ state, pair }: PlanPlace, planId: string): Promise<PlanHeader> {
  const [header] = (await state.read(pair, { collection: "plan", ids: [planId] })) as readonly PlanHeader[];
  if (header) return header;
  const advice = "Make a new one with `plan()`, or `load` its file.";
  throw new SyncError("PLAN.UNKNOWN", `This pair's state holds no such plan: it was applied already, or made with another state store. ${advice}`, { stage: "check" });
}

export async function loadHeader(context: RunContext, mapping: Mapping, planId: string): Promise<PlanHeader> {
  const header = await context.retrying(() => readHeader(context.settings, planId));
  requireSignature(context, mapping, header.signature);
  return header;
}
