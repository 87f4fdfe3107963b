import { ValueError } from "./error.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const LETTERS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const SEXTETS = Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))));
const PADDING = 61;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Base64; also without padding, in the URL alphabet, or broken into lines (Postgres breaks after 76 characters). */
export function canonicalBytes(text: string): string {
  if (text.length % 4 === 0 && BASE64.test(text) && hasNoStrayBits(text)) return text;
  const bare = text
    .replace(/[\r\n]+/g, "")
    .replace(/-/g, "+")
    .replace(/_/g, "/");
  const padded = bare.endsWith("=") ? bare : bare + "=".repeat((4 - (bare.length % 4)) % 4);
  if (padded.length % 4 !== 0 || !BASE64.test(padded) || !hasNoStrayBits(padded))
    throw new ValueError("VALUE.MALFORMED");
  return padded;
}

/** How many bytes a canonical base64 text stands for. */
export function byteLength(text: string): number {
  return (text.length / 4) * 3 - padding(text);
}

export function toBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    // Past the end an index gives undefined, which counts as 0 here.
    const three = (bytes[index]! << 16) | (bytes[index + 1]! << 8) | bytes[index + 2]!;
    codes[at++] = LETTERS[three >>> 18]!;
    codes[at++] = LETTERS[(three >>> 12) & 63]!;
    codes[at++] = LETTERS[(three >>> 6) & 63]!;
    codes[at++] = LETTERS[three & 63]!;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  codes.fill(PADDING, codes.length - missing);
  let text = "";
  // In pieces: one call takes only so many arguments.
  for (let start = 0; start < codes.length; start += 8192) {
    text += String.fromCharCode(...codes.subarray(start, start + 8192));
  }
  return text;
}

/** The bytes of a canonical base64 text. */
export function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(byteLength(text));
  let at = 0;
  for (let index = 0; index < text.length; index += 4) {
    const three =
      (SEXTETS[text.charCodeAt(index)]! << 18) |
      (SEXTETS[text.charCodeAt(index + 1)]! << 12) |
      (SEXTETS[text.charCodeAt(index + 2)]! << 6) |
      SEXTETS[text.charCodeAt(index + 3)]!;
    // Writing past the end of a typed array does nothing, so padding needs no branch.
    bytes[at++] = three >>> 16;
    bytes[at++] = three >>> 8;
    bytes[at++] = three;
  }
  return bytes;
}

function padding(text: string): 0 | 1 | 2 {
  if (!text.endsWith("=")) return 0;
  return text.endsWith("==") ? 2 : 1;
}

/** The bits that padding leaves over must be zero: otherwise several texts would stand for the same bytes. */
function hasNoStrayBits(text: string): boolean {
  const pad = padding(text);
  return pad === 0 || (SEXTETS[text.charCodeAt(text.length - pad - 1)]! & (pad === 2 ? 15 : 3)) === 0;
}
