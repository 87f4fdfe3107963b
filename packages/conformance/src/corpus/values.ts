import { canonical, fits, type Kind } from "@sync/core";
import { CHOICES, type ValueField } from "../models.ts";
import { texts } from "./texts.ts";

/** Canonical texts per field of `Thing`. A database is asked for those that its own kind of the field can hold. */
const corpus: Readonly<Record<ValueField, readonly string[]>> = {
  text: texts,
  flag: ["true", "false"],
  small: ["0", "1", "-1", "127", "-128", "32767", "-32768", "65535", "2147483647", "-2147483648"],
  big: ["0", "-1", "4294967296", "9007199254740991", "-9007199254740991", "9007199254740993", "9223372036854775807", "-9223372036854775808"],
  price: [
    "0", "1", "-1", "0.1", "-0.01", "10", "100", "1000000", "-123.45", "99999999.99", "0.000001", "123456789012345", "12345678901234567890.123456789",
    "0.000000000000000000001", "1000000000000000000000",
  ],
  ratio: [
    "0", "0.1", "-1.5", "0.30000000000000004", "1e+21", "1e-7", "100000000000000000000", "5e-324", "1.7976931348623157e+308", "9007199254740992",
    "3.4028235e+38", "1e-45", "Infinity", "-Infinity", "NaN",
  ],
  moment: [
    "2026-01-02T03:04:05Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.678901Z",
    "2026-10-25T01:30:00Z", "2024-02-29T12:00:00Z", "1900-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "infinity", "-infinity",
  ],
  wall: ["2026-01-02T03:04:05", "2026-03-29T02:30:00", "2026-10-25T02:30:00.5", "2024-02-29T00:00:00", "1900-01-01T23:59:59.999", "infinity"],
  day: ["2026-01-02", "1970-01-01", "1969-12-31", "2024-02-29", "1900-03-01", "0001-01-01", "9999-12-31", "infinity"],
  clock: ["00:00:00", "03:04:05", "12:00:00.5", "23:59:59.999", "23:59:59.999999", "24:00:00"],
  span: ["PT0S", "PT1S", "P1Y2M-3DT4H5M6.5S", "PT-0.5S", "P-1M", "P10D", "PT36H"],
  bytes: ["", "AA==", "//79/A==", "3q2+7w==", "AAECAwQFBgcICQoLDA0ODxA=", "J1wiJWE="],
  token: ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
  choice: CHOICES,
  data: [
    "{}", "[]", "\"\"", "\"text\"", "0", "-1.5", "true", "[1,2.5,\"x\",null,true]", "{\"a\":{\"b\":[]},\"é\":\"'\"}", "[[],[[]],{}]",
    "{\"__proto__\":1,\"constructor\":2}", "{\"\":1,\"$where\":2,\"a.b\":3}", "[9007199254740993]", "{\"n\":0.1}",
  ],
  tags: ["[]", "[\"a\"]", "[\"\"]", "[\"a\",\"b\",\"a\"]", "[\"b,c\",\"\\\"q\\\"\",\"{}\",\"back\\\\slash\",\"NULL\",\" \"]"],
};

/** Those that a field of this kind holds, each in its one spelling there. */
export function valuesFor(field: ValueField, kind: Kind): readonly string[] {
  return corpus[field].filter((text) => {
    const code = fits(kind, text);
    return code === undefined && canonical(kind, text) === text;
  });
}
