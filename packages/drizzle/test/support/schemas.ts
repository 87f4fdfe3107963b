import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

// One of every kind of column that Drizzle has, and the tables as `drizzle-kit` would make them.

const label = pg.customType<{ data: string }>({ dataType: () => "character varying(50)" });
const bytea = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
/** Kept as text `<euro>;<cent>`, seen as a number of cents. */
const money = pg.customType<{ data: number; driverData: string }>({
  dataType: () => "text",
  toDriver: (cents) => `${Math.trunc(cents / 100)};${cents % 100}`,
  fromDriver: (stored) => {
    const [euro = 0, cent = 0] = stored.split(";").map(Number);
    return euro * 100 + cent;
  },
});

export const mood = pg.pgEnum("mood", ["happy", "Sad and long"]);

export const things = pg.pgTable(
  "all_things",
  {
    id: pg.bigserial({ mode: "bigint" }).primaryKey(),
    small: pg.smallint(),
    whole: pg.integer(),
    big: pg.bigint("big_one", { mode: "bigint" }),
    safe: pg.bigint({ mode: "number" }),
    single: pg.real(),
    double: pg.doublePrecision(),
    amount: pg.numeric({ precision: 20, scale: 4 }),
    any: pg.numeric(),
    asNumber: pg.numeric("as_number", { mode: "number" }),
    asBigint: pg.numeric("as_bigint", { mode: "bigint" }),
    active: pg.boolean().notNull().default(true),
    text: pg.text().unique(),
    oneOf: pg.text("one_of", { enum: ["a", "b"] }),
    short: pg.varchar({ length: 20 }),
    fixed: pg.char({ length: 3 }),
    code: pg.uuid(),
    at: pg.timestamp(),
    atText: pg.timestamp("at_text", { mode: "string" }),
    moment: pg.timestamp({ withTimezone: true, precision: 6 }),
    momentText: pg.timestamp("moment_text", { withTimezone: true, mode: "string" }),
    day: pg.date(),
    dayDate: pg.date("day_date", { mode: "date" }),
    hour: pg.time({ precision: 3 }),
    span: pg.interval(),
    data: pg.jsonb(),
    plainJson: pg.json("plain_json"),
    bytes: bytea(),
    mood: mood(),
    tags: pg.text().array(),
    counts: pg.bigint({ mode: "bigint" }).array(),
    moods: mood().array(),
    times: pg.timestamp({ withTimezone: true }).array(),
    cents: money(),
    twice: pg.integer().generatedAlwaysAs(sql`whole * 2`),
    updatedAt: pg.timestamp("updated_at").$onUpdate(() => new Date("2026-03-04T05:06:07Z")),
    made: pg.text().notNull().$defaultFn(() => "made"),
    corner: pg.point(),
  },
  (table) => [pg.unique("short_of_code").on(table.short, table.code), pg.uniqueIndex("whole_idx").on(table.whole), pg.index().on(table.small)],
);

export const places = pg.pgTable("places", {
  id: pg.uuid().primaryKey().defaultRandom(),
  cloudId: pg.uuid("cloud_id").unique(),
  name: label().notNull().unique(),
  within: pg.uuid().references((): pg.AnyPgColumn => places.id, { onDelete: "set null" }),
});

export const grants = pg.pgTable(
  "grants",
  { place: pg.uuid(), role: pg.text(), note: pg.text() },
  (table) => [
    pg.primaryKey({ columns: [table.place, table.role] }),
    pg.foreignKey({ columns: [table.place], foreignColumns: [places.id], name: "grant_of_place" }).onDelete("cascade"),
  ],
);

export const postgresSchema = { things, places, grants, mood };

export const postgresTables = `
  create type mood as enum ('happy', 'Sad and long');
  create table all_things (
    id bigserial primary key, small smallint, whole integer, big_one bigint, safe bigint, single real, double double precision,
    amount numeric(20, 4), "any" numeric, as_number numeric, as_bigint numeric, active boolean not null default true,
    text text unique, one_of text, short varchar(20), fixed char(3), code uuid, at timestamp, at_text timestamp,
    moment timestamp(6) with time zone, moment_text timestamp with time zone, day date, day_date date, hour time(3), span interval,
    data jsonb, plain_json json, bytes bytea, mood mood, tags text[], counts bigint[], moods mood[], times timestamptz[], cents text,
    twice integer generated always as (whole * 2) stored, updated_at timestamp, made text not null, corner point,
    constraint short_of_code unique (short, code));
  create unique index whole_idx on all_things (whole);
  create table places (id uuid primary key default gen_random_uuid(), cloud_id uuid unique, name varchar(50) not null unique,
    within uuid references places (id) on delete set null);
  create table grants (place uuid not null constraint grant_of_place references places (id) on delete cascade, role text not null,
    note text, primary key (place, role));`;

const flag = lite.customType<{ data: boolean; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => (value ? "yes" : "no"),
  fromDriver: (stored) => stored === "yes",
});

export const notes = lite.sqliteTable(
  "all_notes",
  {
    id: lite.integer().primaryKey({ autoIncrement: true }),
    whole: lite.integer(),
    seconds: lite.integer({ mode: "timestamp" }),
    millis: lite.integer({ mode: "timestamp_ms" }),
    active: lite.integer({ mode: "boolean" }),
    ratio: lite.real(),
    amount: lite.numeric(),
    asNumber: lite.numeric("as_number", { mode: "number" }),
    asBigint: lite.numeric("as_bigint", { mode: "bigint" }),
    big: lite.blob({ mode: "bigint" }),
    bytes: lite.blob({ mode: "buffer" }),
    blobJson: lite.blob("blob_json", { mode: "json" }),
    text: lite.text().unique(),
    oneOf: lite.text("one_of", { enum: ["a", "b"] }),
    data: lite.text({ mode: "json" }),
    flag: flag(),
    double: lite.integer().generatedAlwaysAs(sql`whole * 2`),
  },
  (table) => [lite.uniqueIndex("lower_idx").on(sql`lower(${table.text})`), lite.uniqueIndex("part_idx").on(table.whole).where(sql`active`)],
);

export const words = lite.sqliteTable("words", { word: lite.text().primaryKey(), of: lite.integer().references(() => notes.id) });

export const sqliteSchema = { notes, words };

export const sqliteTables = `
  create table all_notes (id integer primary key autoincrement, whole integer, seconds integer, millis integer, active integer,
    ratio real, amount numeric, as_number numeric, as_bigint numeric, big blob, bytes blob, blob_json blob, text text unique,
    one_of text, data text, flag text, "double" integer generated always as (whole * 2) virtual);
  create table words (word text primary key, "of" integer references all_notes (id));`;
