import { kitModels, type KitModelName, type Probe, type ValueField } from "@sync/conformance";
import { canonicalOf, kitTables, type Run, type Spelling, sqlRows, type SqlTransaction, sqlWrites, type Types, typeOf } from "./tables.ts";

/** Every field of `Thing`: PostgreSQL has a kind for each. */
export const POSTGRES_VALUES = Object.keys(kitModels.Thing.fields).filter((field) => field !== "id") as ValueField[];

const natives: Readonly<Record<string, string>> = {
  key: "integer", text: "text", boolean: "boolean", integer: "integer", decimal: "numeric", float: "double precision", instant: "timestamptz",
  local: "timestamp", date: "date", time: "time", duration: "interval", bytes: "bytea", uuid: "uuid", enum: "\"Choice\"", json: "jsonb", list: "text[]",
};

function nativeOf(model: KitModelName, field: string, types: Types): string {
  if (types[field] !== undefined) return types[field];
  if (field === "cloudId") return "uuid";
  if (field === "big" || field === "page") return "bigint";
  return natives[typeOf(model, field)]!;
}

/** Makes the kit's tables in the connection's schema. Numbered keys are serial; `types` says what a library has otherwise. */
export function postgresTables(types: Types = {}, values: readonly ValueField[] = POSTGRES_VALUES): string[] {
  const choices = `create type "Choice" as enum ('red', 'green', 'Deep blue', 'it''s')`;
  const fields = (model: KitModelName): readonly string[] => (model === "Thing" ? ["id", ...values] : Object.keys(kitModels[model].fields));
  const made = (model: KitModelName, field: string): string =>
    field === "id" && kitModels[model].keySource === "allocated" ? (types["id"] ?? "serial") : nativeOf(model, field, types);
  return [choices, ...kitTables(fields, made)];
}

function textOf(model: KitModelName, field: string, types: Types): string {
  const column = `"${field}"`;
  const native = nativeOf(model, field, types);
  switch (typeOf(model, field)) {
    case "bytes":
      return `replace(encode(${column}, 'base64'), E'\\n', '')`;
    case "list":
      return `to_json(${column})::text`;
    case "instant":
      return /tz|with time zone/.test(native) ? `(${column} at time zone 'UTC')::text` : `${column}::text`;
    default:
      return `${column}::text`;
  }
}

function spellingOf(types: Types): Spelling {
  return {
    write(model, field, value, place) {
      const type = typeOf(model, field);
      const text = `$${place}::text`;
      if (type === "bytes") return { sql: `decode(${text}, 'base64')`, parameter: value };
      if (type === "list") return { sql: `array(select jsonb_array_elements_text(${text}::jsonb))`, parameter: value };
      return { sql: `${text}::${nativeOf(model, field, types)}`, parameter: value };
    },
    // A sign before the text, since PGlite drops a leading byte order mark.
    read: (model, field) => `'=' || ${textOf(model, field, types)}`,
    value(model, field, stored) {
      const text = (stored as string).slice(1);
      const isInstant = typeOf(model, field) === "instant" && !text.endsWith("infinity");
      return canonicalOf(model, field, isInstant ? `${text}Z` : text);
    },
  };
}

export interface PostgresProbeOptions {
  /** As given to `postgresTables`. */
  readonly types?: Types;
  readonly values?: readonly ValueField[];
  begin?(): Promise<SqlTransaction>;
}

/** The kit's probe over a connection of the application: raw statements, every value as a text. */
export function postgresProbe(run: Run, { types = {}, values = POSTGRES_VALUES, begin }: PostgresProbeOptions = {}): Probe {
  const spelling = spellingOf(types);
  const hasDecimal = values.includes("price");
  return {
    ...sqlWrites(run, spelling),
    rows: (model) => sqlRows(run, spelling, model, model === "Thing" ? ["id", ...values] : Object.keys(kitModels[model].fields)),
    sideTables: async () =>
      (await run("select relname from pg_class where relnamespace = current_schema()::regnamespace and relname like 'sync%'")).map(([name]) => name as string),
    ...(hasDecimal && {
      spoil: async ({ id }) => {
        await run(`update "Thing" set price = 'NaN' where id = $1`, [id]);
        return "price";
      },
    }),
    ...(begin && {
      begin: async () => {
        const { run: inside, commit, rollback } = await begin();
        return { ...sqlWrites(inside, spelling), commit, rollback };
      },
    }),
  };
}
