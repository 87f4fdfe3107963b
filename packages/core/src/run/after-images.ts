import type { Row } from "../endpoint.ts";
import type { SideName } from "../mapping/pair-model.ts";
import type { ItemOutcome } from "./commit-items.ts";
import type { Examiner } from "./examine.ts";
import type { WriteItem } from "./write-item.ts";

/** Turns the rows that databases gave back, since they may have altered them, into what their items remember. */
export async function readAfterImages(examiners: ReadonlyMap<string, Examiner>, written: readonly ItemOutcome[]): Promise<void> {
  const images = new Map<Examiner, { item: WriteItem; side: SideName; row: Row }[]>();
  for (const { item, side, outcome } of written) {
    if (outcome.status !== "written" || !outcome.after) continue;
    const examiner = examiners.get(item.examined.model.name)!;
    const { endpoint, fields } = examiner.sides[side].model;
    const at = fields.map((name) => endpoint.model.fields.findIndex((field) => field.name === name));
    const row: Row = { ...outcome.after, values: at.map((position) => outcome.after!.values[position] ?? null) };
    images.set(examiner, [...(images.get(examiner) ?? []), { item, side, row }]);
  }
  for (const [examiner, entries] of images) {
    for (const side of ["left", "right"] as const) {
      const own = entries.filter((entry) => entry.side === side);
      const records = await examiner.sides[side].records(own.map((entry) => entry.row));
      own.forEach((entry, index) => (entry.item.after = { ...entry.item.after, [side]: records[index]! }));
    }
  }
}
