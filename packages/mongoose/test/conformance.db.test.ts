import { databaseConformance } from "@sync/conformance";
import { describeMongo } from "@sync/test-databases/vitest";
import { mongooseHarness } from "./harness.ts";

describeMongo("on a server", (server) => databaseConformance(server.name.startsWith("MongoDB") ? "MongoDB" : "MongoDB-compatible server", mongooseHarness(server)));
