import { canonical, isValueError } from "@sync/core";
import type { mongo } from "mongoose";

export type Bson = typeof mongo.BSON;

/** A BSON document as the driver reads it without making JavaScript values of its numbers: nothing is rounded, no type is lost. */
export type BsonObject = { [key: string]: unknown };

export type Scalar = "text" | "boolean" | "double" | "int32" | "long" | "decimal" | "date" | "objectId" | "uuid" | "bytes";

/** What a schema says of a place in its documents. */
export type Shape =
  | { readonly is: Scalar }
  | { readonly is: "list" | "map"; readonly of: Shape }
  /** `id`: Mongoose gives each such object an ObjectId as `_id`. */
  | { readonly is: "object"; readonly members: ReadonlyMap<string, Shape>; readonly id: boolean }
  | { readonly is: "anything" };

/** The document cannot hold such a value. */
export class Misfit extends Error {}

/** What no schema speaks of, and what is not what its schema says, goes through core as it is: as BSON. */
const AS_IT_IS = "$bson";

/** BSON values as the JSON texts that core works on, and back. */
export class Codec {
  readonly #bson: Bson;

  constructor(bson: Bson) {
    this.#bson = bson;
  }

  read(bytes: Uint8Array): BsonObject {
    return this.#bson.deserialize(bytes, { promoteValues: false });
  }

  /** As an application has it: numbers as JavaScript's where they hold all of it. */
  plain(value: unknown): unknown {
    return this.#bson.deserialize(this.#bson.serialize({ v: value }), { useBigInt64: true })["v"];
  }

  /** `inside`: within a value that is one JSON field, where numbers stand as JSON numbers. */
  toJson(value: unknown, shape: Shape | undefined, inside = false): string {
    if (value === null) return "null";
    const text = shape && this.#natural(value, shape, inside);
    return text ?? JSON.stringify({ [AS_IT_IS]: Buffer.from(this.#bson.serialize({ v: value })).toString("base64") });
  }

  object(value: BsonObject, members: ReadonlyMap<string, Shape>, inside = false, without: readonly unknown[] = []): string {
    const texts: string[] = [];
    for (const key in value) {
      if (!without.includes(key) && value[key] !== undefined) texts.push(`${JSON.stringify(key)}:${this.toJson(value[key], members.get(key), inside)}`);
    }
    return `{${texts.join(",")}}`;
  }

  #natural(value: unknown, shape: Shape, inside: boolean): string | undefined {
    switch (shape.is) {
      case "anything":
        return this.#anything(value);
      case "list":
        return Array.isArray(value) ? `[${value.map((item) => this.toJson(item ?? null, shape.of, inside)).join(",")}]` : undefined;
      case "map":
        if (!isObject(value)) return undefined;
        return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${this.toJson(item ?? null, shape.of, true)}`).join(",")}}`;
      case "object":
        return isObject(value) ? this.object(value, shape.members, inside) : undefined;
      case "boolean":
        return typeof value === "boolean" ? String(value) : undefined;
      case "double": {
        const text = this.#number(value);
        return text === undefined ? undefined : inside ? (/^-?\d/.test(text) ? text : undefined) : `"${text}"`;
      }
      case "int32":
      case "long": {
        const text = this.#number(value);
        return text !== undefined && /^-?\d+$/.test(text) ? text : undefined;
      }
      case "decimal":
        return tagOf(value) === "Decimal128" ? decimalText(String(value)) : undefined;
      default: {
        const text = this.keyText(value, shape.is);
        return text === undefined ? undefined : JSON.stringify(text);
      }
    }
  }

  /** The text of a value that is no number; undefined where it is of another type. */
  keyText(value: unknown, is: Scalar): string | undefined {
    switch (is) {
      case "text":
        return typeof value === "string" ? value : undefined;
      case "date":
        return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
      case "objectId":
        return tagOf(value) === "ObjectId" ? (value as mongo.ObjectId).toHexString() : undefined;
      case "uuid":
        return tagOf(value) === "Binary" && (value as mongo.Binary).sub_type === 4 ? uuidText((value as mongo.Binary).buffer) : undefined;
      case "bytes":
        return tagOf(value) === "Binary" && (value as mongo.Binary).sub_type === 0 ? Buffer.from((value as mongo.Binary).value()).toString("base64") : undefined;
      default:
        return this.#number(value);
    }
  }

  /** JavaScript's spelling, or all digits of a long; undefined for no number. */
  #number(value: unknown): string | undefined {
    if (typeof value === "number") return String(value);
    const tag = tagOf(value);
    if (tag === "Double" || tag === "Int32") return String((value as mongo.Double).value);
    return tag === "Long" ? String(value) : undefined;
  }

  /** A value of any type: JSON where JSON has it, else in MongoDB's Extended JSON. */
  #anything(value: unknown): string | undefined {
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "boolean") return String(value);
    if (Array.isArray(value)) return `[${value.map((item) => this.toJson(item ?? null, ANYTHING)).join(",")}]`;
    if (isObject(value)) return `{${Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : `${JSON.stringify(key)}:${this.toJson(item, ANYTHING)}`)).join(",")}}`;
    if (tagOf(value) === "DBRef") return this.#anything(membersOf(value as mongo.DBRef));
    const number = this.#number(value);
    if (number !== undefined) return /^-?\d/.test(number) ? number : undefined;
    const decimal = tagOf(value) === "Decimal128" ? String(value) : undefined;
    if (decimal !== undefined && this.#isNumber(decimal)) return decimal;
    for (const [word, is] of WORDS) {
      const text = is === "decimal" ? decimal : this.keyText(value, is);
      if (text !== undefined) return `{"${word}":${JSON.stringify(text)}}`;
    }
    return undefined;
  }

