import { PGlite, type PGliteOptions } from "@electric-sql/pglite";

/** PostgreSQL as WebAssembly, in memory, one session: fast to have, blind to everything concurrent. */
export async function openPglite(options: PGliteOptions = {}): Promise<PGlite> {
  return await PGlite.create(options);
}
