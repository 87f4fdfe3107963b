import type { DocumentBatch, DocumentUnit, DocumentWrite, Row } from "@sync/core";
import type { RowReader, SideTables, UnitOutcome, WritableTable } from "../dialect.ts";
import { localKeyText } from "../documents.ts";
import type { Executor, Statement, TextRow } from "../executor.ts";
import { leaseLost } from "../lease.ts";
import type { SqlColumn, Table } from "../model.ts";
import { quoted } from "../model.ts";
import { encodeValue } from "../refusal.ts";
import { at, lookup } from "../select.ts";
import { copyDocuments } from "./copy-documents.ts";
import { postgresReader } from "./read.ts";
import { postgresSyntax } from "./syntax.ts";

const { item, localKey } = postgresSyntax;

/** Each patch reads and writes all of its document; from about here on the whole text costs less (docs/decisions/0016). */
const MOST_PATCHES = 10;
/** Letters of a change that are not worth a look at how long the whole is. */
const SMALL = 100;
/** In place of a revision: the row as this very transaction has left it. */
const OWN = "own";
/** Letters from which on a document is a parameter of its own, and how many may be: a statement has at most 65,535. */
const LONG = 2_000;
const MOST_APART = 10_000;
/** One statement part per shape; rows of rarer ones are written whole. */
const MOST_SHAPES = 12;

/** Writes of one batch that one part of the statement can do. */
interface Group {
  readonly batch: number;
  readonly table: Table;
  readonly document: SqlColumn;
  readonly after: WritableTable["after"];
  readonly reader: RowReader;
  readonly op: DocumentWrite["op"];
  /** Of patches: one letter each, `s` sets and `r` removes; `whole` writes the text. */
  readonly shape: string;
  readonly members: readonly { readonly at: number; readonly write: DocumentWrite }[];
  /** Whole documents that go as parameters of their own; undefined where they stand in the list. */
  readonly wholes: readonly string[] | undefined;
}

/**
 * The whole unit as one statement, as `commitUnit` does it: the fence first, then one data-modifying part per batch,
 * operation and shape of patches, each waiting for the one before, and the identities of what was written last.
 */
export async function commitDocuments(
  executor: Executor,
  unit: DocumentUnit,
  tables: ReadonlyMap<string, WritableTable>,
  sides: SideTables,
  database: string,
): Promise<UnitOutcome> {
  const copied = await copyDocuments(executor, unit, tables, sides, database);
  if (copied) return copied;
  const groups = unit.batches.flatMap((batch, index) => groupsOf(batch, index, tables.get(batch.model)!, sides));
  const leaving = leaversOf(unit);
  const before = leaving ? [statementFor(leaving, leaving.batches.flatMap((batch, index) => groupsOf(batch, index, tables.get(batch.model)!, sides)), sides)] : [];
  const statements = [statementFor(unit, groups, sides)];
  const rereads = groups.filter((group) => group.after === "reread");
  for (const { table, reader, members } of rereads) {
    statements.push(lookup(table, reader, table.keys, members.map(({ write }) => write.key), postgresSyntax));
  }
  const all = [...before, ...statements];
  const answers = all.length === 1 ? [await executor.query(all[0]!)] : (await executor.atomic(all)).slice(before.length);
  const [fence, ...parts] = answers[0]!;
  if (!fence || fence[1] !== "1") throw leaseLost(database);
  const written = unit.batches.map((batch): (true | Row | undefined)[] => batch.rows.map(() => undefined));
  groups.forEach((group, g) => {
    const again = rereads.indexOf(group);
    const results = resultsOf(group, parts[g]!, again < 0 ? undefined : answers[again + 1]!);
    group.members.forEach(({ at: row }, i) => {
      written[group.batch]![row] = results[i];
    });
  });
  return { transaction: fence[2]!, written };
}

