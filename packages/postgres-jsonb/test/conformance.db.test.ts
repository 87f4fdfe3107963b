import { databaseConformance } from "@sync/conformance";
import { kitServer } from "@sync/test-adapters/conformance";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll } from "vitest";
import { pgliteHarness, postgresHarness } from "./harness.ts";

databaseConformance("PGlite", pgliteHarness());

describePostgres("on a server", (postgres) => {
  const server = kitServer(import.meta.url, async () => postgres);
  afterAll(() => server.close());
  databaseConformance("PostgreSQL (node-postgres)", postgresHarness(server));
});
