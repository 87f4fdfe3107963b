import type { Kind, Model, Reference } from "@sync/core";
import { type KeyMaker, postgresColumn, postgresKind, sqliteColumn, type SqlModel } from "../../src/index.ts";

type Dialect = "postgres" | "sqlite";

export interface Column {
  /** Postgres type; also the DDL there. */
  readonly type: string;
  /** SQLite DDL; the type as a word. */
  readonly sqlite: string;
  readonly kind?: Kind;
  readonly null?: true;
  readonly ddl?: string;
}

export interface Shape {
  readonly name: string;
  readonly table: string;
  readonly key: readonly string[];
  readonly keyMaker?: KeyMaker;
  readonly cloudId?: string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly references?: readonly Reference[];
  /** More of the table: constraints. */
  readonly ddl?: readonly string[];
}

/** Column names are snake case, so that names are never equal by accident. */
const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export function sqlModel(shape: Shape, dialect: Dialect): SqlModel {
  const kinds = Object.entries(shape.columns).map(([field, column]) => ({ field, column, kind: column.kind ?? postgresKind(column.type)! }));
  const model: Model = {
    name: shape.name,
    fields: kinds.map(({ field, column, kind }) => ({ name: field, kind, nullable: column.null === true, writable: true })),
    primaryKey: shape.key,
    keySource: shape.keyMaker === undefined ? "values" : "allocated",
    uniqueKeys: [],
    references: shape.references ?? [],
    syncFields: shape.cloudId === undefined ? {} : { cloudId: shape.cloudId },
  };
  return {
    model,
    table: { name: shape.table },
    columns: kinds.map(({ field, column, kind }) =>
      dialect === "postgres"
        ? postgresColumn({ field, column: snake(field), type: column.type, kind })
        : sqliteColumn({ field, column: snake(field), kind }),
    ),
    ...(shape.keyMaker === undefined ? {} : { keyMaker: shape.keyMaker }),
  };
}

export function ddl(shape: Shape, dialect: Dialect): string {
  const lines = Object.entries(shape.columns).map(([field, column]) => {
    const type = dialect === "postgres" ? column.type : column.sqlite;
    return `"${snake(field)}" ${type}${column.null ? "" : " not null"}${column.ddl ? ` ${column.ddl}` : ""}`;
  });
  const rowid = dialect === "sqlite" && Object.values(shape.columns).some((column) => column.sqlite.includes("primary key"));
  if (!rowid) lines.push(`primary key (${shape.key.map((field) => `"${snake(field)}"`).join(", ")})`);
  return `create table "${shape.table}" (${[...lines, ...(shape.ddl ?? [])].join(", ")});`;
}

export const country: Shape = {
  name: "Country",
  table: "country",
  key: ["id"],
  keyMaker: "database",
  columns: {
    id: { type: "serial", sqlite: "integer primary key autoincrement" },
    code: { type: "text", sqlite: "text", ddl: "unique" },
    title: { type: "text", sqlite: "text", null: true },
    size: { type: "int8", sqlite: "integer", null: true, ddl: "constraint size_positive check (size >= 0)" },
  },
};

export const city: Shape = {
  name: "City",
  table: "city",
  key: ["id"],
  keyMaker: "database",
  cloudId: "cloudId",
  columns: {
    id: { type: "serial", sqlite: "integer primary key" },
    title: { type: "text", sqlite: "text" },
    countryId: { type: "int4", sqlite: "integer", null: true, ddl: "references country" },
    cloudId: { type: "uuid", sqlite: "text", null: true, ddl: "unique" },
  },
  references: [{ name: "country", fields: ["countryId"], target: "Country", targetFields: ["id"], onDelete: "restrict" }],
};

export const member: Shape = {
  name: "Member",
  table: "member",
  key: ["team", "number"],
  columns: {
    team: { type: "text", sqlite: "text" },
    number: { type: "int8", sqlite: "integer" },
    note: { type: "text", sqlite: "text", null: true },
  },
};

/** The kinds, each with a native type on both engines. */
export const everything: Shape = {
  name: "Everything",
  table: "everything",
  key: ["id"],
  columns: {
    id: { type: "text", sqlite: "text" },
    text: { type: "text", sqlite: "text", null: true },
    flag: { type: "bool", sqlite: "boolean", null: true },
    small: { type: "int4", sqlite: "integer", null: true },
    big: { type: "int8", sqlite: "bigint", null: true },
    price: { type: "numeric", sqlite: "text", null: true },
    ratio: { type: "float8", sqlite: "real", null: true },
    single: { type: "float4", sqlite: "real", null: true },
    moment: { type: "timestamptz", sqlite: "text", null: true },
    wall: { type: "timestamp", sqlite: "text", null: true },
    day: { type: "date", sqlite: "text", null: true },
    clock: { type: "time", sqlite: "text", null: true },
    span: { type: "interval", sqlite: "text", null: true },
    bytes: { type: "bytea", sqlite: "blob", null: true },
    token: { type: "uuid", sqlite: "text", null: true },
    data: { type: "jsonb", sqlite: "text", null: true },
    tags: { type: "text[]", sqlite: "text", null: true },
  },
};
