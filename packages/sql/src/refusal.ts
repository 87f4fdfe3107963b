import type { Refusal, Value } from "@sync/core";
import { isValueError } from "@sync/core";
import type { SqlColumn, Table } from "./model.ts";

/** Carries a refusal out of the middle of making statements; never leaves this package. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** A value as the text its column takes. A value that cannot be stored refuses the unit, as the database would. */
export function encodeValue(table: Table, column: SqlColumn, value: Value): string | null {
  if (value === null) return null;
  try {
    return column.encode(value);
  } catch (error) {
    if (!isValueError(error)) throw error;
    throw new Refused({ code: "WRITE.VALUE", field: column.field, model: table.model.name });
  }
}
