import type { Digits, Kind, Model, Reference } from "@sync/core";

/** A field of the kit's schema. `key`: whatever kind the database gives to the keys it makes. */
export interface KitField {
  readonly type: Kind["type"] | "key";
  readonly nullable?: true;
  /** What a new row gets that leaves it out. */
  readonly default?: string;
}

export interface KitModel {
  readonly fields: Readonly<Record<string, KitField>>;
  readonly primaryKey: readonly string[];
  readonly keySource: Model["keySource"];
  readonly uniqueKeys?: readonly (readonly string[])[];
  readonly references?: readonly Pick<Reference, "fields" | "target" | "targetFields" | "onDelete">[];
  /** A check constraint: this field is not below zero. */
  readonly notBelowZero?: string;
  readonly cloudId?: string;
}

export type KitModelName = "Parent" | "Child" | "Node" | "Book" | "Entry" | "Thing";

const text: KitField = { type: "text" };
const key: KitField = { type: "key" };
const orNull = (type: KitField["type"]): KitField => ({ type, nullable: true });

/** The texts that `Thing.choice` may hold. */
export const CHOICES: readonly string[] = ["red", "green", "Deep blue", "it's"];

/**
 * The schema that every law works on, as data. Its tables, collections or whatever holds the records are made by the author
 * in the database's own way, with names of their own; models and fields have these names.
 */
export const kitModels: Readonly<Record<KitModelName, KitModel>> = {
  /** With a key that the database makes, or the library, and a natural key. */
  Parent: {
    fields: { id: key, code: text, name: orNull("text"), size: orNull("integer") },
    primaryKey: ["id"],
    keySource: "allocated",
    uniqueKeys: [["code"]],
    notBelowZero: "size",
  },
  /** Bears its cloudId itself; the other models have theirs in the side table. */
  Child: {
    fields: { id: key, cloudId: orNull("text"), name: text, rank: { type: "integer", default: "7" }, parentId: orNull("key") },
    primaryKey: ["id"],
    keySource: "allocated",
    uniqueKeys: [["cloudId"]],
    references: [{ fields: ["parentId"], target: "Parent", targetFields: ["id"], onDelete: "restrict" }],
    cloudId: "cloudId",
  },
  /** Refers to itself. A unique key with a field that may be null. */
  Node: {
    fields: { id: key, name: text, aboveId: orNull("key") },
    primaryKey: ["id"],
    keySource: "allocated",
    uniqueKeys: [["aboveId", "name"]],
    references: [{ fields: ["aboveId"], target: "Node", targetFields: ["id"], onDelete: "restrict" }],
  },
  /** With a key that comes with the record. */
  Book: { fields: { id: text, title: orNull("text") }, primaryKey: ["id"], keySource: "values" },
  /** A composite key, part of which is a reference. In a document database: inside of its book. */
  Entry: {
    fields: { book: text, page: { type: "integer" }, note: orNull("text") },
    primaryKey: ["book", "page"],
    keySource: "values",
    references: [{ fields: ["book"], target: "Book", targetFields: ["id"], onDelete: "cascade" }],
  },
  /** One field for every kind of value; the harness names those that the database has. */
  Thing: {
    fields: {
      id: text,
      text: orNull("text"),
      flag: orNull("boolean"),
      small: orNull("integer"),
      big: orNull("integer"),
      price: orNull("decimal"),
      ratio: orNull("float"),
      moment: orNull("instant"),
      wall: orNull("local"),
      day: orNull("date"),
      clock: orNull("time"),
      span: orNull("duration"),
      bytes: orNull("bytes"),
      token: orNull("uuid"),
      choice: orNull("enum"),
      data: orNull("json"),
      tags: orNull("list"),
    },
    primaryKey: ["id"],
    keySource: "values",
  },
};

/** The fields of `Thing` that hold values to be tried. `text` and `small` are in every database. */
export type ValueField =
  | "text" | "flag" | "small" | "big" | "price" | "ratio" | "moment" | "wall" | "day" | "clock" | "span" | "bytes" | "token" | "choice" | "data" | "tags";

/** What the fields hold, by their types; times with this many digits of a second. */
export function kitKinds(digits: Digits): Readonly<Record<Exclude<KitField["type"], "key">, Kind>> {
  return {
    text: { type: "text" },
    boolean: { type: "boolean" },
    integer: { type: "integer", bits: 64 },
    decimal: { type: "decimal" },
    float: { type: "float", bits: 64 },
    instant: { type: "instant", digits },
    local: { type: "local", digits },
    date: { type: "date" },
    time: { type: "time", digits },
    duration: { type: "duration", digits },
    bytes: { type: "bytes" },
    uuid: { type: "uuid" },
    enum: { type: "enum", values: CHOICES },
    json: { type: "json" },
    list: { type: "list", of: { type: "text" } },
  };
}
