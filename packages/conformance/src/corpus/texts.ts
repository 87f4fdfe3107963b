/** Texts that have broken software: quotes of every language, look-alikes, what ends or escapes something somewhere. */
export const texts: readonly string[] = [
  "", " ", "  two  ", "\t", "\n", "\r\n", "tab\tnewline\nreturn\r", "it's", "''", "\"quoted\"", "`back`", "back\\slash", "\\", "\\\\", "\\n", "\\N",
  "\\.", "\\x41",
  "{a,b}", "{}", "[]", "(1,2)", "N'41'", "E'\\n'", "$1", "$$", "?", ":name", "@name", "%s", "%_", "${x}", "{{x}}", "<b>&amp;</b>", "-- comment",
  "/* comment */",
  "; drop table \"Thing\"; --", "' or 1=1 --", "NULL", "null", "undefined", "None", "NaN", "Infinity", "true", "false", "0", "-0", "00", "1e5",
  "0x10", "1.0", "1,5",
  "2026-01-02", "2026-01-02T03:04:05Z", "__proto__", "constructor", "toString", "$where", "$gt", "a.b", ".", "..", "/", "~", "#", "=1+1", "+1",
  "\u00e9", "e\u0301", "\u212b", "\u00c5", "ß", "ẞ", "İ", "ı", "ﬁ", "Ω", "\u2126", "\u00a0", "\u2003", "\u200b", "\u200d", "\u2028", "\u2029",
  "\u202e right to left",
  "\ufeff", "\ufeff\ufeffx", "\ufffd", "\ufffe", "\uffff", "\u0001\u0002\u001f", "\u007f", "\u0080", "\u0000", "nul \u0000 inside",
  "😀", "👩‍👩‍👧‍👦", "🇨🇭", "\u{10ffff}", "田中さん", "Ελληνικά", "русский", "עברית", "العربية", "ไทย", "a".repeat(255), "é".repeat(256), "x".repeat(8000),
  "😀".repeat(1000),
];