/** Those that let go of a unique value first, as a unit of its own in the same transaction; undefined where none does. */
function leaversOf(unit: DocumentUnit): DocumentUnit | undefined {
  const batches = unit.batches.flatMap((batch) => {
    const rows = batch.rows.flatMap((write): DocumentWrite[] =>
      (write.op === "patch" && write.first ? [{ op: "patch", key: write.key, revision: write.revision, patches: write.first, inner: [] }] : []));
    return rows.length > 0 ? [{ ...batch, rows }] : [];
  });
  return batches.length > 0 ? { ...unit, batches } : undefined;
}

const isLeaver = (write: DocumentWrite): boolean => write.op === "patch" && write.first !== undefined;

/** Deletes first, so that what they free can be taken, and what has let go of a value last, when all others have left theirs. */
function groupsOf(batch: DocumentBatch, index: number, target: WritableTable, sides: SideTables): Group[] {
  const members = batch.rows.map((write, i) => ({ at: i, write }));
  const leavers = members.filter(({ write }) => isLeaver(write));
  const others = leavers.length === 0 ? members : members.filter(({ write }) => !isLeaver(write));
  return [...groupsAmong(others, batch, index, target, sides), ...groupsAmong(leavers, batch, index, target, sides)];
}

function groupsAmong(members: Group["members"], batch: DocumentBatch, index: number, { table, after }: WritableTable, sides: SideTables): Group[] {
  const shapes = new Map<string, Group["members"][number][]>();
  for (const member of members) {
    const name = `${member.write.op} ${shapeOf(member.write)}`;
    const alike = shapes.get(name);
    if (alike) alike.push(member);
    else shapes.set(name, [member]);
  }
  const document = table.column.get(batch.field)!;
  const reader = postgresReader(table, table.model.fields.map((field) => field.name), sides.identity);
  const group = (op: Group["op"], shape: string, of: Group["members"]): Group[] =>
    of.length === 0 ? [] : [{ batch: index, table, document, after: op === "delete" ? "sent" : after, reader, op, shape, members: of, wholes: op === "insert" ? longWholes(of) : undefined }];
  const patches = [...shapes].filter(([name]) => name.startsWith("patch ") && name !== "patch whole").sort(([, a], [, b]) => b.length - a.length);
  const rest = patches.splice(MOST_SHAPES);
  const rare = rest.flatMap(([, of]) => of.filter(hasWhole));
  patches.push(...rest.map(([name, of]): typeof rest[number] => [name, of.filter((member) => !hasWhole(member))]));
  return [
    ...group("delete", "", shapes.get("delete ") ?? []),
    ...patches.flatMap(([name, of]) => group("patch", name.slice("patch ".length), of)),
    ...group("patch", "whole", [...(shapes.get("patch whole") ?? []), ...rare]),
    ...group("insert", "", shapes.get("insert ") ?? []),
  ];
}

/** Without asking for it. */
const hasWhole = ({ write }: { readonly write: DocumentWrite }): boolean => "whole" in write;

function shapeOf(write: DocumentWrite): string {
  if (write.op !== "patch") return "";
  const { patches } = write;
  if (patches === "whole") return patches;
  const size = patches.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  // The whole text is asked for last: of a large document it costs something to make.
  const { length } = patches;
  if ("whole" in write && (length > MOST_PATCHES || (size > SMALL && size > write.whole!.length / 2))) return "whole";
  return patches.map(({ value }) => (value === undefined ? "r" : "s")).join("");
}

