import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText } from "../src/documents/json.ts";
import { jsonTextOf, toJson } from "../src/documents/kinds.ts";
import { canonical, isValueError } from "../src/value.ts";
import { kinds, spellings } from "./values-arbitraries.ts";

/** The text, or that there is none. */
function attempt(make: () => string): string | undefined {
  try {
    return make();
  } catch (error) {
    if (isValueError(error)) return undefined;
    throw error;
  }
}

test("a value stands in a document as one text, whether it is put together with others or straight away", () => {
  const values = kinds.chain((kind) => fc.record({ kind: fc.constant(kind), spelling: spellings(kind), numbers: fc.constantFrom("number" as const, "text" as const) }));
  fc.assert(fc.property(values, ({ kind, spelling, numbers }) => {
    const text = attempt(() => canonical(kind, spelling));
    fc.pre(text !== undefined);
    expect(attempt(() => jsonTextOf(kind, numbers)(text))).toBe(attempt(() => jsonText(toJson(kind, text, numbers))));
  }), { numRuns: 1000 });
});
