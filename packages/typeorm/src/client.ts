import { SyncError } from "@sync/core";
import { isBetterSqlite, postgresDriver } from "@sync/sql";
import type { BetterSqliteLike, PgPoolLike, PgTransaction } from "@sync/sql";
import { DataSource } from "typeorm";
import type { EntityMetadata } from "typeorm";

/** What this package needs of TypeORM's `DataSource`. */
export interface DataSourceLike {
  readonly isInitialized: boolean;
  readonly options: { readonly type: string };
  readonly driver: object;
  readonly entityMetadatas: readonly object[];
}

/** An `EntityManager` inside a transaction: what `dataSource.transaction` gives, or `queryRunner.manager`. */
export interface TransactionLike {
  readonly dataSource: DataSourceLike;
  readonly queryRunner?: { readonly isTransactionActive: boolean; readonly isReleased: boolean; connect(): Promise<unknown> };
}

/** What was passed, taken apart. */
export function openedBy(source: DataSourceLike | TransactionLike): { readonly dataSource: DataSourceLike; readonly transaction?: PgTransaction } {
  if (typeof source !== "object" || source === null || !("dataSource" in source) || !("queryRunner" in source)) return { dataSource: source as DataSourceLike };
  const { dataSource, queryRunner } = source;
  if (!queryRunner?.isTransactionActive) {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "This EntityManager is in no transaction: give the DataSource itself, or the manager that `dataSource.transaction` gives.");
  }
  if (handleOf(dataSource).engine === "sqlite") {
    throw new SyncError("OPTIONS.TRANSACTION", "On SQLite a transaction is on the connection that everybody shares: run the sync before it, or after its end.");
  }
  const isOpen = (): boolean => queryRunner.isTransactionActive && !queryRunner.isReleased;
  return { dataSource, transaction: { isOpen, connection: () => queryRunner.connect() } };
}

export type ColumnMetadata = EntityMetadata["columns"][number];

export type Engine = "postgres" | "sqlite";

export type Handle = { readonly engine: "sqlite"; readonly client: BetterSqliteLike } | { readonly engine: "postgres"; readonly client: PgPoolLike };

/** The driver's handle that a data source works on: better-sqlite3's connection, or the pool of node-postgres. */
export function handleOf(dataSource: DataSourceLike): Handle {
  const isObject = typeof dataSource === "object" && dataSource !== null;
  const isDataSource = isObject && typeof dataSource.isInitialized === "boolean" && typeof dataSource.driver === "object" && Array.isArray(dataSource.entityMetadatas);
  if (!isDataSource) throw new SyncError("OPTIONS.WRONG_CLIENT", "typeormDatabase needs a TypeORM DataSource as its first argument.");
  const { type } = dataSource.options;
  if (type !== "postgres" && type !== "better-sqlite3") {
    throw new SyncError("OPTIONS.ENGINE", `TypeORM on ${type} is not supported; postgres and better-sqlite3 are.`);
  }
  if (!dataSource.isInitialized) {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "This DataSource is not initialised: `await dataSource.initialize()` before typeormDatabase.");
  }
  if (!(dataSource instanceof DataSource)) {
    throw new SyncError("OPTIONS.VERSION", "This DataSource is of another copy of typeorm than the one that @sync/typeorm found: keep one copy, at 1.1 or newer.");
  }
  const client: unknown = Reflect.get(dataSource.driver, type === "postgres" ? "master" : "databaseConnection");
  if (type === "better-sqlite3" && isBetterSqlite(client)) return { engine: "sqlite", client };
  if (type === "postgres" && postgresDriver(client) === "pg-pool") return { engine: "postgres", client: client as PgPoolLike };
  // Such as PGlite's: TypeORM sends BEGIN as text over the one session that everything shares, and a unit would fall into it.
  const needed = type === "postgres" ? "a pool of node-postgres" : "better-sqlite3 itself";
  throw new SyncError("OPTIONS.ENGINE", `This DataSource works on another driver than ${needed}, which it needs to be shared with a sync.`);
}
