import type { Batch, DeleteBatch, InsertBatch, Key, Row, Unit, UpdateBatch, Value } from "@sync/core";
import { isSyncError } from "@sync/core";
import { keyAfter } from "./batch.ts";
import { forgetRows } from "./dangling.ts";
import type { Dialect, SideTables, UnitOutcome, WritableTable } from "./dialect.ts";
import { faultOf, type MeaningOptions } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Table } from "./model.ts";
import { Refused } from "./refusal.ts";
import { lookup } from "./select.ts";

/** Field → canonical value. */
export type RecordValues = ReadonlyMap<string, Value>;

/** What a library writes record by record through its own models, so that hooks, validators and subscribers run. */
interface WritesRecords {
  /** Of a model that it does not write, rows go in bulk, in the same transaction. */
  writes(model: string): boolean;
  /** Whether its own forms of these values hold all that is in them; else that row goes in bulk. */
  carries(model: string, values: RecordValues): boolean;
  /** It fills in by itself what a write leaves out. @default it is given that, too */
  readonly fillsIn?: true;
  /** Knows errors of the library that are about the connection, and hide what a driver said. Any other is about the record. */
  readonly mapError?: MeaningOptions["mapError"];
}

/** Of a library that waits for nothing: what it has done when a call returns is done in the transaction of that turn. SQLite. */
export interface TurnWriter extends WritesRecords {
  insert(model: string, records: readonly RecordValues[]): void;
  update(model: string, key: RecordValues, changes: RecordValues): void;
  delete(model: string, key: RecordValues): void;
}

/** Of any other. */
export interface RecordWriter extends WritesRecords {
  /** One transaction of the library's, on a connection that is nobody else's until it ends. */
  transaction<T>(work: (session: RecordSession) => Promise<T>): Promise<T>;
}

/** What the library writes within one transaction; `query` runs there too. */
export interface RecordSession extends Pick<Executor, "query"> {
  insert(model: string, records: readonly RecordValues[]): Promise<void>;
  update(model: string, key: RecordValues, changes: RecordValues): Promise<void>;
  delete(model: string, key: RecordValues): Promise<void>;
  /** Of a library that loads many records at once: these are about to be updated or deleted. */
  load?(model: string, keys: readonly RecordValues[]): Promise<void>;
  /** Of a library that writes many records at once: what it was told of is to be written now. */
  flush?(): Promise<void>;
}

interface Surroundings {
  readonly engine: Executor["dialect"];
  readonly dialect: Dialect;
  /** What a batch in bulk has to bring along. */
  readonly fill: (batch: Batch) => Batch;
  readonly tables: ReadonlyMap<string, WritableTable>;
  readonly sides: SideTables;
  readonly database: string;
}

type Written = UnitOutcome["written"][number];

/**
 * A unit record by record, in one transaction of the library's. Rows to be changed are locked, and compared with what they were
 * when they were read, before the library touches them. What stands there at the end is read again, since hooks may have altered
 * it; the fence is looked at with it, and a lost lease takes everything back.
 */
export async function commitByRecord(writer: RecordWriter, unit: Unit, { engine, dialect, fill, tables, sides, database }: Surroundings): Promise<UnitOutcome> {
  return await writer.transaction(async (session) => {
    const inside: Executor = {
      dialect: engine,
      query: (statement) => session.query(statement),
      async atomic(statements) {
        const answers: Awaited<ReturnType<Executor["query"]>>[] = [];
        for (const statement of statements) answers.push(await session.query(statement));
        return answers;
      },
    };
    const commit = (batches: readonly Batch[]): Promise<UnitOutcome> => dialect.commit(inside, { ...unit, batches }, tables, sides, database);
    const inBulk = (batches: readonly Batch[]): Promise<UnitOutcome> => commit(batches.map(fill));
    const records = new Records(writer, session, inside, inBulk, dialect, tables, sides);
    // The fence takes SQLite's one lock, which stands for that on the rows.
    if (engine === "sqlite") await commit([]);
    const written: Written[] = [];
    for (const batch of unit.batches) {
      const alone = writer.writes(batch.model) && !movesKeys(tables.get(batch.model)!.table, batch);
      written.push(alone && batch.op !== "identify" ? await records.write(batch) : (await inBulk([batch])).written[0]!);
      records.note(batch, written.at(-1)!);
    }
    const questions: (UpdateBatch | undefined)[] = [];
    for (const [b, batch] of unit.batches.entries()) questions.push(await records.question(batch, written[b]!));
    const asked = questions.flatMap((question) => question ?? []);
    const { transaction, written: answers } = await commit(asked);
    return {
      transaction,
      written: questions.map((question, b) => {
        if (question === undefined) return written[b]!;
        const images = answers[asked.indexOf(question)]!.values();
        return written[b]!.map((row) => (row === undefined ? undefined : images.next().value));
      }),
    };
  });
}

