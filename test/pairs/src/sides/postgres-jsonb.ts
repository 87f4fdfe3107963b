import type { Kind } from "@sync/core";
import { jsonbDatabase, jsonbSchema, kinds, type ChildOptions, type DocumentOptions, type KeyType } from "@sync/postgres-jsonb";
import type { Run } from "@sync/test-adapters/conformance";
import { Pool } from "pg";
import { z } from "zod";
import { above, arrayOf, type DocumentStore, documentProbe, ownKey, pathOf } from "../probes/documents.ts";
import { jsonOf, parsed, spelledJson } from "../probes/json.ts";
import { quoted } from "../probes/statements.ts";
import { type CaseSchema, isReference, keyFields, keyOf, type KeyKind } from "../schema.ts";
import { documentKeysStay, type PairSide } from "../side.ts";

const keyTypes: Readonly<Record<KeyKind, KeyType>> = { serial: "integer", bigint: "bigint", uuid: "uuid", cuid: "text", objectid: "text" };

function referenceType(kind: KeyKind): z.ZodType {
  if (kind === "serial") return z.int32();
  if (kind === "bigint") return z.int64();
  return kind === "uuid" ? z.uuid() : z.string();
}

function typeOf(kind: Kind): z.ZodType {
  switch (kind.type) {
    case "text":
      return kind.maxLength === undefined ? z.string() : z.string().max(kind.maxLength);
    case "boolean":
      return z.boolean();
    case "integer":
      if (kind.bits !== undefined && kind.bits <= 32) return z.int32();
      return kind.bits === undefined ? z.bigint() : kind.bits === 53 ? z.int() : z.int64();
    case "decimal":
      return z.string().register(kinds, kind);
    case "float":
      return kind.bits === 32 ? z.float32() : z.number();
    case "instant":
      return z.iso.datetime();
    case "local":
      return z.iso.datetime({ local: true });
    case "date":
      return z.iso.date();
    case "time":
      return z.iso.time();
    case "duration":
      return z.iso.duration();
    case "bytes":
      return z.base64();
    case "uuid":
      return z.uuid();
    case "enum":
      return z.enum(kind.values);
    case "json":
      return z.unknown();
    case "list":
      return z.array(typeOf(kind.of));
  }
}

/** What a document of this model and an element of an array have in common. */
function recordOf(schema: CaseSchema, name: string): { readonly shape: z.ZodObject; readonly options: Omit<DocumentOptions, "schema" | "table"> } {
  const model = schema[name]!;
  const shape: Record<string, z.ZodType> = {};
  const references: Record<string, string> = {};
  const apart = model.within === undefined && typeof model.key !== "string" ? model.key : [model.within];
  for (const [field, declared] of Object.entries(model.fields)) {
    if (apart.includes(field)) continue;
    const kind = isReference(declared) ? keyOf(schema, declared.to) : declared.kind;
    const type = typeof kind === "string" ? referenceType(kind) : typeOf(kind);
    shape[field] = declared.nullable ? type.nullish() : type;
    if (isReference(declared)) references[field] = declared.to;
  }
  const children: Record<string, ChildOptions> = {};
  for (const child of Object.keys(schema).filter((each) => above(schema, each) === name)) {
    const inside = recordOf(schema, child);
    shape[arrayOf(child)] = z.array(inside.shape).optional();
    children[arrayOf(child)] = { ...inside.options, key: ownKey(schema[child]!), parent: schema[child]!.within! };
  }
  const unique = model.unique?.filter((fields) => !fields.some((field) => apart.includes(field)));
  return { shape: z.object(shape), options: { ...(unique && unique.length > 0 ? { unique } : {}), references, children } };
}

interface Key {
  readonly column: string;
  readonly type: KeyType;
}

function keyOfDocument(schema: CaseSchema, name: string): Key {
  const [column, more] = keyFields(schema[name]!);
  if (more !== undefined) throw new Error(`A document has one key column; ${name} has several.`);
  const kind = keyOf(schema, name);
  return { column: column!, type: typeof kind === "string" ? keyTypes[kind] : kind.type === "integer" ? "integer" : "text" };
}

function documentsOf(schema: CaseSchema): Record<string, DocumentOptions> {
  const roots = Object.keys(schema).filter((name) => above(schema, name) === undefined);
  return Object.fromEntries(roots.map((name) => {
    const { shape, options } = recordOf(schema, name);
    return [name, { ...options, table: name, key: keyOfDocument(schema, name), schema: shape }];
  }));
}

function storeOn(schema: CaseSchema, run: Run): DocumentStore {
  const keyOn = (name: string): string => quoted(keyOfDocument(schema, name).column);
  return {
    async all(name) {
      const rows = await run(`select ${keyOn(name)}::text, document::text from ${quoted(name)}`);
      return rows.map(([key, document]) => ({ key: key as string, document: parsed(document as string) }));
    },
    async insert(name, key, document) {
      const { column, type } = keyOfDocument(schema, name);
      await run(`insert into ${quoted(name)} (${quoted(column)}, document) values ($1::text::${type}, $2::text::jsonb)`, [key, JSON.stringify(document)]);
      if (type !== "integer" && type !== "bigint") return;
      // The application's own keys do not come from the sequence, which must not give them again.
      await run(`select setval(pg_get_serial_sequence('${quoted(name)}', '${column}'), (select max(${quoted(column)}) from ${quoted(name)}))`);
    },
    async replace(name, key, document) {
      await run(`update ${quoted(name)} set document = $2::text::jsonb where ${keyOn(name)}::text = $1`, [key, JSON.stringify(document)]);
    },
    async remove(name, key) {
      await run(`delete from ${quoted(name)} where ${keyOn(name)}::text = $1`, [key]);
    },
    stored: jsonOf,
    spelled: spelledJson,
  };
}

export const postgresJsonbSide: PairSide = {
  name: "postgres-jsonb",
  engines: ["postgres"],
  documents: true,
  keys: ["serial", "bigint", "uuid"],
  waived: documentKeysStay,
  async open(schema, _, fresh) {
    const documents = documentsOf(schema);
    const { config, run, close } = await fresh.postgres();
    await run(jsonbSchema(documents));
    const pool = new Pool({ ...config, max: 4 });
    return {
      database: jsonbDatabase(pool, { documents }), model: (name) => pathOf(schema, name), field: (_model, name) => name,
      probe: documentProbe(schema, storeOn(schema, run)),
      async close() {
        await pool.end();
        await close();
      },
    };
  },
};
