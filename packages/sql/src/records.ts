import type { Batch, DeleteBatch, InsertBatch, Key, Row, Unit, UpdateBatch, Value } from "@sync/core";
import { keyAfter } from "./batch.ts";
import { forgetRows } from "./dangling.ts";
import type { Dialect, SideTables, UnitOutcome, WritableTable } from "./dialect.ts";
import { faultOf } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Table } from "./model.ts";
import { Refused } from "./refusal.ts";
import { lookup } from "./select.ts";

/** Field → canonical value. */
export type RecordValues = ReadonlyMap<string, Value>;

/** Writes records through a library's own models, so that hooks, validators and subscribers run. PostgreSQL. */
export interface RecordWriter {
  /** Of a model that it does not write, rows go in bulk, in the same transaction. */
  writes(model: string): boolean;
  /** Whether its own forms of these values hold all that is in them; else that row goes in bulk. */
  carries(model: string, values: RecordValues): boolean;
  /** One transaction of the library's, on a connection that is nobody else's until it ends. */
  transaction<T>(work: (session: RecordSession) => Promise<T>): Promise<T>;
}

/** What the library writes within one transaction; `query` runs there too. */
export interface RecordSession extends Pick<Executor, "query"> {
  insert(model: string, values: RecordValues): Promise<void>;
  update(model: string, key: RecordValues, changes: RecordValues): Promise<void>;
  delete(model: string, key: RecordValues): Promise<void>;
}

interface Surroundings {
  readonly dialect: Dialect;
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
export async function commitByRecord(writer: RecordWriter, unit: Unit, { dialect, tables, sides, database }: Surroundings): Promise<UnitOutcome> {
  return await writer.transaction(async (session) => {
    const inside: Executor = {
      dialect: "postgres",
      query: (statement) => session.query(statement),
      async atomic(statements) {
        const answers: Awaited<ReturnType<Executor["query"]>>[] = [];
        for (const statement of statements) answers.push(await session.query(statement));
        return answers;
      },
    };
    const inBulk = (batches: readonly Batch[]): Promise<UnitOutcome> => dialect.commit(inside, { ...unit, batches }, tables, sides, database);
    const records = new Records(writer, session, inside, inBulk, dialect, tables, sides);
    const written: Written[] = [];
    for (const batch of unit.batches) {
      const alone = writer.writes(batch.model) && !records.movesKeys(batch);
      written.push(alone && batch.op !== "identify" ? await records.write(batch) : (await inBulk([batch])).written[0]!);
      records.note(batch);
    }
    const questions: (UpdateBatch | undefined)[] = [];
    for (const [b, batch] of unit.batches.entries()) questions.push(await records.question(batch, written[b]!));
    const asked = questions.flatMap((question) => question ?? []);
    const { transaction, written: answers } = await inBulk(asked);
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

  /** A library takes a record with another key for another record. */
  movesKeys(batch: Batch): boolean {
    const { primaryKey } = this.#tableOf(batch).model;
    return batch.op === "update" && batch.fields.some((field) => primaryKey.includes(field));
  }

  note(batch: Batch): void {
    batch.rows.forEach((_, i) => this.#ours.add(JSON.stringify([batch.model, keyAfter(this.#tableOf(batch), batch, i)])));
  }

  async write(batch: Exclude<Batch, { op: "identify" }>): Promise<Written> {
    const table = this.#tableOf(batch);
    const found = await this.#rows(table, batch.rows.map(({ key }) => key), true);
    const written: Written[number][] = [];
    for (const [i, { key }] of batch.rows.entries()) {
      const there = found.get(JSON.stringify(key));
      if (batch.op === "insert") {
        if (there) throw new Refused({ code: "WRITE.UNIQUE", model: batch.model, constraint: "primary key" });
        written.push(await this.#insert(batch, i));
      } else if (there === undefined || this.#hasMoved(batch, i, there)) written.push(undefined);
      else if (batch.op === "update") written.push(await this.#update(batch, i));
      else {
        await refusing(batch.model, this.#session.delete(batch.model, keyOf(table, key)));
        written.push(true);
      }
    }
    if (batch.op === "delete" && !table.cloudId) await forgetRows(this.#inside, table, batch.rows.map(({ key }) => key), this.#sides, this.#dialect.syntax);
    return written;
  }

  #hasMoved(batch: UpdateBatch | DeleteBatch, i: number, there: Row): boolean {
    const { key, revision } = batch.rows[i]!;
    const cloudId = batch.op === "update" ? batch.rows[i]!.cloudId : undefined;
    const isNamed = cloudId !== undefined && there.cloudId !== null && there.cloudId !== cloudId;
    return isNamed || (there.revision !== revision && !this.#ours.has(JSON.stringify([batch.model, key])));
  }

  async #insert(batch: InsertBatch, i: number): Promise<Written[number]> {
    const { key, cloudId, values } = batch.rows[i]!;
    const table = this.#tableOf(batch);
    const given = new Map([...batch.fields.map((field, f): [string, Value] => [field, values[f] ?? null]), ...keyOf(table, key)]);
    if (table.cloudId) given.set(table.cloudId.field, cloudId);
    if (!this.#writer.carries(batch.model, given)) return await this.#alone({ ...batch, rows: [batch.rows[i]!] });
    await refusing(batch.model, this.#session.insert(batch.model, given));
    return true;
  }

  async #update(batch: UpdateBatch, i: number): Promise<Written[number]> {
    const { key, cloudId, values } = batch.rows[i]!;
    const table = this.#tableOf(batch);
    const changes = new Map(batch.fields.flatMap((field, f): [string, Value][] => (values[f] === undefined ? [] : [[field, values[f]]])));
    if (table.cloudId && cloudId !== undefined) changes.set(table.cloudId.field, cloudId);
    if (!this.#writer.carries(batch.model, changes)) return await this.#alone({ ...batch, rows: [batch.rows[i]!] });
    if (changes.size > 0) await refusing(batch.model, this.#session.update(batch.model, keyOf(table, key), changes));
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
    const reader = this.#dialect.reader(table, [], this.#sides.identity);
    const { sql, params } = lookup(table, reader, table.keys, keys, this.#dialect.syntax);
    const rows = (await this.#inside.query({ sql: lock ? `${sql} for update of t` : sql, params })).map((texts) => reader.row(texts));
    return new Map(rows.map((row) => [JSON.stringify(row.key), row]));
  }
}

/** What neither the database nor a driver has said, a hook or a validator has: about this record. */
async function refusing(model: string, write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    throw faultOf(error) === undefined ? new Refused({ code: "WRITE.REFUSED", model }) : error;
  }
}

function keyOf({ model }: Table, key: Key): Map<string, Value> {
  return new Map(model.primaryKey.map((field, i) => [field, key[i]!]));
}
