import type { Refusal } from "@sync/core";
import { isSyncError, SyncError } from "@sync/core";
import { leaseLost } from "./lease.ts";
import type { Table } from "./model.ts";
import { FENCE_CONSTRAINT, IDENTITY_CONSTRAINT } from "./sides.ts";

/** What the engine itself said, found below whatever a driver and a library wrapped around it. */
export type Fault =
  | { readonly engine: "postgres"; readonly state: string; readonly message: string; readonly constraint?: string; readonly table?: string; readonly column?: string }
  | { readonly engine: "sqlite"; readonly code: string; readonly message: string }
  | { readonly engine: "network"; readonly code: string; readonly message: string };

/** What a failure means for the one who asked. */
export type Meaning = { readonly refusal: Refusal } | { readonly error: SyncError };

export interface MeaningOptions {
  readonly database: string;
  readonly tables?: Iterable<Table>;
  /** The adapter's word comes first: for errors of its library that hide what the engine said. */
  readonly mapError?: (error: unknown) => Meaning | { readonly retryable: boolean } | undefined;
}

/** Pure: no I/O, and no value of a row in any message or property, since only names are taken over. */
export function meaningOf(error: unknown, options: MeaningOptions): Meaning {
  if (isSyncError(error)) return { error };
  const mapped = options.mapError?.(error);
  if (mapped && !("retryable" in mapped)) return mapped;
  if (mapped) return { error: mapped.retryable ? unavailable(error, options) : unknown(error, options) };
  // JavaScript's own limit on one text, met while the rows of a unit are put into one.
  if (error instanceof RangeError && error.message.includes("string length")) return { refusal: { code: "WRITE.VALUE" } };
  const fault = faultOf(error);
  if (fault === undefined) return { error: isClosed(error) ? closed(error, options) : unknown(error, options) };
  if (fault.engine === "network") return { error: unavailable(error, options) };
  const refusal = fault.engine === "postgres" ? postgresRefusal(fault) : sqliteRefusal(fault);
  if (refusal?.constraint === FENCE_CONSTRAINT) return { error: leaseLost(options.database, error) };
  if (refusal) return { refusal: withNames(refusal, options.tables) };
  return { error: fault.engine === "postgres" ? postgresError(fault.state, error, options) : sqliteError(fault, error, options) };
}

/** Names as the engine knows them; `withNames` turns them into model and field. */
interface RawRefusal {
  readonly code: Refusal["code"];
  readonly constraint?: string;
  readonly table?: string;
  readonly columns?: readonly string[];
}

const POSTGRES_REFUSALS: Readonly<Record<string, Refusal["code"]>> = {
  "23505": "WRITE.UNIQUE",
  "23503": "WRITE.FOREIGN_KEY",
  "23001": "WRITE.FOREIGN_KEY",
  "23514": "WRITE.CHECK",
  "23502": "WRITE.NOT_NULL",
  "44000": "WRITE.CHECK",
  "23P01": "WRITE.REFUSED",
  "23000": "WRITE.REFUSED",
  P0001: "WRITE.REFUSED",
  "428C9": "WRITE.REFUSED",
  // Nested too deeply; too much in one text, which half of the rows may not be.
  "54001": "WRITE.VALUE",
  "54000": "WRITE.VALUE",
};

function postgresRefusal(fault: Extract<Fault, { engine: "postgres" }>): RawRefusal | undefined {
  // 22012 and the like come from generated columns and checks: they too are about one row's values.
  const code = POSTGRES_REFUSALS[fault.state] ?? (fault.state.startsWith("22") ? "WRITE.VALUE" : undefined);
  if (code === undefined) return undefined;
  // Some libraries keep only the message. The engine's own messages of class 23 quote names and no values.
  const message = fault.state.startsWith("23") ? fault.message : "";
  const constraint = fault.constraint ?? /constraint "([^"]+)"/.exec(message)?.[1];
  const column = fault.column ?? /column "([^"]+)"/.exec(message)?.[1];
  const table = fault.table ?? /(?:relation|table) "([^"]+)"/.exec(message)?.[1];
  return {
    code,
    ...(constraint === undefined || code === "WRITE.NOT_NULL" || code === "WRITE.VALUE" ? {} : { constraint }),
    ...(table === undefined || code === "WRITE.VALUE" ? {} : { table }),
    ...(column === undefined ? {} : { columns: [column] }),
  };
}

