import type { Key } from "../endpoint.ts";
import type { SideName } from "../mapping/pair-model.ts";
import { keyText, type RunContext } from "./context.ts";
import { remembered, type Examined, type Examiner, type Remembered } from "./examine.ts";
import { keyIn } from "./records.ts";

/** A record that waits for the end of the run to be deleted on one side. */
export interface Doomed {
  readonly record: Remembered;
  readonly side: SideName;
  readonly key: Key;
  /** Of the same model. */
  readonly parents: readonly Key[];
  /** Absent from the other side since it was deleted there, not since it never was there. */
  readonly linked: boolean;
}

/** What is to be deleted in one model. More than a page of records are remembered by key, and looked at again. */
export class DeleteList {
  readonly examiner: Examiner;
  readonly #context: RunContext;
  #doomed: Doomed[] = [];
  #whole: Map<Doomed, Examined> | undefined = new Map();

  constructor(context: RunContext, examiner: Examiner) {
    this.#context = context;
    this.examiner = examiner;
  }

  get all(): readonly Doomed[] {
    return this.#doomed;
  }

  get length(): number {
    return this.#doomed.length;
  }

  push(examined: Examined): void {
    const { model, plan, base } = examined;
    const side = plan.side!;
    const { key, row } = examined[side]!;
    const parents = model.fields.flatMap((field) => (field.parent === model.name ? [keyIn(row, field, side) ?? []] : [])).filter((parent) => parent.length > 0);
    const doomed: Doomed = { record: remembered(examined), side, key, parents, linked: base !== undefined };
    this.#doomed.push(doomed);
    this.#whole?.set(doomed, examined);
    if (this.#doomed.length > this.#context.settings.pageSize) this.#whole = undefined;
  }

  /** Leaves those that were never linked where they are; gives their number. */
  dropUnlinked(): number {
    const before = this.length;
    this.#doomed = this.#doomed.filter(({ linked }) => linked);
    return before - this.length;
  }

  /** All of them, page by page. */
  async *pages(): AsyncGenerator<readonly Examined[]> {
    const { pageSize } = this.#context.settings;
    for (let at = 0; at < this.length; at += pageSize) yield (await this.recall(this.#doomed.slice(at, at + pageSize))).still;
  }

  /** The records themselves: those that are still to be deleted, and those that something has happened to since. */
  async recall(some: readonly Doomed[]): Promise<{ readonly still: readonly Examined[]; readonly changed: readonly Doomed[] }> {
    const whole = this.#whole;
    if (whole) return { still: some.map((doomed) => whole.get(doomed)!), changed: [] };
    const { examiner } = this;
    examiner.noBases = false;
    const [left, right] = await Promise.all((["left", "right"] as const).map((side) => {
      examiner.sides[side].unload();
      return examiner.sides[side].fetchRows("key", some.flatMap((doomed) => (doomed.side === side ? [doomed.key] : [])));
    }));
    const examined = await examiner.examine(left!, right!);
    const found = new Map(examined.flatMap((record) => {
      const { plan: { action, side }, problem } = record;
      return action === "delete" && side && !problem ? [[`${side} ${keyText(record[side]!.key)}`, record] as const] : [];
    }));
    const recordOf = ({ side, key }: Doomed): Examined | undefined => found.get(`${side} ${keyText(key)}`);
    return { still: some.flatMap((doomed) => recordOf(doomed) ?? []), changed: some.filter((doomed) => !recordOf(doomed)) };
  }
}
