import type { DocumentBatch, DocumentDatabase, Documents, DocumentUnit, DocumentWrite, FoundElement, InnerIdentity, WantedElement, Way } from "../documents/contract.ts";
import { DOCUMENT_DEPTH, jsonText, parseJson, valueAt, type Json } from "../documents/json.ts";
import { patchedBy } from "../documents/patches.ts";
import { without } from "../documents/rest.ts";
import type { Changes, Claim, ClaimRequest, Endpoint, FetchRequest, Inspection, Key, Page, Row, ScanRequest } from "../endpoint.ts";
import { SyncError } from "../errors.ts";
import { hash64 } from "../hash.ts";
import type { Model } from "../model.ts";
import type { Batch, Committed, Outcome, Unit } from "../unit.ts";
import { canonicalJson } from "../values/json.ts";
import { memoryState, type MemoryState } from "./state.ts";
import { keyText, Refused } from "./tables.ts";

export interface MemoryDocumentsOptions {
  readonly name: string;
  /** One collection of documents each, under a text `id` in a field `body`. */
  readonly models: readonly string[];
  /** Who makes the ids. @default "allocated" */
  readonly keySource?: Model["keySource"];
  /** Finds changed documents by transaction ids. @default true */
  readonly tracking?: boolean;
  /** Counts what stands inside documents, and finds documents by what they contain. @default true */
  readonly looksInside?: boolean;
  /** Somebody else's turn, before each unit. */
  readonly beforeCommit?: (unit: DocumentUnit) => void;
}

type Outcomes = readonly (readonly Outcome[])[];

interface Stored {
  readonly key: Key;
  /** Canonical JSON. */
  readonly text: string;
  readonly transaction: number;
}

/** Documents in memory: the reference for what `unfold` asks of a database. */
export interface MemoryDocuments extends DocumentDatabase {
  readonly state: MemoryState;
  /** Writes as an application makes them. */
  put(model: string, id: string, json: string): void;
  remove(model: string, id: string): void;
  /** The documents of a model by id. */
  all(model: string): Readonly<Record<string, string>>;
  /** Everything that units have written, unit by unit. */
  readonly written: readonly DocumentUnit[];
}

export function memoryDocuments(options: MemoryDocumentsOptions): MemoryDocuments {
  return new MemoryDocumentDatabase(options);
}

class MemoryDocumentDatabase implements MemoryDocuments {
  readonly name: string;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly documents: Documents;
  readonly state: MemoryState;
  readonly written: DocumentUnit[] = [];
  readonly #options: MemoryDocumentsOptions;
  #tables: Map<string, Map<string, Stored>>;
  /** Per model, by key. */
  #identities = new Map<string, Map<string, { readonly key: Key; readonly cloudId: string }>>();
  #transaction = 1;
  #nextId = 1;
  #fence = 0;
  #runCounter = 0;
  #runner: string | undefined;

