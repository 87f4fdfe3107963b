import { describe, expect, test } from "vitest";
import { canonical, isValueError, type Kind, ValueError } from "../src/value.ts";

const text: Kind = { type: "text" };
const boolean: Kind = { type: "boolean" };
const integer: Kind = { type: "integer" };
const decimal: Kind = { type: "decimal" };
const float: Kind = { type: "float", bits: 64 };
const single: Kind = { type: "float", bits: 32 };
const instant: Kind = { type: "instant", digits: 6 };
const local: Kind = { type: "local", digits: 6 };
const date: Kind = { type: "date" };
const time: Kind = { type: "time", digits: 6 };
const duration: Kind = { type: "duration", digits: 6 };
const bytes: Kind = { type: "bytes" };
const uuid: Kind = { type: "uuid" };
const json: Kind = { type: "json" };
const list: Kind = { type: "list", of: decimal };

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Per kind: its canonical texts, each with other spellings of the same value. */
const accepted: [name: string, kind: Kind, texts: Record<string, string[]>][] = [
  ["text", text, { "": [], " a ": [], "Zażółć 😀": [], "\0": [] }],
  ["boolean", boolean, { true: ["t", "T", "TRUE", "1"], false: ["f", "False", "0"] }],
  [
    "integer",
    integer,
    {
      "0": ["-0", "+0", "00", "0.0", "0e5"],
      "-42": ["-042", "-42.0", "-42.", "-4.2e1"],
      "9007199254740993": ["+9007199254740993", "9007199254740993.00"],
      "1000": ["1e3", "1E+3", "100000e-2"],
    },
  ],
  [
    "decimal",
    decimal,
    {
      "0": ["-0", "-0.00", ".0", "0e-9"],
      "123.45": ["123.4500", "0123.45", "+123.45", "1.2345e2", "12345E-2"],
      "-0.001": ["-.001", "-1e-3"],
      "0.1000000000000000055511151231257827": [],
    },
  ],
  [
    "float",
    float,
    {
      "0": ["-0", "0.0", "-0e0", "1e-999"],
      "0.1": ["0.10", "1e-1", "0.1000000000000000055511151231257827"],
      "1e+21": ["1e21", "1000000000000000000000"],
      "1e-7": ["0.0000001"],
      "5e-324": ["4.9e-324"],
      "9007199254740992": ["9007199254740993"],
      NaN: ["nan", "-NaN"],
      Infinity: ["inf", "+Infinity", "INFINITY"],
      "-Infinity": ["-inf", "-infinity"],
    },
  ],
  [
    "float of 32 bits",
    single,
    {
      "0.1": ["0.10000000149011612"],
      "16777216": ["16777217"],
      "3.4028235e+38": ["340282346638528859811704183484516925440"],
      "1e-45": ["1.401298464324817e-45"],
    },
  ],
  [
    "instant",
    instant,
    {
      "2026-01-02T03:04:05.678901Z": ["2026-01-02 03:04:05.678901+00", "2026-01-02T05:04:05.6789010+02:00"],
      "2026-01-02T03:04:05Z": ["2026-01-02 03:04:05.000+00:00", "2026-01-02t03:04:05z", "2026-01-02 08:34:05 +0530"],
      "2025-12-31T23:30:00Z": ["2026-01-01 01:00+01:30"],
      "2024-02-29T22:00:00.5Z": ["2024-03-01 00:00:00.50+02"],
      "2024-03-01T02:00:00Z": ["2024-02-29 22:00:00-04"],
      "1883-11-18T16:56:02Z": ["1883-11-18 12:00:00-04:56:02"],
      "+010000-01-01T00:00:00Z": ["10000-01-01 00:00:00+00", "9999-12-31 23:00:00-01"],
      "0000-12-31T00:00:00Z": ["0001-12-31 00:00:00+00 BC"],
      "-000043-03-15T12:00:00.1Z": ["0044-03-15 12:00:00.1+00 BC"],
      "-000001-12-31T23:00:00Z": ["0001-01-01 00:00:00+01 BC"],
      infinity: ["Infinity", "+infinity"],
      "-infinity": ["-Infinity"],
    },
  ],
  [
    "local",
    local,
    {
      "2026-01-02T03:04:05.6": ["2026-01-02 03:04:05.600000", "2026-01-02T03:04:05.60"],
      "2026-01-02T03:04:00": ["2026-01-02 03:04"],
      infinity: [],
    },
  ],
  [
    "date",
    date,
    {
      "2026-01-02": ["2026-01-02T00:00:00.000Z", "2026-01-02 00:00:00"],
      "2024-02-29": [],
      "-000043-03-15": ["0044-03-15 BC"],
      "+5874897-12-31": ["5874897-12-31"],
      "-infinity": [],
    },
  ],
  [
    "time",
    time,
    { "03:04:05.6": ["03:04:05.600"], "03:04:00": ["03:04"], "24:00:00": ["24:00:00.000"], "00:00:00": [] },
  ],
  [
    "duration",
    duration,
    {
      PT0S: ["P0D", "PT0H", "P0Y0M", "-PT0S", "00:00:00"],
      P1Y2M: ["P14M", "P2Y-10M"],
      "P-1Y-2M3DT-4H-5M-6.5S": ["P-14M3DT-4H-5M-6.500S", "-P14M-3DT4H5M6.5S"],
      P14D: ["P2W"],
      P1DT36H: [],
      PT1H30M: ["PT90M", "PT5400S", "01:30:00", "1:30"],
      "PT-838H-59M-59S": ["-838:59:59"],
      "PT-0.5S": ["-PT0.5S", "PT-0.50S"],
    },
  ],
  ["bytes", bytes, { "": [], "AP8=": ["AP8"], "+/+/": ["-_-_", "+/\n+/", "+/\r\n+/\r\n"], "QQ==": ["QQ"] }],
  [
    "uuid",
    uuid,
    {
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11": [
        "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "urn:uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      ],
    },
  ],
  ["list", list, { "[]": [" [ ] "], '["1.5",null,"-2"]': ["[1.50,null,-2.0]", '["1.50", null, "-2"]'] }],
  ["list of booleans", { type: "list", of: boolean }, { '["true","false"]': ["[true,false]", '["t","f"]'] }],
  ["list of JSON", { type: "list", of: json }, { '["{\\"a\\":1}","\\"b\\""]': ['[{"a":1.0},"\\"b\\""]'] }],
  ["list of lists", { type: "list", of: list }, { '["[\\"1\\"]","[]"]': ["[[1.0],[]]"] }],
];

