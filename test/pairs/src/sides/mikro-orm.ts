import { randomUUID } from "node:crypto";
import { defineEntity, EntityCaseNamingStrategy, p } from "@mikro-orm/core";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import type { Kind } from "@sync/core";
import { mikroOrmDatabase } from "@sync/mikro-orm";
import type Database from "better-sqlite3";
import { postgresProbe } from "../probes/postgres.ts";
import { sqliteProbe } from "../probes/sqlite.ts";
import { type CaseModel, type CaseSchema, type CompositeReference, isReference, keyFields, type KeyKind } from "../schema.ts";
import type { Engine, PairSide } from "../side.ts";
import { sameNames } from "./names.ts";

/** What the properties of MikroORM have in common. */
interface Property {
  primary(): Property;
  nullable(): Property;
  onCreate(make: () => unknown): Property;
  joinColumn(name: string): Property;
  joinColumns(...names: readonly string[]): Property;
  deleteRule(rule: string): Property;
}

const property = (builder: object): Property => builder as Property;

function keyProperty(kind: KeyKind): Property {
  if (kind === "serial") return property(p.integer());
  if (kind === "bigint") return property(p.bigint());
  return property(kind === "uuid" ? p.uuid() : p.text());
}

function ownKey(kind: KeyKind): Property {
  const key = keyProperty(kind).primary();
  if (kind === "serial" || kind === "bigint") return key;
  return key.onCreate(() => (kind === "uuid" ? randomUUID() : `c${randomUUID().replaceAll("-", "").slice(0, 24)}`));
}

function propertyOf(kind: Kind, engine: Engine, enumName: string): Property {
  const sqlite = engine === "sqlite";
  const digits = "digits" in kind ? Math.min(kind.digits, 6) : 0;
  switch (kind.type) {
    case "boolean":
      return property(p.boolean());
    case "integer":
      if (kind.bits === undefined && !sqlite) return property(p.decimal().precision(100).scale(0));
      return property(kind.bits !== undefined && kind.bits <= 32 ? p.integer() : p.bigint());
    case "decimal":
      if (kind.precision !== undefined) return property(p.decimal().precision(kind.precision).scale(kind.scale ?? 0));
      return property(sqlite ? p.decimal().precision(15) : p.decimal().columnType("numeric"));
    case "float":
      return property(kind.bits === 32 && !sqlite ? p.float() : p.double());
    case "instant":
      return property(sqlite ? p.datetime() : p.datetime().columnType(`timestamptz(${digits})`));
    case "local":
      return property(p.string().columnType(`timestamp(${digits})`).runtimeType("string"));
    case "date":
      return property(p.date());
    case "time":
      return property(p.string().columnType(`time(${digits})`));
    case "duration":
      return property(p.interval());
    case "bytes":
      return property(p.blob());
    case "uuid":
      return property(p.uuid());
    case "enum":
      return property(sqlite ? p.enum(kind.values as never) : p.enum(kind.values as never).nativeEnumName(enumName));
    case "json":
      return property(p.json());
    case "list":
      return property(p.array());
    case "text":
      return property(kind.maxLength === undefined ? p.text() : p.string().length(kind.maxLength));
  }
}

function entitiesOf(schema: CaseSchema, engine: Engine): object[] {
  const entities: Record<string, object> = {};
  for (const [name, model] of Object.entries(schema)) {
    const isKey = (field: string): boolean => keyFields(model).includes(field);
    const properties: Record<string, unknown> = typeof model.key === "string" ? { id: ownKey(model.key) } : {};
    for (const [field, declared] of Object.entries(model.fields)) {
      if (relationWith(model, field)) continue;
      const said = (made: Property): Property => {
        const keyed = isKey(field) ? made.primary() : made;
        return declared.nullable ? keyed.nullable() : keyed;
      };
      properties[field] = isReference(declared)
        ? () => said(property(p.manyToOne(entities[declared.to] as never)).joinColumn(field).deleteRule(declared.onDelete ?? "restrict"))
        : said(propertyOf(declared.kind, engine, `${name}_${field}`));
    }
    for (const { name: called, fields, to } of model.references ?? []) {
      const nullable = fields.some((field) => model.fields[field]!.nullable);
      properties[called] = () => {
        const relation = property(p.manyToOne(entities[to] as never)).joinColumns(...fields).deleteRule("restrict");
        return nullable ? relation.nullable() : relation;
      };
    }
    const uniques = (model.unique ?? []).map((fields) => ({ properties: fields.map((field) => fieldOf(model, field).split(".")[0]!) }));
    entities[name] = defineEntity({ name, tableName: name, properties, uniques } as never);
  }
  return Object.values(entities);
}

/** The relation that a column belongs to: one with several columns, and nobody else has this one. */
function relationWith(model: CaseModel, field: string): CompositeReference | undefined {
  const found = (model.references ?? []).filter(({ fields }) => fields.includes(field));
  return found.length === 1 && !keyFields(model).includes(field) ? found[0] : undefined;
}

/** The column of a relation with several is the relation's and that column's. */
function fieldOf(model: CaseModel, field: string): string {
  const reference = relationWith(model, field);
  return reference ? `${reference.name}.${reference.targetFields[reference.fields.indexOf(field)]!}` : field;
}

const namingStrategy = EntityCaseNamingStrategy;
/** The column's type is numeric to SQLite: a document that is a bare number is one. */
const json = { store: (text: string) => text, load: String };

export const mikroOrmSide: PairSide = {
  name: "mikro-orm",
  engines: ["postgres", "sqlite"],
  documents: false,
  keys: ["serial", "bigint", "uuid", "cuid"],
  waived: {},
  async open(schema, engine, fresh) {
    const entities = entitiesOf(schema, engine) as never;
    const names = { ...sameNames, field: (model: string, field: string) => fieldOf(schema[model]!, field) };
    if (engine === "sqlite") {
      const orm = new SqliteOrm({ entities, dbName: ":memory:", namingStrategy });
      await orm.schema.create();
      const handle: Database.Database = await orm.em.getConnection().getNativeClient();
      return {
        database: mikroOrmDatabase(orm), ...names, probe: sqliteProbe(schema, handle, (kind) => (kind.type === "json" ? json : undefined)),
        close: () => orm.close(),
      };
    }
    const { config, run, close } = await fresh.postgres();
    const orm = new PostgresOrm({
      entities, clientUrl: config.connectionString, driverOptions: { options: config.options }, pool: { max: 4 }, namingStrategy,
    });
    await orm.schema.create();
    return {
      database: mikroOrmDatabase(orm), ...names, probe: await postgresProbe(schema, run),
      async close() {
        await orm.close();
        await close();
      },
    };
  },
};
