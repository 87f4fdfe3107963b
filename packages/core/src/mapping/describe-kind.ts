import type { Kind } from "../value.ts";

/** `decimal(10, 2)`, `instant(6)`, `integer(32)`: for findings, and part of a field's signature. */
export function describeKind(kind: Kind): string {
  if (kind.type === "list") return `list of ${describeKind(kind.of)}`;
  if (kind.type === "enum") return `enum(${kind.values.length} values)`;
  const sizes = Object.entries(kind).flatMap(([name, value]) =>
    name === "type" || value === undefined || value === false ? [] : [typeof value === "number" ? String(value) : name]);
  return sizes.length === 0 ? kind.type : `${kind.type}(${sizes.join(", ")})`;
}
