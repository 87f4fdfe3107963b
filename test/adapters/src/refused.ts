import { isSyncError, type SyncError } from "@sync/core";

/** The error with which options are refused at once. */
export function refused(make: () => unknown): SyncError {
  try {
    make();
  } catch (error) {
    if (isSyncError(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
