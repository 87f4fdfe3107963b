import type { Key, Row } from "../endpoint.ts";
import type { Batch, Outcome } from "../unit.ts";
import type { PairModel, SideName } from "../mapping/pair-model.ts";
import { keyText, type RunContext } from "./context.ts";
import type { Source } from "./source.ts";

/** What this run wrote to one model of one side. */
export interface SideWrites {
  /** Transactions that held our writes, for `changesSince`. */
  readonly units: Set<string>;
  inserted: number;
  deleted: number;
  rows: number;
  /** Keys written, as long as they are few enough to be read again one by one. */
  keys: Map<string, Key> | undefined;
  /** What stands under these keys, where it was read and nothing has been written to this side since. */
  readBack: readonly Row[] | undefined;
  anyLinked: boolean;
  /** Rows that were there already and were linked, besides those that the mark named; undefined: too many to remember. */
  linked: Set<string> | undefined;
  /** The answer to a unit was lost: nobody counted what it wrote. */
  lost: boolean;
  /** Rows that were to be deleted and could not be; looked at again by the next run. */
  readonly pending: Key[];
  /**
   * Of a side that is known by fingerprints, what a row would bear that is thought to be gone and stands again: cloudIds of links that
   * this run has ended, keys of rows that it has deleted. Undefined: too many to remember, or a side with marks.
   */
  ended: { readonly cloudIds: Set<string>; readonly keys: Map<string, Key> } | undefined;
}

const keysKept = 5_000;
const endedKept = 50_000;

/** Keeps count of committed writes, per side and the side's model name. */
export class RunTracker {
  readonly #context: RunContext;
  readonly #writes = new Map<string, SideWrites>();
  readonly #together = new Map<string, readonly string[]>();

  readonly #sources: ReadonlyMap<string, Source>;

  constructor(context: RunContext, sources: Iterable<Readonly<Record<SideName, Source>>> = []) {
    this.#context = context;
    this.#sources = new Map([...sources].flatMap(({ left, right }) => [left, right].map((source) => [`${source.side.name} ${source.side.model.name}`, source])));
  }

  of(side: SideName, model: string): SideWrites {
    const name = `${side} ${model}`;
    let writes = this.#writes.get(name);
    if (!writes) {
      const byFingerprints = this.#context.settings.databases[side].endpoints.get(model)?.fingerprint !== undefined;
      writes = { units: new Set(), inserted: 0, deleted: 0, rows: 0, keys: new Map(), readBack: undefined, anyLinked: false, linked: new Set(), lost: false, pending: [], ended: byFingerprints ? { cloudIds: new Set(), keys: new Map() } : undefined };
      this.#writes.set(name, writes);
    }
    return writes;
  }

  lost(side: SideName, batch: Batch): void {
    this.of(side, batch.model).lost = true;
  }

  linked(side: SideName, model: string, keys: readonly Key[]): void {
    const writes = this.of(side, model);
    writes.anyLinked = true;
    for (const key of keys) {
      if (writes.linked === undefined) return;
      const text = keyText(key);
      if (this.#sources.get(`${side} ${model}`)?.names(text)) continue;
      writes.linked.add(text);
      if (writes.linked.size > keysKept) writes.linked = undefined;
    }
  }

  /** These records are linked no more. */
  ended(model: PairModel, cloudIds: readonly string[]): void {
    for (const side of ["left", "right"] as const) {
      const writes = this.of(side, model[side].name);
      for (const cloudId of cloudIds) writes.ended?.cloudIds.add(cloudId);
      if (writes.ended && writes.ended.cloudIds.size > endedKept) writes.ended = undefined;
    }
  }

  committed(side: SideName, batch: Batch, outcomes: readonly Outcome[], transaction: string): void {
    const writes = this.of(side, batch.model);
    // Even another model's rows: a cascade or a trigger may have changed them.
    for (const [name, each] of this.#writes) if (name.startsWith(`${side} `)) each.readBack = undefined;
    // What a delete leaves in its model are rows that a foreign key changed: nobody has looked at those.
    if (batch.op !== "delete") for (const model of this.#writtenTogether(side, batch.model)) this.of(side, model).units.add(transaction);
    const onlyIdentity = batch.op === "identify" || (batch.op === "update" && batch.fields.length === 0);
    batch.rows.forEach((row, at) => {
      if (outcomes[at]?.status !== "written") return;
      writes.rows++;
      this.#context.written[side]++;
      if (batch.op === "insert") writes.inserted++;
      if (batch.op === "delete") {
        writes.deleted++;
        writes.ended?.keys.set(keyText(row.key), row.key);
      }
      if (batch.op === "delete" || onlyIdentity) writes.keys?.delete(keyText(row.key));
      else writes.keys?.set(keyText(row.key), row.key);
    });
    if (writes.ended && writes.ended.keys.size > endedKept) writes.ended = undefined;
    // To read a few records of documents is to read these: where it is too much for some, it is for all inside.
    if (writes.keys && writes.keys.size > keysKept) for (const model of this.#writtenTogether(side, batch.model)) this.of(side, model).keys = undefined;
  }

  /** The models whose records stand in the same documents. */
  #writtenTogether(side: SideName, model: string): readonly string[] {
    const name = `${side} ${model}`;
    let together = this.#together.get(name);
    if (!together) {
      const { endpoints } = this.#context.settings.databases[side];
      const rootOf = (each: string): string => {
        const { references, within } = endpoints.get(each)!.model;
        const above = references.find((reference) => reference.name === within);
        return above ? rootOf(above.target) : each;
      };
      together = [...endpoints.keys()].filter((each) => rootOf(each) === rootOf(model));
      this.#together.set(name, together);
    }
    return together;
  }
}
