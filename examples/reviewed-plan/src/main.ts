import { temporaryFolder } from "@sync/test-databases";
import { apply } from "./apply.ts";
import { edit, fill } from "./edits.ts";
import { save } from "./save.ts";

const folder = temporaryFolder("reviewed-plan");
try {
  await fill(folder.path);
  edit(folder.path);
  await save(folder.path);
  const { written, skipped } = await apply(folder.path);
  console.log(`applied: ${written.left} rows on the left, ${written.right} on the right; ${skipped.length} skipped`);
} finally {
  folder.remove();
}
