import type { Changes, Key } from "@sync/core";
import type { Executor } from "../executor.ts";
import { literal, type Table } from "../model.ts";
import { at, only } from "../select.ts";
import { serverIdentity, TIMELINE } from "./server.ts";

/** What a mark holds: anything that differs later means that row versions no longer tell what changed. */
interface Mark {
  /** The oldest transaction that was still running: whatever commits later is not below it. */
  readonly horizon: string;
  readonly server: string;
  readonly shape: string;
}

/** Half of all transaction ids is where older and newer change places; long before that a mark is too old. */
const TOO_OLD = 1_000_000_000;

/** Bytes of a table up to which the places of all its rows fit into memory, were they all changed; a partitioned one has none. */
const SMALL = 1 << 26;

/**
 * Row versions since a mark, in one statement and one snapshot. Rows that were locked only, or rolled back, may be among
 * them; a row that changed never misses. Past a third of the table everything is compared: that costs less.
 */
export async function changesSince(
  executor: Executor,
  table: Table,
  mark: string | undefined,
  ownUnits: readonly string[],
): Promise<Changes> {
  const known = parse(mark);
  const [row] = await serverIdentity(executor, (server) => executor.query({ sql: query(table, server), params: [
    known?.horizon ?? null,
    known?.server ?? null,
    known?.shape ?? null,
    `{${ownUnits.join(",")}}`,
  ] }));
  const [horizon, server, shape, total, keys] = row!;
  const next: Mark = { horizon: horizon!, server: server!, shape: shape! };
  return { next: JSON.stringify(next), total: Number(total), keys: keys === null ? "all" : decodeKeys(table, keys!) };
}

function parse(mark: string | undefined): Mark | undefined {
  if (mark === undefined) return undefined;
  try {
    const parsed = JSON.parse(mark) as Partial<Mark> | null;
    if (typeof parsed?.horizon !== "string" || !/^\d+$/.test(parsed.horizon)) return undefined;
    return { horizon: parsed.horizon, server: String(parsed.server), shape: String(parsed.shape) };
  } catch {
    return undefined;
  }
}

function decodeKeys(table: Table, text: string): Key[] {
  return (JSON.parse(text) as string[][]).map((key) => key.map((part, i) => table.keys[i]!.decode(part)));
}

function query(table: Table, server: string): string {
  const keys = `coalesce(json_agg(json_build_array(${table.keys.map((column) => column.read(at(column))).join(", ")})), '[]')::text`;
  const relation = `${literal(table.sql)}::regclass`;
  const changed = "age(t.xmin) <= (select age($1::text::xid8::xid)) and t.xmin not in (select unnest($4::text::xid[]))";
  const trusted = [
    "$2::text = n.server",
    "$3::text = n.shape",
    "$1::text::bigint <= n.horizon::text::bigint",
    `n.horizon::text::bigint - $1::text::bigint < ${TOO_OLD}`,
    "not n.hidden",
  ].join(" and ");
  // One pass says how many rows there are and how many of them changed, and in a small table also where these stand. Each
  // branch of a case runs only when the case comes to it.
  return `with s as materialized (select pg_relation_size(${relation}) between 1 and ${SMALL} as small),
  n as materialized (
    select pg_snapshot_xmin(pg_current_snapshot()) as horizon, ${server} || '/' || ${TIMELINE} as server, ${shapeOf(table)} as shape,
      row_security_active(${relation}) as hidden, seen.total, seen.places, coalesce(cardinality(seen.places), seen.changed) as changed
    from (select count(*) as total,
      array_agg(t.ctid) filter (where (select small from s) and ${changed}) as places,
      count(*) filter (where not (select small from s) and ${changed}) as changed
      from ${table.sql} t${only(table, "where")}) seen)
  select n.horizon::text as c0, n.server as c1, n.shape as c2, n.total::text as c3,
    case when ${trusted} then case
      when n.changed = 0 then '[]'
      when n.changed > greatest(1000, n.total / 3) then null
      when n.places is not null then (select ${keys} from ${table.sql} t where t.ctid = any (array(select unnest(places) from n)))
      else (select ${keys} from ${table.sql} t where ${changed}${only(table, "and")})
    end end as c4
  from n`;
}

/**
 * What changes rows without a new version: partitions attached or exchanged, a table renamed into place, a column added
 * with a default, a generated column's expression, an enum's labels.
 */
function shapeOf(table: Table): string {
  return `(
    with recursive relation(id) as (
      select ${literal(table.sql)}::regclass::oid
      union select i.inhrelid from pg_inherits i join relation on i.inhparent = relation.id)
    select md5(coalesce(string_agg(concat_ws(':', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attisdropped,
      a.attmissingval::text, pg_get_expr(d.adbin, d.adrelid),
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid in (a.atttypid, y.typelem))),
      ';' order by a.attrelid, a.attnum), ''))
    from relation join pg_attribute a on a.attrelid = relation.id and a.attnum > 0
    left join pg_type y on y.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum)`;
}
