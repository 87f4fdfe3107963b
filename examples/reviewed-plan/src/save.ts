import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { planPage, planTable } from "@sync/drizzle";
import { open } from "./sync.ts";

/** Plans, and leaves what a person needs to decide: a table on the screen, a file to apply, pages to read. */
export async function save(folder: string): Promise<string> {
  const { sync, close } = open(folder);
  // #region save
  const plan = await sync.plan(); // writes nothing to your tables
  await writeFile(join(folder, "plan.ndjson"), plan.lines());
  console.log(await planTable(plan));
  // #endregion
  // #region page
  await writeFile(join(folder, "plan.html"), planPage(plan));
  await writeFile(join(folder, "plan-with-values.html"), planPage(plan, { values: true }));
  // #endregion
  const table = await planTable(plan);
  // #region look
  for await (const actions of plan.actions()) {
    const records = await plan.look(actions.slice(0, 10));
    for (const { stale, fields } of records) {
      const changed = fields.filter((field) => field.changed?.length);
      console.log(stale ? "changed since the plan" : "as planned", changed.map(({ field, base, left, right }) => ({ field, base, left, right })));
    }
  }
  // #endregion
  close();
  return table;
}