  constructor(options: MemoryDocumentsOptions) {
    this.name = options.name;
    this.#options = options;
    this.#tables = new Map(options.models.map((model) => [model, new Map()]));
    this.endpoints = new Map(options.models.map((model) => [model, this.#endpoint(model)]));
    this.state = memoryState({ name: options.name });
    this.documents = {
      commit: async (unit) => {
        options.beforeCommit?.(unit);
        this.written.push(unit);
        return this.#commit(unit.fence, (stale) => {
          const outcomes = unit.batches.map((batch) => batch.rows.map((row) => this.#write(batch, row)));
          if (unit.together && outcomes.flat().some(({ status }) => status === "stale")) return stale(outcomes);
          const written = unit.batches.flatMap(({ rows }, batch) => rows.filter((_, row) => outcomes[batch]![row]!.status === "written"));
          this.#identify(written.flatMap(({ inner }) => inner));
          return outcomes;
        });
      },
      identities: async (model, by, tuples) => {
        const wanted = new Set(tuples.map(keyText));
        return [...this.#known(model).values()].filter(({ key, cloudId }) => wanted.has(by === "key" ? keyText(key) : cloudId));
      },
      ...(options.looksInside !== false && {
        countInside: async (model: string, paths: readonly (readonly string[])[], values = false) => paths.map((path) =>
          [...this.#table(model).values()].reduce((sum, { text }) => sum + countAt(JSON.parse(text), path, values), 0)),
        containing: async (model: string, shapes: readonly string[]) => {
          const wanted = shapes.map(parseJson);
          return this.#ordered(model).filter(({ text }) => wanted.some((shape) => contains(parseJson(text), shape))).map(({ key }) => key);
        },
        elements: async (model: string, way: Way, wanted: readonly WantedElement[]) => wanted.map(({ key, shapes }) => {
          const stored = this.#table(model).get(keyText(key));
          const found = stored && elementIn(parseJson(stored.text), way, shapes);
          return found && { ...found, key, revision: String(stored.transaction), cloudId: this.#known(model).get(keyText(key))?.cloudId ?? null };
        }),
      }),
    };
  }

  put(model: string, id: string, json: string): void {
    this.#table(model).set(id, { key: [id], text: canonicalJson(json, DOCUMENT_DEPTH), transaction: this.#transaction++ });
  }

  remove(model: string, id: string): void {
    this.#table(model).delete(id);
  }

  all(model: string): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#ordered(model).map(({ key, text }) => [key[0]!, text]));
  }

  async claim(request: ClaimRequest): Promise<Claim> {
    if (this.#runner !== request.runner) {
      if (this.#runner !== undefined && !request.takeOver) throw new SyncError("LEASE.HELD", `${this.name} is in use.`, { database: this.name });
      this.#runner = request.runner;
      this.#fence += 1;
    }
    return { databaseId: this.name, serverIdentity: this.name, runCounter: this.#runCounter, fence: this.#fence };
  }

  async release(fence: number, wrote: boolean): Promise<boolean> {
    if (this.#runner === undefined || fence !== this.#fence) return false;
    this.#runner = undefined;
    if (wrote) this.#runCounter += 1;
    return true;
  }

  async inspect(models: readonly string[]): Promise<Inspection> {
    return { findings: [], shapes: new Map(models.map((model) => [model, hash64(model, 1)])) };
  }

  /** Whole documents, as rows of two fields. */
  async commit(unit: Unit): Promise<Committed> {
    return this.#commit(unit.fence, () => unit.batches.map((batch) => batch.rows.map((_, at) => this.#writeRow(batch, at))));
  }

  async close(): Promise<void> {}

  #commit(fence: number, write: (allStale: (outcomes: Outcomes) => Outcomes) => Outcomes): Committed {
    if (this.#runner === undefined || fence !== this.#fence) {
      throw new SyncError("LEASE.LOST", `Another runner has taken the lease on ${this.name}.`, { database: this.name });
    }
    const copy = <Value>(maps: ReadonlyMap<string, ReadonlyMap<string, Value>>): Map<string, Map<string, Value>> =>
      new Map([...maps].map(([name, map]) => [name, new Map(map)]));
    const [tables, identities] = [copy(this.#tables), copy(this.#identities)];
    const undo = (): void => {
      this.#tables = tables;
      this.#identities = identities;
    };
    try {
      const outcomes = write((all) => {
        undo();
        return all.map((batch) => batch.map(() => ({ status: "stale" })));
      });
      return { committed: true, transaction: String(this.#transaction++), outcomes };
    } catch (error) {
      undo();
      if (error instanceof Refused) return { committed: false, refusal: error.refusal };
      throw error;
    }
  }

  #write(batch: DocumentBatch, write: DocumentWrite): Outcome {
    const { model } = batch;
    const table = this.#table(model);
    const text = keyText(write.key);
    const stored = table.get(text);
    if (write.op === "insert") {
      if (stored) throw new Refused({ code: "WRITE.UNIQUE", constraint: "primary key", model });
      table.set(text, { key: write.key, text: canonicalJson(write.whole, DOCUMENT_DEPTH), transaction: this.#transaction });
      return { status: "written" };
    }
    if (!stored || String(stored.transaction) !== write.revision) return { status: "stale" };
    if (write.op === "delete") table.delete(text);
    else if (write.patches.length > 0) {
      const whole = write.whole === undefined ? undefined : canonicalJson(write.whole, DOCUMENT_DEPTH);
      const patched = write.patches === "whole" ? whole! : write.patches.reduce(patchedBy, stored.text);
      if (whole !== undefined && patched !== whole) throw new TypeError("The patches of a document do not lead to its whole text.");
      table.set(text, { key: write.key, text: patched, transaction: this.#transaction });
    }
    return { status: "written" };
  }

  /** What keys had goes first, so that two can exchange their cloudIds; then each cloudId has one key in its model. */
  #identify(identities: readonly InnerIdentity[]): void {
    for (const { model, key } of identities) this.#known(model).delete(keyText(key));
    const holders = new Map<string, Map<string, string>>();
    for (const { model, key, cloudId } of identities) {
      if (cloudId === null) continue;
      const known = this.#known(model);
      if (!holders.has(model)) holders.set(model, new Map([...known].map(([text, held]) => [held.cloudId, text])));
      const holder = holders.get(model)!.get(cloudId);
      if (holder !== undefined && holder !== keyText(key)) throw new Refused({ code: "WRITE.UNIQUE", constraint: "sync_identity", model });
      known.set(keyText(key), { key, cloudId });
      holders.get(model)!.set(cloudId, keyText(key));
    }
  }

  #writeRow(batch: Batch, at: number): Outcome {
    const { model } = batch;
    const { key } = batch.rows[at]!;
    const inner = (cloudId: string | null | undefined): void => (cloudId === undefined ? undefined : this.#identify([{ model, key, cloudId }]));
    if (batch.op === "identify") {
      const { cloudId, was } = batch.rows[at]!;
      if (!this.#table(model).has(keyText(key)) || (this.#known(model).get(keyText(key))?.cloudId ?? null) !== was) return { status: "stale" };
      inner(cloudId);
      return { status: "written" };
    }
    const stored = this.#table(model).get(keyText(key));
    const body = batch.op === "delete" ? undefined : batch.rows[at]!.values[batch.fields.indexOf("body")];
    if (batch.op !== "insert" && (!stored || String(stored.transaction) !== batch.rows[at]!.revision)) return { status: "stale" };
    if (batch.op === "insert" && stored) throw new Refused({ code: "WRITE.UNIQUE", constraint: "primary key", model });
    if (batch.op === "delete") this.#table(model).delete(keyText(key));
    else if (typeof body === "string") this.#table(model).set(keyText(key), { key, text: body, transaction: this.#transaction });
    inner(batch.op === "delete" ? null : batch.rows[at]!.cloudId);
    return { status: "written" };
  }

  #endpoint(name: string): Endpoint {
    const rows = (stored: readonly Stored[], fields: readonly string[]): Row[] => stored.map(({ key, text, transaction }) => ({
      key, cloudId: this.#known(name).get(keyText(key))?.cloudId ?? null, revision: String(transaction),
      values: fields.map((field) => (field === "id" ? key[0]! : text)),
    }));
    const tracking = this.#options.tracking !== false;
    const ordered = (): readonly Stored[] => this.#ordered(name);
    return {
      model: {
        name, primaryKey: ["id"], keySource: this.#options.keySource ?? "allocated", uniqueKeys: [], references: [], syncFields: {},
        fields: [
          { name: "id", kind: { type: "text" }, nullable: false, writable: true },
          { name: "body", kind: { type: "json" }, nullable: false, writable: true },
        ],
      },
      capabilities: { changesSince: tracking, fingerprints: false, exactWrites: true },
      async *scan(request: ScanRequest): AsyncIterable<Page> {
        for (const { after: from, upTo } of request.ranges ?? [{ after: null, upTo: null }]) {
          for (let after = from, more = true; more; ) {
            const inside = ordered().filter(({ key }) => (after === null || key[0]! > after[0]!) && (upTo === null || key[0]! <= upTo[0]!));
            const page = inside.slice(0, request.pageSize);
            more = page.length === request.pageSize;
            const end = more ? page[page.length - 1]!.key : upTo;
            yield { rows: rows(page, request.fields), range: { after, upTo: end } };
            after = end;
          }
        }
      },
      fetch: async ({ by, tuples, fields }: FetchRequest) => {
        const wanted = new Set(tuples.map(keyText));
        return rows(ordered(), fields).filter(({ key, cloudId }, at) =>
          wanted.has(by === "cloudId" ? (cloudId ?? "") : by === "key" || by.join() === "id" ? keyText(key) : ordered()[at]!.text));
      },
      allocate: async (count) => Array.from({ length: count }, () => [`d${String(this.#nextId++).padStart(5, "0")}`]),
      ...(tracking && {
        changesSince: async (mark: string | undefined, ownUnits: readonly string[]): Promise<Changes> => {
          const own = new Set(ownUnits);
          const changed = ordered().filter(({ transaction }) => transaction >= Number(mark) && !own.has(String(transaction)));
          return { next: String(this.#transaction), total: ordered().length, keys: mark === undefined ? "all" : changed.map(({ key }) => key) };
        },
      }),
    };
  }

  #table(model: string): Map<string, Stored> {
    return this.#tables.get(model)!;
  }

  #ordered(model: string): readonly Stored[] {
    return [...this.#table(model).values()].sort((a, b) => (a.key[0]! < b.key[0]! ? -1 : 1));
  }

  #known(model: string): Map<string, { readonly key: Key; readonly cloudId: string }> {
    let known = this.#identities.get(model);
    if (!known) this.#identities.set(model, (known = new Map()));
    return known;
  }
}

function countAt(json: unknown, path: readonly string[], values: boolean): number {
  // Two objects, or two nulls, are never the same value.
  if (Array.isArray(json) && path.length === 0) return values ? new Set(json.map((item) => item ?? {})).size : json.length;
  if (Array.isArray(json)) return json.reduce<number>((sum, item) => sum + countAt(item, path, values), 0);
  if (typeof json !== "object" || json === null || path.length === 0) return 0;
  return countAt((json as Record<string, unknown>)[path[0]!], path.slice(1), values);
}

function elementIn(document: Json, { arrays, without: left }: Way, shapes: readonly string[]): Pick<FoundElement, "texts" | "positions"> | undefined {
  const own = (json: Json, at: number): string => jsonText(json instanceof Map ? without(json, left[at]!) : json);
  const [texts, positions] = [[own(document, 0)], [] as number[]];
  let above = document;
  for (const [at, path] of arrays.entries()) {
    const found = above instanceof Map ? valueAt(above, path) : "blocked";
    const array = found !== "blocked" && Array.isArray(found.value) ? found.value : [];
    const shape = parseJson(shapes[at]!);
    const fitting = array.flatMap((element, position) => (contains(element, shape) ? [position] : []));
    if (fitting.length !== 1) return undefined;
    above = array[fitting[0]!]!;
    texts.push(own(above, at + 1));
    positions.push(fitting[0]!);
  }
  return { texts, positions };
}

function contains(json: Json | undefined, shape: Json): boolean {
  if (json === undefined) return false;
  if (shape instanceof Map) return json instanceof Map && [...shape].every(([key, value]) => contains(json.get(key), value));
  if (Array.isArray(shape)) return Array.isArray(json) && shape.every((item) => json.some((each) => contains(each, item)));
  return jsonText(json) === jsonText(shape);
}
