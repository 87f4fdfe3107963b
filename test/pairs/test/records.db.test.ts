import { playCases } from "../src/pairs.ts";
import { sevenTables } from "../src/cases/seven-tables.ts";

await playCases(import.meta.url, [sevenTables]);
