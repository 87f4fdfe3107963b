import type {
  Batch, Changes, ChildRows, Claim, Committed, Database, DeleteBatch, Endpoint, Key, Outcome, Page, Row, ScanRequest, Unit, UpdateBatch, Value,
} from "@sync/core";
import { expect } from "vitest";
import type { Harness, HarnessCapabilities, KitRecord, Probe, Session } from "./harness.ts";
import type { Law } from "./law.ts";
import { kitModels, type KitModelName, type ValueField } from "./models.ts";

type KitBatch = Batch & { readonly model: KitModelName };

/** A row that the kit has had inserted. */
export interface Inserted {
  readonly key: Key;
  readonly cloudId: string;
}

const RUNNER = { holder: "the conformance kit", runner: "kit", seconds: 600 } as const;

/** What a law works with: the database itself, the probe, and shorter words for what laws do often. */
export class Kit {
  readonly session: Session;
  readonly probe: Probe;
  readonly capabilities: HarnessCapabilities;
  /** The fields of `Thing` that this database has. */
  readonly values: readonly ValueField[];
  readonly names: NonNullable<Harness["names"]>;
  /** The author's object, or what `reopen` gave. */
  database: Database;
  #fence = 0;
  #units = 0;
  #cloudIds = 0;

  private constructor(session: Session, harness: Harness) {
    this.session = session;
    this.database = session.database;
    this.probe = session.probe;
    this.capabilities = harness.capabilities;
    this.values = harness.values;
    this.names = harness.names ?? {};
  }

  /** As a run begins: a claim makes the side tables, `inspect` settles what the endpoints can. */
  static async of(session: Session, harness: Harness, law: Law): Promise<Kit> {
    const kit = new Kit(session, harness);
    if (!law.untouched) {
      await kit.claim();
      await kit.inspect();
    }
    return kit;
  }

  async claim(): Promise<Claim> {
    const claim = await this.database.claim(RUNNER);
    this.#fence = claim.fence;
    return claim;
  }

  inspect(): ReturnType<Database["inspect"]> {
    return this.database.inspect((Object.keys(kitModels) as KitModelName[]).map((model) => this.name(model)));
  }

  /** Opens the database again, as another process would, and works on with that. */
  async reopen(): Promise<void> {
    this.database = await this.session.reopen!();
    await this.claim();
    await this.inspect();
  }

  name(model: KitModelName): string {
    return this.names[model] ?? model;
  }

  /** What the adapter calls these fields. */
  named(model: KitModelName, fields: readonly string[]): string[] {
    return fields.map((field) => this.names[`${model}.${field}`] ?? field);
  }

  endpoint(model: KitModelName): Endpoint {
    const endpoint = this.database.endpoints.get(this.name(model));
    if (!endpoint) throw new Error(`The database has no endpoint ${this.name(model)}.`);
    return endpoint;
  }

  /** The kit's fields of a model that this database has. */
  fields(model: KitModelName): readonly string[] {
    if (model !== "Thing") return Object.keys(kitModels[model].fields);
    return ["id", ...this.values];
  }

  cloudId(): string {
    this.#cloudIds += 1;
    return `0190f7a4-5d3c-7000-8000-${String(this.#cloudIds).padStart(12, "0")}`;
  }

