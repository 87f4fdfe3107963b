import type { Run } from "@sync/test-adapters/conformance";
import { keyFields, type CaseSchema } from "../schema.ts";
import type { Probe } from "../side.ts";
import { canonicalOf, holds, quoted, sqlProbe } from "./statements.ts";

/** Over tables of PostgreSQL, whatever made them: types are asked of the database, values go as texts. */
export async function postgresProbe(schema: CaseSchema, run: Run): Promise<Probe> {
  const found = await run(`select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = current_schema()::regnamespace and a.attnum > 0`);
  const types = new Map(found.map(([table, column, type]) => [`${table as string}.${column as string}`, type as string]));
  const nativeOf = (model: string, field: string): string => {
    const native = types.get(`${model}.${field}`);
    if (!native) throw new Error(`PostgreSQL has no column ${model}.${field}.`);
    return native;
  };
  const kindOf = (model: string, field: string): string => {
    const kind = holds(schema, model, field);
    return typeof kind === "string" ? "key" : kind.type;
  };
  const read = (model: string, field: string): string => {
    const column = quoted(field);
    const native = nativeOf(model, field);
    if (native === "bytea") return `replace(encode(${column}, 'base64'), E'\\n', '')`;
    if (native.endsWith("[]")) return `to_json(${column})::text`;
    return native.includes("with time zone") && kindOf(model, field) === "instant" ? `(${column} at time zone 'UTC')::text` : `${column}::text`;
  };
  return sqlProbe(schema, run, {
    write(model, field, value, place) {
      const native = nativeOf(model, field);
      const parameter = `$${place}::text`;
      if (native === "bytea") return { sql: `decode(${parameter}, 'base64')`, parameter: value };
      if (native.endsWith("[]")) return { sql: `array(select jsonb_array_elements_text(${parameter}::jsonb))::${native}`, parameter: value };
      return { sql: `${parameter}::${native}`, parameter: value };
    },
    // A sign before the text, since PGlite drops a leading byte order mark.
    read: (model, field) => `'=' || ${read(model, field)}`,
    value(model, field, stored) {
      const text = (stored as string).slice(1);
      return canonicalOf(schema, model, field, kindOf(model, field) === "instant" && !text.endsWith("infinity") ? `${text}Z` : text);
    },
  }, async (model) => {
    // The application's own keys do not come from the sequence, which must not give them again.
    const { key } = schema[model]!;
    if (key !== "serial" && key !== "bigint") return;
    const [id] = keyFields(schema[model]!);
    await run(`select setval(pg_get_serial_sequence('${quoted(model)}', '${id!}'), (select max(${quoted(id!)}) from ${quoted(model)}))`);
  });
}
