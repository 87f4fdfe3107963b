import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import type { ApplyResult } from "@sync/drizzle";
import { open } from "./sync.ts";

/** Knows the databases and the file, and nothing else: another process, perhaps on another day. */
export async function apply(folder: string): Promise<ApplyResult> {
  const { sync, close } = open(folder);
  try {
    // #region apply
    const file = await openFile(join(folder, "plan.ndjson"));
    const plan = await sync.load(file.readLines()); // all of it is checked before any of it can be applied
    const result = await sync.apply(plan);
    for (const { model, leftKey, rightKey } of result.skipped) console.log("changed since the plan:", model, leftKey ?? rightKey);
    // #endregion
    return result;
  } finally {
    close();
  }
}
