import type { Kind } from "@sync/core";
import type { Executor, TextRow } from "../executor.ts";
import type { Fit, LiveColumn, LiveTable } from "../inspect.ts";
import type { SqlColumn, Table } from "../model.ts";

/** The schema's word on all tables, in one statement: one row per table, column, index column and trigger. */
export async function look(executor: Executor, tables: readonly Table[]): Promise<ReadonlyMap<string, LiveTable>> {
  const names = JSON.stringify(tables.map((table) => table.name));
  const rows = await executor.query({ sql: QUERY, params: [names] });
  const byTable = new Map<string, TextRow[]>();
  for (const row of rows) byTable.set(row[1]!, [...(byTable.get(row[1]!) ?? []), row]);
  const live = new Map<string, LiveTable>();
  for (const table of tables) {
    const facts = byTable.get(table.name);
    if (facts) live.set(table.model.name, parse(facts, table));
  }
  return live;
}

const QUERY = `
with wanted as (select value as name from json_each(?)),
  found as (select w.name, m.type, m.sql from wanted w join sqlite_master m on m.name = w.name and m.type in ('table', 'view'))
select 'table' as c0, name as c1, type as c2, sql as c3, null as c4, null as c5, null as c6 from found
union all select 'column', f.name, x.name, x.type, cast(x."notnull" as text), case when x.dflt_value is null then '0' else '1' end, cast(x.hidden as text) || cast(x.pk as text)
  from found f join pragma_table_xinfo(f.name) x
union all select 'unique', f.name, l.name, i.name, null, null, null
  from found f join pragma_index_list(f.name) l join pragma_index_info(l.name) i where l."unique" and not l.partial
union all select 'trigger', f.name, t.name, null, null, null, null from found f join sqlite_master t on t.type = 'trigger' and t.tbl_name = f.name
union all select 'dependant', f.name, m.name, k.on_delete, null, null, null
  from found f join sqlite_master m on m.type = 'table' and m.name <> f.name join pragma_foreign_key_list(m.name) k
  on lower(k."table") = lower(f.name) and k.on_delete in ('CASCADE', 'SET NULL', 'SET DEFAULT')`;

function parse(facts: readonly TextRow[], table: Table): LiveTable {
  const of = (fact: string): readonly TextRow[] => facts.filter((row) => row[0] === fact);
  const [, , type, sql] = of("table")[0]!;
  const primary = of("column").filter((row) => row[6]!.slice(1) !== "0").map((row) => row[2]!);
  const indexes = new Map<string, string[]>();
  for (const [, , index, column] of of("unique")) indexes.set(index!, [...(indexes.get(index!) ?? []), column!]);
  // A text primary key may hold nulls here, an integer one cannot: it is the rowid.
  const rowid = primary.length === 1 && /^integer$/i.test(of("column").find((row) => row[2] === primary[0])![3]!) && !/without\s+rowid/i.test(sql!);
  return {
    kind: type === "table" ? "table" : "other",
    columns: of("column").map(([, , name, declared, notNull, filled, hiddenAndKey]) => ({
      name: name!,
      type: declared!,
      nullable: notNull === "0" && !(rowid && name === primary[0]),
      generated: hiddenAndKey!.startsWith("2") || hiddenAndKey!.startsWith("3"),
      hasDefault: filled === "1",
    })),
    uniques: [...indexes.values(), ...(primary.length > 0 ? [primary] : [])],
    triggers: of("trigger").length > 0 ? "after" : "none",
    rowSecurity: false,
    forbidden: [],
    numbersKeys: rowid && table.keys.length === 1 && table.keys[0]!.column === primary[0],
    reusesKeys: rowid && !/autoincrement/i.test(sql!),
    dependants: of("dependant").map(([, , name, action]) => ({ table: name!, action: action!.toLowerCase() })),
  };
}

type Affinity = "integer" | "text" | "blob" | "real" | "numeric";

/** The rules of SQLite's own documentation, in their order. */
function affinityOf(type: string): Affinity {
  const upper = type.toUpperCase();
  if (upper.includes("INT")) return "integer";
  if (/CHAR|CLOB|TEXT/.test(upper)) return "text";
  if (upper === "" || upper.includes("BLOB") || upper === "ANY") return "blob";
  if (/REAL|FLOA|DOUB/.test(upper)) return "real";
  return "numeric";
}

/** Texts that no affinity takes for a number. */
const NEVER_NUMERIC: ReadonlySet<Kind["type"]> = new Set(["instant", "local", "date", "time", "duration", "uuid", "list"]);

/** Whether the column's affinity leaves what is stored alone, as far as its canonical value goes. */
export function fit(column: SqlColumn, live: LiveColumn, kind: Kind): Fit {
  const affinity = affinityOf(live.type);
  switch (column.type) {
    case "text":
      return affinity === "text" || affinity === "blob" || NEVER_NUMERIC.has(kind.type) ? "exact" : "lossy";
    case "integer":
      return affinity === "real" || affinity === "text" ? "lossy" : "exact";
    case "real":
      return affinity === "text" ? "lossy" : "exact";
    default:
      return "exact";
  }
}
