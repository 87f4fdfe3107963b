import { SyncError } from "@sync/core";

/**
 * Work that begins when a library's own lock is free, and says so by `begun`. After `patience` milliseconds of waiting it is
 * given up; what would begin after that is stopped by `begun`, before it has done anything.
 */
export function patiently<T>(patience: number, work: (begun: () => void) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const busy = new SyncError("ENDPOINT.BUSY", `The application has kept its connection busy for ${patience} ms.`, { retryable: true });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(busy);
    }, patience);
    const begun = (): void => {
      clearTimeout(timer);
      if (isLate) throw busy;
    };
    work(begun)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/**
 * Operations of one connection, begun together. Fails with the error that came first, since those behind it may be of its making, or
 * where none of them has ended for `patience` milliseconds: `what` took longer, then.
 */
export async function allWithin(patience: number, what: string, operations: readonly PromiseLike<unknown>[]): Promise<void> {
  const errors: unknown[] = [];
  let open = operations.length;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(reject, patience, new Error(`${what} took longer than ${patience} ms.`))));
  const all = operations.map(async (operation) => {
    try {
      await operation;
    } catch (error) {
      errors.push(error);
    }
    open -= 1;
    if (open > 0) timer?.refresh();
  });
  try {
    await Promise.race([Promise.all(all), late]);
  } finally {
    clearTimeout(timer);
    timer = undefined;
  }
  if (errors.length > 0) throw errors[0];
}
