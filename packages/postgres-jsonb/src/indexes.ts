import type { Finding } from "@sync/core";
import type { Executor } from "@sync/sql";
import { indexesOf, type ExpressionIndex } from "./ddl.ts";
import type { DocumentOptions } from "./options.ts";

/** Every unique index of the tables that are there: table, condition, and what it is over. */
const QUERY = `
select json_build_array(t.name, pg_get_expr(i.indpred, i.indrelid),
  (select json_agg(pg_get_indexdef(i.indexrelid, k, true)) from generate_series(1, i.indnkeyatts) k))::text as c0
from jsonb_array_elements_text($1::text::jsonb) t(name) join pg_index i on i.indrelid = to_regclass(t.name)
where i.indisunique and i.indisvalid
union all select json_build_array(t.name)::text from jsonb_array_elements_text($1::text::jsonb) t(name) where to_regclass(t.name) is not null`;

interface LiveIndex {
  readonly table: string;
  readonly where: string | undefined;
  readonly over: readonly string[];
}

/**
 * Natural keys and cloudIds of these documents that no unique index of the live database holds, each with the statement
 * that makes one. Of a table that is not there others speak.
 */
export async function missingIndexes(executor: Executor, documents: Readonly<Record<string, DocumentOptions>>, models: readonly string[]): Promise<Finding[]> {
  const wanted = Object.entries(documents).flatMap(([name, options]) => (models.includes(name) ? indexesOf(name, options).map((index) => ({ index, options })) : []));
  if (wanted.length === 0) return [];
  const rows = await executor.query({ sql: QUERY, params: [JSON.stringify([...new Set(wanted.map(({ index }) => index.table))])] });
  const seen = rows.map(([text]) => JSON.parse(text!) as [string, (string | null)?, (readonly string[])?]);
  const tables = new Set(seen.map(([table]) => table));
  const live = seen.flatMap(([table, where, over]): LiveIndex[] => (over ? [{ table, where: where ?? undefined, over }] : []));
  return wanted.flatMap(({ index, options }): Finding[] => {
    if (!tables.has(index.table) || live.some((each) => holds(each, index))) return [];
    const isCloudId = index.fields.length === 1 && (options.cloudId ?? "cloudId") === index.fields[0];
    return [{
      severity: isCloudId ? "error" : "warning", code: "SCHEMA.NOT_UNIQUE", model: index.model, key: index.fields,
      message: `no unique index of ${index.table} holds ${isCloudId ? "the cloudId" : "the natural key"} (${index.fields.join(", ")}) of these documents; jsonbSchema() makes it: ${index.sql}`,
    }];
  });
}

/** An index over some of the parts holds all of them, and one over every row holds those of one kind. */
function holds(live: LiveIndex, { table, expressions, where }: ExpressionIndex): boolean {
  if (live.table !== table || (live.where !== undefined && (where === undefined || plain(live.where) !== plain(where)))) return false;
  const parts = new Set(expressions.map(plain));
  return live.over.every((each) => parts.has(plain(each)));
}

/** Both as written and as PostgreSQL prints them. */
function plain(expression: string): string {
  return expression.replaceAll("::text", "").replaceAll(/[\s()"]/g, "");
}
