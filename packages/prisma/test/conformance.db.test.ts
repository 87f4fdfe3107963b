import { databaseConformance } from "@sync/conformance";
import { kitServer } from "@sync/test-adapters/conformance";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll } from "vitest";
import { postgresHarness, sqliteHarness } from "./harness.ts";

databaseConformance("SQLite", sqliteHarness());

describePostgres("on a server", (postgres) => {
  const server = kitServer(import.meta.url, async () => postgres);
  afterAll(() => server.close());
  databaseConformance("PostgreSQL", postgresHarness(server));
  databaseConformance("PostgreSQL, through the client", postgresHarness(server, "orm"));
});
