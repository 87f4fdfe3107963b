import { describe, expect, test } from "vitest";
import { HASH_LENGTH, hash64, hasher } from "../src/hash.ts";
import type { Value } from "../src/value.ts";

function hashAll(values: (Value | undefined)[], seed = 1): string {
  const all = hasher(seed);
  for (const value of values) all.add(value);
  return all.digest();
}

describe("hash64", () => {
  test("keeps its results: they are stored in bases", () => {
    expect(hash64("", 0)).toBe("Mj6HodGy4DQ");
    expect(hash64("a", 0)).toBe("KA_kpOEJef4");
    expect(hash64("customer-00000000001", 42)).toBe("HQSyAcFVya4");
    expect(hash64("Zażółć gęślą jaźń 😀", 2 ** 53 - 1)).toBe("ahRcQjNQ9CU");
    expect(hashAll(["a", null, undefined, ""], 42)).toBe("R6SNDCshhqs");
  });

  test("has one width and one alphabet", () => {
    for (const text of ["", "a", "\0", "😀", "x".repeat(100_000)]) {
      expect(hash64(text, 7)).toMatch(new RegExp(`^[A-Za-z0-9_-]{${HASH_LENGTH}}$`));
    }
  });

  test("tells apart what differs in one unit at any place, in length, or in padding", () => {
    const texts = [
      "",
      "\0",
      "\0\0",
      "\0\0\0",
      "\0\0\0\0",
      "\0\0\0\0\0",
      "a",
      "a\0",
      "a\0\0",
      "ab",
      "ba",
      "A",
      "á",
      "\u0100",
      "\u0061\u0301",
    ];
    for (let at = 0; at < 40; at += 1) texts.push(`${"x".repeat(at)}y${"x".repeat(39 - at)}`);
    expect(new Set(texts.map((text) => hash64(text, 0))).size).toBe(texts.length);
  });

  test("has no collision among 200,000 texts of each everyday shape", () => {
    const shapes: ((index: number) => string)[] = [
      String,
      (index) => String(index).padStart(12, "0"),
      (index) => `user${index}@example.com`,
      (index) => `2026-01-02T03:04:05.${String(index).padStart(6, "0")}Z`,
      (index) => `{"a":${index},"b":[${index % 7}]}`,
      (index) => "\0".repeat(index % 400) + Math.floor(index / 400),
      (index) => String.fromCharCode(0x4e00 + (index % 500), 0x4e00 + Math.floor(index / 500)),
    ];
    for (const shape of shapes) {
      const hashes = new Set<string>();
      for (let index = 0; index < 200_000; index += 1) hashes.add(hash64(shape(index), 3));
      expect(hashes.size).toBe(200_000);
    }
  });

  test("is another function under another seed, in its low and in its high bits", () => {
    const hashes = new Set<string>();
    for (let seed = 0; seed < 100_000; seed += 1)
      hashes.add(hash64("same", seed)).add(hash64("same", (seed + 1) * 2 ** 33));
    expect(hashes.size).toBe(200_000);
  });
});

describe("a hasher", () => {
  test("tells apart how the same characters are cut into values, their order, null, missing and empty", () => {
    const sequences: (Value | undefined)[][] = [
      [],
      [""],
      ["", ""],
      [null],
      [undefined],
      [null, null],
      [null, undefined],
      [undefined, null],
      ["null"],
      ["ab", "c"],
      ["a", "bc"],
      ["abc"],
      ["c", "ab"],
      ["abc", ""],
      ["", "abc"],
      ["abc", null],
      ["\u0001", "\u0003aa"],
      ["\u0003", "\u0001aa"],
    ];
    expect(new Set(sequences.map((sequence) => hashAll(sequence))).size).toBe(sequences.length);
  });

  test("goes on after a digest, and two of them do not disturb each other", () => {
    const one = hasher(1);
    const two = hasher(1);
    one.add("a");
    hash64("between", 5);
    two.add("b");
    expect(one.digest()).toBe(hashAll(["a"]));
    one.add("c");
    expect(one.digest()).toBe(hashAll(["a", "c"]));
    expect(two.digest()).toBe(hashAll(["b"]));
    expect(hashAll(["a"], 2)).not.toBe(hashAll(["a"], 1));
  });
});