function statementFor(unit: DocumentUnit, groups: readonly Group[], sides: SideTables): Statement {
  const ctes = [`fence as (select 1 as held from ${sides.database} where fence = $1::text::bigint and runner is not null for share)`];
  const answers = ["select 'fence' as c0, (select count(*) from fence)::text as c1, pg_current_xact_id()::xid::text as c2"];
  const params: string[] = [String(unit.fence)];
  groups.forEach((group, g) => {
    const { param, rows } = postgresSyntax;
    params.push(`[${group.members.map(({ write }) => inputOf(group, write)).join(",\n")}]`);
    if (group.wholes) {
      const wholes = group.wholes.map((_, i) => param(params.length + 1 + i)).join(", ");
      ctes.push(`b${g}_in as materialized (select r.v, r.whole::jsonb as whole, r.n` +
        ` from rows from (jsonb_array_elements(${param(params.length)}::jsonb), unnest(array[${wholes}])) with ordinality as r(v, whole, n))`);
      for (const whole of group.wholes) params.push(whole);
    } else ctes.push(`b${g}_in as materialized (select r.v, r.n from ${rows(param(params.length))})`);
    ctes.push(partOf(group, g, g === 0 ? "fence" : `fence, (select count(*) from b${g - 1}) p`));
    const list = group.after === "returned" ? "json_agg(image)" : `case when count(*) = ${group.members.length} then null else json_agg(n) end`;
    answers.push(`select '${g}', count(*)::text, ${list}::text from b${g}`);
  });
  const identities = groups.flatMap((group, g) => identitiesOf(group, g));
  if (identities.length > 0) {
    params.push(JSON.stringify(identities));
    ctes.push(...identityParts(groups, params.length, sides));
  }
  return { sql: `with ${ctes.join(",\n")}\n${answers.join("\nunion all ")}`, params };
}

/** In a list of all of them PostgreSQL moves each whole document once more; for short ones that is cheaper than a parameter each. */
function longWholes(members: Group["members"]): readonly string[] | undefined {
  if (members.length > MOST_APART) return undefined;
  const wholes = members.flatMap(({ write }) => (write.op === "insert" ? [write.whole] : []));
  return wholes.reduce((letters, whole) => letters + whole.length, 0) > LONG * members.length ? wholes : undefined;
}

/** One row as JSON text. What is JSON already goes in as it is: a text in a text would be read twice. */
function inputOf({ table, shape, wholes }: Group, write: DocumentWrite): string {
  const parts = table.keys.map((column, i) => JSON.stringify(encodeValue(table, column, write.key[i]!)));
  if (write.op === "insert") parts.push(...(wholes ? [] : [write.whole]));
  else parts.push(JSON.stringify(isLeaver(write) ? OWN : write.revision));
  if (write.op === "patch") {
    if (shape === "whole" || write.patches === "whole") parts.push(write.whole!);
    else for (const { path, value } of write.patches) parts.push(JSON.stringify(pathText(path)), ...(value === undefined ? [] : [value]));
  }
  return `[${parts.join(",")}]`;
}

