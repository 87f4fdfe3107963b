import type { Statement } from "../executor.ts";
import { literal, type SqlColumn, type Table } from "../model.ts";
import { at, only } from "../select.ts";
import { isWellFormed } from "../well-formed.ts";

/** Where the values of a shape stand: through which arrays, and at which paths of the elements at the end. */
interface Layout {
  /** Keys to an array, and to the next one in its elements; none for what stands in the document itself. */
  readonly arrays: readonly (readonly string[])[];
  readonly values: readonly (readonly string[])[];
}

/**
 * Keys of the documents that contain one of the shapes, in one statement for all that look alike: each document is opened
 * once, however many values are looked for. Single texts of the document itself are looked for as its unique indexes have them.
 */
export function containing(table: Table, document: SqlColumn, shapes: readonly string[]): Statement[] {
  const alike = new Map<string, { readonly layout: Layout; readonly shapes: string[]; readonly texts: string[] }>();
  for (const shape of shapes) {
    const json = JSON.parse(shape) as unknown;
    const values: unknown[] = [];
    const layout = layoutOf(json, values);
    // jsonb has neither the character NUL nor half a pair, and so no document that holds it.
    if (values.some((value) => typeof value === "string" && (value.includes("\0") || !isWellFormed(value)))) continue;
    const single = layout.arrays.length === 0 && values.length === 1 && typeof values[0] === "string";
    const name = JSON.stringify([layout, single]);
    const group = alike.get(name) ?? { layout, shapes: [], texts: [] };
    alike.set(name, group);
    group.shapes.push(shape);
    if (single) group.texts.push(values[0] as string);
  }
  const key = `json_build_array(${table.keys.map((column) => column.read(at(column))).join(", ")})::text`;
  const from = `${table.sql} t`;
  return [...alike.values()].map(({ layout: { arrays, values }, shapes: group, texts }) => {
    const [path] = values;
    if (texts.length > 0) {
      const wanted = "array(select jsonb_array_elements_text($1::text::jsonb))";
      return { sql: `select ${key} as c0 from ${from} where ${textAt(at(document), path!)} = any(${wanted})${only(table, "and")}`, params: [JSON.stringify(texts)] };
    }
    const inShape = arrays.flatMap((steps) => [...steps, "0"]);
    const own = values.map((steps) => `e.v #> ${pathOf(steps)}`).join(", ");
    const wanted = values.map((steps) => `s.v #> ${pathOf([...inShape, ...steps])}`).join(", ");
    const elements = `lateral jsonb_path_query(${at(document)}, ${literal(`$${arrays.map((steps) => `${steps.map((step) => `.${JSON.stringify(step)}`).join("")}[*]`).join("")}`)}) e(v)`;
    return {
      sql: `select distinct ${key} as c0 from ${from}, ${elements} where (${own}) in (select ${wanted} from jsonb_array_elements($1::text::jsonb) s(v))${only(table, "and")}`,
      params: [`[${group.join(",")}]`],
    };
  });
}

function layoutOf(json: unknown, values: unknown[]): Layout {
  const arrays: string[][] = [];
  let element = json;
  for (;;) {
    const leaves = leavesOf(element, []);
    const [{ path, value } = { path: [], value: undefined }] = leaves;
    if (leaves.length !== 1 || !Array.isArray(value)) {
      values.push(...leaves.map((leaf) => leaf.value));
      return { arrays, values: leaves.map((leaf) => leaf.path) };
    }
    arrays.push([...path]);
    [element] = value as unknown[];
  }
}

function leavesOf(json: unknown, path: readonly string[]): { readonly path: readonly string[]; readonly value: unknown }[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return [{ path, value: json }];
  return Object.entries(json).flatMap(([key, value]) => leavesOf(value, [...path, key]));
}

const pathOf = (steps: readonly string[]): string => `array[${steps.map(literal).join(", ")}]::text[]`;

/** As `jsonbSchema` and most applications write it, so that an index over it is found. */
function textAt(json: string, steps: readonly string[]): string {
  return `(${[json, ...steps.slice(0, -1).map(literal)].join(" -> ")} ->> ${literal(steps.at(-1)!)})`;
}