/** The library's part of one unit. */
class Records {
  readonly #writer: RecordWriter;
  readonly #session: RecordSession;
  readonly #inside: Executor;
  readonly #inBulk: (batches: readonly Batch[]) => Promise<UnitOutcome>;
  readonly #dialect: Dialect;
  readonly #tables: Surroundings["tables"];
  readonly #sides: SideTables;
  /** Rows that this unit has written: they no longer are what they were when they were read. */
  readonly #ours = new Set<string>();

  constructor(
    writer: RecordWriter, session: RecordSession, inside: Executor, inBulk: (batches: readonly Batch[]) => Promise<UnitOutcome>,
    dialect: Dialect, tables: Surroundings["tables"], sides: SideTables,
  ) {
    this.#writer = writer;
    this.#session = session;
    this.#inside = inside;
    this.#inBulk = inBulk;
    this.#dialect = dialect;
    this.#tables = tables;
    this.#sides = sides;
  }

  note(batch: Batch, written: Written): void {
    for (const [i, row] of written.entries()) if (row !== undefined) this.#ours.add(JSON.stringify([batch.model, keyAfter(this.#tableOf(batch), batch, i)]));
  }

  async write(batch: Exclude<Batch, { op: "identify" }>): Promise<Written> {
    const table = this.#tableOf(batch);
    const found = await this.#rows(table, batch.rows.map(({ key }) => key), true);
    if (batch.op === "insert") {
      if (found.size > 0) throw new Refused({ code: "WRITE.UNIQUE", model: batch.model, constraint: "primary key" });
      return await this.#insert(batch);
    }
    const standing = batch.rows.map(({ key }, i) => {
      const there = found.get(JSON.stringify(key));
      return there !== undefined && !this.#hasMoved(batch, i, there);
    });
    const isTheirs = (i: number): boolean => batch.op === "delete" || this.#writer.carries(batch.model, changesOf(table, batch, i));
    const keys = batch.rows.flatMap(({ key }, i) => (standing[i] && isTheirs(i) ? [key] : []));
    if (keys.length > 0) await this.#session.load?.(batch.model, keys.map((key) => keyOf(table, key)));
    const written: Written[number][] = [];
    for (const [i, { key }] of batch.rows.entries()) {
      if (!standing[i]) written.push(undefined);
      else if (batch.op === "update") written.push(await this.#update(batch, i));
      else {
        await refusing(this.#writer, batch.model, this.#session.delete(batch.model, keyOf(table, key)));
        written.push(true);
      }
    }
    if (this.#session.flush) await refusing(this.#writer, batch.model, this.#session.flush());
    if (batch.op === "delete") await this.#isGone(batch, written);
    if (batch.op === "delete" && !table.cloudId) await forgetRows(this.#inside, table, batch.rows.map(({ key }) => key), this.#sides, this.#dialect.syntax);
    return written;
  }

  /** A hook may have made something else of a delete: to forget a row that is still there would make a new record of it. */
  async #isGone(batch: DeleteBatch, written: Written): Promise<void> {
    const deleted = batch.rows.filter((_, i) => written[i] !== undefined).map(({ key }) => key);
    const left = deleted.length > 0 ? await this.#rows(this.#tableOf(batch), deleted, false) : undefined;
    if (left && left.size > 0) throw new Refused({ code: "WRITE.REFUSED", model: batch.model });
  }

  #hasMoved(batch: UpdateBatch | DeleteBatch, i: number, there: Row): boolean {
    const { key, revision } = batch.rows[i]!;
    const cloudId = batch.op === "update" ? batch.rows[i]!.cloudId : undefined;
    const isNamed = cloudId !== undefined && there.cloudId !== null && there.cloudId !== cloudId;
    return isNamed || (there.revision !== revision && !this.#ours.has(JSON.stringify([batch.model, key])));
  }

  async #insert(batch: InsertBatch): Promise<Written> {
    const { records, others } = newRecords(this.#tableOf(batch), batch, this.#writer);
    for (const some of inPortions(records)) await refusing(this.#writer, batch.model, this.#session.insert(batch.model, some));
    const written: Written[number][] = batch.rows.map(() => true);
    for (const i of others) written[i] = await this.#alone({ ...batch, rows: [batch.rows[i]!] });
    return written;
  }

  async #update(batch: UpdateBatch, i: number): Promise<Written[number]> {
    const table = this.#tableOf(batch);
    const changes = changesOf(table, batch, i);
    if (!this.#writer.carries(batch.model, changes)) return await this.#alone({ ...batch, rows: [batch.rows[i]!] });
    if (changes.size > 0) await refusing(this.#writer, batch.model, this.#session.update(batch.model, keyOf(table, batch.rows[i]!.key), changes));
    return true;
  }

  async #alone(batch: InsertBatch | UpdateBatch): Promise<Written[number]> {
    return (await this.#inBulk([batch])).written[0]![0];
  }

  /** An update that changes nothing: it answers with the rows as they are, and gives new ones their identity. */
  async question(batch: Batch, written: Written): Promise<UpdateBatch | undefined> {
    if (batch.op !== "insert" && batch.op !== "update") return undefined;
    const table = this.#tableOf(batch);
    const keys = batch.rows.map((_, i) => keyAfter(table, batch, i));
    const found = await this.#rows(table, keys, false);
    const rows = batch.rows.flatMap((row, i): UpdateBatch["rows"][number][] => {
      const { revision, cloudId } = found.get(JSON.stringify(keys[i])) ?? { revision: "", cloudId: null };
      const names = !table.cloudId && row.cloudId !== undefined && cloudId === null;
      return written[i] === undefined ? [] : [{ key: keys[i]!, revision, values: [], ...(names ? { cloudId: row.cloudId } : {}) }];
    });
    return rows.length === 0 ? undefined : { op: "update", model: batch.model, fields: [], rows };
  }

  #tableOf({ model }: Batch): Table {
    return this.#tables.get(model)!.table;
  }

  async #rows(table: Table, keys: readonly Key[], lock: boolean): Promise<ReadonlyMap<string, Row>> {
    const anyhow = this.#dialect.reader(table, [], this.#sides.identity);
    const reader = anyhow.bytewise ?? anyhow;
    const { sql, params } = lookup(table, reader, table.keys, keys, this.#dialect.syntax);
    const locks = lock && this.#inside.dialect === "postgres";
    const rows = (await this.#inside.query({ sql: locks ? `${sql} for update of t` : sql, params })).map((texts) => reader.row(texts));
    return new Map(rows.map((row) => [JSON.stringify(row.key), row]));
  }
}

/** What neither the database nor a driver has said, a hook or a validator has: about this record. */
async function refusing(writer: WritesRecords, model: string, write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    throw refusedBy(writer, model, error);
  }
}

export function refusedBy({ mapError }: WritesRecords, model: string, error: unknown): unknown {
  const isTheirs = isSyncError(error) || faultOf(error) !== undefined || mapError?.(error) !== undefined;
  return isTheirs ? error : new Refused({ code: "WRITE.REFUSED", model, cause: error });
}

/** A library takes a record with another key for another record. */
export function movesKeys({ model: { primaryKey } }: Table, batch: Batch): boolean {
  return batch.op === "update" && batch.fields.some((field) => primaryKey.includes(field));
}

export function keyOf({ model }: Table, key: Key): Map<string, Value> {
  return new Map(model.primaryKey.map((field, i) => [field, key[i]!]));
}

/** What a library can write of an insert, and which rows it cannot. */
export function newRecords(table: Table, batch: InsertBatch, writer: WritesRecords): { readonly records: readonly RecordValues[]; readonly others: readonly number[] } {
  const records: RecordValues[] = [];
  const others: number[] = [];
  for (const [i, { key, cloudId, values }] of batch.rows.entries()) {
    const given = new Map([...batch.fields.map((field, f): [string, Value] => [field, values[f] ?? null]), ...keyOf(table, key)]);
    if (table.cloudId) given.set(table.cloudId.field, cloudId);
    if (writer.carries(batch.model, given)) records.push(given);
    else others.push(i);
  }
  return { records, others };
}

/** PostgreSQL takes 65,535 parameters in one statement, SQLite 32,766; a library may have more of them than there are values. */
const MOST_VALUES = 10_000;

export function* inPortions(records: readonly RecordValues[]): Generator<readonly RecordValues[]> {
  const size = Math.max(1, Math.floor(MOST_VALUES / Math.max(1, records[0]?.size ?? 1)));
  for (let i = 0; i < records.length; i += size) yield records.slice(i, i + size);
}

/** What a record gets that it has not. */
export function changesOf(table: Table, batch: UpdateBatch, i: number): Map<string, Value> {
  const { cloudId, values } = batch.rows[i]!;
  const changes = new Map(batch.fields.flatMap((field, f): [string, Value][] => (values[f] === undefined ? [] : [[field, values[f]]])));
  if (table.cloudId && cloudId !== undefined) changes.set(table.cloudId.field, cloudId);
  return changes;
}
