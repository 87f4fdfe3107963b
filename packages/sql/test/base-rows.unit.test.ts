import fc from "fast-check";
import { expect, test } from "vitest";
import { nearInIndex } from "../src/base-rows.ts";

test("bases are put near their order in the index, each of them once", () => {
  const bases = fc.array(fc.record({ model: fc.constantFrom("A", "B", "Long name"), cloudId: fc.oneof(fc.uuid(), fc.string({ maxLength: 3 })), hashes: fc.string() }), { maxLength: 200 });
  fc.assert(fc.property(bases, (some) => {
    const ordered = nearInIndex(some);
    expect(new Set(ordered)).toEqual(new Set(some));
    expect(ordered).toHaveLength(some.length);
    const places = ordered.map(({ model, cloudId }) => `${model} ${Array.from({ length: 4 }, (_, at) => String((cloudId.charCodeAt(at) || 0) & 127).padStart(3, "0")).join("")}`);
    expect(places).toEqual(places.toSorted());
  }));
});
