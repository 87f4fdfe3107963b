import { EntitySchema } from "typeorm";
import type { EntitySchemaColumnOptions } from "typeorm";

// One of every kind of column that TypeORM has on PostgreSQL and on SQLite. Tables are made by `synchronize`.

const nullable = <Options extends EntitySchemaColumnOptions>(options: Options): Options => ({ ...options, nullable: true });

/** Kept as text `<euro>;<cent>`, seen as a number of cents. */
export const money = {
  // TypeORM asks about null too.
  to: (cents: number | null): string | null => (cents == null ? null : `${Math.trunc(cents / 100)};${cents % 100}`),
  from(stored: string | null): number | null {
    if (stored === null) return null;
    const [euro = 0, cent = 0] = stored.split(";").map(Number);
    return euro * 100 + cent;
  },
};

/** Two transformers: the first turns a Date into its ISO text, the second is the database's. */
const inWords = [
  { to: (date: Date | null) => date?.toISOString(), from: (text: string | null) => (text === null ? null : new Date(text)) },
  { to: (text: string | undefined) => (text === undefined ? null : `at ${text}`), from: (text: string | null) => text?.slice(3) ?? null },
];

export const things = new EntitySchema({
  name: "Thing",
  tableName: "all_things",
  columns: {
    id: { type: "bigint", primary: true, generated: "increment" },
    small: nullable({ type: "smallint" }),
    whole: nullable({ type: Number }),
    big: nullable({ type: "bigint", name: "big_one" }),
    single: nullable({ type: "real" }),
    double: nullable({ type: "double precision" }),
    amount: nullable({ type: "numeric", precision: 20, scale: 4 }),
    any: nullable({ type: "decimal" }),
    active: { type: Boolean, default: true },
    text: nullable({ type: "text", unique: true }),
    short: nullable({ type: String, length: 20 }),
    fixed: nullable({ type: "char", length: 3 }),
    code: nullable({ type: "uuid" }),
    at: nullable({ type: Date }),
    moment: nullable({ type: "timestamptz", precision: 6 }),
    day: nullable({ type: "date" }),
    hour: nullable({ type: "time", precision: 3 }),
    span: nullable({ type: "interval" }),
    data: nullable({ type: "jsonb" }),
    plainJson: nullable({ type: "json", name: "plain_json" }),
    simpleJson: nullable({ type: "simple-json" }),
    bytes: nullable({ type: "bytea" }),
    mood: nullable({ type: "enum", enum: ["happy", "Sad and long"] }),
    level: nullable({ type: "simple-enum", enum: [0, 1, 2] }),
    tags: nullable({ type: "text", array: true }),
    counts: nullable({ type: "bigint", array: true }),
    moods: nullable({ type: "enum", enum: ["happy", "Sad and long"], enumName: "moods", array: true }),
    times: nullable({ type: "timestamptz", array: true }),
    words: nullable({ type: "simple-array" }),
    cents: nullable({ type: "text", transformer: money }),
    stamp: nullable({ type: "text", transformer: inWords }),
    twice: nullable({ type: "int", generatedType: "STORED", asExpression: "whole * 2" }),
    corner: nullable({ type: "point" }),
  },
  uniques: [{ name: "short_of_code", columns: ["short", "code"] }],
  indices: [
    { name: "whole_idx", columns: ["whole"], unique: true },
    { name: "part_idx", columns: ["small"], unique: true, where: "active" },
    { name: "plain_idx", columns: ["big"] },
  ],
});

