/**
 * A fast seeded 64-bit hash of texts: what a base keeps per field and a fingerprint per key range.
 *
 * Two 32-bit lanes (JavaScript has no fast 64-bit integer), each with MurmurHash3's multipliers and finaliser, and each
 * fed by the other in every round. It guards against accidents, not against someone who chooses values in order to
 * collide; the choice and its measurements are in docs/decisions/0002-hash.md.
 */

import type { Value } from "./values/kind.ts";

/** Every hash is this many characters of the base64url alphabet, so hashes can be joined and cut apart again. */
export const HASH_LENGTH = 11;

/** Hashes many values in order; how they are cut into values is part of what is hashed. */
export interface Hasher {
  /** A text, null, or undefined (not supplied): all three are different. */
  add(value: Value | undefined): void;
  /** The hash of everything added so far; adding may go on afterwards. */
  digest(): string;
}

/** The hash of one text. `seed` is a safe integer; another seed gives an unrelated hash. */
export function hash64(text: string, seed: number): string {
  start(scratch, seed);
  absorb(scratch, text);
  return finish(scratch);
}

/** A hasher of its own for one sequence of values. */
export function hasher(seed: number): Hasher {
  const lanes = new Int32Array(2);
  start(lanes, seed);
  return {
    add(value) {
      if (typeof value === "string") absorb(lanes, value);
      else mark(lanes, value === null ? NULL : MISSING);
    },
    digest: () => finish(lanes),
  };
}

/** Typed, because plain variables would box every 32-bit state; shared, because one hash is computed at a time. */
const scratch = new Int32Array(2);

/** Stand where a text's length stands, so nothing that is a text can look like them. */
const NULL = -1;
const MISSING = -2;

function start(lanes: Int32Array, seed: number): void {
  lanes[0] = seed;
  lanes[1] = Math.floor(seed / 0x1_0000_0000) ^ 0x9e3779b9;
}

/** The length goes first: without it ("ab", "c") and ("a", "bc") would be the same sequence. */
function mark(lanes: Int32Array, length: number): void {
  const a = Math.imul(lanes[0]! ^ length, 0x9e3779b1);
  lanes[0] = a ^ (a >>> 15);
  lanes[1] = (lanes[1]! + a) | 0;
}

function absorb(lanes: Int32Array, text: string): void {
  const length = text.length;
  mark(lanes, length);
  let a = lanes[0]!;
  let b = lanes[1]!;
  // Four UTF-16 units per round. The last round is padded with zeros, which cannot be mistaken for U+0000: the length
  // has been mixed in already.
  for (let at = 0; at < length; at += 4) {
    let left: number;
    let right: number;
    if (at + 4 <= length) {
      left = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
      right = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16);
    } else {
      left = text.charCodeAt(at) | (at + 1 < length ? text.charCodeAt(at + 1) << 16 : 0);
      right = at + 2 < length ? text.charCodeAt(at + 2) : 0;
    }
    left = Math.imul(left, 0xcc9e2d51);
    a ^= Math.imul((left << 15) | (left >>> 17), 0x1b873593);
    a = ((a << 13) | (a >>> 19)) + b;
    a = (Math.imul(a, 5) + 0xe6546b64) | 0;
    right = Math.imul(right, 0x239b961b);
    b ^= Math.imul((right << 17) | (right >>> 15), 0xab0e9789);
    b = ((b << 17) | (b >>> 15)) + a;
    b = (Math.imul(b, 5) + 0x38b34ae5) | 0;
  }
  lanes[0] = a;
  lanes[1] = b;
}

function finish(lanes: Int32Array): string {
  let a = (lanes[0]! + lanes[1]!) | 0;
  let b = (lanes[1]! + a) | 0;
  a = avalanche(a, 0x85ebca6b, 0xc2b2ae35);
  b = avalanche(b, 0x7feb352d, 0x846ca68b);
  a = (a + b) | 0;
  b = (b + a) | 0;
  // One call with eleven character codes: measured faster than joining table entries, and it gives a flat string.
  return String.fromCharCode(
    letter(a >>> 26),
    letter(a >>> 20),
    letter(a >>> 14),
    letter(a >>> 8),
    letter(a >>> 2),
    letter((a << 4) | (b >>> 28)),
    letter(b >>> 22),
    letter(b >>> 16),
    letter(b >>> 10),
    letter(b >>> 4),
    letter(b << 2),
  );
}

/** Makes every bit of the lane depend on every other. */
function avalanche(lane: number, first: number, second: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), first);
  mixed = Math.imul(mixed ^ (mixed >>> 13), second);
  return mixed ^ (mixed >>> 16);
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LETTERS = Uint8Array.from(BASE64URL, (character) => character.charCodeAt(0));

function letter(bits: number): number {
  return LETTERS[bits & 63]!;
}
