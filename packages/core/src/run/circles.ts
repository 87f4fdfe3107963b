import type { Row } from "../endpoint.ts";
import type { PairModel, SideName } from "../mapping/pair-model.ts";
import { keyText } from "./context.ts";
import { keyIn } from "./records.ts";

/** Records of one model that wait for parents of that model. */
export interface WaitingRows {
  /** They refer to one another in a circle: one has to go first, without its parent. */
  readonly circle: readonly Row[];
  /** Their parents are in a circle, or below one: they follow. */
  readonly below: readonly Row[];
  /** They wait for somebody who does not come, or for one who does. */
  readonly others: readonly Row[];
}

/** Tells rows of one side apart by what they wait for: none of them has a parent that is on its way otherwise. */
export function apartByCircles(model: PairModel, side: SideName, rows: readonly Row[]): WaitingRows {
  const byKey = new Map(rows.map((row) => [keyText(row.key), row]));
  const references = model.fields.filter((field) => field.parent === model.name);
  const parents = new Map(rows.map((row) => [row, references.flatMap((field) => {
    const key = keyIn(row, field, side);
    return (key && byKey.get(keyText(key))) ?? [];
  })]));
  const others = new Set<Row>();
  for (let before = -1; before !== others.size; ) {
    before = others.size;
    for (const [row, above] of parents) if (above.length === 0 || above.some((parent) => others.has(parent))) others.add(row);
  }
  const circle = new Set(rows.filter((row) => !others.has(row)));
  for (let before = -1; before !== circle.size; ) {
    before = circle.size;
    const referred = new Set([...circle].flatMap((row) => parents.get(row)!));
    for (const row of circle) if (!referred.has(row)) circle.delete(row);
  }
  return { circle: [...circle], below: rows.filter((row) => !others.has(row) && !circle.has(row)), others: [...others] };
}
