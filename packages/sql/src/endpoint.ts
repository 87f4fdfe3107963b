import type { Capabilities, Endpoint, FetchRequest, Fingerprint, Key, KeyRange, Model, Page, Row, ScanRequest } from "@sync/core";
import { SyncError } from "@sync/core";
import type { AfterImage, Dialect, RowReader } from "./dialect.ts";
import type { Executor, Statement } from "./executor.ts";
import { type Examination, examine, type LiveTable } from "./inspect.ts";
import type { SqlColumn, Table } from "./model.ts";
import { lookup, lookupIdentity, page } from "./select.ts";

/** Tuples per statement of a fetch: far below every engine's limit on one text, and few trips. */
const FETCH_BATCH = 10_000;

export interface EndpointContext {
  readonly dialect: Dialect;
  readonly executor: Executor;
  /** The identity table; undefined once it is known to be missing, until a claim makes it. */
  identity: string | undefined;
  /** A failure comes out as a `SyncError`. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Something between here and the database may write another value than it was given. */
  mayBeAltered(model: string): boolean;
}

export class SqlEndpoint implements Endpoint {
  readonly model: Model;
  readonly table: Table;
  /** Undefined until the live table has been looked at. */
  after: AfterImage | undefined;
  readonly #context: EndpointContext;
  #versioned = true;
  /** Columns that an index begins with, as far as the live table has been looked at. */
  #leading: ReadonlySet<string> = new Set();

  constructor(table: Table, context: EndpointContext) {
    this.model = table.model;
    this.table = table;
    this.#context = context;
  }

  get capabilities(): Capabilities {
    return {
      changesSince: this.changesSince !== undefined,
      fingerprints: this.fingerprint !== undefined,
      exactWrites: this.after === "sent",
    };
  }

  /** Absent where rows have no versions that can be trusted: views, foreign tables, row security. */
  get changesSince(): Endpoint["changesSince"] {
    const { changesSince } = this.#context.dialect;
    if (!changesSince || !this.#versioned) return undefined;
    return (mark, ownUnits) => this.#context.guard(() => changesSince(this.#context.executor, this.table, mark, ownUnits));
  }

  get fingerprint(): Endpoint["fingerprint"] {
    const { fingerprints } = this.#context.dialect;
    if (!fingerprints) return undefined;
    return async (_fields, ranges) => {
      const taken: Fingerprint[] = [];
      for (const range of ranges) taken.push(await this.#context.guard(() => fingerprints.take(this.#context.executor, this.table, range)));
      return taken;
    };
  }

  /** Takes over what the live table says about writes; gives what a person should know. */
  examined(live: LiveTable | undefined, others: ReadonlySet<string>): Examination {
    const { fit } = this.#context.dialect;
    const kinds = new Map(this.model.fields.map((field) => [field.name, field.kind]));
    const seen = examine(this.table, live, (column, found) => fit(column, found, kinds.get(column.field)!), others);
    this.after = seen.after === "sent" && this.#context.mayBeAltered(this.model.name) ? "returned" : seen.after;
    this.#leading = new Set(live?.leading);
    this.#versioned = live !== undefined && live.kind !== "other" && !live.rowSecurity;
    return seen;
  }

  async *scan(request: ScanRequest): AsyncGenerator<Page> {
    const { fingerprints, syntax } = this.#context.dialect;
    for (const range of request.ranges ?? [OPEN]) {
      let after = range.after;
      for (;;) {
        // One more than asked for says whether the range goes on, without a trip of its own.
        const part = { after, upTo: range.upTo };
        const rows = await this.#rows(request.fields, (reader) => page(this.table, reader, part, request.pageSize + 1, syntax));
        const more = rows.length > request.pageSize;
        if (more) rows.length = request.pageSize;
        const upTo: Key | null = more ? rows.at(-1)!.key : range.upTo;
        yield { rows, range: { after, upTo }, ...(fingerprints ? { fingerprint: fingerprints.of(rows) } : {}) };
        if (!more) break;
        after = upTo;
      }
    }
  }

  async fetch(request: FetchRequest): Promise<readonly Row[]> {
    const tuples = distinct(request.tuples);
    const rows: Row[] = [];
    for (let from = 0; from < tuples.length; from += FETCH_BATCH) {
      const some = tuples.slice(from, from + FETCH_BATCH);
      for (const row of await this.#rows(request.fields, (reader) => this.#lookup(reader, request.by, some))) rows.push(row);
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

  /** Reads before the first claim find no identity table; then no row has an identity, which is all they need to know. */
  async #rows(fields: readonly string[], statement: (reader: RowReader) => Statement | undefined): Promise<Row[]> {
    const context = this.#context;
    for (const field of fields) this.#column(field);
    return await context.guard(async () => {
      const { identity } = context;
      try {
        return await this.#read(fields, statement);
      } catch (error) {
        if (identity === undefined || this.table.cloudId || !context.dialect.isMissing(error)) throw error;
        context.identity = undefined;
        return await this.#read(fields, statement);
      }
    });
  }

  async #read(fields: readonly string[], statement: (reader: RowReader) => Statement | undefined): Promise<Row[]> {
    const { dialect, executor, identity } = this.#context;
    const reader = dialect.reader(this.table, fields, identity);
    const wanted = statement(reader);
    if (wanted === undefined) return [];
    const answer = await executor.query(wanted);
    const { bytewise } = reader;
    if (!bytewise || !answer.some((row) => bytewise.isNeeded(row))) return answer.map((row) => reader.row(row));
    // The whole page again, so that it is from one snapshot.
    return (await executor.query(statement(bytewise)!)).map((row) => bytewise.row(row));
  }

  #lookup(reader: RowReader, by: FetchRequest["by"], tuples: readonly (readonly string[])[]): Statement | undefined {
    const { identity, dialect } = this.#context;
    const among = (columns: readonly SqlColumn[]): Statement => lookup(this.table, reader, columns, tuples, dialect.syntax, this.#leading);
    if (by === "key") return among(this.table.keys);
    if (by !== "cloudId") return among(by.map((field) => this.#column(field)));
    if (this.table.cloudId) return among([this.table.cloudId]);
    return identity === undefined ? undefined : lookupIdentity(this.table, reader, tuples, identity, dialect.syntax);
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
