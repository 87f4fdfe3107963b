import { naturalKey, type QuarantineRecord } from "@sync/core";
import { bigint, doublePrecision, jsonb, numeric as pgNumeric, pgEnum, pgTable, serial, text as pgText, timestamp, varchar } from "drizzle-orm/pg-core";
import { integer, numeric, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { listOf } from "../src/lists.ts";
import { onPairs, type Pair } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";

const level = pgEnum("level", ["low", "high"]);
const schema = {
  sqlite: {
    Thing: sqliteTable("thing", {
      id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique(), note: text(), amount: numeric(), rate: numeric(), ratio: real(), big: integer(),
      data: text({ mode: "json" }), short: text(), level: text(), seen: integer({ mode: "timestamp_ms" }),
    }),
  },
  postgres: {
    Thing: pgTable("thing", {
      id: serial().primaryKey(), code: pgText().notNull().unique(), note: pgText(), amount: pgNumeric({ precision: 6, scale: 2 }), rate: doublePrecision(), ratio: doublePrecision(),
      big: bigint({ mode: "bigint" }), data: jsonb(), short: varchar({ length: 5 }), level: level(), seen: timestamp({ withTimezone: true }),
    }),
  },
};
const ddl = {
  sqlite: "create table thing (id integer primary key autoincrement, code text not null unique, note text, amount numeric, rate numeric, ratio real, big integer, data text, short text, level text, seen integer)",
  postgres: `create type level as enum ('low', 'high'); create table thing (id serial primary key, code text not null unique, note text, amount numeric(6, 2), rate float8, ratio float8,
    big bigint, data jsonb, short varchar(5), level level, seen timestamptz)`,
};
const models = { Thing: { match: naturalKey("code") } };

/** One bad value among good ones: waits with its field and code, is the same as before on both sides, and goes once it is mended. */
async function waits(pair: Pair, column: string, value: string, mended: string, code: string | RegExp): Promise<void> {
  await pair.left.exec(`insert into thing (code, note) values ('${planted.code}-1', '${planted.text}'), ('${planted.code}-3', '${planted.text}')`);
  await pair.left.exec(`insert into thing (code, ${column}) values ('${planted.code}-2', ${value})`);
  const stored = pair.left.dialect === "sqlite" ? `quote(${column})` : `${column}::text`;
  const look = `select code, ${stored} as stored from thing order by code`;
  const before = await pair.left.rows(look);
  const sync = pair.sync({ models });
  const run = await sync.run();
  expect(run.models.get("Thing")).toMatchObject({ created: { right: 2 }, quarantined: 1 });
  const [entry, ...more] = await listOf<QuarantineRecord>(sync.quarantine());
  expect(more).toEqual([]);
  expect(entry).toMatchObject({ field: column, side: "left", code: typeof code === "string" ? code : expect.stringMatching(code) });
  expect(await pair.right.rows(`select code from thing where code like '%-2'`)).toEqual([]);
  expect(await pair.left.rows(look)).toEqual(before);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  expect(await sync.verify()).toMatchObject({ equal: false, explained: true });

  await pair.left.exec(`update thing set ${column} = ${mended} where code like '%-2'`);
  await sync.run();
  expect(await listOf(sync.quarantine())).toEqual([]);
  expect(await sync.verify()).toMatchObject({ equal: true });

  // The same value, coming to a record that both sides have, leaves it as it was.
  const there = await pair.right.rows(`select ${column} from thing where code like '%-2'`);
  await pair.left.exec(`update thing set ${column} = ${value} where code like '%-2'`);
  await sync.run();
  expect(await pair.right.rows(`select ${column} from thing where code like '%-2'`)).toEqual(there);
  expect(await pair.left.rows(look)).toEqual(before);
  expect(await listOf(sync.quarantine())).toMatchObject([{ field: column }]);
}

onPairs(import.meta.url, [["sqlite", "postgres"], ["sqlite", "pglite"]], (open) => {
  test.each([
    ["U+0000 in a text", "note", `'${planted.text}' || char(0) || 'x'`, "'x'", "VALUE.NUL"],
    ["U+0000 in JSON", "data", `'{"a":"${planted.text}\\u0000"}'`, `'{"a":1}'`, "VALUE.NUL"],
    ["half a surrogate pair in JSON", "data", `'["\\ud800${planted.text}"]'`, "'[]'", "VALUE.LONE_SURROGATE"],
    ["what is no JSON", "data", `'{${planted.text}'`, "'[]'", "VALUE.MALFORMED"],
    ["a number with too many digits before the point", "amount", planted.number, "1", "VALUE.OUT_OF_RANGE"],
    ["a number with too many digits behind the point", "amount", "1.234", "1.2", "VALUE.TOO_PRECISE"],
    ["a word where a number belongs", "big", `'${planted.text}'`, "1", "VALUE.NOT_A_NUMBER"],
    ["a text that is too long", "short", `'${planted.text}'`, "'abc'", "VALUE.TOO_LONG"],
    ["a word that the enum does not have", "level", `'${planted.text}'`, "'low'", "VALUE.NOT_IN_ENUM"],
  ])("%s waits in quarantine with its field and code, and is never altered", async (_, column, value, mended, code) => {
    await waits(await open({ ddl, schema }, { ddl, schema }), column, value, mended, code);
  });

  // SQLite keeps any bytes as a text; drivers show U+FFFD in their place.
  test.each([
    ["half a surrogate pair", "cast(x'61EDA08062' as text)"],
    ["bytes that are no UTF-8", "cast(x'61FF62' as text)"],
  ])("%s in a text of SQLite waits in quarantine with its field and code, and is never altered", async (_, value) => {
    await waits(await open({ ddl, schema }, { ddl, schema }), "note", value, "'x'", "VALUE.NOT_UTF8");
  });

  test("U+FFFD and a leading U+FEFF go across and back as they are, and nothing is written again", async () => {
    const pair = await open({ ddl, schema }, { ddl, schema });
    await pair.left.exec("insert into thing (code, note, short) values (char(65279) || 'a', 'x' || char(65533), char(65279)), ('b', char(65279) || char(65279) || 'y', null)");
    const sync = pair.sync({ models });
    await sync.run();
    const points = "select string_agg(coalesce(encode(convert_to(code, 'UTF8'), 'hex'), '') || ' ' || encode(convert_to(note, 'UTF8'), 'hex'), ',' order by code desc) as bytes from thing";
    const [there] = await pair.right.rows(points);
    expect(String(there!["bytes"]).split(",").sort()).toEqual(["62 efbbbfefbbbf79", "efbbbf61 78efbfbd"]);
    await pair.right.exec("update thing set short = 'new' where code = 'b'");
    expect((await sync.run()).written).toEqual({ left: 1, right: 0 });
    expect(await pair.left.rows("select hex(code) as code, hex(note) as note, hex(short) as short from thing order by id")).toEqual([
      { code: "EFBBBF61", note: "78EFBFBD", short: "EFBBBF" }, { code: "62", note: "EFBBBFEFBBBF79", short: "6E6577" },
    ]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a key whose bytes are no UTF-8 waits in quarantine, and its neighbours go across whatever the page's size", async () => {
    const texts = { sqlite: { Word: sqliteTable("word", { word: text().primaryKey(), note: text() }) }, postgres: { Word: pgTable("word", { word: pgText().primaryKey(), note: pgText() }) } };
    const table = "create table word (word text primary key not null, note text)";
    const tables = { ddl: { sqlite: table, postgres: table }, schema: texts };
    const pair = await open(tables, tables);
    await pair.left.exec("insert into word values (cast(x'6180' as text), 'p'), ('a' || char(65533), 'q'), (cast(x'61FF' as text), 'r'), ('ab', 's')");
    const before = await pair.left.rows("select hex(word) as word, note from word order by note");
    const sync = pair.sync({ models: { Word: { match: naturalKey("word") } }, pageSize: 1 });
    expect((await sync.run()).models.get("Word")).toMatchObject({ created: { right: 2 }, quarantined: 2 });
    expect((await listOf<QuarantineRecord>(sync.quarantine())).map(({ field, code }) => `${field} ${code}`)).toEqual(["word VALUE.NOT_UTF8", "word VALUE.NOT_UTF8"]);
    expect((await pair.right.rows("select note from word order by note")).map(({ note }) => note)).toEqual(["q", "s"]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await pair.left.rows("select hex(word) as word, note from word order by note")).toEqual(before);
    expect(await sync.verify()).toMatchObject({ equal: false, explained: true });
  });

  test("half a surrogate pair out of a converter, or a converter that throws, waits in quarantine with its field and code", async () => {
    const pair = await open({ ddl, schema }, { ddl, schema });
    await pair.left.exec(`insert into thing (code, note) values ('a', 'plain'), ('b', 'half ${planted.text}'), ('c', 'throws ${planted.text}'), ('d', 'NUL ${planted.text}')`);
    const toRight = (note: string | null): string | null => {
      if (note?.startsWith("throws")) throw new Error(note);
      return note && note.replace("half", "\ud800").replace("NUL", "\0");
    };
    const sync = pair.sync({ models: { Thing: { match: naturalKey("code"), fields: { note: { right: "note", toRight, toLeft: (note: unknown) => note } } } } });
    await sync.run();
    expect(await pair.right.rows("select code, note from thing")).toEqual([{ code: "a", note: "plain" }]);
    expect((await listOf<QuarantineRecord>(sync.quarantine())).map(({ field, code }) => `${field} ${code}`).sort()).toEqual([
      "note VALUE.CONVERTER", "note VALUE.LONE_SURROGATE", "note VALUE.NUL",
    ]);
  });

  test("an integer past 2^53 is carried to the last digit, though the application on the left cannot see it", async () => {
    const pair = await open({ ddl, schema }, { ddl, schema });
    await pair.left.exec("insert into thing (code, big) values ('a', 9007199254740993), ('b', -9223372036854775808)");
    await pair.sync({ models }).run();
    expect(await pair.right.rows("select big::text from thing order by code")).toEqual([{ big: "9007199254740993" }, { big: "-9223372036854775808" }]);
  });
});

onPairs(import.meta.url, [["postgres", "sqlite"], ["pglite", "sqlite"]], (open) => {
  test.each([
    ["NaN into a decimal", "rate", "'NaN'", "1", "VALUE.NOT_A_NUMBER"],
    ["infinity into a decimal", "rate", "'-Infinity'", "1", /VALUE\.(NOT_A_NUMBER|OUT_OF_RANGE)/],
    ["NaN into a float that has none", "ratio", "'NaN'", "1", /(VALUE\.NOT_A_NUMBER|WRITE\.VALUE)/],
    ["NaN in a decimal", "amount", "'NaN'", "1", "VALUE.NOT_A_NUMBER"],
    ["an integer past 2^53 into a number column", "big", "9007199254740993", "9007199254740991", "VALUE.OUT_OF_RANGE"],
    ["the end of time into a column that has none", "seen", "'infinity'", "'2020-01-01'", "VALUE.OUT_OF_RANGE"],
  ])("%s waits in quarantine with its field and code, and is never altered", async (_, column, value, mended, code) => {
    await waits(await open({ ddl, schema }, { ddl, schema }), column, value, mended, code);
  });

  test("what is finer than the other side holds is cut once, said beforehand, and never written back", async () => {
    const pair = await open({ ddl, schema }, { ddl, schema });
    await pair.left.exec(`insert into thing (code, seen) values ('a', '2020-01-01 00:00:00.123456Z')`);
    const sync = pair.sync({ models });
    const run = await sync.run();
    expect(run.findings.map(({ code, field }) => `${code} ${field}`)).toContain("MAPPING.NARROWS seen");
    expect(run.findings.find(({ code, field }) => code === "MAPPING.NARROWS" && field === "seen")?.message).toMatch(/`seen` \(.+\) and `seen` \(.+\)/);
    expect(await pair.right.rows("select seen from thing")).toEqual([{ seen: Date.UTC(2020, 0, 1, 0, 0, 0, 123) }]);
    await pair.right.exec("update thing set note = 'edited'");
    await sync.run();
    expect(await pair.left.rows("select note, to_char(seen at time zone 'UTC', 'US') as micros from thing")).toEqual([{ note: "edited", micros: "123456" }]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("integers are exact to the last digit where both sides hold them", async () => {
    const pair = await open({ ddl, schema }, { ddl, schema });
    const numbers = ["9007199254740991", "-9007199254740991", "4503599627370497"];
    await pair.left.exec(`insert into thing (code, big) values ${numbers.map((number, n) => `('${n}', ${number})`).join(", ")}`);
    await pair.sync({ models }).run();
    expect((await pair.right.rows("select cast(big as text) as big from thing order by code")).map(({ big }) => big)).toEqual(numbers);
  });
});
