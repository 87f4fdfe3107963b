import { otherSide, type ModelSide, type PairField, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { PairRecord } from "../plan/record-plan.ts";
import { canonical, encode, fits, holdsAll, isValueError, narrowed, VALUE_CODES, type Value } from "../value.ts";
import type { PairModels } from "./pair-models.ts";
import type { RunContext } from "./context.ts";
import { convertValue, keyIn, type Problem } from "./records.ts";

/** What a side would be given in one field, per column. */
export type Given = { readonly values: readonly Value[] } | { readonly problem: Problem };

/**
 * The value of one field of a record, in the terms of the other side: converted, narrowed so that the database has
 * nothing left to round, checked to fit; references as local keys.
 */
export function valueFor(context: RunContext, model: PairModel, at: number, source: PairRecord): Given {
  const field = model.fields[at]!;
  const target = otherSide(source.side);
  if (field.parent !== undefined) return referenceFor(context, field, field.parent, target, source.meet[at]!, source);
  const from = field[source.side];
  const to = field[target];
  try {
    let value = source.row.values[from.at[0]!] ?? null;
    if (goesAsItIs(field, target)) return { values: [value] };
    const convert = target === "right" ? field.toRight : field.toLeft;
    if (convert) value = convertValue(convert, from.kinds[0]!, to.kinds[0]!, value);
    if (value === null) return { values: [null] };
    const kind = to.kinds[0]!;
    value = narrowed(kind, value, { decimals: field.narrow });
    const misfit = fits(kind, value);
    if (misfit !== undefined) {
      return { problem: { code: misfit, field: field.name, message: `\`${field.name}\` does not fit \`${to.names[0]}\` on the ${target}: ${VALUE_CODES[misfit]}.` } };
    }
    // Last: the text of another type is only taken once nothing of it can be lost.
    if (kind.type !== from.kinds[0]!.type && !convert) value = canonical(kind, value);
    return { values: [value] };
  } catch (error) {
    return {
      problem: {
        code: isValueError(error) ? error.code : "VALUE.CONVERTER", field: field.name,
        message: isValueError(error) ? `\`${field.name}\` cannot be carried to \`${to.names[0]}\` on the ${target}.` : `The converter of \`${field.name}\` threw.`,
      },
    };
  }
}

/** Nothing is done to the values of this field on their way to that side: whatever one is, a field there holds it as it is. */
export function goesAsItIs(field: PairField, target: SideName): boolean {
  const known = asTheyAre[target].get(field);
  if (known !== undefined) return known;
  const [from, to] = [field[otherSide(target)].kinds, field[target].kinds];
  const goes = field.parent === undefined && (target === "right" ? field.toRight : field.toLeft) === undefined
    && from.length === to.length && to.every((kind, at) => holdsAll(kind, from[at]!));
  asTheyAre[target].set(field, goes);
  return goes;
}

const asTheyAre: Readonly<Record<SideName, WeakMap<PairField, boolean>>> = { left: new WeakMap(), right: new WeakMap() };

/** A decided value for the record's own side. */
export function ownValue(context: RunContext, model: PairModel, at: number, record: PairRecord, custom: Value): Given {
  const field = model.fields[at]!;
  if (field.parent !== undefined) return referenceFor(context, field, field.parent, record.side, custom, record);
  if (custom === null) return { values: [null] };
  const kind = field[record.side].kinds[0]!;
  try {
    let value = canonical(field.meet!, custom);
    if (record.side === "left" && field.toLeft) value = convertValue(field.toLeft, field.right.kinds[0]!, kind, value) ?? "";
    return { values: [narrowed(kind, value, { decimals: field.narrow })] };
  } catch {
    return { problem: { code: "VALUE.DECISION", field: field.name, message: `The value decided for \`${field.name}\` does not fit the ${record.side}.` } };
  }
}

function referenceFor(context: RunContext, field: PairField, parent: string, target: SideName, cloudId: Value, source: PairRecord): Given {
  if (cloudId === null) return { values: field[target].names.map(() => null) };
  const key = context.identities[target].keyOf(parent, cloudId);
  if (key) return { values: key.length === 0 ? field[target].names.map(() => null) : key };
  const waiting = keyIn(source.row, field, source.side);
  return {
    problem: {
      code: "REFERENCE.PARENT_WAITS", field: field.name, message: `\`${field.name}\` refers to a \`${parent}\` that is not on the ${target} yet.`,
      ...(waiting ? { waitsFor: { model: parent, key: waiting } } : {}),
    },
  };
}

/** Makes `valueFor` able to answer for the references of these records. */
export async function needTargets(
  context: RunContext, model: PairModel, models: PairModels, target: SideName, records: readonly PairRecord[],
): Promise<void> {
  for (const [at, field] of model.fields.entries()) {
    if (field.parent === undefined) continue;
    const cloudIds = new Set<string>();
    for (const record of records) {
      const cloudId = record.meet[at];
      if (typeof cloudId === "string") cloudIds.add(cloudId);
    }
    await context.identities[target].needKeys(models.get(field.parent)!, cloudIds);
  }
}

/** Their names, in the order of `stampsFor`. */
export function stampNames(side: ModelSide): string[] {
  const { lastSyncedAt, syncStatus } = side.endpoint.model.syncFields;
  return [lastSyncedAt, syncStatus].filter((name) => name !== undefined);
}

/** The fields of the user's model that tell about the sync, as they are to be written. */
export function stampsFor(context: RunContext, side: ModelSide): [string, Value][] {
  const { lastSyncedAt, syncStatus } = side.endpoint.model.syncFields;
  if (lastSyncedAt === undefined && syncStatus === undefined) return [];
  const stamps: [string, Value][] = [];
  for (const [name, js] of [[lastSyncedAt, context.timestamp()], [syncStatus, "synced"]] as const) {
    if (name === undefined) continue;
    const kind = side.endpoint.model.fields.find((field) => field.name === name)!.kind;
    stamps.push([name, narrowed(kind, encode(kind, js), { decimals: false })]);
  }
  return stamps;
}
