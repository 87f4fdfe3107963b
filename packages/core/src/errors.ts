import type { Finding } from "./endpoint.ts";

export interface SyncErrorOptions {
  /** Worth trying again unchanged: a lost connection, a deadlock, a serialisation failure. */
  readonly retryable?: boolean;
  readonly stage?: string;
  readonly database?: string;
  readonly model?: string;
  readonly field?: string;
  /** Everything a check found, where it found more than one thing. */
  readonly findings?: readonly Finding[];
  readonly cause?: unknown;
}

/**
 * The one error of this project. `code` is `AREA.REASON`; the message says what happened, where, and what to do next.
 * Neither message nor properties hold row values, parameters or credentials; a native error is kept as `cause` only.
 */
export class SyncError extends Error {
  readonly isSyncError: true = true;
  readonly code: string;
  readonly retryable: boolean;
  readonly stage: string | undefined;
  readonly database: string | undefined;
  readonly model: string | undefined;
  readonly field: string | undefined;
  readonly findings: readonly Finding[];

  constructor(code: string, message: string, options: SyncErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SyncError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.stage = options.stage;
    this.database = options.database;
    this.model = options.model;
    this.field = options.field;
    this.findings = options.findings ?? [];
  }
}

/** By brand, not `instanceof`: two copies of this package recognise each other's errors. */
export function isSyncError(error: unknown): error is SyncError {
  return typeof error === "object" && error !== null && "isSyncError" in error;
}
