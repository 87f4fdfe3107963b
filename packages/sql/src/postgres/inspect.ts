import type { Kind } from "@sync/core";
import type { Executor } from "../executor.ts";
import type { Fit, LiveColumn, LiveTable } from "../inspect.ts";
import type { SqlColumn, Table } from "../model.ts";
import { postgresKind } from "./columns.ts";
import { postgresSyntax } from "./syntax.ts";

/** The catalog's word on all tables, in one statement. */
export async function look(executor: Executor, tables: readonly Table[]): Promise<ReadonlyMap<string, LiveTable>> {
  const wanted = tables.map((table) => [table.model.name, table.sql, table.keys[0]!.column, typeof table.keyMaker === "object" ? table.keyMaker.sequence : null]);
  const rows = await executor.query({ sql: QUERY, params: [JSON.stringify(wanted)] });
  return new Map(rows.map((row) => {
    const table = tables.find(({ model }) => model.name === row[0])!;
    return [row[0]!, parse(JSON.parse(row[1]!) as Catalog, table)];
  }));
}

interface Catalog {
  readonly relkind: string;
  readonly subclass: boolean;
  readonly rules: boolean;
  readonly rls: boolean;
  readonly forbidden: readonly string[];
  readonly sequence: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly null: boolean; readonly generated: boolean; readonly filled: boolean }[];
  readonly uniques: readonly (readonly string[])[];
  readonly leading: readonly string[];
  readonly triggers: readonly number[];
  /** Functions that see each new row before it is inserted. */
  readonly makers: readonly { readonly name: string; readonly source: string }[];
  readonly dependants: readonly { readonly table: string; readonly action: string }[];
}

const QUERY = `
select r.v->>0 as c0, json_build_object(
  'relkind', c.relkind,
  'subclass', c.relhassubclass,
  'rules', c.relhasrules,
  'rls', row_security_active(c.oid),
  'forbidden', (select coalesce(json_agg(p), '[]') from unnest(array['select', 'insert', 'update', 'delete']) p where not has_table_privilege(c.oid, p)),
  'sequence', coalesce(to_regclass(r.v->>3) is not null, false) or (
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = r.v->>2 and not a.attisdropped)
    and pg_get_serial_sequence(r.v->>1, r.v->>2) is not null),
  'columns', (select coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', coalesce(format_type(nullif(t.typbasetype, 0), t.typtypmod), format_type(a.atttypid, a.atttypmod)), 'null', not a.attnotnull,
      'generated', a.attgenerated <> '', 'filled', a.atthasdef or a.attidentity <> '') order by a.attnum), '[]')
    from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  'uniques', (select coalesce(json_agg((select json_agg(a.attname) from pg_attribute a
      where a.attrelid = c.oid and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1]))), '[]')
    from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null),
  'leading', (select coalesce(json_agg(a.attname), '[]') from pg_index i join pg_am m on m.amname = 'btree' join pg_class x on x.oid = i.indexrelid and x.relam = m.oid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0] where i.indrelid = c.oid and i.indisvalid and i.indpred is null),
  'triggers', (select coalesce(json_agg(g.tgtype), '[]') from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled in ('O', 'A')),
  'makers', (select coalesce(json_agg(json_build_object('name', g.tgname, 'source', p.prosrc)), '[]') from pg_trigger g join pg_proc p on p.oid = g.tgfoid
    where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled in ('O', 'A') and g.tgtype & 7 = 7),
  'dependants', (select coalesce(json_agg(json_build_object(
      'table', (select case when pg_table_is_visible(o.oid) then '' else '"' || replace(n.nspname, '"', '""') || '".' end || '"' || replace(o.relname, '"', '""') || '"'
        from pg_class o join pg_namespace n on n.oid = o.relnamespace where o.oid = d.conrelid),
      'action', case d.confdeltype when 'c' then 'cascade' when 'n' then 'set null' else 'set default' end)), '[]')
    from pg_constraint d where d.confrelid = c.oid and d.contype = 'f' and d.confdeltype in ('c', 'n', 'd') and d.conrelid <> c.oid)
)::text as c1
from ${postgresSyntax.rows("$1::text")} join pg_class c on c.oid = to_regclass(r.v->>1)`;

