import { drizzleDatabase } from "@sync/drizzle";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { Pool } from "pg";
import { CHOICES, type ValueKind } from "../corpus/index.ts";
import { ENUM, postgresColumns, postgresSide, postgresTables } from "../postgres.ts";
import { integer } from "../refusals.ts";
import { modelOf, tableOf } from "../side.ts";
import { type SqliteColumns, sqliteColumns, sqliteSide, sqliteTables } from "../sqlite.ts";
import { type OpenValues, sqliteFile } from "./open.ts";

const bytea = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
const choice = pg.pgEnum(ENUM, CHOICES);

const postgresTypes = {
  text: () => pg.text(), boolean: () => pg.boolean(), integer: () => pg.bigint({ mode: "bigint" }), decimal: () => pg.numeric(),
  float: () => pg.doublePrecision(), instant: () => pg.timestamp({ withTimezone: true }), local: () => pg.timestamp({ mode: "string" }),
  date: () => pg.date(), time: () => pg.time(), duration: () => pg.interval(), bytes: () => bytea(), uuid: () => pg.uuid(), enum: () => choice(),
  json: () => pg.jsonb(), list: () => pg.text().array(),
} satisfies Record<ValueKind, () => pg.PgColumnBuilderBase>;

const postgresSchema = Object.fromEntries(Object.entries(postgresTypes).map(([kind, type]) => [
  modelOf(kind as ValueKind),
  pg.pgTable(tableOf(kind as ValueKind), { id: pg.serial().primaryKey(), code: pg.text().notNull().unique(), value: type(), note: pg.text() }),
]));

export const drizzleOnPostgres: OpenValues = async (servers, namespace) => {
  const schema = await servers.postgres().fresh(namespace, postgresTables(postgresColumns));
  const pool = new Pool({ ...schema.config, max: 4 });
  const database = drizzleDatabase(nodePostgres(pool), { schema: postgresSchema });
  return postgresSide(schema, postgresColumns, database, () => pool.end());
};

const sqliteTypes = {
  text: () => lite.text(), boolean: () => lite.integer({ mode: "boolean" }), integer: () => lite.integer(), decimal: () => lite.numeric(),
  float: () => lite.real(), instant: () => lite.integer({ mode: "timestamp_ms" }), bytes: () => lite.blob({ mode: "buffer" }),
  uuid: () => lite.text(), enum: () => lite.text({ enum: CHOICES }), json: () => lite.text({ mode: "json" }),
};

const sqliteSchema = Object.fromEntries(Object.entries(sqliteTypes).map(([kind, type]) => [
  modelOf(kind as ValueKind),
  lite.sqliteTable(tableOf(kind as ValueKind), {
    id: lite.integer().primaryKey({ autoIncrement: true }), code: lite.text().notNull().unique(), value: type(), note: lite.text(),
  }),
]));

/** Drizzle makes a JavaScript number of an integer. */
const columnsOnSqlite: SqliteColumns = { ...sqliteColumns, integer: { ...sqliteColumns.integer, range: "53 bits", takes: integer(53) } };

export const drizzleOnSqlite: OpenValues = async () => {
  const file = sqliteFile();
  const handle = new Database(file.path);
  for (const statement of sqliteTables(columnsOnSqlite)) handle.exec(statement);
  const database = drizzleDatabase(betterSqlite(handle), { schema: sqliteSchema });
  return sqliteSide(handle, columnsOnSqlite, database, async () => {
    handle.close();
    file.remove();
  });
};
