import type { Refusal } from "../unit.ts";
import type { Node } from "./node.ts";

/** A data error: nothing of the unit is written. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

export function refused(node: Node, code: Refusal["code"], constraint: string): Refused {
  return new Refused({ code, constraint, model: node.model.name });
}

export function notNull(node: Node, field: string): Refused {
  return new Refused({ code: "WRITE.NOT_NULL", field, model: node.model.name });
}

export function blocked(node: Node, path: readonly string[]): Refused {
  return refused(node, "WRITE.REFUSED", path.join("."));
}
