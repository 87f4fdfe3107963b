/**
 * All this package needs of a driver. Everything a statement carries is text: rows go in as one JSON text per batch, and
 * everything that comes back is cast to text in SQL, so no driver's idea of a number or a date takes part.
 *
 * Placeholders are `$1`, `$2`, … on Postgres (each cast to text where it stands) and `?` on SQLite. Output columns have
 * distinct names in order (`c0`, `c1`, …), for drivers that give objects.
 */
export interface Statement {
  readonly sql: string;
  readonly params: readonly (string | null)[];
}

export type TextRow = readonly (string | null)[];

/** One `COPY … FROM STDIN` in text format; the chunks are made while they are sent. */
export interface CopyIn {
  readonly copy: string;
  readonly chunks: Iterable<string>;
}

/** One statement, answered at once. */
export type Query = (statement: Statement) => readonly TextRow[];

/** A driver or a library's handle. Errors are thrown as they come. */
export interface Executor {
  readonly dialect: "postgres" | "sqlite";
  /** A fact of the driver: it takes U+FEFF at the beginning of a text for a byte order mark, and drops it. */
  readonly dropsLeadingMark?: true;
  /** A fact of the driver that SQL cannot tell: where the data lie, so that a copy of them is another place. */
  readonly place?: () => string;
  /** One statement, outside any transaction of the application; never sees its uncommitted rows. */
  query(statement: Statement): Promise<readonly TextRow[]>;
  /** All or nothing, in order, in one transaction that is ours alone. Answers with the rows of each statement. */
  atomic(statements: readonly Statement[]): Promise<readonly (readonly TextRow[])[]>;
  /**
   * Capability: one transaction of all that is done until `work` returns, for a driver that waits for nothing: within one turn, so
   * that nothing of the application can come in between. An error takes everything back.
   */
  inTurn?<T>(work: (query: Query) => T): Promise<T>;
  /**
   * Capability: one transaction on a connection of its own that can `COPY … FROM STDIN`. The guard comes first: when it
   * gives no row, the transaction is rolled back and the answer is undefined. Otherwise the rows of guard and steps.
   */
  copyTransaction?(
    guard: Statement,
    steps: readonly (Statement | CopyIn)[],
  ): Promise<readonly (readonly TextRow[])[] | undefined>;
}
