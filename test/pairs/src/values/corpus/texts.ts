import naughty from "big-list-of-naughty-strings" with { type: "json" };
import { type CorpusValue, valuesOf } from "./value.ts";

/** What that list leaves out: U+0000, what is long, halves of pairs, and forms of one letter. */
const more = [
  "\u0000", "a\u0000", "\u0000a", "nul \u0000 inside", "\u0000\u0000", " ", "  two  ", "trailing ", " leading", "\t", "\n", "\r", "\r\n", "a\r\nb", "\u00a0",
  "\u2003x\u2003", "\u000b\u000c",
  "\u00e9", "e\u0301", "\u212b", "\u00c5", "A\u030a", "\u1e9b\u0323", "\u2126", "\u03a9", "\ufb01", "\u1100\u1161\u11a8", "\uac01", "\u0958", "\u0915\u093c",
  "\u{1d15e}",
  "\ufeff", "\ufeffa", "a\ufeff", "\ufeff\ufeffx", "\ufffd", "\ufffe", "\uffff", "\u{1ffff}", "\u{10ffff}", "\u{10000}", "\ue000", "\ud7ff",
  "\u0001\u0002\u001f", "\u007f", "\u0080\u009f", "\u00ad",
  "\u200b", "\u200d", "\u2028", "\u2029", "\u202e right to left", "\u2066isolated\u2069", "\u05e2\u05d1\u05e8\u05d9\u05ea",
  "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 abc 123", "\u0e44\u0e17\u0e22",
  "\u{1f600}", "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}", "\u{1f1e8}\u{1f1ed}", "1\ufe0f\u20e3", "\u{1f44b}\u{1f3ff}",
  "e\u0301\u0302\u0303\u0304", "\u0130", "\u0131", "\u00df", "\u1e9e", "\u01c5",
  "N'41'", "E'\\n'", "$$", "$1$", "?", ":name", "@name", "\\.", "\\N", "\\x41", "\\u0041", "%_", "=1+1", "{a,b}", "{}", "[]", "(1,2)", "\"", "\"\"", "''",
  "\\", "\\\\", "null", "NULL", "true", "0", "00", "1.0", "1e5", "-0", "Infinity", "NaN",
  "2026-01-02", "2026-01-02T03:04:05Z", "__proto__", "constructor", "$where", "a.b", "x".repeat(255), "x".repeat(256), "\u00e9".repeat(255),
  "\u{1f600}".repeat(255), "x".repeat(8000), "\u{1f600}".repeat(10_000), "long ".repeat(200_000),
];
/** Drivers replace them without a word: SQLite alone is given their bytes. */
const halves = ["\ud800", "\udc00", "a\ud83d", "\ude00b", "\ude00\ud83d"];

const nines = (hex: string): { sqlite: string } => ({ sqlite: `cast(x'${hex}' as text)` });

export const texts: readonly CorpusValue[] = valuesOf("text", [...naughty, ...more, ...halves], {
  "a byte that begins nothing": nines("61ff62"),
  "a letter that is cut off": nines("61c3"),
  "an overlong letter": nines("c0af"),
  "an overlong zero": nines("61c080"),
  "beyond the last letter": nines("f4908080"),
  "half a pair between letters": nines("61eda08062"),
  "blanks filled up to a length": { postgres: "'ab'::char(5)" },
});
