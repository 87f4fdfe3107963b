import { HASH_LENGTH, hash64 } from "../hash.ts";
import type { PairModel } from "../mapping/pair-model.ts";
import type { Base } from "../state.ts";
import type { Value } from "../value.ts";

/** A base as the planner reads it: one hash per field of today's layout, undefined where that field has none. */
export interface BaseView {
  readonly left: readonly (string | undefined)[];
  readonly right: readonly (string | undefined)[];
  readonly values: readonly (Value | undefined)[] | undefined;
}

/** What a null hashes to; no text can, since hashes never hold a space. */
const nullHash = " ".repeat(HASH_LENGTH);
/** Stands where a field has no base yet: it waits for a decision about the first meeting. */
const noHash = ".".repeat(HASH_LENGTH);
const layoutDigits = 2;

/** Reads and writes the bases of one model: fixed-width hashes behind the number of the layout they were made under. */
export class BaseCodec {
  readonly #model: PairModel;
  readonly #layouts: readonly (readonly string[])[];
  readonly #seed: number;
  readonly #prefix: string;
  /** Per layout: where each of today's fields stands in it. */
  readonly #positions: (readonly number[])[] = [];

  /** `layouts`: the checkpoint's, of which the last is today's. */
  constructor(model: PairModel, layouts: readonly (readonly string[])[], seed: number) {
    this.#model = model;
    this.#layouts = layouts;
    this.#seed = seed;
    this.#prefix = (layouts.length - 1).toString(16).padStart(layoutDigits, "0");
  }

  hash(value: Value | undefined): string {
    return value === null || value === undefined ? nullHash : hash64(value, this.#seed);
  }

  view(base: Base): BaseView {
    const layout = Number.parseInt(base.hashes.slice(0, layoutDigits), 16);
    const positions = this.#positionsIn(layout);
    const pick = (hashes: string): (string | undefined)[] =>
      positions.map((at) => {
        const hash = at < 0 ? noHash : hashes.slice(layoutDigits + at * HASH_LENGTH, layoutDigits + (at + 1) * HASH_LENGTH);
        return hash === noHash ? undefined : hash;
      });
    const left = pick(base.hashes);
    const right = base.rightHashes === undefined ? left : pick(base.rightHashes);
    // A null is one only where a hash says so: else the field has no base, or none whose value was kept.
    const isNull = (at: number): boolean => left[at] === nullHash || right[at] === nullHash;
    const values = base.values && positions.map((stored, at) => base.values![stored] ?? (isNull(at) ? null : undefined));
    return { left, right, values };
  }

  /** The base of a record that is the same on both sides; `meet`: its values, fields first. */
  of(cloudId: string, meet: readonly Value[]): Base {
    const { fields, keepBase, name } = this.#model;
    let hashes = this.#prefix;
    for (let at = 0; at < fields.length; at++) hashes += this.hash(meet[at]);
    return keepBase === "values" ? { model: name, cloudId, hashes, values: meet.slice(0, fields.length) } : { model: name, cloudId, hashes };
  }

  /** One hash per field of today's layout, undefined for none; `right` only where it differs somewhere. */
  make(
    cloudId: string,
    left: readonly (string | undefined)[],
    right: readonly (string | undefined)[] | undefined,
    values: readonly Value[] | undefined,
  ): Base {
    const text = (hashes: readonly (string | undefined)[]): string => {
      let joined = this.#prefix;
      for (const hash of hashes) joined += hash ?? noHash;
      return joined;
    };
    const leftText = text(left);
    const rightText = right && text(right);
    return {
      model: this.#model.name,
      cloudId,
      hashes: leftText,
      ...(rightText === undefined || rightText === leftText ? {} : { rightHashes: rightText }),
      ...(values && this.#model.keepBase === "values" ? { values } : {}),
    };
  }

  #positionsIn(layout: number): readonly number[] {
    return (this.#positions[layout] ??= this.#model.signature.map((signature) => (this.#layouts[layout] ?? []).indexOf(signature)));
  }
}
