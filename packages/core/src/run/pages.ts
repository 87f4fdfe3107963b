import type { Endpoint, KeyRange, Page, ScanRequest } from "../endpoint.ts";
import type { RunContext } from "./context.ts";

/**
 * The pages of a scan. After a transient fault a new scan goes on behind the last page that came: one that has failed
 * only says that it is done when it is asked again.
 */
export async function* pagesOf(context: RunContext, endpoint: Endpoint, request: ScanRequest): AsyncGenerator<Page> {
  let rest: readonly KeyRange[] = request.ranges ?? [{ after: null, upTo: null }];
  let pages: AsyncIterator<Page> | undefined;
  try {
    for (;;) {
      const page = await context.retrying(async () => {
        pages ??= endpoint.scan({ ...request, ranges: rest })[Symbol.asyncIterator]();
        try {
          return await pages.next();
        } catch (error) {
          pages = undefined;
          throw error;
        }
      });
      if (page.done) return;
      rest = behind(rest, page.value.range.upTo);
      yield page.value;
    }
  } finally {
    await pages?.return?.();
  }
}

/** The next pages, one of them unless `count` says more, are read while this one is worked on. */
export async function* readAhead<T>(pages: AsyncGenerator<T>, count: number = 1): AsyncGenerator<T> {
  const onTheirWay: Promise<IteratorResult<T>>[] = [];
  const next = (): void => {
    const page = pages.next();
    // A failure of a page ahead is met when it is awaited, not before.
    page.catch(() => undefined);
    onTheirWay.push(page);
  };
  try {
    for (let at = 0; at < count; at++) next();
    for (;;) {
      const page = await onTheirWay.shift()!;
      if (page.done) return;
      next();
      yield page.value;
    }
  } finally {
    await pages.return(undefined);
  }
}

/** What is left of these ranges when the first of them is read up to a key. */
function behind([first, ...others]: readonly KeyRange[], key: KeyRange["upTo"]): readonly KeyRange[] {
  const whole = first === undefined || key === null || JSON.stringify(key) === JSON.stringify(first.upTo);
  return whole ? others : [{ after: key, upTo: first.upTo }, ...others];
}
