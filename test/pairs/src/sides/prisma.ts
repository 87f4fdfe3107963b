import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Kind } from "@sync/core";
import { prismaDatabase } from "@sync/prisma";
import { prismaDdl } from "@sync/test-adapters/prisma-ddl";
import { temporaryFolder } from "@sync/test-databases";
import Database from "better-sqlite3";
import { PrismaClient as PostgresClient } from "../../prisma/postgres/generated/client.ts";
import { PrismaClient as SqliteClient } from "../../prisma/sqlite/generated/client.ts";
import { postgresProbe } from "../probes/postgres.ts";
import { sqliteProbe, type Storages } from "../probes/sqlite.ts";
import { type CaseModel, type CaseSchema, isReference, keyFields, keyOf, type KeyKind } from "../schema.ts";
import type { Engine, PairSide } from "../side.ts";
import { sameNames } from "./names.ts";

/** The type of a field that holds a key, and its native type. */
function keyType(kind: KeyKind, engine: Engine): readonly [type: string, native: string] {
  if (kind === "serial") return ["Int", ""];
  if (kind === "bigint") return [engine === "sqlite" ? "Int" : "BigInt", ""];
  return ["String", kind === "uuid" && engine !== "sqlite" ? " @db.Uuid" : ""];
}

const keyDefaults: Readonly<Record<KeyKind, string>> = {
  serial: "autoincrement()", bigint: "autoincrement()", uuid: "uuid()", cuid: "cuid()", objectid: "cuid()",
};

function valueType(kind: Kind, engine: Engine): readonly [type: string, native: string] {
  const native = (text: string): string => (engine === "sqlite" ? "" : ` @db.${text}`);
  const digits = "digits" in kind ? Math.min(kind.digits, 6) : 0;
  switch (kind.type) {
    case "text":
      return ["String", kind.maxLength === undefined ? "" : native(`VarChar(${kind.maxLength})`)];
    case "boolean":
      return ["Boolean", ""];
    case "integer":
      return kind.bits !== undefined && kind.bits <= 32 ? ["Int", ""] : ["BigInt", ""];
    case "decimal":
      return ["Decimal", kind.precision === undefined ? "" : native(`Decimal(${kind.precision}, ${kind.scale ?? 0})`)];
    case "float":
      return ["Float", kind.bits === 32 ? native("Real") : ""];
    case "instant":
      return ["DateTime", native(`Timestamptz(${digits})`)];
    case "date":
      return ["DateTime", native("Date")];
    case "time":
      return ["DateTime", native(`Time(${digits})`)];
    case "bytes":
      return ["Bytes", ""];
    case "uuid":
      return ["String", native("Uuid")];
    case "json":
      return ["Json", ""];
    case "list":
      return [`${valueType(kind.of, engine)[0]}[]`, valueType(kind.of, engine)[1]];
    case "local":
    case "duration":
    case "enum":
      throw new Error(`Prisma has no type for ${kind.type} here.`);
  }
}

/** A case as a schema of Prisma. */
function schemaText(schema: CaseSchema, engine: Engine): string {
  const models = Object.entries(schema).map(([name, model]) => {
    const lines = [...fieldLines(schema, name, model, engine), ...backLines(schema, name)];
    return `model ${name} {\n${lines.join("\n")}\n}`;
  });
  return [`datasource db {\n  provider = "${engine === "sqlite" ? "sqlite" : "postgresql"}"\n}`, ...models].join("\n\n");
}

