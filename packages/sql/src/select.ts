import type { Key, KeyRange } from "@sync/core";
import type { RowReader, Syntax } from "./dialect.ts";
import type { Statement } from "./executor.ts";
import type { SqlColumn, Table } from "./model.ts";
import { literal, quoted } from "./model.ts";
import { isWellFormed } from "./well-formed.ts";

/** Expressions as a select list: drivers that give objects need distinct names. */
export function aliased(expressions: readonly string[]): string {
  return expressions.map((expression, i) => `${expression} as c${i}`).join(", ");
}

/** A column of the table that statements call `t`. */
export function at(column: SqlColumn): string {
  return `t.${quoted(column.column)}`;
}

/** `a` alone or `(a, b)`. */
export function tuple(parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : `(${parts.join(", ")})`;
}

/** A key as the texts that `write` takes. */
export function encodeKey(table: Table, key: Key): string[] {
  return table.keys.map((column, i) => column.encode(key[i]!));
}

/** The row's cloudId as a text expression: its own column, or one probe of the identity table if there is one yet. */
export function cloudIdOf(table: Table, identity: string | undefined, syntax: Syntax): string {
  if (table.cloudId) return table.cloudId.read(at(table.cloudId));
  if (identity === undefined) return "cast(null as text)";
  const local = syntax.localKey(table.keys, table.keys.map(at));
  return `(select i.cloud_id from ${identity} i where i.model = ${literal(table.model.name)} and i.local_key = ${local})`;
}

/** The condition that a row lies in the range, and the parameters it takes from number `first` on. */
export function inRange(table: Table, range: KeyRange, syntax: Syntax, first: number): { where: string; params: string[] } {
  const params: string[] = [];
  const keys = tuple(table.keys.map(at));
  const bound = (operator: string, key: Key): string => {
    const parts = encodeKey(table, key).map((text, i) => {
      const bytes = isWellFormed(text) ? undefined : syntax.bytes;
      params.push(bytes ? bytes.pass(text) : text);
      const param = syntax.param(first + params.length - 1);
      return table.keys[i]!.write(bytes ? bytes.restore(param) : param);
    });
    return `${keys} ${operator} ${tuple(parts)}`;
  };
  const bounds: string[] = table.filter ? [table.filter.sql] : [];
  if (range.after) bounds.push(bound(">", range.after));
  if (range.upTo) bounds.push(bound("<=", range.upTo));
  return { where: bounds.length === 0 ? "" : ` where ${bounds.join(" and ")}`, params };
}

/** The first `limit` rows of a range in key order. */
export function page(table: Table, reader: RowReader, range: KeyRange, limit: number, syntax: Syntax): Statement {
  const { where, params } = inRange(table, range, syntax, 1);
  const order = table.keys.map(at).join(", ");
  return { sql: `select ${reader.select} from ${table.sql} t${where} order by ${order} limit ${limit}`, params };
}

/**
 * The rows whose columns equal one of the tuples. Without an index this must be a semi-join, which scans the table once;
 * the key and the cloudId have one, and so have the columns that are `leading` in one.
 */
export function lookup(
  table: Table,
  reader: RowReader,
  columns: readonly SqlColumn[],
  tuples: readonly (readonly string[])[],
  syntax: Syntax,
  leading?: ReadonlySet<string>,
): Statement {
  const [first] = columns;
  const indexed = columns.length === 1 && (first === table.cloudId || (first === table.keys[0] && table.keys.length === 1) || leading?.has(first!.column) === true);
  const texts = tuples.map((each) => columns.map((column, i) => column.encode(each[i]!)));
  const bytes = texts.every((each) => each.every(isWellFormed)) ? undefined : syntax.bytes;
  const wanted = columns.map((column, i) => column.write(bytes ? bytes.restore(syntax.item(i)) : syntax.item(i))).join(", ");
  const among = `select ${wanted} from ${syntax.rows(syntax.param(1))}`;
  return {
    sql: `select ${reader.select} from ${table.sql} t where ${isAmong(columns, among, indexed, syntax)}${only(table, "and")}`,
    params: [JSON.stringify(bytes ? texts.map((each) => each.map(bytes.pass)) : texts)],
  };
}

/** The rows with one of the cloudIds in `sync_identity`. */
export function lookupIdentity(
  table: Table,
  reader: RowReader,
  tuples: readonly (readonly string[])[],
  identity: string,
  syntax: Syntax,
): Statement {
  const keys = table.keys.map((column, i) => `${at(column)} = ${syntax.fromLocalKey(table.keys, i, "i.local_key")}`).join(" and ");
  const cloudIds = `select ${syntax.item(0)} from ${syntax.rows(syntax.param(1))}`;
  return {
    sql: `select ${reader.joined} from ${identity} i join ${table.sql} t on ${keys} where i.model = ${literal(table.model.name)} and ${syntax.oneOf("i.cloud_id", cloudIds)}${only(table, "and")}`,
    params: [JSON.stringify(tuples)],
  };
}

function isAmong(columns: readonly SqlColumn[], select: string, indexed: boolean, syntax: Syntax): string {
  return indexed ? syntax.oneOf(at(columns[0]!), select) : `${tuple(columns.map(at))} in (${select})`;
}

/** The condition that keeps rows of other models in the same table out, behind `where` or `and`. */
export function only({ filter }: Table, word: "where" | "and"): string {
  return filter ? ` ${word} ${filter.sql}` : "";
}
