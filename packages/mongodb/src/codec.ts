import type { Bson, BsonObject } from "./driver.ts";
import { isObject, Misfit, NumberText, orMisfit, parsed, put, tagOf } from "./json.ts";
import { canonicalDecimal, decimalText, isNumber, numberText, textOf, valueOf } from "./scalar.ts";
import type { ObjectShape, Scalar, Shape } from "./shape.ts";

/** What no schema speaks of, and what is not what its schema says, goes through core as it is: as BSON. */
const AS_IT_IS = "$bson";
const ANYTHING: Shape = { is: "anything" };
/** Where JSON has no form of its own, in MongoDB's Extended JSON. */
const WORDS: readonly (readonly [string, Scalar])[] = [
  ["$oid", "objectId"], ["$date", "date"], ["$numberDecimal", "decimal"], ["$uuid", "uuid"], ["$binary", "bytes"],
];
/** These stand without quotes. */
const BARE: ReadonlySet<Shape["is"]> = new Set<Scalar>(["boolean", "int32", "long", "decimal"]);

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
  readPlain(bytes: Uint8Array): BsonObject {
    return this.#bson.deserialize(bytes, { useBigInt64: true });
  }

  plain(value: unknown): unknown {
    return this.readPlain(this.#bson.serialize({ v: value }))["v"];
  }

  /** `inside`: within a value that is one JSON field, where numbers stand as JSON numbers. */
  toJson(value: unknown, shape: Shape | undefined, inside = false): string {
    if (value === null) return "null";
    const text = shape && this.#natural(value, shape, inside);
    return text ?? JSON.stringify({ [AS_IT_IS]: Buffer.from(this.#bson.serialize({ v: value })).toString("base64") });
  }

  object(value: BsonObject, shapeOf: (key: string) => Shape | undefined, inside = false, without: readonly unknown[] = []): string {
    const texts: string[] = [];
    for (const key in value) {
      if (!without.includes(key) && value[key] !== undefined) texts.push(`${JSON.stringify(key)}:${this.toJson(value[key], shapeOf(key), inside)}`);
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
        return isObject(value) ? this.object(value, () => shape.of, true) : undefined;
      case "object":
        return isObject(value) ? this.object(value, (key) => shape.members.get(key), inside) : undefined;
      default: {
        const text = textOf(value, shape.is);
        if (text === undefined || BARE.has(shape.is)) return text;
        if (shape.is === "double" && inside) return isNumber(text) ? text : undefined;
        return JSON.stringify(text);
      }
    }
  }

  /** A value of any type. */
  #anything(value: unknown): string | undefined {
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "boolean") return String(value);
    if (Array.isArray(value)) return `[${value.map((item) => this.toJson(item ?? null, ANYTHING)).join(",")}]`;
    if (isObject(value)) return this.object(value, () => ANYTHING);
    if (tagOf(value) === "DBRef") return this.#anything(membersOf(value as DBRef));
    const number = numberText(value);
    if (number !== undefined) return isNumber(number) ? number : undefined;
    const decimal = decimalText(value);
    if (decimal !== undefined && this.#isOfNumber(decimal)) return decimal;
    for (const [word, is] of WORDS) {
      const text = is === "decimal" ? decimal : textOf(value, is);
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
        return this.#fromMap(json, shape.of);
      case "object":
        return this.#fromObject(json, shape);
      case "boolean":
        if (typeof json !== "boolean") throw new Misfit();
        return json;
      default:
        if (typeof json !== "string" && typeof json !== "number" && !(json instanceof NumberText)) throw new Misfit();
        return valueOf(this.#bson, json instanceof NumberText ? json.text : String(json), shape.is);
    }
  }

  #fromMap(json: unknown, of: Shape): BsonObject {
    if (!isObject(json)) throw new Misfit();
    const made: BsonObject = {};
    for (const key of Object.keys(json)) put(made, key, this.fromJson(json[key], of));
    return made;
  }

  /** In the order of the schema, as a library writes it. */
  #fromObject(json: unknown, { members, id }: ObjectShape): BsonObject {
    if (!isObject(json)) throw new Misfit();
    const made: BsonObject = {};
    if (id && json["_id"] === undefined) made["_id"] = new this.#bson.ObjectId();
    for (const [key, shape] of members) if (Object.hasOwn(json, key)) put(made, key, this.fromJson(json[key], shape));
    for (const key of Object.keys(json)) if (!members.has(key)) put(made, key, this.fromJson(json[key], undefined));
    return made;
  }

  #fromAnything(json: unknown): unknown {
    if (json instanceof NumberText) return this.#fromNumber(json.text);
    if (Array.isArray(json)) return json.map((item) => this.fromJson(item, ANYTHING));
    if (!isObject(json)) return json;
    const [key, ...more] = Object.keys(json);
    const word = more.length === 0 ? WORDS.find(([each]) => each === key) : undefined;
    const text = word && json[word[0]];
    // What only looks like Extended JSON stays the object that it is.
    if (word && typeof text === "string") {
      try {
        const value = valueOf(this.#bson, text, word[1]);
        if (this.toJson(value, ANYTHING) === JSON.stringify(json)) return value;
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
      }
    }
    return this.#fromMap(json, ANYTHING);
  }

  /** A number with many digits, in the narrowest type that holds all of them. */
  #fromNumber(text: string): unknown {
    if (canonicalDecimal(String(Number(text))) === canonicalDecimal(text)) return valueOf(this.#bson, text, "double");
    if (/^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return valueOf(this.#bson, text, "long");
    return valueOf(this.#bson, text, "decimal");
  }

  /** Whether a Decimal128 is what becomes of such a JSON number: no narrower type holds all its digits. */
  #isOfNumber(text: string): boolean {
    return decimalText(this.#fromNumber(text)) === text;
  }

  #asItWas(base64: string): unknown {
    return orMisfit(() => this.read(Buffer.from(base64, "base64"))["v"]);
  }
}

interface DBRef {
  readonly collection: unknown;
  readonly oid: unknown;
  readonly db?: unknown;
  readonly fields?: object;
}

/** The driver makes a thing of its own of every object with a `$ref` and an `$id`. */
function membersOf({ collection, oid, db, fields }: DBRef): BsonObject {
  return { $ref: collection, $id: oid, ...(db === undefined ? {} : { $db: db }), ...fields };
}
