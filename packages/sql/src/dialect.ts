import type { Batch, Changes, Claim, ClaimRequest, DocumentUnit, Finding, Fingerprint, Key, KeyRange, Kind, Row, Unit } from "@sync/core";
import type { Executor, TextRow } from "./executor.ts";
import type { Fit, LiveColumn, LiveTable } from "./inspect.ts";
import type { SqlColumn, SqlModel, Table } from "./model.ts";
import type { TurnWriter } from "./records.ts";

/** The select list for some fields of a table `t`, and what its texts mean. */
export interface RowReader {
  /** Aliased `c0`, `c1`, … */
  readonly select: string;
  /** The same where the row's identity `i` is joined already. */
  readonly joined: string;
  /** The same expressions without aliases. */
  readonly expressions: readonly string[];
  row(texts: TextRow): Row;
  /** Capability: the same rows byte by byte, for answers in which the driver may have shown something else. */
  readonly bytewise?: RowReader & { isNeeded(texts: TextRow): boolean };
}

/** The few places where the engines spell the same thing differently. */
export interface Syntax {
  /** The n-th parameter of a statement, counted from 1, as a text expression. */
  param(n: number): string;
  /** A `from` item `r` with one row per element of a JSON array of arrays, given as a text expression. */
  rows(json: string): string;
  /** The i-th text of such an element. */
  item(i: number): string;
  /** That an indexed expression is among the values of a sub-select of one column. */
  oneOf(expression: string, select: string): string;
  /** The text that stands for a row's key in `sync_identity`, from expressions of the key columns' types. */
  localKey(keys: readonly SqlColumn[], expressions: readonly string[]): string;
  /** The way back: the i-th key column's value out of that text. */
  fromLocalKey(keys: readonly SqlColumn[], i: number, text: string): string;
  /** Where rows may hold texts that are no Unicode: how such a text is passed on, and the expression that restores it. */
  readonly bytes?: { pass(text: string): string; restore(expression: string): string };
}

/** What a finished unit answers with, one entry per row of a batch. */
export interface UnitOutcome {
  readonly transaction: string;
  readonly written: readonly (readonly (true | Row | undefined)[])[];
}

/** Everything that differs between engines. One folder per dialect, the same file names in each. */
export interface Dialect {
  readonly syntax: Syntax;
  /** `identity`: the table, or undefined while it has not been made. */
  reader(table: Table, fields: readonly string[], identity: string | undefined): RowReader;
  claim(executor: Executor, sides: SideTables, request: ClaimRequest): Promise<Claim>;
  release(executor: Executor, sides: SideTables, fence: number, wrote: boolean): Promise<boolean>;
  /** Throws `LEASE.LOST`, or the driver's error; nothing is written then. */
  commit(
    executor: Executor,
    unit: Unit,
    tables: ReadonlyMap<string, WritableTable>,
    sides: SideTables,
    database: string,
  ): Promise<UnitOutcome>;
  /** Capability: as `commit`, where a library writes the records within the same turn. `fill`: what a batch in bulk has to bring along. */
  readonly commitInTurn?: (
    executor: Executor,
    unit: Unit,
    tables: ReadonlyMap<string, WritableTable>,
    sides: SideTables,
    database: string,
    records: { readonly writer: TurnWriter; readonly fill: (batch: Batch) => Batch },
  ) => Promise<UnitOutcome>;
  /** Capability: rows that hold a document each, changed inside. As `commit` otherwise. */
  readonly commitDocuments?: (
    executor: Executor,
    unit: DocumentUnit,
    tables: ReadonlyMap<string, WritableTable>,
    sides: SideTables,
    database: string,
  ) => Promise<UnitOutcome>;
  allocate(executor: Executor, table: Table, count: number): Promise<readonly Key[]>;
  /** Capability: row versions tell what may have changed. */
  readonly changesSince?: (executor: Executor, table: Table, mark: string | undefined, ownUnits: readonly string[]) => Promise<Changes>;
  /** Capability: a range as one hash, the same that `of` gives for its rows. */
  readonly fingerprints?: {
    take(executor: Executor, table: Table, range: KeyRange): Promise<Fingerprint>;
    of(rows: readonly Row[]): string;
  };
  /** What the live database has under the tables' names, by model; a table that is not there is absent. */
  look(executor: Executor, tables: readonly Table[]): Promise<ReadonlyMap<string, LiveTable>>;
  /** Capability: keys inside of documents that no unique index holds. */
  readonly missingDocumentKeys?: (executor: Executor, models: readonly SqlModel[]) => Promise<readonly Finding[]>;
  fit(column: SqlColumn, live: LiveColumn, kind: Kind): Fit;
  /** Removes the tables of lease and identity. */
  uninstall(executor: Executor, sides: SideTables): Promise<void>;
  /** Whether an error says that a table is not there. */
  isMissing(error: unknown): boolean;
}

/** How what was written to a table has to be known: as sent, as returned, or read again at the end of the unit. */
export type AfterImage = "sent" | "returned" | "reread";

export interface WritableTable {
  readonly table: Table;
  readonly after: AfterImage;
  /** The rows that updates name are locked by this very transaction: nobody has changed them since they were compared. */
  readonly locked?: true;
}

/** The names of our own tables in one database. */
export interface SideTables {
  readonly database: string;
  readonly identity: string;
  readonly base: string;
  readonly record: string;
  readonly state: string;
  readonly fence: string;
  readonly encounter: string;
  readonly pair: string;
  readonly schema: string | undefined;
}