  /** @throws {Misfit} */
  fromText(text: string, shape: Shape): unknown {
    return this.fromJson(parsed(text), shape);
  }

  /** @throws {Misfit} */
  fromJson(json: unknown, shape: Shape | undefined): unknown {
    if (json === null) return null;
    if (isObject(json) && typeof json[AS_IT_IS] === "string" && Object.keys(json).length === 1) return this.#asItWas(json[AS_IT_IS]);
    if (!shape) return this.#fromAnything(json);
    switch (shape.is) {
      case "anything":
        return this.#fromAnything(json);
      case "list":
        if (!Array.isArray(json)) throw new Misfit();
        return json.map((item) => this.fromJson(item, shape.of));
      case "map":
        if (!isObject(json)) throw new Misfit();
        return this.#fromMap(json, shape.of);
      case "object":
        return this.#fromObject(json, shape);
      case "boolean":
        if (typeof json !== "boolean") throw new Misfit();
        return json;
      default:
        if (typeof json !== "string" && typeof json !== "number" && !(json instanceof NumberText)) throw new Misfit();
        return this.fromKeyText(json instanceof NumberText ? json.text : String(json), shape.is);
    }
  }

  #fromMap(json: BsonObject, of: Shape): BsonObject {
    const made: BsonObject = {};
    for (const key of Object.keys(json)) put(made, key, this.fromJson(json[key], of));
    return made;
  }

  /** In the order of the schema, as Mongoose writes it. */
  #fromObject(json: unknown, { members, id }: Extract<Shape, { readonly is: "object" }>): BsonObject {
    if (!isObject(json)) throw new Misfit();
    const made: BsonObject = {};
    if (id && json["_id"] === undefined) made["_id"] = new this.#bson.ObjectId();
    for (const [key, shape] of members) if (Object.hasOwn(json, key)) put(made, key, this.fromJson(json[key], shape));
    for (const key of Object.keys(json)) if (!members.has(key)) put(made, key, this.fromJson(json[key], undefined));
    return made;
  }

  /** @throws {Misfit} */
  fromKeyText(text: string, is: Scalar): unknown {
    const { Decimal128, Double, Int32, Long, ObjectId, UUID, Binary } = this.#bson;
    switch (is) {
      case "text":
        return text;
      case "boolean":
        return text === "true";
      case "double":
        return new Double(Number(text));
      case "int32":
        return orMisfit(() => new Int32(exact(text)));
      case "long":
        return orMisfit(() => Long.fromStringStrict(text));
      case "decimal":
        return orMisfit(() => Decimal128.fromString(text));
      case "date":
        return orMisfit(() => valid(new Date(text)));
      case "objectId":
        return orMisfit(() => ObjectId.createFromHexString(text));
      case "uuid":
        return orMisfit(() => new UUID(text));
      case "bytes":
        return new Binary(Buffer.from(text, "base64"));
    }
  }

  #fromAnything(json: unknown): unknown {
    if (json instanceof NumberText) return this.#fromNumber(json.text);
    if (typeof json === "number") return json;
    if (Array.isArray(json)) return json.map((item) => this.fromJson(item, ANYTHING));
    if (!isObject(json)) return json;
    const [key, ...more] = Object.keys(json);
    const word = more.length === 0 ? WORDS.find(([each]) => each === key) : undefined;
    const text = word && json[word[0]];
    // What only looks like Extended JSON stays the object that it is.
    if (word && typeof text === "string") {
      try {
        const value = this.fromKeyText(text, word[1]);
        if (this.toJson(value, ANYTHING) === JSON.stringify(json)) return value;
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
      }
    }
    const object: BsonObject = {};
    for (const name of Object.keys(json)) put(object, name, this.fromJson(json[name], ANYTHING));
    return object;
  }

  /** A number with many digits, in the narrowest type that holds all of them. */
  #fromNumber(text: string): unknown {
    if (canonicalOf(String(Number(text))) === canonicalOf(text)) return new this.#bson.Double(Number(text));
    if (/^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return this.fromKeyText(text, "long");
    return this.fromKeyText(text, "decimal");
  }

  /** Whether a Decimal128 is what becomes of such a JSON number: no narrower type holds all its digits. */
  #isNumber(text: string): boolean {
    const made = this.#fromNumber(text);
    return tagOf(made) === "Decimal128" && String(made) === text;
  }

  #asItWas(base64: string): unknown {
    try {
      return this.#bson.deserialize(Buffer.from(base64, "base64"), { promoteValues: false })["v"];
    } catch {
      throw new Misfit();
    }
  }
}

