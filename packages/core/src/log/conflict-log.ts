import { SyncError } from "../errors.ts";
import type { ConflictRecord, StateRecords, StateStore } from "../state.ts";
import { recordsIn } from "./pages.ts";

/** Which conflicts; everything named must hold. */
export interface ConflictFilter {
  /** Those that wait for a person, or for the data to change. */
  readonly open?: boolean;
  readonly model?: string;
  readonly cloudId?: string;
  readonly kind?: ConflictRecord["kind"];
  /** Those over no other fields than these. */
  readonly fields?: readonly string[];
}

/** One field of a conflict. What is absent is not known (base), or the record is not on that side. */
export interface ConflictValue {
  readonly field: string;
  readonly base?: string | null;
  readonly left?: string | null;
  readonly right?: string | null;
}

/** A conflict to be looked at by a person. Holds values. */
export interface ShownConflict extends Omit<ConflictRecord, "fields" | "base" | "left" | "right"> {
  readonly values: readonly ConflictValue[];
  /** A word that the next run carries out, if the values are still the same then. */
  readonly decided?: { readonly winner: "left" | "right"; readonly at: string };
}

type Winner = "left" | "right";

/** The conflict log of one pair. */
export class ConflictLog {
  readonly #state: StateStore;
  readonly #pair: string;
  readonly #now: () => number;

  constructor(state: StateStore, pair: string, now: () => number) {
    this.#state = state;
    this.#pair = pair;
    this.#now = now;
  }

  async *list(filter: ConflictFilter): AsyncGenerator<ConflictRecord> {
    await this.#state.open();
    for await (const page of this.#pages(filter)) for (const conflict of page) if (matches(conflict, filter)) yield conflict;
  }

  async show(id: string): Promise<ShownConflict> {
    const { fields, base, left, right, ...rest } = await this.#find(id);
    const [decision] = await this.#state.read(this.#pair, { collection: "decision", ids: [id] });
    const at = (values: readonly (string | null)[] | undefined, name: "base" | "left" | "right", index: number): object =>
      (values ? { [name]: values[index] ?? null } : {});
    return {
      ...rest, ...(decision ? { decided: { winner: decision.decision, at: decision.at } } : {}),
      values: fields.map((field, index): ConflictValue => ({ field, ...at(base, "base", index), ...at(left, "left", index), ...at(right, "right", index) })),
    };
  }

  async decide(id: string, winner: Winner): Promise<void> {
    const conflict = await this.#find(id);
    if (conflict.decision === "superseded" || conflict.decision === "settled") {
      throw new SyncError("CONFLICT.OUTDATED", `The values have moved since (${conflict.rule}): there is nothing to decide about them any more.`, { model: conflict.model });
    }
    if (conflict.decision !== "open") throw new SyncError("CONFLICT.DECIDED", `This conflict was decided already, by ${conflict.rule}.`);
    if (!isDecidable(conflict)) {
      throw new SyncError("CONFLICT.NEEDS_DATA", conflict.kind === "unique"
        ? "No side can win here: another record holds the unique value. Change one of the two records; the next run goes on by itself."
        : "No side can win here: a child still refers to the record. Delete or move the child; the next run goes on by itself.", { model: conflict.model });
    }
    await this.#store([conflict], winner);
  }

  async decideAll(filter: Omit<ConflictFilter, "open">, winner: Winner): Promise<{ readonly decided: number; readonly undecidable: number }> {
    await this.#state.open();
    let [decided, undecidable] = [0, 0];
    for await (const page of this.#pages({ ...filter, open: true })) {
      const answered = new Set((await this.#state.read(this.#pair, { collection: "decision", ids: page.map(({ id }) => id) })).map(({ id }) => id));
      const found = page.filter((conflict) => !answered.has(conflict.id) && matches(conflict, { ...filter, open: true }));
      const decidable = found.filter(isDecidable);
      if (decidable.length > 0) await this.#store(decidable, winner);
      decided += decidable.length;
      undecidable += found.length - decidable.length;
    }
    return { decided, undecidable };
  }

  /** Open ones by the records they stand under, so that nobody reads through what was decided long ago. */
  async *#pages({ open, model }: ConflictFilter): AsyncGenerator<readonly ConflictRecord[]> {
    if (!open) {
      yield* recordsIn(this.#state, this.#pair, "conflict", { model });
      return;
    }
    for await (const page of recordsIn(this.#state, this.#pair, "openConflict", { model })) {
      yield await this.#state.read(this.#pair, { collection: "conflict", ids: page.flatMap(({ conflicts }) => conflicts) });
    }
  }

  async #find(id: string): Promise<ConflictRecord> {
    await this.#state.open();
    const [conflict] = await this.#state.read(this.#pair, { collection: "conflict", ids: [id] });
    if (!conflict) throw new SyncError("CONFLICT.UNKNOWN", "This pair has no such conflict. List them with `conflicts()`.");
    return conflict;
  }

  async #store(conflicts: readonly ConflictRecord[], winner: Winner): Promise<void> {
    const at = new Date(this.#now()).toISOString();
    const records = conflicts.map(({ id, model, leftKey, rightKey }): StateRecords["decision"] =>
      ({ id, model, decision: winner, at, ...(leftKey ? { leftKey } : {}), ...(rightKey ? { rightKey } : {}) }));
    await this.#state.commit(this.#pair, [{ op: "put", collection: "decision", records }]);
  }
}

const isDecidable = ({ kind }: ConflictRecord): boolean => kind !== "unique" && kind !== "delete-parent";

function matches(conflict: ConflictRecord, { open, model, cloudId, kind, fields }: ConflictFilter): boolean {
  return (open === undefined || open === (conflict.decision === "open"))
    && (model === undefined || model === conflict.model)
    && (cloudId === undefined || cloudId === conflict.cloudId)
    && (kind === undefined || kind === conflict.kind)
    && (fields === undefined || conflict.fields.every((field) => fields.includes(field)));
}