function postgresError(state: string, error: unknown, options: MeaningOptions): SyncError {
  const { database } = options;
  const family = state.slice(0, 2);
  if (family === "08" || state.startsWith("57P0") || family === "53") return unavailable(error, options);
  if (state === "40001" || state === "40P01" || state === "55P03" || state === "25P02") return contention(error, options);
  if (state === "57014") {
    return new SyncError("ENDPOINT.TIMEOUT", `${database}: the database cancelled a statement (its time limit); smaller pages or a longer limit help`, { retryable: true, database, cause: error });
  }
  if (family === "28") return new SyncError("ENDPOINT.FORBIDDEN", `${database}: the database refuses this login; look at user, password and host rules`, { database, cause: error });
  if (state === "3D000") return new SyncError("ENDPOINT.SCHEMA", `${database}: the server has no such database`, { database, cause: error });
  if (state === "42501") return new SyncError("ENDPOINT.FORBIDDEN", `${database}: the user lacks a privilege that the sync needs`, { database, cause: error });
  if (state === "25006") return readOnly(error, options);
  if (state === "42P01" || state === "42703" || state === "42704" || state === "3F000") return schema(error, options);
  return unknown(error, options);
}

const SQLITE_REFUSALS: Readonly<Record<string, Refusal["code"]>> = {
  SQLITE_CONSTRAINT_UNIQUE: "WRITE.UNIQUE",
  SQLITE_CONSTRAINT_PRIMARYKEY: "WRITE.UNIQUE",
  SQLITE_CONSTRAINT_ROWID: "WRITE.UNIQUE",
  SQLITE_CONSTRAINT_FOREIGNKEY: "WRITE.FOREIGN_KEY",
  SQLITE_CONSTRAINT_CHECK: "WRITE.CHECK",
  SQLITE_CONSTRAINT_NOTNULL: "WRITE.NOT_NULL",
  SQLITE_CONSTRAINT_DATATYPE: "WRITE.VALUE",
  SQLITE_MISMATCH: "WRITE.VALUE",
  SQLITE_TOOBIG: "WRITE.VALUE",
  SQLITE_CONSTRAINT_TRIGGER: "WRITE.REFUSED",
};

function sqliteRefusal({ code, message }: Extract<Fault, { engine: "sqlite" }>): RawRefusal | undefined {
  // `ON DELETE RESTRICT` is said with the code of a trigger.
  const isRestrict = code === "SQLITE_CONSTRAINT_TRIGGER" && message.endsWith("FOREIGN KEY constraint failed");
  const by = isRestrict ? "WRITE.FOREIGN_KEY" : (SQLITE_REFUSALS[code] ?? (code.startsWith("SQLITE_CONSTRAINT") ? sqliteByMessage(message) : undefined));
  if (by === undefined) return undefined;
  const rest = /(?:failed|in): (.+)$/s.exec(message)?.[1];
  if (by === "WRITE.CHECK") return { code: by, ...(rest === undefined ? {} : { constraint: rest }) };
  if (by !== "WRITE.UNIQUE" && by !== "WRITE.NOT_NULL") return { code: by };
  const index = rest === undefined ? undefined : /^index '(.+)'$/.exec(rest)?.[1];
  if (index !== undefined) return { code: by, constraint: index };
  const names = rest?.split(", ").map((name) => name.split(".")) ?? [];
  const table = names[0]?.at(-2);
  const primary = code === "SQLITE_CONSTRAINT_PRIMARYKEY" || code === "SQLITE_CONSTRAINT_ROWID";
  // As they are called on Postgres, where constraints have names.
  const identity = table === "sync_identity" ? `${IDENTITY_CONSTRAINT}${names.at(-1)!.at(-1)}` : undefined;
  return {
    code: by,
    ...(by === "WRITE.NOT_NULL" || rest === undefined ? {} : { constraint: identity ?? (primary ? "primary key" : rest) }),
    ...(table === undefined ? {} : { table }),
    ...(names.length === 0 ? {} : { columns: names.map((name) => name.at(-1)!) }),
  };
}