function fieldLines(schema: CaseSchema, name: string, model: CaseModel, engine: Engine): string[] {
  const lines: string[] = [];
  if (typeof model.key === "string") {
    const [type, native] = keyType(model.key, engine);
    lines.push(`id ${type} @id @default(${keyDefaults[model.key]})${native}`);
  }
  const alone = typeof model.key !== "string" && model.key.length === 1 ? model.key[0] : undefined;
  for (const [field, declared] of Object.entries(model.fields)) {
    const kind = isReference(declared) ? keyOf(schema, declared.to) : declared.kind;
    const [type, native] = typeof kind === "string" ? keyType(kind, engine) : valueType(kind, engine);
    const unique = model.unique?.some((fields) => fields.join() === field) ? " @unique" : "";
    lines.push(`${field} ${type}${declared.nullable ? "?" : ""}${field === alone ? " @id" : ""}${unique}${native}`);
    if (!isReference(declared)) continue;
    const back = relation(`${name}_${field}`, [field], keyFields(schema[declared.to]!), declared.onDelete === "cascade" ? "Cascade" : "Restrict");
    lines.push(`${field}Record ${declared.to}${declared.nullable ? "?" : ""} ${back}`);
  }
  for (const { name: called, fields, to, targetFields } of model.references ?? []) {
    const optional = fields.some((field) => model.fields[field]!.nullable) ? "?" : "";
    lines.push(`${called} ${to}${optional} ${relation(`${name}_${called}`, fields, targetFields, "Restrict")}`);
  }
  if (typeof model.key !== "string" && alone === undefined) lines.push(`@@id([${model.key.join(", ")}])`);
  for (const fields of model.unique ?? []) if (fields.length > 1) lines.push(`@@unique([${fields.join(", ")}])`);
  return lines;
}

const relation = (name: string, fields: readonly string[], references: readonly string[], onDelete: string): string =>
  `@relation("${name}", fields: [${fields.join(", ")}], references: [${references.join(", ")}], onDelete: ${onDelete}, onUpdate: NoAction)`;

/** Prisma wants both ends of a relation. */
function backLines(schema: CaseSchema, target: string): string[] {
  return Object.entries(schema).flatMap(([name, { fields, references = [] }]) => {
    const here = Object.entries(fields).flatMap(([field, declared]) => (isReference(declared) && declared.to === target ? [`${name}_${field}`] : []));
    const several = references.flatMap(({ name: called, to }) => (to === target ? [`${name}_${called}`] : []));
    return [...here, ...several].map((called) => `${called} ${name}[] @relation("${called}")`);
  });
}

/** As Prisma writes them. */
const storages: Storages = (kind) => {
  if (kind.type === "instant") return { store: (text) => new Date(text).toISOString().replace("Z", "+00:00"), load: String };
  // A column called JSONB is numeric to SQLite: a document that is one number comes back as one.
  return kind.type === "json" ? { store: (text) => text, load: String } : undefined;
};

export const prismaSide: PairSide = {
  name: "prisma",
  engines: ["postgres", "sqlite"],
  documents: false,
  keys: ["serial", "bigint", "uuid", "cuid"],
  waived: {},
  async open(schema, engine, fresh) {
    const text = schemaText(schema, engine);
    const ddl = await prismaDdl(text);
    if (engine === "sqlite") {
      const folder = temporaryFolder("pairs");
      const path = join(folder.path, "prisma.sqlite");
      const handle = new Database(path);
      // Nothing here has to outlive a power cut.
      handle.pragma("synchronous = off");
      handle.pragma("foreign_keys = on");
      handle.exec(ddl);
      const client = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) });
      await client.$queryRawUnsafe("pragma synchronous = off");
      return {
        database: prismaDatabase(client, { schema: text }), ...sameNames, probe: sqliteProbe(schema, handle, storages),
        async close() {
          await client.$disconnect();
          handle.close();
          folder.remove();
        },
      };
    }
    const { config, name, run, close } = await fresh.postgres();
    await run(ddl);
    const client = new PostgresClient({ adapter: new PrismaPg({ ...config, max: 4 }, { schema: name }) });
    return {
      database: prismaDatabase(client, { schema: text }), ...sameNames, probe: await postgresProbe(schema, run),
      async close() {
        await client.$disconnect();
        await close();
      },
    };
  },
};
