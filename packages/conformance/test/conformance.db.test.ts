import { databaseConformance } from "../src/index.ts";
import { memoryHarness } from "./harness.ts";

databaseConformance("memory, with transaction ids", memoryHarness("changes"));
databaseConformance("memory, with fingerprints", memoryHarness("fingerprints"));
