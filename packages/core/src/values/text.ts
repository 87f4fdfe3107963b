import { ValueError } from "./error.ts";

/** Not in every library version of the compiler's; in every runtime we support. */
type Checkable = string & { isWellFormed(): boolean };

/** The text itself; refuses lone surrogates, which Postgres and SQLite store as something else without an error. */
export function canonicalText(text: string): string {
  if (!(text as Checkable).isWellFormed()) throw new ValueError("VALUE.LONE_SURROGATE");
  return text;
}

/** Whether a well-formed text has more than `limit` code points; counts only when the UTF-16 length leaves it open. */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  if (text.length > 2 * limit) return true;
  let points = 0;
  for (const _ of text) points += 1;
  return points > limit;
}

/** How one part of a natural key is made comparable; the stored form stays as it is. Absent: taken literally. */
export interface MatchRule {
  /** White space at both ends does not count. */
  readonly trim?: boolean;
  readonly case?: "lower";
  readonly unicode?: "NFC";
}

/**
 * The form of a natural key's part that two records must share. Applying the same rule twice changes nothing. The
 * normal form comes last, because lower case can leave letters and marks that compose (Å U+212B has an å of its own).
 */
export function matchForm(text: string, rule: MatchRule): string {
  let form = text;
  if (rule.trim) form = form.trim();
  if (rule.case === "lower") form = form.toLowerCase();
  if (rule.unicode === "NFC") form = form.normalize("NFC");
  return form;
}

const TRUE = /^(?:t|true|1)$/i;
const FALSE = /^(?:f|false|0)$/i;

/** What databases and drivers print for a boolean: `t`, `true`, `1` and their opposites, in any case. */
export function canonicalBoolean(text: string): string {
  if (text === "true" || text === "false") return text;
  if (TRUE.test(text)) return "true";
  if (FALSE.test(text)) return "false";
  throw new ValueError("VALUE.MALFORMED");
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_SPELLINGS = /^(?:urn:uuid:)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/** Any case, with or without dashes. */
export function canonicalUuid(text: string): string {
  if (UUID.test(text)) return text;
  const parts = UUID_SPELLINGS.exec(text);
  if (parts === null) throw new ValueError("VALUE.MALFORMED");
  return parts.slice(1).join("-").toLowerCase();
}
