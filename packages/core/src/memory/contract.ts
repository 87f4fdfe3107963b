import type { Database, Key } from "../endpoint.ts";
import type { HintLog } from "../hint-log.ts";
import type { Model } from "../model.ts";
import type { LeaseSnapshot } from "./lease.ts";
import type { MemoryStateSnapshot } from "./state.ts";
import type { MemoryModel, MemoryRecord, Version } from "./tables.ts";
import type { Change } from "./work.ts";

export interface MemoryDatabaseOptions {
  /** For messages. */
  readonly name: string;
  readonly models: readonly (Model | MemoryModel)[];
  /**
   * How this database finds what may have changed: `"changes"` by transaction ids, as PostgreSQL does; `"fingerprints"`
   * of key ranges, as SQLite does; `"none"`.
   * @default "changes"
   */
  readonly tracking?: "changes" | "fingerprints" | "none";
  /** Side tables here can hold the state of pairs. @default true */
  readonly state?: boolean;
  /** The order of texts in keys, this database's collation. @default by UTF-16 code unit */
  readonly compareTexts?: (a: string, b: string) => number;
  /** @default the host's clock and `Math.random` */
  readonly runtime?: {
    now(): number;
    randomBytes(length: number): Uint8Array;
  };
  /** Gives hints of what the application writes, as a library's hooks would: what foreign keys do is not among them. @default false */
  readonly hints?: boolean;
  /** Called at every commit, with all that it changed. */
  readonly onCommit?: (commit: MemoryCommit) => void;
}

/** What one transaction did, as a log would tell it. */
export interface MemoryCommit {
  readonly transaction: string;
  readonly by: "unit" | "application";
  readonly changes: readonly Change[];
}

/** Writes as the user's application makes them. A refused write throws a `SyncError` with the refusal's code. */
export interface Application {
  /** Fields left out get their default. The key is made here unless it is supplied. */
  insert(model: string, record: Readonly<MemoryRecord>): Key;
  /** False when there is no such row. */
  update(model: string, key: Key, changes: Readonly<MemoryRecord>): boolean;
  /** False when there is no such row. */
  delete(model: string, key: Key): boolean;
}

/** A transaction of the application. Its rows are locked, and nobody sees its writes, until it commits. */
export interface ApplicationTransaction extends Application {
  commit(): void;
  rollback(): void;
}

/** Reads behind the contract's back. */
export interface MemoryProbe {
  /** All rows of a model in key order. */
  rows(model: string): { readonly key: Key; readonly cloudId: string | null; readonly record: MemoryRecord }[];
  /** Row versions and identities that units wrote since the database was made; the lease is left out. */
  readonly unitWrites: number;
  /** The lease as it stands. */
  readonly lease: { readonly holder: string; readonly fence: number; readonly runCounter: number };
}

export interface MemorySnapshot extends LeaseSnapshot {
  readonly databaseId: string;
  readonly nextTransaction: number;
  readonly nextKey: number;
  readonly tables: ReadonlyMap<string, { readonly rows: ReadonlyMap<string, Version>; readonly identities: ReadonlyMap<string, string> }>;
  readonly state: MemoryStateSnapshot | undefined;
}

/** The reference implementation of the contract. */
export interface MemoryDatabase extends Database {
  readonly hints?: HintLog;
  readonly application: Application;
  readonly probe: MemoryProbe;
  begin(): ApplicationTransaction;
  /** A backup of everything committed: rows, side tables, state. */
  snapshot(): MemorySnapshot;
  /** Puts a backup in this database's place. With `serverIdentity`: it is a copy on another server. */
  restore(snapshot: MemorySnapshot, options?: { readonly serverIdentity?: string }): void;
}
