import { blake2b } from "@noble/hashes/blake2.js";
import { SyncError } from "../errors.ts";

/** Makes the cloudIds of new records out of what names them. */
export interface Identity {
  /** For messages; no part of a key. */
  readonly name: string;
  /**
   * A cloudId that nothing but these three decides; a UUID where it is kept in a field that takes nothing else. `form`: the
   * match form of the record's natural key, its values as a JSON array. `generation`: 0, and the next one where another record
   * has the cloudId already, such as one that had this natural key before. Undefined, or once more what somebody else has: the
   * record gets a random one.
   */
  idOf(model: string, form: string, generation: number): string | undefined;
}

/** Every record gets a random cloudId, a UUID of version 7, so that later ones come after earlier ones. */
export const randomIdentity: Identity = { name: "random", idOf: () => undefined };

/**
 * CloudIds that every database computes alike for the same natural key, without asking another: keyed BLAKE2b as a UUID of
 * version 8. `key` is a secret of 16 to 64 bytes, the same for all of them; without it nobody can tell a natural key from
 * its cloudId. A record that no natural key names (a null in it) gets a random one.
 */
export function deterministic(key: string): Identity & { idOf(model: string, form: string, generation: number): string } {
  const secret = typeof key === "string" ? new TextEncoder().encode(key) : new Uint8Array();
  if (secret.length < 16 || secret.length > 64) {
    throw new SyncError("OPTIONS.VALUE", "The key of deterministic() must be a text of 16 to 64 bytes.");
  }
  return {
    name: "deterministic",
    idOf(model, form, generation) {
      const bytes = blake2b(new TextEncoder().encode(JSON.stringify([model, form, generation])), { key: secret, dkLen: 16 });
      bytes[6] = (bytes[6]! & 0x0f) | 0x80;
      bytes[8] = (bytes[8]! & 0x3f) | 0x80;
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
    },
  };
}
