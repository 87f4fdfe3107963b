import { databaseConformance } from "@sync/conformance";
import { describeMongo } from "@sync/test-databases/vitest";
import { mongooseHarness } from "./harness.ts";

describeMongo("on a server", (server) => {
  const name = server.name.startsWith("MongoDB") ? "MongoDB" : "MongoDB-compatible server";
  databaseConformance(name, mongooseHarness(server));
  databaseConformance(`${name}, through Mongoose`, mongooseHarness(server, "orm"));
});
