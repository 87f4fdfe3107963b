import type { Committed, Documents, DocumentUnit, Key } from "@sync/core";
import { SyncError } from "@sync/core";
import type { Dialect, SideTables, UnitOutcome, WritableTable } from "./dialect.ts";
import { forgetDangling } from "./dangling.ts";
import type { Executor } from "./executor.ts";
import { literal, quoted, type Table } from "./model.ts";
import { only } from "./select.ts";
import { containing } from "./postgres/containing.ts";
import { elements } from "./postgres/elements.ts";
import { IDENTITY_CONSTRAINT } from "./sides.ts";

/** Tuples per statement of a look-up. */
const BATCH = 10_000;

/** Key columns whose own text is the canonical one, so that an identity's key can be made without asking the database. */
const PLAIN_KEYS: ReadonlySet<string> = new Set(["text", "varchar", "uuid", "int2", "int4", "int8"]);

/** The text of a key in `sync_identity`. Only a document's own, as its table writes it, may be no array. */
export function localKeyText(own: boolean, key: Key): string {
  return own && key.length === 1 ? key[0]! : `[${key.map((part) => JSON.stringify(part)).join(", ")}]`;
}

interface Context {
  readonly name: string;
  readonly dialect: Dialect;
  readonly executor: Executor;
  readonly sides: SideTables;
  readonly tables: ReadonlyMap<string, WritableTable>;
  /** Turns what a unit's work gives or throws into an answer. */
  attempt(work: () => Promise<UnitOutcome>): Promise<Committed>;
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Looks at the live tables where nobody has yet. */
  examine(): Promise<void>;
}

/** What `unfold` asks of a database whose rows hold a document each; undefined where the engine has no way for it. */
export function documentsOf(context: Context): Documents | undefined {
  const { dialect, executor, sides, tables, guard } = context;
  const { commitDocuments, syntax } = dialect;
  if (!commitDocuments) return undefined;
  const tableFor = (model: string): Table => {
    const table = tables.get(model)?.table;
    if (!table) throw new SyncError("ENDPOINT.UNKNOWN_MODEL", `${context.name} has no model ${model}`, { model });
    const odd = table.keys.find(({ type }) => !PLAIN_KEYS.has(type));
    if (odd) throw new SyncError("OPTIONS.MODEL", `The key column "${odd.column}" of documents is a text, a uuid or an integer.`, { model });
    return table;
  };

  return {
    async commit(unit) {
      for (const { model } of unit.batches) tableFor(model);
      await context.examine();
      const run = (): Promise<Committed> => context.attempt(() => commitDocuments(executor, unit, tables, sides, context.name));
      const first = await run();
      if (first.committed || !first.refusal.constraint?.startsWith(IDENTITY_CONSTRAINT)) return first;
      const freed = await guard(() => forgetDangling(executor, ownIdentities(unit), tableFor, sides, syntax));
      return freed ? await run() : first;
    },

    async identities(model, by, tuples) {
      const own = tables.has(model);
      const column = by === "key" ? "i.local_key" : "i.cloud_id";
      const found: { key: Key; cloudId: string }[] = [];
      for (let from = 0; from < tuples.length; from += BATCH) {
        const texts = tuples.slice(from, from + BATCH).map((tuple) => [by === "key" ? localKeyText(own, tuple) : tuple[0]!]);
        const among = syntax.oneOf(column, `select ${syntax.item(0)} from ${syntax.rows(syntax.param(1))}`);
        const sql = `select json_build_array(i.local_key, i.cloud_id)::text as c0 from ${sides.identity} i where i.model = ${literal(model)} and ${among}`;
        for (const [text] of await orNone(() => executor.query({ sql, params: [JSON.stringify(texts)] }))) {
          const [key, cloudId] = JSON.parse(text!) as [string, string];
          found.push({ key: own && tableFor(model).keys.length === 1 ? [key] : (JSON.parse(key) as string[]), cloudId });
        }
      }
      return found;
    },

    async countInside(model, paths, values = false) {
      if (paths.length === 0) return [];
      const table = tableFor(model);
      const document = table.columns.find(({ type }) => type === "jsonb")!;
      const counts = paths.map((path, i) => `coalesce(sum(${countOf("d.v", path, values)}), 0)::text as c${i}`);
      // Each use of the column would unpack the document again; `offset 0` holds the planner to one.
      const from = `${table.sql} t, lateral (select t.${quoted(document.column)} #> '{}' as v offset 0) d`;
      const [row] = await guard(() => executor.query({ sql: `select ${counts.join(", ")} from ${from}${only(table, "where")}`, params: [] }));
      return row!.map(Number);
    },

    async containing(model, shapes) {
      const table = tableFor(model);
      const document = table.columns.find(({ type }) => type === "jsonb")!;
      const found: Key[] = [];
      for (const statement of containing(table, document, shapes)) {
        for (const [text] of await guard(() => executor.query(statement))) found.push((JSON.parse(text!) as string[]).map((part, i) => table.keys[i]!.decode(part)));
      }
      return found;
    },

    async elements(model, way, wanted) {
      const table = tableFor(model);
      const { statement, read } = elements(table, way, wanted, sides.identity);
      return read(await orNone(() => executor.query(statement)));
    },
  };

  /** Before the first claim there is no identity table, and so no identity. */
  async function orNone<T>(work: () => Promise<readonly T[]>): Promise<readonly T[]> {
    return await guard(async () => {
      try {
        return await work();
      } catch (error) {
        if (dialect.isMissing(error)) return [];
        throw error;
      }
    });
  }
}

/** Elements of the array at the end of a path; arrays on the way are passed through, and where no array stands there are none. */
function countOf(json: string, path: readonly string[], values: boolean, depth = 0): string {
  const [step, ...rest] = path;
  const value = `(${json}->${literal(step!)})`;
  const is = `jsonb_typeof${value}`;
  // Two objects, or two nulls, are never the same value.
  const single = `jsonb_typeof(x.v) in ('string', 'number', 'boolean')`;
  const distinct = `(select count(distinct x.v) filter (where ${single}) + count(*) filter (where not ${single}) from jsonb_array_elements${value} x(v))`;
  if (rest.length === 0) return `case when ${is} = 'array' then ${values ? distinct : `jsonb_array_length${value}`} else 0 end`;
  const element = `e${depth}`;
  const passed = `case ${is} when 'array' then ${value} when 'object' then jsonb_build_array${value} else '[]' end`;
  return `(select sum(${countOf(`${element}.v`, rest, values, depth + 1)}) from jsonb_array_elements(${passed}) ${element}(v))`;
}

/** The documents' own identities as rows, for the search for those whose row is gone. */
function ownIdentities(unit: DocumentUnit): Parameters<typeof forgetDangling>[1] {
  return {
    id: unit.id,
    fence: unit.fence,
    batches: unit.batches.map(({ model, rows }) => ({
      op: "insert" as const,
      model,
      fields: [],
      rows: rows.flatMap(({ inner }) =>
        inner.flatMap((each) => (each.model === model && each.cloudId !== null ? [{ key: each.key, cloudId: each.cloudId, values: [] }] : [])),
      ),
    })),
  };
}
