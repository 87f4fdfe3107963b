import type { Capability } from "./harness.ts";
import type { Kit } from "./kit.ts";

export const TOPICS = [
  "keys", "values", "paging", "fetch", "commit", "guards", "references", "deletes", "resume", "changes", "errors", "concurrency", "lifecycle",
] as const;

export type Topic = (typeof TOPICS)[number];

/** What every adapter keeps. */
export interface Law {
  readonly id: `${Topic}/${string}`;
  /** One sentence. */
  readonly says: string;
  /** Only where the database has all of these. */
  readonly needs?: readonly Capability[];
  /** It begins without a lease and without side tables. */
  readonly untouched?: true;
  /** Throws where the law is broken. */
  check(kit: Kit): Promise<void>;
}
