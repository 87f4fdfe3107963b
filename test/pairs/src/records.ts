import type { Value } from "@sync/core";
import { type CaseSchema, isReference, keyFields, keyOf, keyText, type RawRecord } from "./schema.ts";
import type { OpenSide } from "./side.ts";

/**
 * A record by what people call it: no local keys. A reference is the name of its record, which is the text of one field, or a
 * list with one part for each of several.
 */
export interface NamedRecord {
  readonly [field: string]: Value | Name;
}
export type Name = string | readonly (Name | null)[];

/** A side's records without local keys, so that both sides of a pair are told in the same words. Reads and writes by the probe. */
export class Records {
  readonly #schema: CaseSchema;
  readonly #probe: OpenSide["probe"];
  /** Keys of the application's own records: the two sides of a pair count from different numbers. */
  #next: number;

  constructor(schema: CaseSchema, { probe }: OpenSide, firstKey: number) {
    this.#schema = schema;
    this.#probe = probe;
    this.#next = firstKey;
  }

  get models(): readonly string[] {
    return Object.keys(this.#schema);
  }

  /** All records of a model, in the order of their texts; `id` is left out where nobody chose it. */
  async all(model: string): Promise<NamedRecord[]> {
    const rows = await this.#probe.rows(model);
    const records = await Promise.all(rows.map(async (row) => {
      const fields = Object.keys(this.#schema[model]!.fields);
      return Object.fromEntries(await Promise.all(fields.map(async (field) => [field, await this.#told(model, field, row[field]!)] as const)));
    }));
    return records.map((record) => [JSON.stringify(record), record] as const).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
  }

  /** Everything, by model. */
  async everything(): Promise<Record<string, NamedRecord[]>> {
    const models = Object.keys(this.#schema);
    return Object.fromEntries(await Promise.all(models.map(async (model) => [model, await this.all(model)] as const)));
  }

  /** What the database holds, keys and all: the same text as long as nobody writes. */
  async image(): Promise<string> {
    const rowsOf = async (model: string): Promise<string[]> => (await this.#probe.rows(model)).map((row) => JSON.stringify(row)).sort();
    return JSON.stringify(await Promise.all(Object.keys(this.#schema).map(async (model) => [model, await rowsOf(model)])));
  }

  async insert(model: string, ...records: readonly NamedRecord[]): Promise<void> {
    const { key } = this.#schema[model]!;
    for (const record of records) {
      const raw = await this.#raw(model, record);
      await this.#probe.insert(model, [typeof key === "string" ? { id: keyText(key, this.#next++), ...raw } : raw]);
    }
  }

  async update(model: string, name: Name, changes: NamedRecord): Promise<void> {
    await this.#probe.update(model, await this.#keyNamed(model, name), await this.#raw(model, changes));
  }

  async delete(model: string, name: Name): Promise<void> {
    await this.#probe.delete(model, await this.#keyNamed(model, name));
  }

  async #raw(model: string, record: NamedRecord): Promise<RawRecord> {
    const entries = Object.entries(record).map(async ([field, value]): Promise<readonly [string, Value]> => {
      const declared = this.#schema[model]!.fields[field];
      if (!declared) throw new Error(`${model} has no field ${field}.`);
      if (!isReference(declared)) return [field, value as Value];
      if (value === null) return [field, null];
      const [part] = keyFields(this.#schema[declared.to]!);
      return [field, (await this.#keyNamed(declared.to, value))[part!]!];
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async #told(model: string, field: string, value: Value): Promise<Value | Name> {
    const declared = this.#schema[model]!.fields[field]!;
    if (value === null || !isReference(declared) || typeof keyOf(this.#schema, declared.to) !== "string") return value;
    const found = (await this.#probe.rows(declared.to)).find((row) => row["id"] === value);
    return found ? await this.#nameOf(declared.to, found) : "a record that is not there";
  }

  async #nameOf(model: string, row: RawRecord): Promise<Name> {
    const parts = await Promise.all(this.#schema[model]!.named.map((field) => this.#told(model, field, row[field]!)));
    return parts.length === 1 ? parts[0]! : parts;
  }

  async #keyNamed(model: string, name: Name): Promise<RawRecord> {
    const rows = await this.#probe.rows(model);
    const wanted = JSON.stringify(name);
    const key = keyFields(this.#schema[model]!);
    for (const row of rows) {
      if (JSON.stringify(await this.#nameOf(model, row)) === wanted) return Object.fromEntries(key.map((field) => [field, row[field]!]));
    }
    throw new Error(`There is no ${model} called ${wanted}.`);
  }
}
