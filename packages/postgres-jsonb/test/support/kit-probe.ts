import { canonical, type Kind } from "@sync/core";
import { CHOICES, kitModels, type KitModelName, type KitRecord, type Probe, type ProbeWrites } from "@sync/conformance";
import type { Run, SqlTransaction } from "@sync/test-adapters/conformance";

const tables: Readonly<Record<Exclude<KitModelName, "Entry">, string>> = {
  Parent: "parents", Child: "children", Node: "nodes", Book: "books", Thing: "things",
};

const kinds: Readonly<Record<string, Kind>> = {
  text: { type: "text" }, boolean: { type: "boolean" }, integer: { type: "integer" }, decimal: { type: "decimal" }, float: { type: "float", bits: 64 },
  instant: { type: "instant", digits: 9 }, local: { type: "local", digits: 9 }, date: { type: "date" }, time: { type: "time", digits: 9 },
  duration: { type: "duration", digits: 9 }, bytes: { type: "bytes" }, uuid: { type: "uuid" }, enum: { type: "enum", values: CHOICES },
  json: { type: "json" }, list: { type: "list", of: { type: "text" } },
};
/** Stand in a document without quotes. */
const bare: ReadonlySet<string> = new Set(["boolean", "integer", "float", "json", "list"]);

const typeOf = (model: KitModelName, field: string): string => kitModels[model].fields[field]!.type;

/** The JSON text of these fields. */
function json(model: KitModelName, record: KitRecord): string {
  // Null in a field of any JSON is a value of it.
  const members = Object.entries(record).filter(([field, value]) => value !== null || typeOf(model, field) !== "json").map(([field, value]) =>
    `${JSON.stringify(field)}:${value === null || bare.has(typeOf(model, field)) ? value : JSON.stringify(value)}`);
  return `{${members.join(",")}}`;
}

function without(record: KitRecord, field: string): KitRecord {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
}

function writesBy(run: Run): ProbeWrites {
  const entries = (book: string, page: string, put: string | undefined): Promise<unknown> =>
    run(`update books set document = jsonb_set(document, '{entries}',
      (select coalesce(jsonb_agg(e), '[]') from jsonb_array_elements(coalesce(document->'entries', '[]')) e where e->>'page' <> $2)
      || ${put === undefined ? "'[]'::jsonb" : "jsonb_build_array($3::text::jsonb)"}) where id = $1`, [book, page, ...(put === undefined ? [] : [put])]);
  return {
    async insert(model, records) {
      if (model === "Entry") {
        for (const record of records) await entries(record["book"]!, record["page"]!, json(model, without(record, "book")));
        return;
      }
      const keyed = kitModels[model].keySource === "values";
      const parameters = records.flatMap((record) => [...(keyed ? [record["id"]] : []), json(model, without(record, "id"))]);
      const values = records.map((_, n) => (keyed ? `($${n * 2 + 1}, $${n * 2 + 2}::text::jsonb)` : `($${n + 1}::text::jsonb)`));
      await run(`insert into ${tables[model]} (${keyed ? "id, document" : "document"}) values ${values.join(", ")}`, parameters);
    },
    async update(model, key, changes) {
      if (model === "Entry") {
        const found = `select e::text from books, jsonb_array_elements(document->'entries') e where id = $1 and e->>'page' = $2`;
        const [[old]] = (await run(found, [key["book"], key["page"]])) as [[string]];
        await entries(key["book"]!, key["page"]!, JSON.stringify({ ...(JSON.parse(old) as object), ...changes }));
        return;
      }
      await run(`update ${tables[model]} set id = coalesce($2::text::${kitModels[model].keySource === "values" ? "text" : "uuid"}, id),
        document = document || $3::text::jsonb where id::text = $1`, [key["id"], changes["id"] ?? null, json(model, without(changes, "id"))]);
    },
    async delete(model, key) {
      if (model === "Entry") await entries(key["book"]!, key["page"]!, undefined);
      else await run(`delete from ${tables[model]} where id::text = $1`, [key["id"]]);
    },
  };
}

/** A sign before every text, since PGlite drops a leading byte order mark. */
function columnOf(model: KitModelName, field: string, document: string): string {
  // Whatever JSON it is, as JSON; null there is none.
  if (typeOf(model, field) === "json" || typeOf(model, field) === "list") return `'=' || nullif(${document}->'${field}', 'null')::text`;
  return `'=' || (${document}->>'${field}')`;
}

function rowsBy(run: Run, model: KitModelName): Promise<readonly (readonly unknown[])[]> {
  const fields = Object.keys(kitModels[model].fields);
  const columns = (key: string, document: string): string =>
    fields.map((field) => (field === key ? "'=' || id::text" : columnOf(model, field, document))).join(", ");
  if (model === "Entry") return run(`select ${columns("book", "e")} from books, jsonb_array_elements(document->'entries') e`);
  return run(`select ${columns("id", "document")} from ${tables[model]}`);
}

/** The kit's probe over documents: raw statements, texts in and out. */
export function documentProbe(run: Run, begin: () => Promise<SqlTransaction>): Probe {
  return {
    ...writesBy(run),
    async rows(model) {
      const fields = Object.keys(kitModels[model].fields);
      return (await rowsBy(run, model)).map((row) => Object.fromEntries(fields.map((field, at) => {
        if (row[at] === null) return [field, null];
        const text = (row[at] as string).slice(1);
        const kind = kinds[typeOf(model, field)];
        return [field, kind ? canonical(kind, text) : text];
      })));
    },
    begin: async () => {
      const { run: inside, commit, rollback } = await begin();
      return { ...writesBy(inside), commit, rollback };
    },
    spoil: async ({ id }) => {
      await run(`update things set document = document || '{"small":"many"}' where id = $1`, [id]);
      return "small";
    },
    sideTables: async () =>
      (await run("select relname from pg_class where relnamespace = current_schema()::regnamespace and relname like 'sync%'")).map(([name]) => name as string),
  };
}
