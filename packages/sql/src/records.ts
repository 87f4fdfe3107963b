import type { InsertBatch, UpdateBatch, Value } from "@sync/core";
import { isSyncError } from "@sync/core";
import { faultOf, type MeaningOptions } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Table } from "./model.ts";
import { Refused } from "./refusal.ts";

/** Field → value, as an application has it. */
export type RecordData = Readonly<Record<string, unknown>>;

/** What a library writes record by record through its own models, so that hooks, validators and subscribers run. */
interface WritesRecords {
  /** Of a model that it does not write, rows go in bulk, in the same transaction. */
  writes(model: string): boolean;
  /** How an application has a value of this field. Undefined: in no form that holds all that is in it; that row goes in bulk. */
  form(model: string, field: string): (value: Value) => unknown;
  /** Whether it can write what these fields say together; else that row goes in bulk. @default it can */
  carries?(model: string, data: RecordData): boolean;
  /** It fills in by itself what a write leaves out. @default it is given that, too */
  readonly fillsIn?: true;
  /** Knows errors of the library that are about the connection, and hide what a driver said. Any other is about the record. */
  readonly mapError?: MeaningOptions["mapError"];
}

/** Of a library that waits for nothing: what it has done when a call returns is done in the transaction of that turn. SQLite. */
export interface TurnWriter extends WritesRecords {
  insert(model: string, records: readonly RecordData[]): void;
  update(model: string, key: RecordData, changes: RecordData): void;
  delete(model: string, key: RecordData): void;
}

/** Of any other. */
export interface RecordWriter extends WritesRecords {
  /** One transaction of the library's, on a connection that is nobody else's until it ends. */
  transaction<T>(work: (session: RecordSession) => Promise<T>): Promise<T>;
}

/** What the library writes within one transaction; `query` runs there too. */
export interface RecordSession extends Pick<Executor, "query"> {
  insert(model: string, records: readonly RecordData[]): Promise<void>;
  update(model: string, key: RecordData, changes: RecordData): Promise<void>;
  delete(model: string, key: RecordData): Promise<void>;
  /** Of a library that loads many records at once: these are about to be updated or deleted. */
  load?(model: string, keys: readonly RecordData[]): Promise<void>;
  /** Of a library that writes many records at once: what it was told of is to be written now. */
  flush?(): Promise<void>;
}

/** What neither the database nor a driver has said, a hook or a validator has: about this record. */
export function refusedBy({ mapError }: WritesRecords, model: string, error: unknown): unknown {
  const isTheirs = isSyncError(error) || faultOf(error) !== undefined || mapError?.(error) !== undefined;
  return isTheirs ? error : new Refused({ code: "WRITE.REFUSED", model, cause: error });
}

/** A library takes a record with another key for another record. */
export function movesKeys({ model: { primaryKey } }: Table, batch: { readonly op: string; readonly fields?: readonly string[] }): boolean {
  return batch.op === "update" && batch.fields!.some((field) => primaryKey.includes(field));
}

/** Values of these fields as the application has them; what is undefined stays out. Undefined: it cannot have all of them. */
export function dataReader(writer: WritesRecords, model: string, fields: readonly string[]): (values: readonly (Value | undefined)[]) => RecordData | undefined {
  const forms = fields.map((field) => writer.form(model, field));
  return (values) => {
    const data: Record<string, unknown> = {};
    for (const [i, field] of fields.entries()) {
      const value = values[i];
      if (value === undefined) continue;
      const form = forms[i]!(value);
      if (form === undefined) return undefined;
      data[field] = form;
    }
    return writer.carries?.(model, data) === false ? undefined : data;
  };
}

/** What a library can write of an insert, and which rows it cannot. */
export function newRecords(table: Table, batch: InsertBatch, writer: WritesRecords): { readonly records: readonly RecordData[]; readonly others: readonly number[] } {
  const own = table.cloudId ? [table.cloudId.field] : [];
  const read = dataReader(writer, batch.model, [...batch.fields, ...table.model.primaryKey, ...own]);
  const records: RecordData[] = [];
  const others: number[] = [];
  for (const [i, { key, cloudId, values }] of batch.rows.entries()) {
    const data = read([...batch.fields.map((_, f) => values[f] ?? null), ...key, cloudId]);
    if (data) records.push(data);
    else others.push(i);
  }
  return { records, others };
}

/** By the place of a row in the batch: what it gets that it has not. Undefined: nothing that the library can write. */
export function changeReader(table: Table, batch: UpdateBatch, writer: WritesRecords): (i: number) => RecordData | undefined {
  const { cloudId } = table;
  const read = dataReader(writer, batch.model, cloudId ? [...batch.fields, cloudId.field] : batch.fields);
  return (i) => {
    const row = batch.rows[i]!;
    return read([...batch.fields.map((_, f) => row.values[f]), row.cloudId]);
  };
}

/** PostgreSQL takes 65,535 parameters in one statement, SQLite 32,766; a library may have more of them than there are values. */
const MOST_VALUES = 10_000;

export function* inPortions(records: readonly RecordData[]): Generator<readonly RecordData[]> {
  const size = Math.max(1, Math.floor(MOST_VALUES / Math.max(1, Object.keys(records[0] ?? {}).length)));
  for (let i = 0; i < records.length; i += size) yield records.slice(i, i + size);
}
