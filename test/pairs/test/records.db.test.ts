import { badRecord } from "../src/cases/bad-record.ts";
import { askedConflicts, editsAndDeletes, fieldConflicts, firstMeeting, uniqueConflict } from "../src/cases/conflicts.ts";
import { sevenTables } from "../src/cases/seven-tables.ts";
import { playCases } from "../src/pairs.ts";

await playCases(import.meta.url, [sevenTables, fieldConflicts, askedConflicts, editsAndDeletes, firstMeeting, uniqueConflict, badRecord]);
