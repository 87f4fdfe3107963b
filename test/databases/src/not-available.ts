/** A server cannot be had here. The message says which, why, and how to have one. */
export class DatabaseNotAvailable extends Error {
  override readonly name = "DatabaseNotAvailable";

  constructor(why: string) {
    super(why.startsWith("needs ") ? why : `needs PostgreSQL: set POSTGRES_URL to a server's URL (embedded server: ${why})`);
  }
}
