import { randomBytes, randomUUID } from "node:crypto";

const base36 = "0123456789abcdefghijklmnopqrstuvwxyz";
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * What Prisma's `@default(cuid())` and its like do in the client. Rows that do not go through the client need the same:
 * ids of the same form, made by us and known before the insert.
 */
export function idMaker(name: string, args: readonly unknown[]): (() => string) | undefined {
  switch (name) {
    case "cuid":
      return args[0] === 2 ? cuid2 : cuid;
    case "uuid":
      return args[0] === 7 ? uuid7 : randomUUID;
    case "nanoid":
      return () => nanoid(typeof args[0] === "number" ? args[0] : 21);
    case "ulid":
      return ulid;
    default:
      return undefined;
  }
}

let pool = Buffer.alloc(0);
let used = 0;

/** Asking for random bytes costs the same for one and for thousands. */
function randomByte(): number {
  if (used === pool.length) [pool, used] = [randomBytes(4096), 0];
  return pool[used++]!;
}

let count = Math.floor(Math.random() * 36 ** 4);
const fingerprint = letters(4, base36);

/** `c`, milliseconds, a counter, this process, eight random letters. */
function cuid(): string {
  count = (count + 1) % 36 ** 4;
  return `c${Date.now().toString(36)}${count.toString(36).padStart(4, "0")}${fingerprint}${letters(8, base36)}`;
}

function cuid2(): string {
  return letters(1, base36.slice(10)) + letters(23, base36);
}

export function uuid7(): string {
  const hex = Date.now().toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function nanoid(length: number): string {
  return letters(length, `${base36}ABCDEFGHIJKLMNOPQRSTUVWXYZ_-`);
}

/** Ten letters of time, sixteen of chance. */
function ulid(): string {
  let time = "";
  for (let rest = Date.now(); time.length < 10; rest = Math.floor(rest / 32)) time = crockford[rest % 32]! + time;
  return time + letters(16, crockford);
}

/** Each letter equally likely: bytes past the last whole multiple of the alphabet are thrown away. */
function letters(length: number, alphabet: string): string {
  const limit = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    const byte = randomByte();
    if (byte < limit) text += alphabet[byte % alphabet.length]!;
  }
  return text;
}
