import { defineEntity, p } from "@mikro-orm/core";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import { mikroOrmDatabase } from "@sync/mikro-orm";
import Database from "better-sqlite3";
import { CHOICES, type ValueKind } from "../corpus/index.ts";
import { ENUM, postgresColumns, postgresSide, postgresTables } from "../postgres.ts";
import { day } from "../refusals.ts";
import { modelOf, tableOf } from "../side.ts";
import { listsInText, numericJson, type SqliteColumns, sqliteColumns, sqliteSide, sqliteTables, textsAs } from "../sqlite.ts";
import { type OpenValues, sqliteFile } from "./open.ts";

type Types = Readonly<Partial<Record<ValueKind, object>>>;

function entities(types: Types): object[] {
  return Object.entries(types).map(([kind, value]) => defineEntity({
    name: modelOf(kind as ValueKind), tableName: tableOf(kind as ValueKind),
    properties: { id: p.integer().primary(), code: p.text().unique(), value: value as ReturnType<typeof p.text>, note: p.text().nullable() },
  }) as object);
}

const common = {
  text: p.text().nullable(), boolean: p.boolean().nullable(), integer: p.bigint().nullable(), float: p.double().nullable(), instant: p.datetime().nullable(),
  date: p.date().nullable(), bytes: p.blob().nullable(), json: p.json().nullable(), list: p.array().nullable(),
};

const postgresEntities = entities({
  ...common, instant: p.datetime(6).nullable(), decimal: p.decimal().columnType("numeric").nullable(),
  // MikroORM makes a Date of it, and so a moment, where nothing says otherwise.
  local: p.string().columnType("timestamp").runtimeType("string").nullable(),
  time: p.string().columnType("time").nullable(), duration: p.interval().nullable(), uuid: p.uuid().nullable(),
  enum: p.enum(CHOICES).nativeEnumName(ENUM).nullable(),
});

export const mikroOrmOnPostgres: OpenValues = async (servers, namespace) => {
  const schema = await servers.postgres().fresh(namespace, postgresTables(postgresColumns));
  const { connectionString: clientUrl, options } = schema.config;
  const orm = new PostgresOrm({ entities: postgresEntities as never, clientUrl, driverOptions: { options }, pool: { max: 4 } });
  return postgresSide(schema, postgresColumns, mikroOrmDatabase(orm), () => orm.close());
};

const sqliteEntities = entities({ ...common, decimal: p.decimal().precision(15).nullable(), uuid: p.text().nullable(), enum: p.enum(CHOICES).nullable() });

const columnsOnSqlite: SqliteColumns = {
  ...sqliteColumns,
  integer: { ...sqliteColumns.integer, type: "bigint" },
  date: textsAs("date", day),
  json: numericJson,
  list: listsInText(marshalled, unmarshalled),
};

/** As MikroORM does: items with a sign that means something are quoted. */
function marshalled(items: readonly string[]): string {
  return items.map((item) => (/[,",\\]/.test(item) ? JSON.stringify(item) : item)).join(",");
}

function unmarshalled(text: string): readonly string[] {
  if (text === "") return [];
  return text.split(/,(?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/s).map((item) => (item.startsWith("\"") ? JSON.parse(item) as string : item));
}

export const mikroOrmOnSqlite: OpenValues = async () => {
  const file = sqliteFile();
  const handle = new Database(file.path);
  for (const statement of sqliteTables(columnsOnSqlite)) handle.exec(statement);
  const orm = new SqliteOrm({ entities: sqliteEntities as never, dbName: file.path });
  return sqliteSide(handle, columnsOnSqlite, mikroOrmDatabase(orm), async () => {
    await orm.close();
    handle.close();
    file.remove();
  });
};
