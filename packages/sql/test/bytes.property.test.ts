import fc from "fast-check";
import { expect, test } from "vitest";
import { fromUtf8, toHex } from "../src/sqlite/bytes.ts";
import { isWellFormed } from "../src/well-formed.ts";

/** Pieces that make and break UTF-8: characters of every width, cut ones, overlong ones, halves of pairs, bare bytes. */
const pieces = fc.oneof(
  fc.constantFrom("61", "c3a9", "e282ac", "f09f9880", "efbfbd", "efbbbf", "eda080", "eda082", "c0af", "e08080", "f4908080", "f09f98", "e282", "c3", "80", "ff"),
  fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString("hex")),
);
const hexes = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(""));

test("any bytes come back from the text that stands for them", () => {
  fc.assert(fc.property(hexes, (hex) => {
    expect(toHex(fromUtf8(Buffer.from(hex, "hex")))).toBe(hex);
  }), { numRuns: 2000 });
});

test("a text is well-formed exactly when its bytes are UTF-8, and then it is that text", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  fc.assert(fc.property(hexes, (hex) => {
    const bytes = Buffer.from(hex, "hex");
    let expected: string | undefined;
    try {
      expected = strict.decode(bytes);
    } catch {
      expected = undefined;
    }
    const text = fromUtf8(bytes);
    expect(isWellFormed(text)).toBe(expected !== undefined);
    if (expected !== undefined) expect(text).toBe(expected);
  }), { numRuns: 2000 });
});

test("every text comes back from its bytes", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    expect(fromUtf8(Buffer.from(toHex(text), "hex"))).toBe(text);
  }));
});
