/** A seeded source of randomness (sfc32): the same seed gives the same sequence, on every machine. */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed, Math.floor(seed / 0x1_0000_0000), 0x9e3779b9, 1);
    for (let round = 0; round < 12; round += 1) this.#next();
  }

  #next(): number {
    const state = this.#state;
    const sum = (state[0]! + state[1]! + state[3]!) >>> 0;
    state[3]! += 1;
    state[0] = state[1]! ^ (state[1]! >>> 9);
    state[1] = state[2]! + (state[2]! << 3);
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + sum;
    return sum;
  }

  /** From 0 up to, but never, `limit`. */
  below(limit: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * limit);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.#next() / 0x1_0000_0000 < probability;
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError("There is nothing to pick from.");
    return from[this.below(from.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Another sequence that does not move this one. */
  fork(): Random {
    return new Random(this.#next() * 0x10_0000 + (this.#next() >>> 12));
  }
}
