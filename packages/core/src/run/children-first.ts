import { keyText } from "./context.ts";
import type { DeleteList, Doomed } from "./delete-list.ts";

export interface DeleteLevel {
  readonly rows: readonly Doomed[];
  /** They refer to each other in a circle, and go in one unit. */
  readonly circle: boolean;
}

/**
 * Level by level, children first, where records of one model refer to each other. Never in one unit: a child that was edited
 * meanwhile stays, and then its parent must not go, for the database might take the child along. Records in a circle have no
 * first: whichever goes may take the others along, so all of them are looked at and written down before any of them goes.
 */
export function childrenFirst({ all, examiner: { model } }: DeleteList): readonly DeleteLevel[] {
  if (!model.selfReference) return [{ rows: all, circle: false }];
  const nameOf = ({ side }: Doomed, key: Doomed["key"]): string => `${side} ${keyText(key)}`;
  const byKey = new Map(all.map((doomed) => [nameOf(doomed, doomed.key), doomed]));
  const parents = new Map(all.map((doomed) => [doomed, doomed.parents.flatMap((key) => byKey.get(nameOf(doomed, key)) ?? []).filter((parent) => parent !== doomed)]));
  const children = new Map<Doomed, Doomed[]>(all.map((doomed) => [doomed, []]));
  for (const [doomed, above] of parents) for (const parent of above) children.get(parent)!.push(doomed);
  const left = new Set(all);
  const levels: DeleteLevel[] = [];
  while (left.size > 0) {
    for (const rows of peeled(left, children, parents)) levels.push({ rows, circle: false });
    // What is left stands in circles or above them.
    const above = new Set(peeled(new Set(left), parents, children).flat());
    const rows = [...left].filter((doomed) => !above.has(doomed));
    for (const doomed of rows) left.delete(doomed);
    if (rows.length > 0) levels.push({ rows, circle: true });
  }
  return levels;
}

type Neighbours = ReadonlyMap<Doomed, readonly Doomed[]>;

/** Takes those away of whom none of `before` is left, then those of whom none is left by then, and so on. */
function peeled(left: Set<Doomed>, before: Neighbours, after: Neighbours): Doomed[][] {
  const waits = new Map([...left].map((doomed) => [doomed, before.get(doomed)!.filter((each) => left.has(each)).length]));
  const levels: Doomed[][] = [];
  for (let level = [...left].filter((doomed) => waits.get(doomed) === 0); level.length > 0; ) {
    levels.push(level);
    for (const doomed of level) left.delete(doomed);
    const next: Doomed[] = [];
    for (const each of level.flatMap((doomed) => after.get(doomed)!)) {
      if (!left.has(each)) continue;
      waits.set(each, waits.get(each)! - 1);
      if (waits.get(each) === 0) next.push(each);
    }
    level = next;
  }
  return levels;
}
