import type { FetchRequest, Row } from "../endpoint.ts";
import type { ModelSide, PairModel, SideName } from "../mapping/pair-model.ts";
import type { PairModels } from "./pair-models.ts";
import { keyText, type RunContext } from "./context.ts";
import { RecordReader, type ReadRecord } from "./records.ts";

/** One side of one pair model during a run: reads rows as records, from memory where the whole side fits one page. */
export class Side {
  readonly name: SideName;
  readonly model: ModelSide;
  readonly #context: RunContext;
  readonly #reader: RecordReader;
  #loaded: readonly Row[] | undefined;
  readonly #indexes = new Map<string, Map<string, Row[]>>();

  constructor(context: RunContext, pairModel: PairModel, models: PairModels, name: SideName) {
    this.#context = context;
    this.name = name;
    this.model = pairModel[name];
    this.#reader = new RecordReader(context, pairModel, models, name);
  }

  /** The whole side, as it was read at the start: analysis asks no more of the database. */
  load(rows: readonly Row[]): void {
    this.#loaded = rows;
  }

  get loaded(): readonly Row[] | undefined {
    return this.#loaded;
  }

  get knownEmpty(): boolean {
    return this.#loaded?.length === 0;
  }

  /** What was loaded is no longer to be trusted. */
  unload(): void {
    this.#loaded = undefined;
    this.#indexes.clear();
  }

  records(rows: readonly Row[]): Promise<ReadRecord[]> {
    return this.#reader.read(rows);
  }

  async fetchRows(by: FetchRequest["by"], tuples: FetchRequest["tuples"]): Promise<readonly Row[]> {
    if (tuples.length === 0) return [];
    if (this.#loaded) return this.#fromMemory(by, tuples);
    const request: FetchRequest = { fields: this.model.fields, by, tuples };
    const rows = await this.#context.retrying(() => this.model.endpoint.fetch(request));
    return rows;
  }

  async fetch(by: FetchRequest["by"], tuples: FetchRequest["tuples"]): Promise<ReadRecord[]> {
    return this.records(await this.fetchRows(by, tuples));
  }

  #fromMemory(by: FetchRequest["by"], tuples: FetchRequest["tuples"]): Row[] {
    const name = typeof by === "string" ? by : JSON.stringify(by);
    let index = this.#indexes.get(name);
    if (!index) {
      index = new Map();
      const positions = typeof by === "string" ? [] : by.map((field) => this.model.fields.indexOf(field));
      for (const row of this.#loaded!) {
        const tuple: readonly (string | null)[] = by === "key" ? row.key : by === "cloudId" ? [row.cloudId] : positions.map((at) => row.values[at] ?? null);
        if (tuple.includes(null)) continue;
        const text = keyText(tuple as string[]);
        index.set(text, [...(index.get(text) ?? []), row]);
      }
      this.#indexes.set(name, index);
    }
    return tuples.flatMap((tuple) => index.get(keyText(tuple)) ?? []);
  }
}
