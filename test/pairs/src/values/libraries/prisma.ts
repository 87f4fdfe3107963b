import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import { prismaDatabase } from "@sync/prisma";
import Database from "better-sqlite3";
import { CHOICES } from "../corpus/index.ts";
import { postgresColumns, type PostgresColumns, postgresSide, postgresTables } from "../postgres.ts";
import { PrismaClient as PostgresClient } from "../prisma/postgres/generated/client.ts";
import { PrismaClient as SqliteClient } from "../prisma/sqlite/generated/client.ts";
import { finite, oneOf, scaled } from "../refusals.ts";
import { momentsAs, numericJson, type SqliteColumns, sqliteColumns, sqliteSide, sqliteTables } from "../sqlite.ts";
import { type OpenValues, sqliteFile } from "./open.ts";

/** The application sees names, since Prisma takes few signs in them; the database has the labels, in the same order. */
const NAMES = ["red", "deepBlue", "its", "RED", "redBlank", "runDecomposed", "run", "circle", "nothing", "zero"] as const;
const nameOf = (label: string): string => NAMES[CHOICES.indexOf(label as (typeof CHOICES)[number])] ?? label;

const { local: _, duration: __, ...carried } = postgresColumns;

/** As Prisma's own migrations make them. */
const columnsOnPostgres: PostgresColumns = {
  ...carried,
  decimal: {
    type: "numeric(65,30)", range: "65 digits", reads: finite, takes: scaled(65, 30),
    holds({ text, sql }) {
      if (text === undefined) return sql?.postgres?.includes("NaN") === true;
      return text === null || scaled(65, 30)(text.replace(/\..*/, "")) === undefined;
    },
  },
  instant: { ...carried.instant, type: "timestamp(3)", range: "milliseconds and no end", digits: 3 },
  enum: { ...carried.enum, range: "names", takes: oneOf(NAMES), keeps: oneOf(NAMES, "WRITE.VALUE"), spell: (label) => label && nameOf(label) },
  // Prisma has no list that is null.
  list: { ...carried.list, none: "[]" },
};

export const prismaOnPostgres: OpenValues = async (servers, namespace) => {
  const schema = await servers.postgres().fresh(namespace, postgresTables(columnsOnPostgres));
  const client = new PostgresClient({ adapter: new PrismaPg({ ...schema.config, max: 4 }, { schema: schema.name }) });
  return postgresSide(schema, columnsOnPostgres, prismaDatabase(client), () => client.$disconnect());
};

const columnsOnSqlite: SqliteColumns = {
  ...sqliteColumns,
  boolean: { ...sqliteColumns.boolean, type: "boolean" },
  integer: { ...sqliteColumns.integer, type: "bigint" },
  decimal: { ...sqliteColumns.decimal, type: "decimal" },
  instant: momentsAs(
    "datetime", (iso) => (Number.isNaN(Date.parse(iso)) ? undefined : iso.replace("Z", "+00:00")), (stored) => stored.replace("+00:00", "Z"),
  ),
  enum: { ...sqliteColumns.enum, range: "names", takes: oneOf(NAMES), spell: ({ text }) => nameOf(text) },
  json: { ...numericJson, type: "jsonb" },
};

export const prismaOnSqlite: OpenValues = async () => {
  const file = sqliteFile();
  const handle = new Database(file.path);
  for (const statement of sqliteTables(columnsOnSqlite)) handle.exec(statement);
  const client = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${file.path}` }) });
  return sqliteSide(handle, columnsOnSqlite, prismaDatabase(client), async () => {
    await client.$disconnect();
    handle.close();
    file.remove();
  });
};
