import type { FoundElement, WantedElement, Way } from "@sync/core";
import type { Statement, TextRow } from "../executor.ts";
import { literal, type Table } from "../model.ts";
import { encodeValue } from "../refusal.ts";
import { aliased, at, only } from "../select.ts";
import { postgresReader } from "./read.ts";
import { postgresSyntax } from "./syntax.ts";

/** What jsonb cannot hold, as JSON writes it: NUL and half pairs. Some texts only look so, and those are read another way. */
const unstorable = /\\u(0000|d[89a-f])/i;

/**
 * One statement for elements of many documents: each is opened once for each element wanted, and only the elements on the
 * way to it are made into texts.
 */
export function elements(
  table: Table, { field, arrays, without }: Way, wanted: readonly WantedElement[], identity: string,
): { readonly statement: Statement; read(rows: readonly TextRow[]): (FoundElement | undefined)[] } {
  const { item, param, rows } = postgresSyntax;
  const reader = postgresReader(table, [], identity);
  const keys = table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`).join(" and ");
  const texts = [textOf("e0.v", without[0]!)];
  const positions: string[] = [];
  // Unpacked once, which `offset 0` holds the planner to: each use of the column would do so again.
  const from = [`${rows(param(1))} join ${table.sql} t on ${keys}`, `lateral (select ${at(table.column.get(field)!)} #> '{}' as v offset 0) e0`];
  arrays.forEach((steps, i) => {
    const path = literal(`strict $${steps.map((step) => `.${JSON.stringify(step)}`).join("")}[*]`);
    from.push(
      `lateral (select min(a.n) - 1 as n, (array_agg(a.v))[1] as v from jsonb_path_query(e${i}.v, ${path}, '{}', true) with ordinality a(v, n)` +
        ` where a.v @> (r.v->${table.keys.length + i}) having count(*) = 1) e${i + 1}`,
    );
    texts.push(textOf(`e${i + 1}.v`, without[i + 1]!));
    positions.push(`e${i + 1}.n::text`);
  });
  const expressions = [...reader.expressions, "r.n::text", ...positions, ...texts];
  const inputs = wanted.map(({ key, shapes }) => `[${[...table.keys.map((column, i) => JSON.stringify(encodeValue(table, column, key[i]!))), ...shapes].join(",")}]`);
  const storable = inputs.flatMap((input, i) => (unstorable.test(input) ? [] : [i]));
  return {
    statement: {
      sql: `select ${aliased(expressions)} from ${from.join(", ")}${only(table, "where")}`,
      params: [`[${storable.map((i) => inputs[i]).join(",\n")}]`],
    },
    read(answer) {
      const found: (FoundElement | undefined)[] = wanted.map(() => undefined);
      for (const row of answer) {
        const { key, cloudId, revision } = reader.row(row);
        const [n, ...rest] = row.slice(reader.expressions.length) as string[];
        found[storable[Number(n) - 1]!] = { key, cloudId, revision, positions: rest.slice(0, arrays.length).map(Number), texts: rest.slice(arrays.length) };
      }
      return found;
    },
  };
}

function textOf(json: string, without: readonly (readonly string[])[]): string {
  return `(${without.reduce((rest, path) => `${rest} #- array[${path.map(literal).join(", ")}]::text[]`, json)})::text`;
}
