import type { Capabilities, Endpoint, FetchRequest, Key, KeyRange, Model, Page, Row, ScanRequest } from "@sync/core";
import { SyncError } from "@sync/core";
import type { AfterImage, Dialect, RowReader, SideTables } from "./dialect.ts";
import type { Executor, Statement, TextRow } from "./executor.ts";
import { type Examination, examine, type LiveTable } from "./inspect.ts";
import type { SqlColumn, Table } from "./model.ts";
import { lookup, lookupIdentity, page } from "./select.ts";

/** Tuples per statement of a fetch: far below every engine's limit on one text, and few trips. */
const FETCH_BATCH = 10_000;

export interface EndpointContext {
  readonly dialect: Dialect;
  readonly executor: Executor;
  readonly sides: SideTables;
  /** Runs a statement; a failure comes out as a `SyncError`. */
  query(statement: Statement): Promise<readonly TextRow[]>;
  guard<T>(work: () => Promise<T>): Promise<T>;
}

export class SqlEndpoint implements Endpoint {
  readonly model: Model;
  readonly table: Table;
  /** Undefined until the live table has been looked at. */
  after: AfterImage | undefined;
  readonly #context: EndpointContext;
  readonly #readers = new Map<string, RowReader>();

  constructor(table: Table, context: EndpointContext) {
    this.model = table.model;
    this.table = table;
    this.#context = context;
  }

  get capabilities(): Capabilities {
    return { changesSince: false, fingerprints: false, exactWrites: this.after === "sent" };
  }

  /** Takes over what the live table says about writes; gives what a person should know. */
  examined(live: LiveTable | undefined, others: ReadonlySet<string>): Examination {
    const { fit } = this.#context.dialect;
    const kinds = new Map(this.model.fields.map((field) => [field.name, field.kind]));
    const seen = examine(this.table, live, (column, found) => fit(column, found, kinds.get(column.field)!), others);
    this.after = seen.after;
    return seen;
  }

  async *scan(request: ScanRequest): AsyncGenerator<Page> {
    const reader = this.#reader(request.fields);
    for (const range of request.ranges ?? [OPEN]) {
      let after = range.after;
      for (;;) {
        // One more than asked for says whether the range goes on, without a trip of its own.
        const statement = page(this.table, reader, { after, upTo: range.upTo }, request.pageSize + 1, this.#context.dialect.syntax);
        const texts = await this.#context.query(statement);
        const more = texts.length > request.pageSize;
        const rows = (more ? texts.slice(0, request.pageSize) : texts).map((row) => reader.row(row));
        const upTo: Key | null = more ? rows.at(-1)!.key : range.upTo;
        yield { rows, range: { after, upTo } };
        if (!more) break;
        after = upTo;
      }
    }
  }

  async fetch(request: FetchRequest): Promise<readonly Row[]> {
    const reader = this.#reader(request.fields);
    const tuples = distinct(request.tuples);
    const rows: Row[] = [];
    for (let from = 0; from < tuples.length; from += FETCH_BATCH) {
      const texts = await this.#context.query(this.#lookup(reader, request.by, tuples.slice(from, from + FETCH_BATCH)));
      for (const row of texts) rows.push(reader.row(row));
    }
    return rows;
  }

  async allocate(count: number): Promise<readonly Key[]> {
    const { keyMaker } = this.table;
    if (this.model.keySource !== "allocated") {
      throw new SyncError("ENDPOINT.NO_KEYS", `keys of ${this.model.name} are values of its records`, { model: this.model.name });
    }
    if (typeof keyMaker === "function") return Array.from({ length: count }, () => [keyMaker()]);
    if (count === 0) return [];
    const { dialect, executor } = this.#context;
    return await this.#context.guard(() => dialect.allocate(executor, this.table, count));
  }

  #reader(fields: readonly string[]): RowReader {
    const id = JSON.stringify(fields);
    let reader = this.#readers.get(id);
    if (!reader) {
      for (const field of fields) this.#column(field);
      reader = this.#context.dialect.reader(this.table, fields, this.#context.sides);
      this.#readers.set(id, reader);
    }
    return reader;
  }

  #lookup(reader: RowReader, by: FetchRequest["by"], tuples: readonly (readonly string[])[]): Statement {
    const { sides, dialect } = this.#context;
    if (by === "key") return lookup(this.table, reader, this.table.keys, tuples, dialect.syntax);
    if (by !== "cloudId") return lookup(this.table, reader, by.map((field) => this.#column(field)), tuples, dialect.syntax);
    if (this.table.cloudId) return lookup(this.table, reader, [this.table.cloudId], tuples, dialect.syntax);
    return lookupIdentity(this.table, reader, tuples, sides, dialect.syntax);
  }

  #column(field: string): SqlColumn {
    const column = this.table.column.get(field);
    if (column) return column;
    throw new SyncError("ENDPOINT.UNKNOWN_FIELD", `${this.model.name} has no field ${field}`, { model: this.model.name, field });
  }
}

const OPEN: KeyRange = { after: null, upTo: null };

function distinct(tuples: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const seen = new Map(tuples.map((tuple) => [JSON.stringify(tuple), tuple]));
  return seen.size === tuples.length ? tuples : [...seen.values()];
}
