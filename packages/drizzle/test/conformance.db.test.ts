import { databaseConformance } from "@sync/conformance";
import { kitServer } from "@sync/test-adapters/conformance";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll } from "vitest";
import { pgliteHarness, postgresHarness, sqliteHarness } from "./harness.ts";

databaseConformance("SQLite (better-sqlite3)", sqliteHarness());
databaseConformance("SQLite (better-sqlite3), through Drizzle", sqliteHarness("orm"));
databaseConformance("PGlite", pgliteHarness());
databaseConformance("PGlite, through Drizzle", pgliteHarness("orm"));

describePostgres("on a server", (postgres) => {
  const server = kitServer(import.meta.url, async () => postgres);
  afterAll(() => server.close());
  databaseConformance("PostgreSQL (node-postgres)", postgresHarness(server));
  databaseConformance("PostgreSQL (node-postgres), through Drizzle", postgresHarness(server, "orm"));
});
