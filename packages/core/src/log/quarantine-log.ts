import type { QuarantineRecord, StateStore } from "../state.ts";
import { recordsIn } from "./pages.ts";

/** Which of those that wait; everything named must hold. */
export interface QuarantineFilter {
  readonly id?: string;
  readonly model?: string;
  /** The side the record was read from. */
  readonly side?: "left" | "right";
  readonly code?: string;
}

/** What waits in one pair's quarantine. */
export class QuarantineLog {
  readonly #state: StateStore;
  readonly #pair: string;

  constructor(state: StateStore, pair: string) {
    this.#state = state;
    this.#pair = pair;
  }

  async *list(filter: QuarantineFilter): AsyncGenerator<QuarantineRecord> {
    for await (const page of this.#pages(filter)) yield* page;
  }

  async retry(filter: QuarantineFilter): Promise<number> {
    let count = 0;
    for await (const page of this.#pages(filter)) {
      // No record hashes to nothing: to the next run each looks changed.
      await this.#state.commit(this.#pair, [{ op: "put", collection: "quarantine", records: page.map((entry) => ({ ...entry, payload: "" })) }]);
      count += page.length;
    }
    return count;
  }

  async drain(filter: QuarantineFilter): Promise<number> {
    let count = 0;
    for await (const page of this.#pages(filter)) {
      await this.#state.commit(this.#pair, [{ op: "remove", collection: "quarantine", ids: page.map(({ id }) => id) }]);
      count += page.length;
    }
    return count;
  }

  async *#pages({ id, model, side, code }: QuarantineFilter): AsyncGenerator<readonly QuarantineRecord[]> {
    await this.#state.open();
    for await (const page of recordsIn(this.#state, this.#pair, "quarantine", { model })) {
      const found = page.filter((entry) =>
        (id === undefined || id === entry.id) && (side === undefined || side === entry.side) && (code === undefined || code === entry.code));
      if (found.length > 0) yield found;
    }
  }
}
