import { type DocumentOptions, jsonbDatabase, jsonbSchema, kinds } from "@sync/postgres-jsonb";
import { Pool } from "pg";
import { z } from "zod";
import { CHOICES, type CorpusValue, type ValueKind } from "../corpus/index.ts";
import { postgresColumns } from "../postgres.ts";
import { anyOf, clock, day, finite, flat, integer, json, noInfinity, noNaN, noNulInJson, oneOf, takesAll, uuid } from "../refusals.ts";
import { modelOf, type StoredValue, tableOf, type ValueColumn } from "../side.ts";
import type { OpenValues } from "./open.ts";

const schemas = {
  text: z.string(), boolean: z.boolean(), integer: z.bigint(), decimal: z.string().register(kinds, { type: "decimal" }), float: z.number(),
  instant: z.iso.datetime(), local: z.iso.datetime({ local: true }), date: z.iso.date(), time: z.iso.time(), duration: z.iso.duration(),
  bytes: z.base64(), uuid: z.uuid(), enum: z.enum(CHOICES), json: z.unknown(), list: z.array(z.string().nullable()),
} as const satisfies Record<ValueKind, z.ZodType>;

const documents = Object.fromEntries(Object.entries(schemas).map(([kind, schema]): [string, DocumentOptions] => [
  modelOf(kind as ValueKind),
  {
    table: tableOf(kind as ValueKind), unique: ["code"],
    schema: z.object({ code: z.string(), value: kind === "json" ? schema : schema.nullish(), note: z.string().nullish() }),
  },
]));

const timed = { range: "texts", takes: noInfinity };
const finitely = anyOf(noNaN, noInfinity);

/** What a zod schema takes, in a document. */
const columns: Readonly<Record<ValueKind, ValueColumn>> = {
  text: postgresColumns.text,
  boolean: postgresColumns.boolean,
  integer: { range: "any integer", reads: takesAll, takes: integer() },
  decimal: { range: "any number", reads: finite, takes: finite },
  float: { range: "finite", reads: takesAll, takes: takesAll, keeps: finitely },
  instant: { ...timed, reads: takesAll },
  local: { ...timed, reads: takesAll },
  date: { ...timed, reads: day },
  time: { range: "texts", reads: clock, takes: takesAll },
  duration: { range: "texts", reads: takesAll, takes: takesAll },
  bytes: postgresColumns.bytes,
  uuid: { range: "uuid", reads: uuid, takes: uuid },
  enum: { range: "labels", reads: oneOf(CHOICES), takes: takesAll, keeps: oneOf(CHOICES) },
  json: { range: "without U+0000", reads: json, takes: noNulInJson },
  list: { range: "without U+0000", reads: flat, takes: takesAll },
};

/** Kinds that stand in a document without quotes. */
const bare: ReadonlySet<ValueKind> = new Set(["boolean", "integer", "float", "json", "list"]);

/** The document's JSON text. Of any JSON, null is a value and nothing is none. */
function document({ id, kind, text }: CorpusValue): string {
  const spelled = text != null && kind === "bytes" ? Buffer.from(text, "hex").toString("base64") : text;
  const value = spelled == null || bare.has(kind) ? spelled : JSON.stringify(spelled);
  const member = value === null ? (kind === "json" ? "" : ",\"value\":null") : `,"value":${value}`;
  return `{"code":${JSON.stringify(id)}${member}}`;
}

function holds({ kind, text }: CorpusValue): boolean {
  if (text === undefined) return false;
  if (text === null) return true;
  if (kind === "float") return finitely(text) === undefined;
  if (kind !== "json") return !text.includes("\0") && (text as string & { isWellFormed(): boolean }).isWellFormed();
  return json(text) !== "VALUE.LONE_SURROGATE" && noNulInJson(text) === undefined;
}

export const jsonbOnPostgres: OpenValues = async (servers, namespace) => {
  const schema = await servers.postgres().fresh(namespace, [jsonbSchema(documents)]);
  const pool = new Pool({ ...schema.config, max: 4 });
  return {
    database: jsonbDatabase(pool, { documents }), columns, holds,
    async insert(kind, values) {
      for (let from = 0; from < values.length; from += 200) {
        const some = values.slice(from, from + 200);
        await schema.run(`insert into ${tableOf(kind)} (document) values ${some.map((_, at) => `($${at + 1}::text::jsonb)`).join(", ")}`, some.map(document));
      }
    },
    async rows(kind) {
      const text = bare.has(kind) ? "(document->'value')::text" : "document->>'value'";
      const rows = await schema.run(`select document->>'code', id::text, (document->'value')::text, ${text}, document->>'note' from ${tableOf(kind)}`);
      return new Map(rows.map(([code, key, bytes, given, note]) => {
        const value = bytes === "null" && kind !== "json" ? null : (given as string | null);
        const spelled = value !== null && kind === "bytes" ? Buffer.from(value, "base64").toString("hex") : value;
        return [code as string, { key, bytes, spelled, note } as StoredValue];
      }));
    },
    async note(kind, codes, note) {
      const named = "document->>'code' = any (array(select jsonb_array_elements_text($1::text::jsonb)))";
      const changed = "jsonb_set(document, '{note}', to_jsonb($2::text))";
      await schema.run(`update ${tableOf(kind)} set document = ${changed} where ${named}`, [JSON.stringify(codes), note]);
    },
    async close() {
      await pool.end();
      await schema.close();
    },
  };
};
