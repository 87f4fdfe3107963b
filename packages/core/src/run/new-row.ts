import type { Key } from "../endpoint.ts";
import { otherSide, type ModelSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { PairRecord } from "../plan/record-plan.ts";
import type { Value } from "../value.ts";
import type { RunContext } from "./context.ts";
import type { Problem } from "./records.ts";
import { goesAsItIs, stampNames, stampsFor, valueFor } from "./targets.ts";

/** What an insert into one side supplies, and where each part of it comes from: looked up once per model. */
interface Layout {
  readonly fields: readonly string[];
  /** Positions among `fields` that make the key; undefined where the database gives it. */
  readonly keyAt: readonly number[] | undefined;
  /** From a position of the row that was read to one among `fields`. */
  readonly asItIs: readonly (readonly [from: number, to: number])[];
  /** Fields of the model that are converted or refer to a parent, with their places among `fields`. */
  readonly made: readonly { readonly at: number; readonly to: readonly number[] }[];
  /** Where constants begin, then stamps. */
  readonly mapped: number;
}

const layouts = new WeakMap<ModelSide, Layout>();

function layoutFor(model: PairModel, side: SideName): Layout {
  const known = layouts.get(model[side]);
  if (known) return known;
  const { constants, keyAt, fields: read } = model[side];
  // A column that two references share stands where it was first named.
  const mapped = [...new Set(model.fields.flatMap((field) => (field[side].writable ? field[side].names : [])))];
  const fields = [...new Set([...mapped, ...constants.map(({ field }) => field), ...stampNames(model[side])])];
  const asItIs: [number, number][] = [];
  const made: Layout["made"][number][] = [];
  model.fields.forEach((field, at) => {
    if (!field[side].writable) return;
    const to = field[side].names.map((name) => fields.indexOf(name));
    if (goesAsItIs(field, side)) asItIs.push([field[otherSide(side)].at[0]!, to[0]!]);
    else made.push({ at, to });
  });
  const layout: Layout = { fields, keyAt: keyAt?.map((at) => fields.indexOf(read[at]!)), asItIs, made, mapped: mapped.length };
  layouts.set(model[side], layout);
  return layout;
}

/** What an insert into this side supplies: mapped fields, constants, stamps. */
export function insertFields(model: PairModel, side: SideName): readonly string[] {
  return layoutFor(model, side).fields;
}

/** What a record's counterpart is made of, in the order of `insertFields`, or what stands in the way. */
export function newValues(context: RunContext, model: PairModel, source: PairRecord): Value[] | Problem {
  const side = otherSide(source.side);
  const { fields, asItIs, made, mapped } = layoutFor(model, side);
  const values: Value[] = new Array(fields.length).fill(null);
  for (const [from, to] of asItIs) values[to] = source.row.values[from] ?? null;
  for (const { at, to } of made) {
    const given = valueFor(context, model, at, source);
    if ("problem" in given) return given.problem;
    for (let index = 0; index < to.length; index++) values[to[index]!] ??= given.values[index]!;
  }
  let next = mapped;
  for (const { value } of model[side].constants) values[next++] = value;
  for (const [, value] of stampsFor(context, model[side])) values[next++] = value;
  return values;
}

/** The key of a new row, where its own values make it; empty where the database is to give one. */
export function keyFromValues(model: PairModel, side: SideName, values: readonly Value[]): Key {
  const { keyAt } = layoutFor(model, side);
  if (!keyAt) return [];
  const key: string[] = [];
  for (const at of keyAt) {
    const value = values[at];
    if (typeof value !== "string") return [];
    key.push(value);
  }
  return key;
}
