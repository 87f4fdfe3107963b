import type { Batch, DeleteBatch, InsertBatch, Key, Row, Unit, UpdateBatch } from "@sync/core";
import { keyAfter } from "./batch.ts";
import { childless, type Condition } from "./children.ts";
import { forgetRows } from "./dangling.ts";
import type { Dialect, SideTables, UnitOutcome, WritableTable } from "./dialect.ts";
import type { Executor } from "./executor.ts";
import type { Table } from "./model.ts";
import type { RecordSession, RecordWriter } from "./records.ts";
import { changeReader, dataReader, inPortions, movesKeys, newRecords, refusedBy } from "./records.ts";
import { Refused } from "./refusal.ts";
import { at, lookup } from "./select.ts";
import { IDENTITY_CONSTRAINT } from "./sides.ts";

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
    const commit = (batches: readonly Batch[], to: Surroundings["tables"]): Promise<UnitOutcome> => dialect.commit(inside, { ...unit, batches }, to, sides, database);
    const inBulk = (batches: readonly Batch[]): Promise<UnitOutcome> => commit(batches.map(fill), tables);
    const records = new Records(writer, session, inside, inBulk, dialect, tables, sides);
    // The fence takes SQLite's one lock, which stands for that on the rows.
    if (engine === "sqlite") await inBulk([]);
    const written: Written[] = [];
    for (const batch of unit.batches) {
      const alone = writer.writes(batch.model) && !movesKeys(tables.get(batch.model)!.table, batch);
      written.push(alone && batch.op !== "identify" ? await records.write(batch) : (await inBulk([batch])).written[0]!);
      records.note(batch, written.at(-1)!);
    }
    const questions = unit.batches.map((batch, b) => records.question(batch, written[b]!));
    const asked = questions.flatMap((question) => question ?? []);
    const locked = new Map(asked.map(({ model }) => [model, { table: tables.get(model)!.table, after: tables.get(model)!.after, locked: true } as const]));
    const { transaction, written: answers } = await commit(asked, locked);
    const answerTo = (question: UpdateBatch): Written => answers[asked.indexOf(question)]!;
    for (const [b, batch] of unit.batches.entries()) {
      const question = questions[b];
      if (question) await records.refuseTakenIdentity(batch, question, answerTo(question));
    }
    return {
      transaction,
      written: questions.map((question, b) => {
        if (question === undefined) return written[b]!;
        const images = answerTo(question).values();
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
    const { model } = batch;
    const keys = batch.rows.map(({ key }) => key);
    const locked = await this.#rows(table, keys, true);
    const free = childless(batch, table, table.keys.map(at), this.#tables, this.#dialect.syntax, 2);
    // By a statement of its own: one that had to wait for a lock has not seen what was committed meanwhile.
    const found = free.and === "" ? locked : await this.#rows(table, keys, false, free);
    if (batch.op === "insert") {
      if (found.size > 0) throw new Refused({ code: "WRITE.UNIQUE", model, constraint: "primary key" });
      return await this.#insert(batch);
    }
    const keyOf = dataReader(this.#writer, model, table.model.primaryKey);
    const changesOf = batch.op === "update" ? changeReader(table, batch, this.#writer) : undefined;
    const todo = batch.rows.map(({ key }, i) => {
      const there = found.get(JSON.stringify(key));
      if (there === undefined || this.#hasMoved(batch, i, there)) return undefined;
      const [named, changes] = [keyOf(key), changesOf ? changesOf(i) : {}];
      return named && changes ? { key: named, changes } : "in bulk";
    });
    const theirs = todo.flatMap((each) => (typeof each === "object" ? [each.key] : []));
    if (theirs.length > 0) await this.#session.load?.(model, theirs);
    const written: Written[number][] = [];
    for (const [i, each] of todo.entries()) {
      if (each === undefined) written.push(undefined);
      else if (each === "in bulk") written.push(await this.#alone({ ...batch, rows: [batch.rows[i]!] } as Batch));
      else {
        if (batch.op === "delete") await this.#refusing(model, this.#session.delete(model, each.key));
        else if (Object.keys(each.changes).length > 0) await this.#refusing(model, this.#session.update(model, each.key, each.changes));
        written.push(true);
      }
    }
    if (this.#session.flush) await this.#refusing(model, this.#session.flush());
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
    for (const some of inPortions(records)) await this.#refusing(batch.model, this.#session.insert(batch.model, some));
    const written: Written[number][] = batch.rows.map(() => true);
    for (const i of others) written[i] = await this.#alone({ ...batch, rows: [batch.rows[i]!] });
    return written;
  }

  async #alone(batch: Batch): Promise<Written[number]> {
    return (await this.#inBulk([batch])).written[0]![0];
  }

  /** An update that changes nothing: it answers with the rows as they are, and gives them the identities of the batch. */
  question(batch: Batch, written: Written): UpdateBatch | undefined {
    if (batch.op !== "insert" && batch.op !== "update") return undefined;
    const table = this.#tableOf(batch);
    const rows = batch.rows.flatMap(({ cloudId }, i): UpdateBatch["rows"][number][] => {
      const names = !table.cloudId && cloudId !== undefined;
      return written[i] === undefined ? [] : [{ key: keyAfter(table, batch, i), revision: "", values: [], ...(names ? { cloudId } : {}) }];
    });
    return rows.length === 0 ? undefined : { op: "update", model: batch.model, fields: [], rows };
  }

  /** A new row that does not answer was kept back by the database, or the identity of one that is gone stands in its way. */
  async refuseTakenIdentity(batch: Batch, question: UpdateBatch, answer: Written): Promise<void> {
    const table = this.#tableOf(batch);
    const silent = batch.op === "insert" && !table.cloudId ? question.rows.filter((_, i) => answer[i] === undefined).map(({ key }) => key) : [];
    const there = silent.length > 0 ? await this.#rows(table, silent, false) : undefined;
    if (there && there.size > 0) throw new Refused({ code: "WRITE.UNIQUE", model: batch.model, constraint: `${IDENTITY_CONSTRAINT}local_key` });
  }

  /** What neither the database nor a driver has said, a hook or a validator has: about this record. */
  async #refusing(model: string, write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      throw refusedBy(this.#writer, model, error);
    }
  }

  #tableOf({ model }: Batch): Table {
    return this.#tables.get(model)!.table;
  }

  async #rows(table: Table, keys: readonly Key[], lock: boolean, more: Condition = { and: "", params: [] }): Promise<ReadonlyMap<string, Row>> {
    const anyhow = this.#dialect.reader(table, [], this.#sides.identity);
    const reader = anyhow.bytewise ?? anyhow;
    const { sql, params } = lookup(table, reader, table.keys, keys, this.#dialect.syntax);
    const locks = lock && this.#inside.dialect === "postgres" ? " for update of t" : "";
    const rows = (await this.#inside.query({ sql: sql + more.and + locks, params: [...params, ...more.params] })).map((texts) => reader.row(texts));
    return new Map(rows.map((row) => [JSON.stringify(row.key), row]));
  }
}
