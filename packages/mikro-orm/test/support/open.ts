import { MikroORM as PgliteOrm } from "@mikro-orm/pglite";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import { NodeSqliteDialect, SqliteDriver, SqlMikroORM } from "@mikro-orm/sql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import type { FreshDatabase, PostgresServer } from "@sync/test-databases";
import { PGliteDialect } from "kysely";
import { openPglite } from "@sync/test-databases";
import { postgresEntities, sqliteEntities } from "./entities.ts";

/** What the tests do with an ORM, whatever it works on. */
export interface Opened {
  readonly orm: SqlMikroORM;
  close(): Promise<void>;
}

type Entities = readonly object[];

/** better-sqlite3. */
export async function openSqlite(entities: Entities = sqliteEntities, more: object = {}): Promise<Opened> {
  const orm = new SqliteOrm({ entities: [...entities] as never, dbName: ":memory:", ...more });
  await orm.schema.create();
  return { orm: orm as never, close: () => orm.close() };
}

/** node:sqlite behind a dialect: its handle cannot be had. */
export async function openNodeSqlite(entities: Entities = sqliteEntities, more: object = {}): Promise<Opened> {
  const orm = new SqlMikroORM({ driver: SqliteDriver, entities: [...entities] as never, dbName: ":memory:", driverOptions: new NodeSqliteDialect(":memory:"), ...more });
  await orm.schema.create();
  return { orm: orm as never, close: () => orm.close() };
}

/** The pool of node-postgres. */
export async function openPool(server: PostgresServer, namespace: string, entities: Entities = postgresEntities, more: object = {}): Promise<Opened & { readonly fresh: FreshDatabase }> {
  const fresh = await server.freshDatabase(namespace);
  const orm = new PostgresOrm({ entities: [...entities] as never, clientUrl: fresh.url, ...more });
  await orm.schema.create();
  return {
    orm: orm as never,
    fresh,
    async close() {
      await orm.close();
      await fresh.drop();
    },
  };
}

/** MikroORM's own driver for PGlite. */
export async function openOwnPglite(entities: Entities = postgresEntities, more: object = {}): Promise<Opened> {
  const orm = new PgliteOrm({ entities: [...entities] as never, dbName: "memory://", ...more });
  await orm.schema.create();
  return { orm: orm as never, close: () => orm.close() };
}

/** PGlite behind a dialect of Kysely. */
export async function openPgliteDialect(entities: Entities = postgresEntities, more: object = {}): Promise<Opened> {
  const pglite = await openPglite();
  const orm = new PostgresOrm({ entities: [...entities] as never, dbName: "none", driverOptions: new PGliteDialect({ pglite }), ensureDatabase: false, ...more });
  await pglite.exec(await orm.schema.getCreateSchemaSQL());
  return { orm: orm as never, close: () => orm.close() };
}
