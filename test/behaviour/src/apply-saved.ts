// Applies a saved plan in a process of its own: `apply-saved.ts <left> <right> <file>`, where a side is the path of a SQLite file
// or the URL of a PostgreSQL. Prints what became of it, or the code and message of the refusal, as JSON.
import { open } from "node:fs/promises";
import { createSync, fieldMerge, isSyncError, leftWins } from "@sync/core";
import { openPostgres, openSqlite, type Side } from "./databases.ts";
import { bothModels } from "./models.ts";

const [left = "", right = "", path = ""] = process.argv.slice(2);
const openSide = async (where: string): Promise<Side> => (where.startsWith("postgres") ? await openPostgres(where, "") : openSqlite("", { path: where }));
const sides = { left: await openSide(left), right: await openSide(right) };
const sync = createSync({
  name: "pair", left: sides.left.database, right: sides.right.database, models: bothModels, conflicts: fieldMerge({ otherwise: leftWins() }),
});
try {
  const file = await open(path);
  const plan = await sync.load(file.readLines());
  const { written, skipped } = await sync.apply(plan);
  console.log(JSON.stringify({ written, skipped }));
} catch (error) {
  if (!isSyncError(error)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
await Promise.all([sides.left.close(), sides.right.close()]);