  unit(...batches: readonly KitBatch[]): Unit {
    this.#units += 1;
    const named = batches.map((batch): Batch => {
      const model = this.name(batch.model);
      if (batch.op === "delete") return { ...batch, model, ...(batch.children ? { children: batch.children.map((each) => this.#children(each)) } : {}) };
      return "fields" in batch ? { ...batch, model, fields: this.named(batch.model, batch.fields) } : { ...batch, model };
    });
    return { id: `kit ${this.#units}`, fence: this.#fence, batches: named };
  }

  #children({ model, fields, known }: ChildRows): ChildRows {
    const ours = model as KitModelName;
    return { model: this.name(ours), fields: this.named(ours, fields), known };
  }

  commit(...batches: readonly KitBatch[]): Promise<Committed> {
    return this.database.commit(this.unit(...batches));
  }

  /** A unit that has to be committed. */
  async write(...batches: readonly KitBatch[]): Promise<Extract<Committed, { committed: true }>> {
    const committed = await this.commit(...batches);
    if (!committed.committed) throw new Error(`A unit that breaks no rule was refused: ${JSON.stringify(committed.refusal)}`);
    return committed;
  }

  /** A unit that has to be committed: what became of each row. */
  async statuses(...batches: readonly KitBatch[]): Promise<Outcome["status"][][]> {
    const { outcomes } = await this.write(...batches);
    return outcomes.map((batch) => batch.map(({ status }) => status));
  }

  /** A batch of new rows, all with the fields of the first record; keys are allocated where the database makes them. */
  async newRows(model: KitModelName, records: readonly KitRecord[]): Promise<Extract<KitBatch, { op: "insert" }>> {
    const { keySource, primaryKey } = kitModels[model];
    const keys = keySource === "allocated" ? await this.endpoint(model).allocate(records.length) : records.map((record) => keyOf(model, record));
    const fields = Object.keys(records[0] ?? {}).filter((field) => keySource === "values" || !primaryKey.includes(field));
    const rows = records.map((record, at) => ({ key: keys[at]!, cloudId: this.cloudId(), values: fields.map((field) => record[field] ?? null) }));
    return { op: "insert", model, fields, rows };
  }

  /** New rows by a unit of their own. */
  async insert(model: KitModelName, records: readonly KitRecord[]): Promise<readonly Inserted[]> {
    const batch = await this.newRows(model, records);
    await this.write(batch);
    return batch.rows;
  }

  async pages(model: KitModelName, request: Partial<ScanRequest> = {}): Promise<Page[]> {
    const { fields = this.fields(model), ...rest } = request;
    const pages: Page[] = [];
    for await (const page of this.endpoint(model).scan({ pageSize: 1000, ...rest, fields: this.named(model, fields) })) pages.push(page);
    return pages;
  }

  /** All rows as the endpoint reads them, by default with all the kit's fields. */
  async rows(model: KitModelName, request: Partial<ScanRequest> = {}): Promise<Row[]> {
    return (await this.pages(model, request)).flatMap(({ rows }) => rows);
  }

  async fetch(
    model: KitModelName, by: "key" | "cloudId" | readonly string[], tuples: readonly (readonly string[])[], fields: readonly string[] = this.fields(model),
  ): Promise<readonly Row[]> {
    return await this.endpoint(model).fetch({ by: typeof by === "string" ? by : this.named(model, by), tuples, fields: this.named(model, fields) });
  }

  /** The one row of that key. */
  async row(model: KitModelName, key: Key): Promise<Row> {
    const found = (await this.fetch(model, "key", [key])).filter((row) => same(row.key, key));
    expect(found, `one row of ${model} has this key`).toHaveLength(1);
    return found[0]!;
  }

  /** A row as the endpoint read it, field by field. */
  record(model: KitModelName, row: Row, fields: readonly string[] = this.fields(model)): KitRecord {
    return Object.fromEntries(fields.map((field, at) => [field, row.values[at]!]));
  }

  /** What the database really holds, each record with these fields only, sorted. */
  async stored(model: KitModelName, fields: readonly string[] = this.fields(model)): Promise<KitRecord[]> {
    return sorted((await this.probe.rows(model)).map((record) => pick(record, fields)));
  }

  /** Inserts as the application does, and reads the rows with their keys and revisions. */
  async given(model: KitModelName, records: readonly KitRecord[]): Promise<Row[]> {
    await this.probe.insert(model, records);
    return await this.rows(model);
  }

  changesSince(model: KitModelName, mark?: string, ownUnits: readonly string[] = []): Promise<Changes> {
    return this.endpoint(model).changesSince!(mark, ownUnits);
  }
}

export function keyOf(model: KitModelName, record: KitRecord): Key {
  return kitModels[model].primaryKey.map((field) => record[field]!);
}

type Guard = Pick<Row, "key" | "revision">;

/** The same values for each of these rows, or other ones for each. */
export function update<Named extends Guard>(
  model: KitModelName, fields: readonly string[], rows: readonly Named[], values: readonly Value[] | ((row: Named) => readonly (Value | undefined)[]),
): KitBatch & UpdateBatch {
  const of = typeof values === "function" ? values : () => values;
  return { op: "update", model, fields, rows: rows.map((row) => ({ key: row.key, revision: row.revision, values: of(row) })) };
}

export function remove(model: KitModelName, rows: readonly Guard[]): KitBatch & DeleteBatch {
  return { op: "delete", model, rows: rows.map(({ key, revision }) => ({ key, revision })) };
}

/** Books, unless an entry refers to them that is not among the known. Asked where a foreign key would touch the entry. */
export function removeBooks(kit: Kit, books: readonly Guard[], known: readonly Key[] = []): KitBatch & DeleteBatch {
  return touchesEntries(kit) ? { ...remove("Book", books), children: [{ model: "Entry", fields: ["book"], known }] } : remove("Book", books);
}

export function touchesEntries(kit: Kit): boolean {
  const { references } = kit.endpoint("Entry").model;
  return references.some(({ target, onDelete }) => target === kit.name("Book") && (onDelete === "cascade" || onDelete === "set-null"));
}

/** A key as the probe wants it. */
export function keyRecord(model: KitModelName, key: Key): KitRecord {
  return Object.fromEntries(kitModels[model].primaryKey.map((field, part) => [field, key[part]!]));
}

export function pick(record: KitRecord, fields: readonly string[]): KitRecord {
  return Object.fromEntries(fields.map((field) => [field, record[field] ?? null]));
}

/** In one order, whatever it came in. */
export function sorted<Item>(items: readonly Item[]): Item[] {
  const texts = items.map((item) => ({ item, text: JSON.stringify(item) }));
  return texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ item }) => item);
}

export function same(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((part, at) => part === b[at]);
}

/** Lets everything that can go on go on. */
export async function giveWay(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => void setTimeout(resolve, 1));
}

/** What a promise was refused with. */
export async function refused(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("This had to be refused and was not.");
}

/** Many records, each with its number. */
export function many(count: number, record: (n: number) => KitRecord): KitRecord[] {
  return Array.from({ length: count }, (_, n) => record(n));
}
