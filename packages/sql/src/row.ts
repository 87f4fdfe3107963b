import type { Row, Value } from "@sync/core";
import { isValueError } from "@sync/core";
import type { TextRow } from "./executor.ts";
import type { SqlColumn, Table } from "./model.ts";
import { isWellFormed } from "./well-formed.ts";

/** Where the texts of one row stand. */
export interface RowLayout {
  readonly table: Table;
  readonly fields: readonly string[];
  /** Position of each column's text. */
  position(column: SqlColumn): number;
  readonly cloudId: number;
  revision(texts: TextRow): string;
}

/** Turns texts into rows. A value that its kind refuses becomes a fault of its field; the rest of the row stays usable. */
export function rowDecoder(layout: RowLayout): (texts: TextRow) => Row {
  const { table } = layout;
  const keys = table.keys.map((column) => ({ column, at: layout.position(column) }));
  const values = layout.fields.map((field) => {
    const column = table.column.get(field)!;
    return { column, at: layout.position(column), key: table.keys.indexOf(column) };
  });
  const cloudIdAt = layout.cloudId;
  const decodeCloudId = table.cloudId ? (text: string) => table.cloudId!.decode(text) : (text: string) => text;

  const strict = (texts: TextRow): Row => {
    const key = keys.map(({ column, at }) => column.decode(texts[at]!));
    const cloudId = texts[cloudIdAt]!;
    return {
      key,
      cloudId: cloudId === null ? null : decodeCloudId(cloudId),
      revision: layout.revision(texts),
      values: values.map(({ column, at, key: inKey }) => {
        if (inKey >= 0) return key[inKey]!;
        const text = texts[at]!;
        return text === null ? null : column.decode(text);
      }),
    };
  };

  /** The slow way, only for rows with something wrong in them: field by field. */
  const careful = (texts: TextRow): Row => {
    const faults: { field: string; code: string }[] = [];
    const attempt = (field: string, text: string | null, decode: (text: string) => string, otherwise: Value): Value => {
      if (text === null) return null;
      try {
        return decode(text);
      } catch (error) {
        if (!isValueError(error)) throw error;
        const code = isWellFormed(text) ? error.code : "VALUE.NOT_UTF8";
        if (!faults.some((fault) => fault.field === field)) faults.push({ field, code });
        return otherwise;
      }
    };
    return {
      // A key that cannot be read keeps its raw text: the row has a fault, and so is never written.
      key: keys.map(({ column, at }) => attempt(column.field, texts[at]!, column.decode, texts[at]!)!),
      cloudId: table.cloudId
        ? attempt(table.cloudId.field, texts[cloudIdAt]!, decodeCloudId, null)
        : texts[cloudIdAt]!,
      revision: layout.revision(texts),
      values: values.map(({ column, at }) => attempt(column.field, texts[at]!, column.decode, null)),
      faults,
    };
  };

  return (texts) => {
    try {
      return strict(texts);
    } catch (error) {
      if (!isValueError(error)) throw error;
      return careful(texts);
    }
  };
}
