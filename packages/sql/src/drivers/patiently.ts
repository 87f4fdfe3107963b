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

/** An operation that ends within `patience` milliseconds, or fails. `what` took longer, then. */
export async function within<T>(patience: number, what: string, operation: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(reject, patience, new Error(`${what} took longer than ${patience} ms.`))));
  try {
    return await Promise.race([operation, late]);
  } finally {
    clearTimeout(timer);
  }
}
