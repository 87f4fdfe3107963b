import type { Mapping } from "../mapping/compile.ts";
import type { PairField, PairModel, SideName } from "../mapping/pair-model.ts";
import { readHeader, hashedRevision } from "../run/plan-header.ts";
import type { PlannedAction } from "../run/plan-sink.ts";
import { keyText, RunContext, type Settings } from "../run/context.ts";
import type { Examiner } from "../run/examine.ts";
import { keyIn, type ReadRecord } from "../run/records.ts";
import { prepare } from "../run/run.ts";
import type { Base } from "../state.ts";
import type { Value } from "../value.ts";

/** One field as both rows hold it now: canonical values at the meet; of a reference, the parent's key on that side. */
export interface LiveField {
  readonly field: string;
  /** Absent: no such row, or nothing that can be read. */
  readonly left?: Value;
  readonly right?: Value;
  /** What both sides agreed on last: where it is kept, or where a side still has it. */
  readonly base?: Value;
  /** The sides that differ from what was agreed on last; absent where nothing was. */
  readonly changed?: readonly SideName[];
}

/** What stands behind one action now. Holds values. */
export interface LiveRecord {
  /** A row has changed or gone since the plan was made: `apply` will leave this record alone. */
  readonly stale: boolean;
  readonly fields: readonly LiveField[];
}

/** Reads the rows behind planned actions, one answer per action; writes nothing and needs no lease. */
export async function lookAt(settings: Settings, mapping: Mapping, planId: string, actions: readonly PlannedAction[]): Promise<readonly LiveRecord[]> {
  const { state, pair } = settings;
  const context = new RunContext(settings, { dry: true });
  await context.retrying(() => state.open());
  const names = [...new Set(actions.map((action) => action.model))];
  const [{ secret }, checkpoints] = await Promise.all([
    context.retrying(() => readHeader(settings, planId)), context.retrying(() => state.read(pair, { collection: "checkpoint", ids: names })),
  ]);
  for (const checkpoint of checkpoints) context.checkpoints.set(checkpoint.model, checkpoint);
  const { examiners } = prepare(context, mapping.models);
  const found = new Map<PlannedAction, LiveRecord>();
  for (const name of names) {
    const own = actions.filter((action) => action.model === name);
    const examiner = examiners.get(name)!;
    const [left, right] = await Promise.all([recordsOf(examiner, "left", own), recordsOf(examiner, "right", own)]);
    const bases = await examiner.basesOf(own.flatMap((action) => action.cloudId ?? []));
    for (const action of own) {
      const sides = { left: action.leftKey && left.get(keyText(action.leftKey)), right: action.rightKey && right.get(keyText(action.rightKey)) };
      const stale = (["left", "right"] as const).some((side) => {
        const planned = side === "left" ? action.leftRevision : action.rightRevision;
        return planned !== undefined && (!sides[side] || hashedRevision(pair, secret, sides[side].row.revision) !== planned);
      });
      const base = action.cloudId === null ? undefined : bases.get(action.cloudId);
      found.set(action, { stale, fields: fieldsOf(context, examiner.model, sides, base) });
    }
  }
  return actions.map((action) => found.get(action)!);
}

async function recordsOf(examiner: Examiner, side: SideName, actions: readonly PlannedAction[]): Promise<Map<string, ReadRecord>> {
  const keys = actions.map((action) => (side === "left" ? action.leftKey : action.rightKey)).filter((key) => key !== undefined);
  const records = await examiner.sides[side].fetch("key", keys);
  return new Map(records.map((record) => [keyText(record.key), record]));
}

function fieldsOf(context: RunContext, model: PairModel, sides: Readonly<Record<SideName, ReadRecord | undefined>>, base: Base | undefined): LiveField[] {
  const codec = context.codecOf(model);
  const agreed = base && codec.view(base);
  return model.fields.map((field, at) => {
    const hashes = { left: agreed?.left[at], right: agreed?.right[at] };
    const compared = (["left", "right"] as const).filter((side) => sides[side] && hashes[side] !== undefined);
    const changed = compared.filter((side) => codec.hash(sides[side]!.meet[at]) !== hashes[side]);
    const unchanged = compared.find((side) => !changed.includes(side));
    const kept = agreed?.values?.[at];
    return {
      field: field.name, ...shown("left", sides.left, field, at), ...shown("right", sides.right, field, at),
      ...(kept !== undefined && field.parent === undefined ? { base: kept } : unchanged ? shown("base", sides[unchanged], field, at) : {}),
      ...(compared.length > 0 ? { changed } : {}),
    };
  });
}

function shown(name: "left" | "right" | "base", record: ReadRecord | undefined, field: PairField, at: number): Partial<LiveField> {
  if (!record || record.problem?.field === field.name) return {};
  return { [name]: field.parent === undefined ? record.meet[at]! : (keyIn(record.row, field, record.side)?.join(", ") ?? null) };
}