const BEFORE = 2;
const INSERT_OR_UPDATE = 4 | 16;

function parse(catalog: Catalog, table: Table): LiveTable {
  const maker = catalog.makers.find(({ source }) => table.keys.some(({ column }) => replacesKey(source, column)));
  const triggers = catalog.triggers.filter((type) => (type & INSERT_OR_UPDATE) !== 0);
  const after = catalog.rules || triggers.some((type) => (type & BEFORE) === 0);
  return {
    kind: catalog.relkind === "p" || (catalog.relkind === "r" && catalog.subclass) ? "partitioned" : catalog.relkind === "r" ? "table" : "other",
    columns: catalog.columns.map(({ name, type, null: nullable, generated, filled }) => ({ name, type, nullable, generated, hasDefault: filled })),
    uniques: catalog.uniques,
    leading: catalog.leading,
    triggers: after ? "after" : triggers.length > 0 ? "before" : "none",
    rowSecurity: catalog.rls,
    forbidden: catalog.forbidden,
    numbersKeys: catalog.sequence,
    reusesKeys: false,
    ...(maker ? { keyTrigger: maker.name } : {}),
    dependants: catalog.dependants,
  };
}

/** Whether a trigger's function gives the column a value of its own, though one was sent. Filling in a missing one is harmless. */
function replacesKey(source: string, column: string): boolean {
  const code = source.replace(/--.*$/gm, "").replace(/\/\*[\s\S]*?\*\//g, "");
  const escaped = column.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const field = `new\\s*\\.\\s*(?:"${escaped}"|${escaped}\\b)`;
  const fillsIn = new RegExp(`${field}\\s+is\\s+null`, "i");
  const assigns = new RegExp(`(?:^|;|\\bbegin|\\bthen|\\belse)\\s*${field}\\s*:?=([^;]*)|\\binto\\s+(?:strict\\s+)?${field}`, "i");
  const found = assigns.exec(code);
  // Made of what was sent, it is a value that the database alters, not one that it chooses.
  return found !== null && !fillsIn.test(code) && !new RegExp(field, "i").test(found[1] ?? "");
}

/** Whether a column of the live type gives back what the declared column sends. */
export function fit(column: SqlColumn, live: LiveColumn, kind: Kind): Fit {
  const declared = postgresKind(column.type);
  const actual = postgresKind(live.type);
  // Enums, extensions: known to the library, not to us. The declared type has to be the one that is there.
  if (declared === undefined || actual === undefined) return sameName(column.type, live.type) ? "exact" : "different";
  if (JSON.stringify(family(declared)) !== JSON.stringify(family(actual))) return "different";
  return rounds(kind, actual) ? "lossy" : "exact";
}

function family(kind: Kind): readonly string[] {
  return kind.type === "list" ? ["list", ...family(kind.of)] : [kind.type];
}

/** A kind of another type than the column's own is the business of the adapter that stores it so. */
function rounds(kind: Kind, actual: Kind): boolean {
  if (kind.type === "list" && actual.type === "list") return rounds(kind.of, actual.of);
  if (kind.type === "float" && actual.type === "float") return actual.bits < kind.bits;
  if (kind.type === "decimal" && actual.type === "decimal") {
    return actual.scale !== undefined && (kind.scale === undefined || kind.scale > actual.scale);
  }
  return "digits" in kind && "digits" in actual && actual.digits < kind.digits;
}

function sameName(declared: string, live: string): boolean {
  const last = (name: string): string => name.replace(/^.*\./, "").replaceAll('"', "").toLowerCase();
  return last(declared) === last(live);
}
