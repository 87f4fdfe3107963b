import { drizzleDatabase } from "@sync/drizzle";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { Pool } from "pg";
import { postgresProbe } from "../probes/postgres.ts";
import { sqliteProbe } from "../probes/sqlite.ts";
import { quoted } from "../probes/statements.ts";
import { type CaseSchema, isReference, keyFields, keyOf } from "../schema.ts";
import type { PairSide } from "../side.ts";
import { type Columns, postgresColumns, sqliteColumns } from "./drizzle-columns.ts";
import { sameNames } from "./names.ts";

type Table = Readonly<Record<string, object>>;

/** What both dialects of Drizzle call by the same names. */
interface Dialect {
  readonly columns: Columns;
  table(name: string, columns: object, constraints: (table: Table) => object[]): object;
  primaryKey(key: { readonly columns: readonly object[] }): object;
  unique(): { on(...columns: readonly object[]): object };
  foreignKey(key: { readonly name: string; readonly columns: readonly object[]; readonly foreignColumns: readonly object[] }): object;
  config(table: object): Described;
}

const postgres = {
  columns: postgresColumns, table: pg.pgTable, primaryKey: pg.primaryKey, unique: pg.unique, foreignKey: pg.foreignKey, config: pg.getTableConfig,
} as unknown as Dialect;
const sqlite = {
  columns: sqliteColumns, table: lite.sqliteTable, primaryKey: lite.primaryKey, unique: lite.unique, foreignKey: lite.foreignKey,
  config: lite.getTableConfig,
} as unknown as Dialect;

function tablesOf(schema: CaseSchema, dialect: Dialect): Record<string, object> {
  const tables: Record<string, Table> = {};
  for (const [name, model] of Object.entries(schema)) {
    const columns: Record<string, object> = typeof model.key === "string" ? { id: dialect.columns.key(model.key) } : {};
    for (const [field, declared] of Object.entries(model.fields)) {
      const column = dialect.columns.column(isReference(declared) ? keyOf(schema, declared.to) : declared.kind, `${name}_${field}`);
      if (!declared.nullable) column.notNull();
      if (isReference(declared)) {
        const { to, onDelete = "restrict" } = declared;
        column.references(() => tables[to]![keyFields(schema[to]!)[0]!]!, { onDelete });
      }
      columns[field] = column;
    }
    tables[name] = dialect.table(name, columns, (table) => {
      const of = (fields: readonly string[], from = table): object[] => fields.map((field) => from[field]!);
      return [
        ...(typeof model.key === "string" ? [] : [dialect.primaryKey({ columns: of(model.key) })]),
        ...(model.unique ?? []).map((fields) => dialect.unique().on(...of(fields))),
        ...(model.references ?? []).map(({ name: called, fields, to, targetFields }) =>
          dialect.foreignKey({ name: called, columns: of(fields), foreignColumns: of(targetFields, to === name ? table : tables[to]!) })),
      ];
    }) as Table;
  }
  return tables;
}

interface Named {
  readonly name: string;
}

interface DescribedColumn extends Named {
  readonly notNull: boolean;
  readonly primary: boolean;
  readonly autoIncrement?: boolean;
  readonly enum?: unknown;
  getSQLType(): string;
}

interface Described {
  readonly columns: readonly DescribedColumn[];
  readonly primaryKeys: readonly { readonly columns: readonly Named[] }[];
  readonly uniqueConstraints: readonly { readonly columns: readonly Named[] }[];
  readonly foreignKeys: readonly {
    readonly onDelete: string | undefined;
    reference(): { readonly columns: readonly Named[]; readonly foreignColumns: readonly Named[]; readonly foreignTable: object };
  }[];
}

/** What Drizzle's own migrations would make of a table: the statement without its foreign keys, and these. */
function described(name: string, config: Described, nameOf: (table: object) => string): { readonly table: string[]; readonly foreignKeys: string[] } {
  const list = (columns: readonly Named[]): string => columns.map((column) => quoted(column.name)).join(", ");
  return {
    table: [
      ...config.columns.map((column) => {
        const type = column.enum === undefined ? column.getSQLType() : quoted(column.getSQLType());
        const key = column.primary ? ` primary key${column.autoIncrement ? " autoincrement" : ""}` : "";
        return `${quoted(column.name)} ${type}${key}${column.notNull ? " not null" : ""}`;
      }),
      ...config.primaryKeys.map(({ columns }) => `primary key (${list(columns)})`),
      ...config.uniqueConstraints.map(({ columns }) => `unique (${list(columns)})`),
    ],
    foreignKeys: config.foreignKeys.map((key) => {
      const { columns, foreignColumns, foreignTable } = key.reference();
      return `foreign key (${list(columns)}) references ${quoted(nameOf(foreignTable))} (${list(foreignColumns)}) on delete ${key.onDelete ?? "restrict"}`;
    }),
  };
}

const nameIn = (tables: Readonly<Record<string, object>>) => (table: object): string => Object.keys(tables).find((name) => tables[name] === table)!;

function postgresDdl(schema: CaseSchema, tables: Readonly<Record<string, object>>): string[] {
  const enums = Object.entries(schema).flatMap(([name, { fields }]) => Object.entries(fields).flatMap(([field, declared]) => {
    if (isReference(declared) || declared.kind.type !== "enum") return [];
    return [`create type ${quoted(`${name}_${field}`)} as enum (${declared.kind.values.map((value) => `'${value.replaceAll("'", "''")}'`).join(", ")})`];
  }));
  const all = Object.entries(tables).map(([name, table]) => ({ name, ...described(name, postgres.config(table), nameIn(tables)) }));
  return [
    ...enums,
    ...all.map(({ name, table }) => `create table ${quoted(name)} (${table.join(", ")})`),
    ...all.flatMap(({ name, foreignKeys }) => foreignKeys.map((key) => `alter table ${quoted(name)} add ${key}`)),
  ];
}

export const drizzleSide: PairSide = {
  name: "drizzle",
  engines: ["postgres", "sqlite"],
  documents: false,
  keys: ["serial", "bigint", "uuid", "cuid"],
  waived: {},
  async open(schema, engine, fresh) {
    if (engine === "sqlite") {
      const handle = new Database(":memory:");
      handle.pragma("foreign_keys = on");
      const tables = tablesOf(schema, sqlite);
      for (const [name, table] of Object.entries(tables)) {
        const { table: parts, foreignKeys } = described(name, sqlite.config(table), nameIn(tables));
        handle.exec(`create table ${quoted(name)} (${[...parts, ...foreignKeys].join(", ")})`);
      }
      const digitsInBlob = { store: (text: string) => Buffer.from(text), load: (stored: unknown) => Buffer.from(stored as Uint8Array).toString() };
      const probe = sqliteProbe(schema, handle, (kind) => (kind.type === "integer" && (kind.bits ?? 64) > 53 ? digitsInBlob : undefined));
      return { database: drizzleDatabase(betterSqlite(handle), { schema: tables }), probe, ...sameNames, close: async () => void handle.close() };
    }
    const tables = tablesOf(schema, postgres);
    const { config, run, close } = await fresh.postgres();
    for (const statement of postgresDdl(schema, tables)) await run(statement);
    const pool = new Pool({ ...config, max: 4 });
    return {
      database: drizzleDatabase(nodePostgres(pool), { schema: tables }),
      probe: await postgresProbe(schema, run),
      ...sameNames,
      async close() {
        await pool.end();
        await close();
      },
    };
  },
};
