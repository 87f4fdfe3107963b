import type { Json } from "./json.ts";
import { read, type Node } from "./node.ts";

const numeric = new Set(["integer", "decimal", "float"]);

/** Sorts an array by its `orderBy` field, in place; equal ones stay as they stood, those without a value go last. */
export function arrange(node: Node, array: Json[]): void {
  const field = node.orderBy!;
  const values = new Map(array.map((element) => [element, read(field, element).value]));
  const compare = (a: Json, b: Json): number => {
    const [x, y] = [values.get(a)!, values.get(b)!];
    if (x === y) return 0;
    if (x === null || y === null) return x === null ? 1 : -1;
    if (numeric.has(field.kind.type) && Number(x) !== Number(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  };
  array.sort(compare);
}
