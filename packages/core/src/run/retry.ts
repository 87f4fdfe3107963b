import { isSyncError, SyncError } from "../errors.ts";
import type { Runtime } from "../options.ts";

export interface RetryOptions {
  readonly attempts: number;
  readonly firstDelay: number;
  readonly runtime: Runtime;
  readonly signal: AbortSignal | undefined;
  onRetry(code: string, attempt: number, milliseconds: number): void;
}

/**
 * Tries `work` again after a transient fault, with pauses that double and vary by half, so that many runners do not
 * come back at once. The last error is thrown as it came.
 */
export async function withRetry<Result>(options: RetryOptions, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isSyncError(error) || !error.retryable || attempt >= options.attempts) throw error;
      const spread = (options.runtime.randomBytes(1)[0] ?? 0) / 255;
      const pause = Math.round(options.firstDelay * 2 ** (attempt - 1) * (0.5 + spread));
      options.onRetry(error.code, attempt, pause);
      await options.runtime.sleep(pause, options.signal);
    }
  }
}

/** Thrown at the next safe point after the signal was aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new SyncError("RUN.ABORTED", "Stopped on request. What was written stays; start the run again and it goes on from there.");
  }
}
