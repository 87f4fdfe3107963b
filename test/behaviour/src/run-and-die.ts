// One real run, or undo, in a process of its own: `run-and-die.ts <left> <right> [<call> before|during|after [<run to undo>]]`, where a side is the path of
// a SQLite file or the URL of a PostgreSQL. Prints its calls of the contract as JSON, if it lives.
import { createSync, fieldMerge, leftWins } from "@sync/core";
import { openPostgres, openSqlite, type Side } from "./databases.ts";
import { Killer, type Death } from "./killable.ts";
import { bothModels } from "./models.ts";

const [left = "", right = "", call, moment, undone] = process.argv.slice(2);
const open = async (where: string): Promise<Side> => (where.startsWith("postgres") ? await openPostgres(where, "") : openSqlite("", { path: where }));
const sides = { left: await open(left), right: await open(right) };
const killer = new Killer(call === undefined ? undefined : { call: Number(call), moment: moment as Death["moment"] });
const sync = createSync({
  name: "pair",
  left: killer.database("left", sides.left.database),
  right: killer.database("right", sides.right.database),
  models: bothModels,
  conflicts: fieldMerge({ otherwise: leftWins() }),
  firstLink: "left",
  deleteGuard: { count: 100, share: 1 },
  pageSize: 8,
});
const written = undone === undefined ? (await sync.run({ takeOver: true })).written : undefined;
if (undone !== undefined) await sync.undo(undone, { takeOver: true });
console.log(JSON.stringify({ calls: killer.calls, written }));
await Promise.all([sides.left.close(), sides.right.close()]);
