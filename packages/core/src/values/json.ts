import { ValueError } from "./error.ts";
import { canonicalJsonNumber } from "./number.ts";
import { canonicalText } from "./text.ts";

/**
 * A JSON reader of our own. The built-in one rounds numbers, keeps the last of two equal keys and follows a hundred
 * thousand brackets into the depth, and what it gives cannot be written back as one text per value.
 */

/** Deeper nesting is refused. Up to here everything can be read and written by recursion, in databases too. */
export const JSON_DEPTH = 64;

/** What a reader makes of what it reads. `plain`: the content needs no escape between quotes. */
export interface JsonBuilder<T> {
  string(content: string, plain: boolean): T;
  /** `text` is canonical, `written` as it was read. */
  number(text: string, written: string): T;
  literal(value: boolean | null): T;
  array(items: T[]): T;
  /** Sorted by key, no key twice. */
  object(entries: JsonEntry<T>[]): T;
}

export interface JsonEntry<T> {
  readonly key: string;
  readonly plain: boolean;
  readonly value: T;
}

const canonicalBuilder: JsonBuilder<string> = {
  string: quote,
  number: (text) => text,
  literal: String,
  array: (items) => `[${items.join(",")}]`,
  object(entries) {
    let text = "{";
    for (const { key, plain, value } of entries) text += `${text === "{" ? "" : ","}${quote(key, plain)}:${value}`;
    return `${text}}`;
  },
};

function quote(content: string, plain: boolean): string {
  return plain ? `"${content}"` : JSON.stringify(content);
}

export function canonicalJson(text: string, depth: number = JSON_DEPTH): string {
  const canonical = readJson(text, canonicalBuilder, depth);
  return canonical === text ? text : canonical;
}

/** The items of a JSON array: the content of a string, null, or the canonical text of anything else. */
export function jsonItems(text: string): (string | null)[] {
  return new Reader(text, canonicalBuilder).whole((reader) => reader.items());
}

/** `depth`: deeper nesting is refused. */
export function readJson<T>(text: string, builder: JsonBuilder<T>, depth: number = JSON_DEPTH): T {
  return new Reader(text, builder, depth).whole((reader) => reader.value());
}

class Reader<T> {
  readonly #text: string;
  readonly #builder: JsonBuilder<T>;
  #at = 0;
  #depth = 0;
  readonly #deepest: number;
  /** Whether the string read last had no escapes. */
  #plain = true;

  constructor(text: string, builder: JsonBuilder<T>, deepest: number = JSON_DEPTH) {
    this.#deepest = deepest;
    // Checked at once for all strings without escapes; the others are checked one by one.
    this.#text = canonicalText(text);
    this.#builder = builder;
  }

  whole<R>(root: (reader: this) => R): R {
    this.#next();
    const result = root(this);
    this.#next();
    if (this.#at < this.#text.length) throw malformed();
    return result;
  }

  value(): T {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#builder.string(this.#string(), this.#plain);
      case OPEN_BRACKET:
        return this.#builder.array(this.#array());
      case OPEN_BRACE:
        return this.#builder.object(this.#object());
      case LOWER_T:
        return this.#literal("true", true);
      case LOWER_F:
        return this.#literal("false", false);
      case LOWER_N:
        return this.#literal("null", null);
      default:
        return this.#number();
    }
  }

  items(): (string | T | null)[] {
    const items: (string | T | null)[] = [];
    if (!this.#enter(OPEN_BRACKET, CLOSE_BRACKET)) return items;
    do {
      const first = this.#next();
      const item = first === QUOTE ? this.#string() : this.value();
      items.push(first === LOWER_N ? null : item);
    } while (this.#more(CLOSE_BRACKET));
    return items;
  }

  #array(): T[] {
    const items: T[] = [];
    if (!this.#enter(OPEN_BRACKET, CLOSE_BRACKET)) return items;
    do {
      this.#next();
      items.push(this.value());
    } while (this.#more(CLOSE_BRACKET));
    return items;
  }

  #object(): JsonEntry<T>[] {
    const entries: JsonEntry<T>[] = [];
    if (!this.#enter(OPEN_BRACE, CLOSE_BRACE)) return entries;
    let sorted = true;
    let previous: string | undefined;
    do {
      if (this.#next() !== QUOTE) throw malformed();
      const key = this.#string();
      const plain = this.#plain;
      if (this.#next() !== COLON) throw malformed();
      this.#at += 1;
      this.#next();
      entries.push({ key, plain, value: this.value() });
      if (previous !== undefined && previous >= key) sorted = false;
      previous = key;
    } while (this.#more(CLOSE_BRACE));
    return sorted ? entries : sort(entries);
  }

  /** Into an array or object; false if it had no members, and is behind us. */
  #enter(open: number, close: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== open) throw malformed();
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > this.#deepest) throw new ValueError("VALUE.TOO_DEEP");
    if (this.#next() !== close) return true;
    this.#at += 1;
    this.#depth -= 1;
    return false;
  }

  /** After a member: past a comma, or out of the array or object. */
  #more(close: number): boolean {
    const code = this.#next();
    this.#at += 1;
    if (code === COMMA) return true;
    if (code !== close) throw malformed();
    this.#depth -= 1;
    return false;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    let code = text.charCodeAt(at);
    while (code !== QUOTE && code >= SPACE && code !== BACKSLASH) code = text.charCodeAt(++at);
    this.#plain = code === QUOTE;
    if (this.#plain) {
      this.#at = at + 1;
      return text.slice(start, at);
    }
    while (code !== QUOTE && at < text.length) {
      at += code === BACKSLASH ? 2 : 1;
      code = text.charCodeAt(at);
    }
    this.#at = at + 1;
    return unescape(text.slice(start - 1, at + 1));
  }

  #number(): T {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.#text)) throw malformed();
    const number = this.#text.slice(this.#at, NUMBER.lastIndex);
    this.#at = NUMBER.lastIndex;
    return this.#builder.number(canonicalJsonNumber(number), number);
  }

  #literal(word: string, value: boolean | null): T {
    if (!this.#text.startsWith(word, this.#at)) throw malformed();
    this.#at += word.length;
    return this.#builder.literal(value);
  }

  /** The first character that is no white space; NaN at the end. */
  #next(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code === SPACE || code === 10 || code === 13 || code === 9) code = this.#text.charCodeAt(++this.#at);
    return code;
  }
}

/** With few keys, as most objects have, inserting beats the built-in sort, which makes a copy of its own. */
const FEW = 16;

function sort<T>(entries: JsonEntry<T>[]): JsonEntry<T>[] {
  if (entries.length > FEW) entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  else {
    for (let end = 1; end < entries.length; end += 1) {
      const entry = entries[end]!;
      let at = end;
      for (; at > 0 && entries[at - 1]!.key > entry.key; at -= 1) entries[at] = entries[at - 1]!;
      entries[at] = entry;
    }
  }
  for (let index = 1; index < entries.length; index += 1) {
    if (entries[index - 1]!.key === entries[index]!.key) throw new ValueError("VALUE.DUPLICATE_KEY");
  }
  return entries;
}

/** The content of one quoted string. Here the built-in reader is as exact as ours. */
function unescape(quoted: string): string {
  let content: string;
  try {
    content = JSON.parse(quoted) as string;
  } catch {
    // Its message quotes the text, so it is not kept as a cause.
    throw malformed();
  }
  return canonicalText(content);
}

function malformed(): ValueError {
  return new ValueError("VALUE.MALFORMED");
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const LOWER_F = 102;
const LOWER_N = 110;
const LOWER_T = 116;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
