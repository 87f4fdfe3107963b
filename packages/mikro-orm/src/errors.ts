import { SyncError } from "@sync/core";
import type { Meaning } from "@sync/sql";

/** What drivers and Kysely say when they are asked for something after they were closed. */
const closed = /database connection is not open|pool after calling end|driver has already been destroyed|PGlite (?:instance )?is (?:already )?closed/;

/** Errors without an engine's own code. All others carry one, below whatever MikroORM put around it, and `@sync/sql` finds it there. */
export function mapError(error: unknown): Meaning | { readonly retryable: boolean } | undefined {
  const message = error instanceof Error ? error.message : "";
  if (closed.test(message)) return { error: closedError(error) };
  return message.startsWith("Cannot open database") ? { retryable: true } : undefined;
}

export function closedError(cause?: unknown): SyncError {
  return new SyncError("ENDPOINT.CLOSED", "This MikroORM was closed: run the sync before `orm.close()`, or after `orm.connect()`.", { cause });
}
