import { meaning } from "./meaning.ts";

/**
 * Why a column of some type does not take a value, told from the value and the type alone: what a run has to name in
 * quarantine, and nothing else.
 */
export type Refusal = (spelled: string) => string | undefined;

/** The first that has something to say. */
export function anyOf(...refusals: readonly Refusal[]): Refusal {
  return (spelled) => {
    for (const refusal of refusals) {
      const code = refusal(spelled);
      if (code !== undefined) return code;
    }
    return undefined;
  };
}

export const takesAll: Refusal = () => undefined;

/** How texts are spelled here whose bytes are none. */
export const NO_TEXT = "bytes: ";

export const utf8: Refusal = (spelled) => (spelled.startsWith(NO_TEXT) ? "VALUE.NOT_UTF8" : undefined);
export const noNul: Refusal = (spelled) => (spelled.includes("\0") ? "VALUE.NUL" : undefined);
export const noInfinity: Refusal = (spelled) => (/^-?infinity$/i.test(spelled) ? "VALUE.OUT_OF_RANGE" : undefined);
export const noNaN: Refusal = (spelled) => (/nan$/i.test(spelled) ? "VALUE.NOT_A_NUMBER" : undefined);

export function oneOf(labels: readonly string[], code = "VALUE.NOT_IN_ENUM"): Refusal {
  return (spelled) => (labels.includes(spelled) ? undefined : code);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Neither a word nor what has no end. */
export const finite: Refusal = (spelled) => (NUMBER.test(spelled) ? undefined : "VALUE.NOT_A_NUMBER");

/** A number, or what a float has besides. */
export const noWord: Refusal = (spelled) => (NUMBER.test(spelled) || /^(?:NaN|-?Infinity)$/.test(spelled) ? undefined : "VALUE.NOT_A_NUMBER");

export function integer(bits?: 32 | 53 | 64): Refusal {
  const whole: Refusal = (spelled) => {
    if (!/^-?\d+$/.test(spelled)) return "VALUE.TOO_PRECISE";
    if (bits === undefined) return undefined;
    const value = BigInt(spelled);
    const limit = bits === 53 ? 2n ** 53n : 2n ** BigInt(bits - 1);
    return value >= limit || value < -limit || (bits === 53 && value === -limit) ? "VALUE.OUT_OF_RANGE" : undefined;
  };
  return anyOf(finite, whole);
}

/** The digits of a finite number without zeros at either end, and how many of them stand after the point. */
function digitsOf(spelled: string): { readonly all: number; readonly after: number } {
  const [mantissa = "", exponent = "0"] = spelled.replace(/^[+-]/, "").toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  return { all: short.length, after: short === "" ? 0 : fraction.length - Number(exponent) - (digits.length - short.length) };
}

/** So many digits, wherever the point is. */
export function precision(most: number): Refusal {
  return anyOf(finite, (spelled) => (digitsOf(spelled).all > most ? "VALUE.TOO_PRECISE" : undefined));
}

/** `numeric(all, after)`. */
export function scaled(all: number, after: number): Refusal {
  return anyOf(finite, (spelled) => {
    const digits = digitsOf(spelled);
    if (digits.after > after) return "VALUE.TOO_PRECISE";
    return digits.all - digits.after > all - after ? "VALUE.OUT_OF_RANGE" : undefined;
  });
}

/** A date or a time as a text, in the calendar and on the clock. */
export const day: Refusal = calendar(/^[+-]?\d{4,7}-\d\d-\d\d$/, /^[+-]?\d{4,7}-(?:(?!02-3)(?:0\d|1[0-2])-(?:[0-2]\d|30)|(?:0[13578]|1[02])-31)$/);
export const clock: Refusal = calendar(/^\d\d:\d\d:\d\d(?:\.\d+)?$/, /^(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00)$/);

function calendar(shape: RegExp, within: RegExp): Refusal {
  return (spelled) => (!shape.test(spelled) ? "VALUE.MALFORMED" : within.test(spelled) ? undefined : "VALUE.OUT_OF_RANGE");
}

/** No text of a moment, a date or a time. */
export function shaped(shape: RegExp, code = "VALUE.MALFORMED"): Refusal {
  return (spelled) => (shape.test(spelled) ? undefined : code);
}

export const uuid: Refusal = shaped(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i);

/** Lists within a list. */
export const flat: Refusal = (list) => ((JSON.parse(list) as unknown[]).some(Array.isArray) ? "VALUE.MALFORMED" : undefined);

export const DEEPEST = 64;

/** What no side can carry as JSON. */
export const json: Refusal = (text) => {
  if (text.startsWith(NO_TEXT)) return "VALUE.NOT_UTF8";
  const strings = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/gs)];
  if (depthOf(text) > DEEPEST) return "VALUE.TOO_DEEP";
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return "VALUE.MALFORMED";
  }
  const found = { keys: 0, halves: false };
  each(parsed, (string, isKey) => {
    if (isKey) found.keys += 1;
    if (!(string as string & { isWellFormed(): boolean }).isWellFormed()) found.halves = true;
  });
  if (found.halves) return "VALUE.LONE_SURROGATE";
  return strings.filter(([, colon]) => colon !== undefined).length > found.keys ? "VALUE.DUPLICATE_KEY" : undefined;
};

export const noNulInJson: Refusal = (text) => {
  let has = false;
  each(JSON.parse(text), (string) => {
    if (string.includes("\0")) has = true;
  });
  return has ? "VALUE.NUL" : undefined;
};

/** What SQLite makes of a number: a whole one of 64 bits is exact, others are what JavaScript has. */
export function asNumber(code: string): Refusal {
  return (spelled) => {
    const isWhole = /^-?\d+$/.test(spelled) && BigInt.asIntN(64, BigInt(spelled)) === BigInt(spelled);
    return isWhole || meaning("decimal", String(Number(spelled))) === meaning("decimal", spelled) ? undefined : code;
  };
}

/** A document that is one bare number stands as a number in a column that SQLite takes for numeric. */
export const bareNumber: Refusal = (text) => (NUMBER.test(text) ? asNumber("WRITE.VALUE")(text) : undefined);

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const sign of text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, "")) {
    if (sign === "[" || sign === "{") deepest = Math.max(deepest, (depth += 1));
    if (sign === "]" || sign === "}") depth -= 1;
  }
  return deepest;
}

/** Every string in it, keys too. */
function each(value: unknown, look: (string: string, isKey: boolean) => void): void {
  if (typeof value === "string") look(value, false);
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) look(key, true);
    each(item, look);
  }
}
