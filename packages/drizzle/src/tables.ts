import { getTableColumns, is, Table } from "drizzle-orm";
import type { AnyColumn } from "drizzle-orm";
import { getTableConfig as pgTableConfig, PgTable } from "drizzle-orm/pg-core";
import { getTableConfig as sqliteTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { declarationOf, SyncError } from "@sync/core";
import type { Declaration } from "@sync/core";

export type Dialect = "postgres" | "sqlite";

export type DrizzleColumn = AnyColumn;

/** A table as both of Drizzle's dialects describe it. Names are the database's. */
export interface DrizzleTable {
  /** The key in the schema object. */
  readonly model: string;
  readonly table: Table;
  readonly name: string;
  readonly schema: string | undefined;
  /** By field name. */
  readonly columns: Readonly<Record<string, DrizzleColumn>>;
  /** Columns of a primary key declared on the table. */
  readonly primaryKey: readonly string[] | undefined;
  readonly uniques: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly foreignKeys: readonly DrizzleForeignKey[];
  readonly declared?: Declaration;
}

export interface DrizzleForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly target: Table;
  readonly targetColumns: readonly string[];
  readonly onDelete: string | undefined;
}

export interface DrizzleTables {
  readonly tables: readonly DrizzleTable[];
  readonly modelOf: ReadonlyMap<Table, string>;
}

interface Named {
  readonly name: string;
}

/** What `getTableConfig` gives in both dialects. */
type TableConfig = ReturnType<typeof pgTableConfig> | ReturnType<typeof sqliteTableConfig>;

/** The tables of a schema object; relations, enums and views in it are passed over. */
export function tablesOf(schema: Readonly<Record<string, unknown>>, dialect: Dialect): DrizzleTables {
  const modelOf = new Map<Table, string>();
  const tables: DrizzleTable[] = [];
  for (const [model, value] of Object.entries(schema)) {
    if (!is(value, Table)) continue;
    const config: TableConfig | undefined =
      dialect === "postgres" ? (is(value, PgTable) ? pgTableConfig(value) : undefined) : is(value, SQLiteTable) ? sqliteTableConfig(value) : undefined;
    if (config === undefined) {
      throw new SyncError("OPTIONS.SCHEMA", `\`${model}\` is not a table for ${dialect === "postgres" ? "PostgreSQL" : "SQLite"}, which this database is.`, { model });
    }
    // As version 1 names them, such as "object json".
    if (Object.values(getTableColumns(value)).some((column) => column.dataType.includes(" "))) {
      throw new SyncError("OPTIONS.VERSION", `\`${model}\` was made by another version of drizzle-orm than the 0.45 that is installed here: keep one copy of it.`, { model });
    }
    modelOf.set(value, model);
    const declared = declarationOf(value);
    tables.push({ model, table: value, ...describe(config, getTableColumns(value)), ...(declared ? { declared } : {}) });
  }
  if (tables.length === 0) throw new SyncError("OPTIONS.SCHEMA", "`schema` has no table in it: give the object with your tables, as you give it to Drizzle.");
  return { tables, modelOf };
}

function describe(config: TableConfig, columns: Readonly<Record<string, DrizzleColumn>>): Omit<DrizzleTable, "model" | "table"> {
  const names = (list: readonly Named[]): string[] => list.map((column) => column.name);
  const onColumns = Object.values(columns)
    .filter((column) => column.isUnique)
    .map((column) => ({ name: column.uniqueName ?? column.name, columns: [column.name] }));
  const onTable = config.uniqueConstraints.map((unique) => ({ name: unique.getName() ?? names(unique.columns).join("_"), columns: names(unique.columns) }));
  // An index over an expression or over a part of the table names no record.
  const indexes = config.indexes
    .filter(({ config: index }) => index.unique && index.where === undefined && index.columns.every((column) => "name" in column))
    .map(({ config: index }) => {
      const of = names(index.columns as readonly Named[]);
      return { name: index.name ?? of.join("_"), columns: of };
    });
  return {
    name: config.name,
    schema: "schema" in config ? config.schema : undefined,
    columns,
    primaryKey: config.primaryKeys[0] && names(config.primaryKeys[0].columns),
    uniques: [...onColumns, ...onTable, ...indexes],
    foreignKeys: config.foreignKeys.map((key) => {
      const { columns: from, foreignTable, foreignColumns } = key.reference();
      return { name: key.getName(), columns: names(from), target: foreignTable, targetColumns: names(foreignColumns), onDelete: key.onDelete };
    }),
  };
}
