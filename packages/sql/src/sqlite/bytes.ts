import { isUtf8 } from "node:buffer";

/**
 * SQLite keeps any bytes as a text, and drivers show U+FFFD in the place of those that are no UTF-8. So a text in which
 * U+FFFD shows is read again as bytes, and each byte that is no UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF: no kind
 * takes such a text, no two stored texts look the same, and it can be turned back into its bytes.
 */

/** Whether a driver may have shown something else than is stored. */
export function isUnsure(text: string | null): boolean {
  return text !== null && text.includes("\ufffd");
}

/** SQL that gives a text expression as bytes. */
export function asHex(expression: string): string {
  return `case when ${expression} is null then null else hex(${expression}) end`;
}

/** SQL that gives the text back, from what `toHex` gave. */
export function fromHexSql(expression: string): string {
  return `cast(unhex(${expression}) as text)`;
}

/** A database keeps its texts in one encoding, which the first character of a JSON array gives away. */
export type Encoding = "utf8" | "utf16le" | "utf16be";

export function encodingOf(hexOfArray: string): Encoding {
  if (hexOfArray.startsWith("5B00")) return "utf16le";
  return hexOfArray.startsWith("005B") ? "utf16be" : "utf8";
}

export function fromHex(hex: string, encoding: Encoding): string {
  const bytes = Buffer.from(hex, "hex");
  if (encoding === "utf8") return fromUtf8(bytes);
  return (encoding === "utf16be" ? bytes.swap16() : bytes).toString("utf16le");
}

export function fromUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let text = "";
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const width = widthOf(bytes[at]!);
    if (width === 1 || (width > 1 && isUtf8(bytes.subarray(at, at + width)))) {
      at += width;
      continue;
    }
    text += bytes.toString("utf8", from, at) + String.fromCharCode(ESCAPE + bytes[at]!);
    from = ++at;
  }
  return text + bytes.toString("utf8", from);
}

export function toHex(text: string): string {
  const parts = text.split(/([\udc80-\udcff])/u);
  return parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part) : Buffer.of(part.charCodeAt(0) - ESCAPE)).toString("hex")).join("");
}

const ESCAPE = 0xdc00;

/** Of the character that begins with this byte; 0: none does. */
function widthOf(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}
