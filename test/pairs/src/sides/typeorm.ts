import { randomUUID } from "node:crypto";
import type { Kind } from "@sync/core";
import { typeormDatabase } from "@sync/typeorm";
import type Database from "better-sqlite3";
import { DataSource, EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaRelationOptions } from "typeorm";
import { postgresProbe } from "../probes/postgres.ts";
import { sqliteProbe } from "../probes/sqlite.ts";
import { type CaseSchema, isReference, keyFields, keyOf, type KeyKind } from "../schema.ts";
import type { Engine, PairSide } from "../side.ts";
import { sameNames } from "./names.ts";

/** Of a column that holds a key: its own, or another record's. */
function keyColumn(kind: KeyKind, engine: Engine): EntitySchemaColumnOptions {
  if (kind === "serial") return { type: "int" };
  if (kind === "bigint") return { type: engine === "sqlite" ? "integer" : "bigint" };
  return { type: kind === "uuid" && engine !== "sqlite" ? "uuid" : "text" };
}

function ownKey(kind: KeyKind, engine: Engine): EntitySchemaColumnOptions {
  const column = { ...keyColumn(kind, engine), primary: true } as const;
  if (kind === "serial" || kind === "bigint") return { ...column, generated: "increment" };
  return kind === "uuid" ? { ...column, generated: "uuid" } : column;
}

function columnOf(kind: Kind, engine: Engine): EntitySchemaColumnOptions {
  const sqlite = engine === "sqlite";
  switch (kind.type) {
    case "text":
      return kind.maxLength === undefined ? { type: "text" } : { type: "varchar", length: kind.maxLength };
    case "integer":
      if (kind.bits !== undefined && kind.bits <= 32) return { type: kind.bits <= 16 && !sqlite ? "smallint" : "int" };
      return kind.bits === undefined && !sqlite ? { type: "numeric", precision: 100, scale: 0 } : { type: "bigint" };
    case "decimal":
      return { type: "decimal", ...(kind.precision === undefined ? {} : { precision: kind.precision, scale: kind.scale ?? 0 }) };
    case "float":
      return { type: sqlite ? "double" : kind.bits === 32 ? "real" : "double precision" };
    case "instant":
      return sqlite ? { type: "datetime" } : { type: "timestamptz", precision: Math.min(kind.digits, 6) };
    case "local":
      return { type: "timestamp", precision: Math.min(kind.digits, 6) };
    case "time":
      return sqlite ? { type: "time" } : { type: "time", precision: Math.min(kind.digits, 6) };
    case "duration":
      return { type: "interval" };
    case "bytes":
      return { type: sqlite ? "blob" : "bytea" };
    case "enum":
      return { type: sqlite ? "simple-enum" : "enum", enum: [...kind.values] };
    case "json":
      return { type: sqlite ? "simple-json" : "jsonb" };
    case "list":
      return { ...columnOf(kind.of, engine), array: true };
    default:
      return { type: kind.type };
  }
}

function entities(schema: CaseSchema, engine: Engine): EntitySchema[] {
  return Object.entries(schema).map(([name, model]) => {
    const columns: Record<string, EntitySchemaColumnOptions> = typeof model.key === "string" ? { id: ownKey(model.key, engine) } : {};
    const relations: Record<string, EntitySchemaRelationOptions> = {};
    for (const [field, declared] of Object.entries(model.fields)) {
      const kind = isReference(declared) ? keyOf(schema, declared.to) : declared.kind;
      const column = typeof kind === "string" ? keyColumn(kind, engine) : columnOf(kind, engine);
      const primary = keyFields(model).includes(field) && { primary: true };
      columns[field] = { ...column, ...primary, nullable: declared.nullable ?? false };
      if (!isReference(declared)) continue;
      const target = keyFields(schema[declared.to]!)[0]!;
      relations[`${field}_record`] = {
        type: "many-to-one", target: declared.to, joinColumn: { name: field, referencedColumnName: target },
        onDelete: declared.onDelete === "cascade" ? "CASCADE" : "RESTRICT", nullable: declared.nullable ?? false,
      };
    }
    for (const { name: called, fields, to, targetFields } of model.references ?? []) {
      relations[called] = {
        type: "many-to-one", target: to, onDelete: "RESTRICT",
        joinColumn: fields.map((field, part) => ({ name: field, referencedColumnName: targetFields[part]! })),
        nullable: fields.some((field) => model.fields[field]!.nullable),
      };
    }
    const uniques = (model.unique ?? []).map((fields) => ({ columns: [...fields] }));
    return new EntitySchema<Record<string, unknown>>({ name, tableName: name, columns, relations, uniques }) as EntitySchema;
  });
}

/** As TypeORM stores a Date. */
const moment = {
  store: (text: string) => new Date(text).toISOString().replace("T", " ").replace("Z", ""),
  load: (stored: unknown) => `${(stored as string).replace(" ", "T")}Z`,
};

/** Keys that its entities would make in a hook. */
function madeKeys(schema: CaseSchema): Record<string, () => string> {
  const made = Object.entries(schema).filter(([, { key }]) => key === "cuid");
  return Object.fromEntries(made.map(([name]) => [name, () => `c${randomUUID().replaceAll("-", "").slice(0, 24)}`]));
}

/** `timestamp` is a moment to TypeORM, unless it is said that it is not. */
function localKinds(schema: CaseSchema): Record<string, Record<string, Kind>> {
  const said = Object.entries(schema).map(([name, { fields }]) => {
    const locals = Object.entries(fields).filter(([, declared]) => !isReference(declared) && declared.kind.type === "local");
    return [name, Object.fromEntries(locals.map(([field]) => [field, { type: "local", digits: 6 } as const]))] as const;
  });
  return Object.fromEntries(said);
}

export const typeormSide: PairSide = {
  name: "typeorm",
  engines: ["postgres", "sqlite"],
  documents: false,
  keys: ["serial", "bigint", "uuid", "cuid"],
  waived: {},
  async open(schema, engine, fresh) {
    const options = { keys: madeKeys(schema), kinds: localKinds(schema) };
    if (engine === "sqlite") {
      const source = await new DataSource({ type: "better-sqlite3", database: ":memory:", entities: entities(schema, engine), synchronize: true }).initialize();
      const handle = (source.driver as unknown as { databaseConnection: Database.Database }).databaseConnection;
      return {
        database: typeormDatabase(source, options), ...sameNames,
        probe: sqliteProbe(schema, handle, (kind) => (kind.type === "instant" ? moment : undefined)), close: () => source.destroy(),
      };
    }
    const { config, run, close } = await fresh.postgres();
    const source = await new DataSource({
      type: "postgres", url: config.connectionString, extra: { options: config.options }, poolSize: 4, installExtensions: false, uuidExtension: "pgcrypto",
      entities: entities(schema, engine), synchronize: true,
    }).initialize();
    return {
      database: typeormDatabase(source, options), ...sameNames, probe: await postgresProbe(schema, run),
      async close() {
        await source.destroy();
        await close();
      },
    };
  },
};