/** Drivers that give only the primary code. */
function sqliteByMessage(message: string): Refusal["code"] {
  if (message.includes("UNIQUE")) return "WRITE.UNIQUE";
  if (message.includes("FOREIGN KEY")) return "WRITE.FOREIGN_KEY";
  if (message.includes("NOT NULL")) return "WRITE.NOT_NULL";
  if (message.includes("CHECK")) return "WRITE.CHECK";
  return "WRITE.REFUSED";
}

function sqliteError({ code, message }: Extract<Fault, { engine: "sqlite" }>, error: unknown, options: MeaningOptions): SyncError {
  // Of the application's, on the connection that it shares with us.
  const isInTheirs = message.includes("cannot start a transaction within a transaction");
  if (isInTheirs || code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return contention(error, options);
  if (code.startsWith("SQLITE_READONLY")) return readOnly(error, options);
  if (/^SQLITE_(?:IOERR|FULL|CANTOPEN|NOMEM|PROTOCOL)/.test(code)) return unavailable(error, options);
  if (/no such (?:table|column)|has no column named/.test(message)) return schema(error, options);
  return unknown(error, options);
}

const unavailable = (error: unknown, { database }: MeaningOptions): SyncError =>
  new SyncError("ENDPOINT.UNAVAILABLE", `${database}: the database cannot be reached or is out of resources`, { retryable: true, database, cause: error });

const contention = (error: unknown, { database }: MeaningOptions): SyncError =>
  new SyncError("ENDPOINT.CONTENTION", `${database}: the database gave way to another transaction (deadlock, serialisation, lock)`, { retryable: true, database, cause: error });

const readOnly = (error: unknown, { database }: MeaningOptions): SyncError =>
  new SyncError("ENDPOINT.READ_ONLY", `${database}: the database takes no writes`, { database, cause: error });

const schema = (error: unknown, { database }: MeaningOptions): SyncError =>
  new SyncError("ENDPOINT.SCHEMA", `${database}: a table or column of the models is not in the database; the cause names it`, { database, cause: error });

const closed = (error: unknown, { database }: MeaningOptions): SyncError =>
  new SyncError("ENDPOINT.CLOSED", `${database}: the connection was closed, or never opened; run the sync while it is open`, { database, cause: error });

const unknown = (error: unknown, { database }: MeaningOptions): SyncError =>
  new SyncError("ENDPOINT.UNKNOWN", `${database}: the database failed in a way this adapter does not know; the cause has its words`, { database, cause: error });

/** Table and columns as model and field, where they belong to exactly one of ours. */
function withNames(raw: RawRefusal, tables: Iterable<Table> = []): Refusal {
  const table = raw.table === undefined ? undefined : [...tables].find((each) => each.name === raw.table);
  const column = raw.columns?.length === 1 ? raw.columns[0] : undefined;
  const field = column === undefined ? undefined : (table?.columns.find((each) => each.column === column)?.field ?? column);
  return {
    code: raw.code,
    ...(raw.constraint === undefined ? {} : { constraint: raw.constraint }),
    ...(field === undefined ? {} : { field }),
    ...(table === undefined ? {} : { model: table.model.name }),
  };
}

export function sqlState(error: unknown): string | undefined {
  const fault = faultOf(error);
  return fault?.engine === "postgres" ? fault.state : undefined;
}

export function sqliteFault(error: unknown): { readonly code: string; readonly message: string } | undefined {
  const fault = faultOf(error);
  return fault?.engine === "sqlite" ? fault : undefined;
}

/** What drivers say when they are asked for something after they were closed. */
const CLOSED = /database connection is not open|pool after calling end|Client was closed|Driver not Connected|PGlite (?:instance )?is (?:already )?closed/;

function isClosed(error: unknown, below = 16): boolean {
  if (!(error instanceof Error) || below === 0) return false;
  return CLOSED.test(error.message) || isClosed(error.cause, below - 1);
}

const WRAPPERS = ["cause", "driverError", "originalError", "driverAdapterError", "meta", "error"] as const;

/** The first thing along the chain of causes that looks like an engine's own error. */
export function faultOf(error: unknown): Fault | undefined {
  const queue: unknown[] = [error];
  for (let i = 0; i < queue.length && i < 16; i += 1) {
    const each = queue[i];
    if (typeof each !== "object" || each === null) continue;
    const fault = engineFault(each as Record<string, unknown>);
    if (fault) return fault;
    for (const name of WRAPPERS) queue.push((each as Record<string, unknown>)[name]);
    if ("errors" in each && Array.isArray(each.errors)) queue.push(...(each.errors as unknown[]));
  }
  return undefined;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;
const NETWORK = /^(?:E(?:CONN(?:REFUSED|RESET|ABORTED)|PIPE|TIMEDOUT|AI_AGAIN|HOSTUNREACH|NETUNREACH|NOTFOUND)|ENOTFOUND)$/;
const LOST = /Connection terminated|connection is closed|Client has encountered a connection error|timeout exceeded when trying to connect|server closed the connection|terminating connection/i;

function engineFault(error: Record<string, unknown>): Fault | undefined {
  const text = (name: string): string | undefined => (typeof error[name] === "string" ? error[name] : undefined);
  const message = text("originalMessage") ?? text("message") ?? text("errstr") ?? "";
  const code = text("originalCode") ?? text("code");
  if (code?.startsWith("SQLITE_")) return { engine: "sqlite", code, message };
  if (typeof error["errcode"] === "number") return { engine: "sqlite", code: sqliteNumber(error["errcode"]), message };
  if (error["kind"] === "sqlite" && typeof error["extendedCode"] === "number") {
    return { engine: "sqlite", code: sqliteNumber(error["extendedCode"]), message };
  }
  if (error["kind"] === "SocketTimeout") return { engine: "sqlite", code: "SQLITE_BUSY", message };
  if (code !== undefined && NETWORK.test(code)) return { engine: "network", code, message };
  const isPostgres = code !== undefined && SQLSTATE.test(code) && (error["severity"] !== undefined || error["originalCode"] !== undefined || error["kind"] === "postgres");
  if (isPostgres) {
    const { index } = (typeof error["constraint"] === "object" && error["constraint"] !== null ? error["constraint"] : {}) as { index?: string };
    return { engine: "postgres", state: code, message, ...named("constraint", index ?? text("constraint")), ...named("table", text("table")), ...named("column", text("column")) };
  }
  if (LOST.test(message)) return { engine: "network", code: "LOST", message };
  return undefined;
}

function named<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  return value === undefined || value === "" ? {} : ({ [name]: value } as { [key in K]?: string });
}

const SQLITE_CODES: Readonly<Record<number, string>> = {
  5: "SQLITE_BUSY", 6: "SQLITE_LOCKED", 7: "SQLITE_NOMEM", 8: "SQLITE_READONLY", 10: "SQLITE_IOERR", 13: "SQLITE_FULL", 14: "SQLITE_CANTOPEN",
  15: "SQLITE_PROTOCOL", 18: "SQLITE_TOOBIG", 19: "SQLITE_CONSTRAINT", 20: "SQLITE_MISMATCH",
  275: "SQLITE_CONSTRAINT_CHECK", 787: "SQLITE_CONSTRAINT_FOREIGNKEY", 1299: "SQLITE_CONSTRAINT_NOTNULL",
  1555: "SQLITE_CONSTRAINT_PRIMARYKEY", 1811: "SQLITE_CONSTRAINT_TRIGGER", 2067: "SQLITE_CONSTRAINT_UNIQUE",
  2579: "SQLITE_CONSTRAINT_ROWID", 3091: "SQLITE_CONSTRAINT_DATATYPE",
};

/** node:sqlite and Prisma give numbers: the extended code, whose low byte is the primary one. */
function sqliteNumber(code: number): string {
  return SQLITE_CODES[code] ?? SQLITE_CODES[code & 255] ?? "SQLITE_ERROR";
}