/** PostgreSQL's own text of a `text[]`. */
function pathText(path: readonly (string | number)[]): string {
  return `{${path.map((step) => `"${String(step).replaceAll(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

function partOf(group: Group, g: number, after: string): string {
  const { table, document, op, shape, reader } = group;
  const image = group.after === "returned" ? `, json_build_array(${reader.expressions.join(", ")}) as image` : "";
  const keyed = table.keys.length;
  const column = quoted(document.column);
  const values = table.keys.map((each, i) => each.write(item(i)));
  if (op === "insert") {
    const names = [...table.keys.map((each) => quoted(each.column)), column, ...(table.filter ? [quoted(table.filter.column)] : [])];
    const given = [...values, group.wholes ? "r.whole" : raw(keyed), ...(table.filter ? [table.filter.value] : [])];
    const key = localKey(table.keys, table.keys.map(at));
    return `b${g} as (insert into ${table.sql} as t (${names.join(", ")}) overriding system value` +
      ` select ${given.join(", ")} from b${g}_in r, ${after} order by r.n returning 0 as n, ${key} as local_key${image})`;
  }
  const guarded = [...table.keys.map((each, i) => `${at(each)} = ${values[i]}`), ...(table.filter ? [table.filter.sql] : []), `t.xmin::text = ${group.members.some(({ write }) => isLeaver(write)) ? `replace(${item(keyed)}, '${OWN}', pg_current_xact_id()::xid::text)` : item(keyed)}`];
  const from = `b${g}_in r, ${after} where ${guarded.join(" and ")}`;
  if (op === "delete") return `b${g} as (delete from ${table.sql} t using ${from} returning r.n)`;
  if (shape === "") return `b${g} as (select r.n${image} from ${table.sql} t, ${from})`;
  const value = shape === "whole" ? raw(keyed + 1) : patched(`t.${column}`, shape, keyed + 1);
  return `b${g} as (update ${table.sql} t set ${column} = ${value} from ${from} returning r.n${image})`;
}

/** The i-th part of a row as it is, not as text. */
function raw(i: number): string {
  return `(r.v->${i})`;
}

function patched(document: string, shape: string, first: number): string {
  let position = first;
  let expression = document;
  for (const letter of shape) {
    const path = `${item(position)}::text[]`;
    expression = letter === "s" ? `jsonb_set(${expression}, ${path}, ${raw(position + 1)})` : `(${expression} #- ${path})`;
    position += letter === "s" ? 2 : 1;
  }
  return expression;
}

/** Group, row of the group, model, local key and cloudId. What is deleted is forgotten itself, too. */
function identitiesOf({ members, table, op }: Group, g: number): (string | number | null)[][] {
  const own = table.model.name;
  return members.flatMap(({ write }, i) => {
    const inner = write.inner.map((each) => [g, i + 1, each.model, localKeyText(each.model === own, each.key), each.cloudId]);
    if (op === "delete" && !table.cloudId && !write.inner.some(({ model }) => model === own)) inner.push([g, i + 1, own, localKeyText(true, write.key), null]);
    return inner;
  });
}

/** Old ones go before new ones come, so that two keys can exchange their cloudIds. */
function identityParts(groups: readonly Group[], param: number, sides: SideTables): string[] {
  const done = groups.map(({ op, after, table }, g) => {
    if (op !== "insert") return `select ${g} as g, n from b${g}`;
    const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
    return `select ${g} as g, r.n from b${g}_in r, fence${after === "sent" ? "" : ` where ${key} in (select local_key from b${g})`}`;
  });
  const same = "i.model = d.model and i.local_key = d.local_key";
  return [
    `done as materialized (${done.join(" union all ")})`,
    `ids as materialized (select r.v->>2 as model, r.v->>3 as local_key, r.v->>4 as cloud_id from ${postgresSyntax.rows(postgresSyntax.param(param))}` +
      " join done on done.g = (r.v->>0)::int and done.n = (r.v->>1)::bigint)",
    `ids_gone as (delete from ${sides.identity} i using ids d where ${same} and i.cloud_id is distinct from d.cloud_id returning 1)`,
    `ids_new as (insert into ${sides.identity} (model, cloud_id, local_key) select d.model, d.cloud_id, d.local_key` +
      " from ids d, (select count(*) from ids_gone) p" +
      ` where d.cloud_id is not null and not exists (select from ${sides.identity} i where ${same} and i.cloud_id = d.cloud_id))`,
  ];
}

/** Per row of the group: written as sent, written and returned, or not written. */
function resultsOf({ members, after, reader, op, table }: Group, answer: TextRow, again: readonly TextRow[] | undefined): (true | Row | undefined)[] {
  const list = answer[2] == null ? null : (JSON.parse(answer[2]) as unknown[]);
  const ordinals = op === "insert" || answer[1] === String(members.length) ? undefined : new Set((list ?? []).map(Number));
  if (after === "sent") return members.map((_, i): true | undefined => (ordinals === undefined || ordinals.has(i + 1) ? true : undefined));
  const images = (again ?? (list as TextRow[] | null) ?? []).map((texts) => reader.row(texts));
  const found = new Map(images.map((row) => [JSON.stringify(row.key), row]));
  return members.map(({ write }, i) => {
    if (again && ordinals && !ordinals.has(i + 1)) return undefined;
    const image = found.get(JSON.stringify(write.key));
    // The statement does not see the identity row that it writes itself.
    const own = table.cloudId ? undefined : write.inner.find(({ model }) => model === table.model.name);
    return image && own ? { ...image, cloudId: own.cloudId } : image;
  });
}
