import type { PairModel, SideName } from "../mapping/pair-model.ts";
import { isTombstone } from "../mapping/soft-delete.ts";
import type { Base } from "../state.ts";
import type { RunContext } from "./context.ts";
import { formOf } from "./match.ts";
import type { ReadRecord } from "./records.ts";
import type { Side } from "./side.ts";

/** A record that has no cloudId on either side. */
export interface Nameless {
  cloudId: string;
  readonly left?: ReadRecord;
  readonly right?: ReadRecord;
}

export interface NamingContext {
  readonly context: RunContext;
  readonly model: PairModel;
  readonly sides: Readonly<Record<SideName, Side>>;
  basesOf(cloudIds: readonly string[]): Promise<ReadonlyMap<string, Base>>;
}

/** Gives records their cloudIds: random ones, or those that their natural keys decide, as far as these are free. Reads only. */
export async function giveCloudIds(naming: NamingContext, records: readonly Nameless[]): Promise<void> {
  const { identity, name } = naming.model;
  let open: { readonly record: Nameless; readonly form: string; readonly cloudId: string; readonly generation: number }[] = [];
  /** One of the next generation; random where there is none, or the same again. */
  const ask = (record: Nameless, form: string | undefined, generation: number, before?: string): typeof open => {
    const cloudId = form === undefined ? undefined : identity?.idOf(name, form, generation);
    if (form !== undefined && cloudId !== undefined && cloudId !== before) return [{ record, form, cloudId, generation }];
    record.cloudId = naming.context.newCloudId();
    return [];
  };
  for (const record of records) open.push(...ask(record, identity && naturalFormOf(naming.model, record), 0));
  const given = new Set<string>();
  while (open.length > 0) {
    const taken = await takenAmong(naming, open.map(({ cloudId }) => cloudId));
    open = open.flatMap(({ record, form, cloudId, generation }) => {
      if (taken.has(cloudId) || given.has(cloudId)) return ask(record, form, generation + 1, cloudId);
      given.add(cloudId);
      record.cloudId = cloudId;
      return [];
    });
  }
}

/** What names a record in the real world, by the first natural key that applies. */
function naturalFormOf(model: PairModel, { left, right }: Nameless): string | undefined {
  const record = (left ?? right)!;
  if (record.problem || isTombstone(model, record)) return undefined;
  for (const rule of model.rules) {
    const form = rule.rule.rule === "natural" ? formOf(rule, record) : undefined;
    if (form !== undefined) return form;
  }
  return undefined;
}

/** CloudIds that a row has, or that are remembered of one. */
async function takenAmong({ sides, basesOf }: NamingContext, cloudIds: readonly string[]): Promise<ReadonlySet<string | null>> {
  const tuples = cloudIds.map((cloudId) => [cloudId]);
  const [bases, ...rows] = await Promise.all([basesOf(cloudIds), sides.left.fetchRows("cloudId", tuples), sides.right.fetchRows("cloudId", tuples)]);
  return new Set([...bases.keys(), ...rows.flat().map((row) => row.cloudId)]);
}
