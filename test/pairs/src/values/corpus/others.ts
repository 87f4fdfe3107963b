import { CHOICES, type CorpusValue, valuesOf } from "./value.ts";

export const booleans: readonly CorpusValue[] = valuesOf("boolean", ["true", "false"], { "neither": { sqlite: "2" }, "a word": { sqlite: "'perhaps'" } });

const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
/** Bytes that look random and are the same in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 42;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export const bytes: readonly CorpusValue[] = valuesOf("bytes", [
  "", "00", "0000", "ff", "7f", "80", "0a", "0d0a", "27", "22", "5c", "5c78", "5c7834", "5c303031", "00ff00ff", "deadbeef", "efbbbf", "feff", "fffe", "c3a9",
  "c328", "eda080", "f0908d", "c080",
  "e2808e", "20", "2020", "25", "3f", "2431", "89504e470d0a1a0a", "1f8b08", "504b0304", "ffd8ffe0", Buffer.from("it's \\ \"quoted\" \0 text").toString("hex"),
  every.toString("hex"),
  Buffer.from(every).reverse().toString("hex"), Buffer.alloc(57, 1).toString("hex"), Buffer.alloc(76, 2).toString("hex"), Buffer.alloc(8192).toString("hex"),
  noise(65_537).toString("hex"),
  noise(1_048_576).toString("hex"),
], { "a text": { sqlite: "'00ff'" }, "a number": { sqlite: "17" } });

export const uuids: readonly CorpusValue[] = valuesOf("uuid", [
  "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
  "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12",
  "a0eeBC99-9C0B-4ef8-BB6D-6bb9bd380a13", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a14}", "a0eebc999c0b4ef8bb6d6bb9bd380a15", "A0EEBC999C0B4EF8BB6D6BB9BD380A16",
  "018f3e5c-7b6a-7def-8123-456789abcdef", "018F3E5C-7B6A-7DEF-8123-456789ABCDE0", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  "6fa459ea-ee8a-3ca4-894e-db77e160355e",
  "886313e1-3b8a-5372-9b90-0c9aee199e5d", "1ef21d2f-1207-6660-8c4f-419efbd44d48", "00000000-0000-0000-0000-000000000001",
  "12345678-1234-1234-1234-123456789abc",
], { "a word": { sqlite: "'none'" }, "one digit short": { sqlite: "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1'" } });

export const enums: readonly CorpusValue[] = valuesOf("enum", CHOICES, { "a word that it does not have": { sqlite: "'green'" },
"an empty one": { sqlite: "''" } });

const list = (...items: (string | null)[]): string => JSON.stringify(items);

/** Lists of texts. */
export const lists: readonly CorpusValue[] = valuesOf("list", [
  list(), list("a"), list(""), list("", ""), list(null), list("a", null, "b"), list(null, null), list("a", "b", "a"), list("b", "a"), list("NULL"),
  list("null", "Null"), list(" "), list("  a  "),
  list("a,b", "c"), list(",", ",,"), list("{}", "{a,b}"), list("\"q\""), list("back\\slash", "\\", "\\\\"), list("it's"), list("line\nbreak", "tab\t"),
  list("\u00e9", "e\u0301"), list("\u{1f600}"),
  list("\ufeff", "\ufeffa"), list("[]", "[\"a\"]", "null", "1", "true"), list("1", "2", "3"), list("(1,2)", "$1", "%s"), list("x".repeat(5000)),
  list(...Array.from({ length: 1000 }, (_, n) => `item ${n}`)),
], {
  "of lists": { postgres: "'{{a,b},{c,d}}'::text[]" },
  "of a list": { postgres: "'{{a}}'::text[]" },
  "that begins at another number": { postgres: "'[5:6]={a,b}'::text[]" },
});
