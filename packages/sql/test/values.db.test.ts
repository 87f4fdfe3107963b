import type { Row, Value } from "@sync/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { onEveryEngine, type Session } from "./support/engines.ts";
import { ddl, everything, sqlModel } from "./support/models.ts";

/** Per field: values that have to come back as they went, on every engine. */
const corpus: Readonly<Record<string, readonly string[]>> = {
  text: ["", " ", "it's", "\"quoted\"", "back\\slash", "{a,b}", "tab\tnewline\nreturn\r", "N'41'", "NULL", "null", "😀", "e\u0301", "\u00e9", "\u202e", "\ufeff", "\ufeff\ufeffx", "\ufffd", "\\N", "\\.", "%_", "x".repeat(100_000)],
  flag: ["true", "false"],
  small: ["0", "-1", "2147483647", "-2147483648"],
  big: ["9007199254740993", "-9223372036854775808", "9223372036854775807"],
  price: ["0", "0.1", "-123.45", "12345678901234567890.123456789", "0.000000000000000000001", "1000000000000000000000"],
  ratio: ["0", "0.1", "-1.5", "0.30000000000000004", "1e+21", "5e-324", "1.7976931348623157e+308", "Infinity", "-Infinity", "123456789.12345679", "9007199254740993".replace("3", "2")],
  single: ["0", "0.1", "-1.5", "3.4028235e+38", "1e-45", "16777216"],
  moment: ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678901Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "+012026-03-04T05:06:07Z", "-000043-03-15T12:00:00Z", "infinity", "-infinity"],
  wall: ["2026-01-02T03:04:05", "2026-10-25T02:30:00.5", "0000-02-29T00:00:00", "infinity"],
  day: ["2026-01-02", "2024-02-29", "-000043-03-15", "+012026-01-01", "infinity"],
  clock: ["00:00:00", "23:59:59.999999", "24:00:00"],
  span: ["PT0S", "P1Y2M-3DT4H5M6.5S", "PT-0.5S", "P-1M", "P10D"],
  bytes: ["", "AA==", "//79/A==", "3q2+7w==", Buffer.alloc(5000, 7).toString("base64")],
  token: ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  data: ["null", "{}", "[1,2.5,9007199254740993,\"x\",null,true]", "{\"__proto__\":1,\"a\":{\"b\":[]},\"é\":\"'\"}", "\"text\"", "0.1"],
  tags: ["[]", "[\"a\",null,\"b,c\",\"\\\"q\\\"\",\"{}\",\"back\\\\slash\",\"NULL\",\"\"]"],
};

onEveryEngine(import.meta.url, (engine) => {
  let session: Session;
  let database: SqlDatabase;

  beforeEach(async () => {
    session = await engine.open();
    await session.exec(ddl(everything, engine.dialect));
    database = sqlDatabase({ name: `test/${engine.name}`, executor: session.executor, models: [sqlModel(everything, engine.dialect)] });
  });
  afterEach(() => session.close());

  const fields = Object.keys(corpus);
  const width = Math.max(...Object.values(corpus).map((values) => values.length));
  const records = Array.from({ length: width + 1 }, (_, n) => ({
    key: [`k${String(n).padStart(2, "0")}`],
    cloudId: `cloud ${n}`,
    values: fields.map((field): Value => corpus[field]![n] ?? null),
  }));
  const scan = async (): Promise<Row[]> => {
    const rows: Row[] = [];
    for await (const page of database.endpoints.get("Everything")!.scan({ fields, pageSize: 7 })) rows.push(...page.rows);
    return rows;
  };

  test("every canonical value comes back as it was written, by insert and by update", async () => {
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    const insert = await database.commit({ id: "1", fence, batches: [{ op: "insert", model: "Everything", fields, rows: records }] });
    expect(insert).toMatchObject({ committed: true });
    const rows = await scan();
    expect(rows.filter((row) => row.faults)).toEqual([]);
    expect(rows.map(({ key, cloudId, values }) => ({ key, cloudId, values }))).toEqual(records);

    const shifted = records.map((record, n) => ({ ...record, values: records[(n + 1) % records.length]!.values }));
    const update = await database.commit({
      id: "2",
      fence,
      batches: [{ op: "update", model: "Everything", fields, rows: rows.map(({ key, revision }, n) => ({ key, revision, values: shifted[n]!.values })) }],
    });
    expect(update).toMatchObject({ committed: true, outcomes: [rows.map(() => ({ status: "written" }))] });
    expect((await scan()).map(({ key, cloudId, values }) => ({ key, cloudId, values }))).toEqual(shifted);
  });

  test("the revision moves exactly when a stored value does", async () => {
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    await database.commit({ id: "1", fence, batches: [{ op: "insert", model: "Everything", fields, rows: records }] });
    const before = await scan();
    expect((await scan()).map(({ revision }) => revision)).toEqual(before.map(({ revision }) => revision));
    await session.exec("update everything set text = coalesce(text, '') || '!' where id = 'k03'");
    const moved = (await scan()).filter((row, n) => row.revision !== before[n]!.revision);
    expect(moved.map(({ key }) => key)).toEqual([["k03"]]);
  });

  test("a value that cannot be stored refuses the unit by model and field, without the value", async () => {
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    const bad: Record<string, string> =
      engine.dialect === "postgres"
        ? { text: "nul \u0000 here", data: "{\"a\":\"\\u0000\"}", big: "9223372036854775808", small: "2147483648" }
        : { ratio: "NaN", big: "9223372036854775808" };
    for (const [field, value] of Object.entries(bad)) {
      const result = await database.commit({
        id: field,
        fence,
        batches: [{ op: "insert", model: "Everything", fields: [field], rows: [{ key: ["x"], cloudId: "c", values: [value] }] }],
      });
      expect(result).toMatchObject({ committed: false, refusal: { code: "WRITE.VALUE" } });
      expect(JSON.stringify(result)).not.toContain(JSON.stringify(value).slice(1, -1));
    }
  });

  test("a stored value that is not of its kind is a fault of its field, and the rest of the row is read", async () => {
    const pg = engine.dialect === "postgres";
    await session.exec(
      pg
        ? "insert into everything (id, text, price, data) values ('a', 'fine', 'NaN', '1'), ('b', 'fine', 1.50, '{\"a\":1}')"
        : "insert into everything (id, text, price, small, data) values ('a', 'fine', 'lots', 'few', '{a'), ('b', 'fine', '1.50', 7, '{ \"a\" : 1 }')",
    );
    const rows = await scan();
    const at = (field: string): number => fields.indexOf(field);
    expect(rows.map(({ key, values }) => [...key, values[at("text")]])).toEqual([["a", "fine"], ["b", "fine"]]);
    expect(rows[1]!.faults).toBeUndefined();
    expect([rows[1]!.values[at("price")], rows[1]!.values[at("data")]]).toEqual(["1.5", "{\"a\":1}"]);
    expect(rows[0]!.faults?.map(({ field }) => field)).toEqual(pg ? ["price"] : ["small", "price", "data"]);
    expect(rows[0]!.values[at("price")]).toBeNull();
  });

  if (engine.dialect === "postgres") test("an array of arrays in an array column is a fault, and not a list of texts", async () => {
    await session.exec("insert into everything (id, text, tags) values ('a', 'fine', '{{x,y},{z,null}}'), ('b', 'fine', '[5:6]={x,y}')");
    const rows = await scan();
    const tags = fields.indexOf("tags");
    expect(rows[0]!.faults).toEqual([{ field: "tags", code: "VALUE.MALFORMED" }]);
    expect(rows[1]!.values[tags]).toBe("[\"x\",\"y\"]");
  });
});