const ANYTHING: Shape = { is: "anything" };

const WORDS: readonly (readonly [string, Scalar])[] = [["$oid", "objectId"], ["$date", "date"], ["$numberDecimal", "decimal"], ["$uuid", "uuid"], ["$binary", "bytes"]];

/** A JSON number that a JavaScript number might not hold. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const parseExactly = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown) => unknown;

/** JSON whose numbers keep all their digits: fifteen are always exact as a JavaScript number, but for the largest and smallest. */
export function parsed(text: string): unknown {
  if (!/\d[\d.]{15}|\de[-+]?\d{3}/i.test(text)) return JSON.parse(text);
  return parseExactly(text, (_, value, { source }) => (typeof value === "number" ? new NumberText(source!) : value));
}

export function isObject(value: unknown): value is BsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date) && !(value instanceof NumberText) && tagOf(value) === undefined;
}

/** `__proto__` is a key like any other; one with U+0000 would end there. */
export function put(object: BsonObject, key: string, value: unknown): void {
  if (key.includes("\0")) throw new Misfit();
  if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

function tagOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? (value as { _bsontype?: unknown })._bsontype : undefined;
}

/** The driver makes a thing of its own of every object with a `$ref` and an `$id`. */
function membersOf({ collection, oid, db, fields }: mongo.DBRef): BsonObject {
  return { $ref: collection, $id: oid, ...(db === undefined ? {} : { $db: db }), ...fields };
}

function uuidText(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 16)).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Undefined for what is no number in JSON. */
function decimalText(text: string): string | undefined {
  return /^-?\d/.test(text) ? canonicalOf(text) : undefined;
}

function canonicalOf(text: string): string {
  try {
    return canonical({ type: "decimal" }, text);
  } catch (error) {
    if (isValueError(error)) return text;
    throw error;
  }
}

function orMisfit<T>(make: () => T): T {
  try {
    return make();
  } catch {
    // The library's message quotes the text, so it is not kept as a cause.
    throw new Misfit();
  }
}

function exact(text: string): number {
  const number = Number(text);
  if ((number | 0) !== number) throw new Misfit();
  return number;
}

function valid(date: Date): Date {
  if (Number.isNaN(date.getTime())) throw new Misfit();
  return date;
}
