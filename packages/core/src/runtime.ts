import { SyncError } from "./errors.ts";
import type { Runtime } from "./options.ts";

/** What every modern JavaScript host has; named here so that core needs no host's types. */
interface Host {
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
  setTimeout(task: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  setInterval(task: () => void, milliseconds: number): unknown;
  clearInterval(timer: unknown): void;
}

/** The host's clock, crypto and timers. */
export function hostRuntime(): Runtime {
  const host = globalThis as unknown as Host;
  return {
    now: () => Date.now(),
    randomBytes: (length) => host.crypto.getRandomValues(new Uint8Array(length)),
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          host.clearTimeout(timer);
          reject(new SyncError("RUN.ABORTED", "Stopped on request while waiting. Start the run again and it goes on from there."));
        };
        const timer = host.setTimeout(() => {
          signal?.removeEventListener("abort", stop);
          resolve();
        }, milliseconds);
        signal?.addEventListener("abort", stop, { once: true });
      }),
    every: (milliseconds, task) => {
      const timer = host.setInterval(task, milliseconds);
      // A timer must not keep a finished program alive.
      if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
      return () => host.clearInterval(timer);
    },
  };
}
