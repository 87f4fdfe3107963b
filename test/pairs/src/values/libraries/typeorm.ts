import { typeormDatabase } from "@sync/typeorm";
import Database from "better-sqlite3";
import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from "typeorm";
import { CHOICES, type ValueKind } from "../corpus/index.ts";
import { ENUM, postgresColumns, postgresSide, postgresTables } from "../postgres.ts";
import { modelOf, tableOf } from "../side.ts";
import { listsInText, momentsAs, type SqliteColumns, sqliteColumns, sqliteSide, sqliteTables, textsAs } from "../sqlite.ts";
import { clock, day, noInfinity, shaped } from "../refusals.ts";
import { type OpenValues, sqliteFile } from "./open.ts";

type Types = Readonly<Partial<Record<ValueKind, EntitySchemaColumnOptions>>>;

function entities(types: Types): EntitySchema[] {
  return Object.entries(types).map(([kind, type]) => new EntitySchema({
    name: modelOf(kind as ValueKind), tableName: tableOf(kind as ValueKind),
    columns: {
      id: { type: "int", primary: true, generated: "increment" }, code: { type: "text", unique: true }, value: { ...type, nullable: true },
      note: { type: "text", nullable: true },
    },
  }));
}

const common = { text: { type: "text" }, boolean: { type: "boolean" }, integer: { type: "bigint" }, date: { type: "date" }, time: { type: "time" } } as const;
const choices = [...CHOICES];

const postgresEntities = entities({
  ...common, decimal: { type: "numeric" }, float: { type: "double precision" }, instant: { type: "timestamptz" }, local: { type: "timestamp" },
  duration: { type: "interval" }, bytes: { type: "bytea" }, uuid: { type: "uuid" }, enum: { type: "enum", enum: choices, enumName: ENUM },
  json: { type: "jsonb" }, list: { type: "text", array: true },
});

export const typeormOnPostgres: OpenValues = async (servers, namespace) => {
  const schema = await servers.postgres().fresh(namespace, postgresTables(postgresColumns));
  const { connectionString: url, options } = schema.config;
  const source = new DataSource({ type: "postgres", url, extra: { options }, poolSize: 4, installExtensions: false, entities: postgresEntities });
  await source.initialize();
  const database = typeormDatabase(source, { kinds: { [modelOf("local")]: { value: { type: "local", digits: 6 } } } });
  return postgresSide(schema, postgresColumns, database, () => source.destroy());
};

const sqliteEntities = entities({
  ...common, decimal: { type: "decimal" }, float: { type: "double" }, instant: { type: "datetime" }, bytes: { type: "blob" }, uuid: { type: "text" },
  enum: { type: "simple-enum", enum: choices }, json: { type: "simple-json" }, list: { type: "simple-array" },
});

/** Years that TypeORM writes, as PostgreSQL spells them. */
const fourDigits = shaped(/^(?:0001-.* BC|\d{4}-.*Z)$/, "WRITE.VALUE");

const columnsOnSqlite: SqliteColumns = {
  ...sqliteColumns,
  integer: { ...sqliteColumns.integer, type: "bigint" },
  instant: momentsAs(
    "datetime", (iso) => (fourDigits(iso) === undefined ? iso.replace("T", " ").replace("Z", "") : undefined), (stored) => `${stored.replace(" ", "T")}Z`,
    fourDigits,
  ),
  date: textsAs("date", day, noInfinity),
  time: textsAs("time", clock),
  list: listsInText((items) => items.join(","), (text) => (text === "" ? [] : text.split(","))),
};

export const typeormOnSqlite: OpenValues = async () => {
  const file = sqliteFile();
  const handle = new Database(file.path);
  for (const statement of sqliteTables(columnsOnSqlite)) handle.exec(statement);
  const source = await new DataSource({ type: "better-sqlite3", database: file.path, entities: sqliteEntities }).initialize();
  return sqliteSide(handle, columnsOnSqlite, typeormDatabase(source), async () => {
    await source.destroy();
    handle.close();
    file.remove();
  });
};