export const notes = new EntitySchema({
  name: "Note",
  tableName: "all_notes",
  columns: {
    id: { type: Number, primary: true, generated: "increment" },
    whole: nullable({ type: "int" }),
    big: nullable({ type: "bigint" }),
    active: nullable({ type: Boolean }),
    ratio: nullable({ type: "double" }),
    amount: nullable({ type: "decimal", precision: 10, scale: 4 }),
    bytes: nullable({ type: "blob" }),
    text: nullable({ type: String, unique: true }),
    code: nullable({ type: "uuid" }),
    at: nullable({ type: Date }),
    day: nullable({ type: "date" }),
    hour: nullable({ type: "time" }),
    data: nullable({ type: "json" }),
    binary: nullable({ type: "jsonb" }),
    simpleJson: nullable({ type: "simple-json" }),
    level: nullable({ type: "simple-enum", enum: [0, 1, 2] }),
    words: nullable({ type: "simple-array" }),
    cents: nullable({ type: "varchar", transformer: money }),
    made: { type: Date, createDate: true },
    changed: { type: Date, updateDate: true },
    gone: { type: Date, deleteDate: true },
    version: { type: Number, version: true },
  },
});

interface Shelf {
  id: number;
  name: string;
  mood: string;
  moods: string[];
  boxes: { id: number }[];
}

/** With types, tables and a join table that TypeORM names. */
export const shelves = new EntitySchema<Shelf>({
  name: "Shelf",
  columns: {
    id: { type: Number, primary: true, generated: true },
    name: { type: String, unique: true },
    mood: { type: "enum", enum: ["a", "b"], default: "a" },
    moods: { type: "enum", enum: ["a", "b"], array: true },
  },
  relations: { boxes: { type: "many-to-many", target: "Box", joinTable: true, cascade: true } },
});
export const boxes = new EntitySchema<{ id: number }>({ name: "Box", columns: { id: { type: Number, primary: true } } });

interface Stamped {
  id: number;
  text: string;
  made: Date;
  changed: Date;
  synced: Date | null;
  version: number;
}

export const stamped = new EntitySchema<Stamped>({
  name: "Stamped",
  columns: {
    id: { type: Number, primary: true, generated: "increment" },
    text: { type: String },
    made: { type: Date, createDate: true },
    changed: { type: Date, updateDate: true },
    synced: nullable({ type: Date }),
    version: { type: Number, version: true },
  },
});

// Every way to have a key, to refer to it and to be many to many.

interface Tenant {
  id: string;
  cloudId: string | null;
  name: string;
}

interface Person {
  tenant: string;
  number: number;
  name: string;
  tenantOf: Tenant;
  boss: Person | null;
  home: Place | null;
  places: Place[];
}

interface Place {
  id: number;
  name: string;
  within: Place | null;
  visitors: Person[];
}

export const tenants = new EntitySchema<Tenant>({
  name: "Tenant",
  columns: { id: { type: "uuid", primary: true, generated: "uuid" }, cloudId: nullable({ type: "uuid", unique: true, name: "cloud_id" }), name: { type: String, unique: true } },
});
export const people = new EntitySchema<Person>({
  name: "Person",
  columns: { tenant: { type: "uuid", primary: true }, number: { type: Number, primary: true }, name: { type: String } },
  relations: {
    tenantOf: { type: "many-to-one", target: "Tenant", joinColumn: { name: "tenant" }, onDelete: "CASCADE" },
    boss: {
      type: "many-to-one", target: "Person", nullable: true,
      joinColumn: [{ name: "tenant", referencedColumnName: "tenant" }, { name: "boss_number", referencedColumnName: "number" }],
    },
    home: { type: "one-to-one", target: "Place", joinColumn: { name: "home_id" }, nullable: true, onDelete: "SET NULL" },
    places: { type: "many-to-many", target: "Place", joinTable: { name: "visits" }, inverseSide: "visitors" },
  },
});
export const places = new EntitySchema<Place>({
  name: "Place",
  columns: { id: { type: Number, primary: true, generated: "increment" }, name: { type: String } },
  relations: {
    within: { type: "many-to-one", target: "Place", nullable: true, createForeignKeyConstraints: false },
    visitors: { type: "many-to-many", target: "Person", inverseSide: "places" },
  },
});
