import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryFolder {
  path: string;
  remove(): void;
}

/** An empty folder of its own; what is still there when the process ends normally is removed then. */
export function temporaryFolder(purpose = "test"): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), `sync-${purpose}-`));
  const remove = (): void => {
    process.off("exit", remove);
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  process.on("exit", remove);
  return { path, remove };
}