describe.each(accepted)("%s", (_, kind, texts) => {
  test.each(Object.keys(texts))("%j is canonical", (value) => {
    expect(canonical(kind, value)).toBe(value);
  });
  test.each(Object.entries(texts).flatMap(([value, spellings]) => spellings.map((spelling) => [spelling, value])))(
    "%j is another spelling of %j",
    (spelling, value) => {
      expect(canonical(kind, spelling)).toBe(value);
    },
  );
});

const refused: [kind: Kind, text: string, code: string][] = [
  [text, "\ud800", "VALUE.LONE_SURROGATE"],
  [text, "a\udc00b", "VALUE.LONE_SURROGATE"],
  [boolean, "2", "VALUE.MALFORMED"],
  [boolean, "", "VALUE.MALFORMED"],
  ...["", "-", ".", "e5", ".e5", " 1", "1 ", "0x10", "1_000", "1,5", "NaN", "١"].flatMap(
    (word): [Kind, string, string][] => [
      [integer, word, "VALUE.NOT_A_NUMBER"],
      [decimal, word, "VALUE.NOT_A_NUMBER"],
      ...(word === "NaN" ? [] : ([[float, word, "VALUE.NOT_A_NUMBER"]] as [Kind, string, string][])),
    ],
  ),
  [integer, "4.2", "VALUE.TOO_PRECISE"],
  [integer, "1e-1", "VALUE.TOO_PRECISE"],
  [decimal, "1e999999999", "VALUE.OUT_OF_RANGE"],
  [decimal, "1e-99999999999999999999", "VALUE.OUT_OF_RANGE"],
  [float, "1e309", "VALUE.OUT_OF_RANGE"],
  [single, "3.5e38", "VALUE.OUT_OF_RANGE"],
  [instant, "2026-01-02 03:04:05", "VALUE.NO_OFFSET"],
  [instant, "2026-01-02", "VALUE.MALFORMED"],
  [instant, "2026-1-2T03:04:05Z", "VALUE.MALFORMED"],
  [instant, "1767322800", "VALUE.MALFORMED"],
  [instant, "2026-02-29T00:00:00Z", "VALUE.OUT_OF_RANGE"],
  [instant, "2026-00-01T00:00:00Z", "VALUE.OUT_OF_RANGE"],
  [instant, "2026-01-01T24:00:00Z", "VALUE.OUT_OF_RANGE"],
  [instant, "2026-01-01T00:60:00Z", "VALUE.OUT_OF_RANGE"],
  [instant, "2016-12-31T23:59:60Z", "VALUE.OUT_OF_RANGE"],
  [instant, "2026-01-01T00:00:00+24:00", "VALUE.OUT_OF_RANGE"],
  [instant, "2026-01-01T00:00:00.1234567891Z", "VALUE.TOO_PRECISE"],
  [instant, "0000-01-01 00:00:00+00 BC", "VALUE.MALFORMED"],
  [local, "2026-01-02T03:04:05Z", "VALUE.MALFORMED"],
  [local, "2026-01-02 03:04:05+02", "VALUE.MALFORMED"],
  [local, "2026-01-02", "VALUE.MALFORMED"],
  [date, "0000-00-00", "VALUE.OUT_OF_RANGE"],
  [date, "1900-02-29", "VALUE.OUT_OF_RANGE"],
  [date, "2026-01-02T05:00:00Z", "VALUE.TOO_PRECISE"],
  [date, "02.01.2026", "VALUE.MALFORMED"],
  [time, "24:00:01", "VALUE.OUT_OF_RANGE"],
  [time, "12:60", "VALUE.OUT_OF_RANGE"],
  [time, "03:04:05+02", "VALUE.MALFORMED"],
  [duration, "P", "VALUE.MALFORMED"],
  [duration, "P1DT", "VALUE.MALFORMED"],
  [duration, "P1.5D", "VALUE.MALFORMED"],
  [duration, "1 day", "VALUE.MALFORMED"],
  [bytes, "A", "VALUE.MALFORMED"],
  [bytes, "QR==", "VALUE.MALFORMED"],
  [bytes, "====", "VALUE.MALFORMED"],
  [bytes, "QUI*", "VALUE.MALFORMED"],
  [uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "VALUE.MALFORMED"],
  [uuid, "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "VALUE.MALFORMED"],
  [list, "{1,2}", "VALUE.MALFORMED"],
  [list, "1", "VALUE.MALFORMED"],
  [list, '["x"]', "VALUE.NOT_A_NUMBER"],
  [list, "[[1]]", "VALUE.NOT_A_NUMBER"],
];

test.each(refused)("%j refuses %j with %s", (kind, value, code) => {
  const error = errorOf(() => canonical(kind, value));
  expect(isValueError(error) ? error.code : error).toBe(code);
});

test("an error holds no part of the value", () => {
  const secret = "5e1c-secret";
  for (const kind of [integer, decimal, float, instant, date, time, duration, bytes, uuid, json, list, boolean]) {
    const error = errorOf(() => canonical(kind, `{"${secret}`)) as Error;
    expect(error).toBeInstanceOf(ValueError);
    expect(JSON.stringify(error) + String(error) + String(error.cause)).not.toContain(secret);
  }
});
