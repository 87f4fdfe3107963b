import type { Changes, Key, KeyRange, Page, Row } from "../endpoint.ts";
import type { SideMark } from "../state.ts";
import { keyText, type RunContext } from "./context.ts";
import { pagesOf } from "./pages.ts";
import type { Side } from "./side.ts";

type Range = NonNullable<SideMark["ranges"]>[number];

/** Rows remembered by key, where that is more exact than counting. */
const keysKept = 5_000;

/**
 * Which rows of one side have to be looked at: all of them, or only those that may differ since the last run. Reads
 * the mark before any row, so that a change in between is seen twice rather than never.
 */
export class Source {
  readonly side: Side;
  /** Every row is read: there is no mark, or it can no longer be trusted. */
  full = true;
  /** Rows there are now, where that is known without reading them. */
  total: number | undefined;
  /** Rows read so far. */
  read = 0;
  changes: Changes | undefined;
  /** Only hinted rows are looked at, whatever the mark says; it stays where it is. */
  hinted = false;
  /** Ranges whose fingerprint still stands, and those read in this run with theirs. */
  readonly ranges: Range[] = [];
  readonly #context: RunContext;
  /** How far this side was known when the run began. */
  readonly mark: SideMark | undefined;
  #changedRanges: KeyRange[] = [];
  #pages: AsyncIterator<Page> | undefined;
  #first: Page | undefined;
  #onPages: Set<string> | undefined = new Set();
  #keys: readonly Key[] = [];
  #names: Set<string> | undefined;

  constructor(context: RunContext, side: Side, mark: SideMark | undefined) {
    this.#context = context;
    this.side = side;
    this.mark = mark;
  }

  /** Reads the mark, and the first page where everything is to be read: a side that fits it needs no other read. */
  async open(): Promise<void> {
    const { endpoint, fields } = this.side.model;
    const mark = this.mark;
    if (endpoint.changesSince) {
      const changes = await this.#context.retrying(() => endpoint.changesSince!(mark?.mark, mark?.ownUnits ?? []));
      this.changes = changes;
      this.total = changes.total;
      if (changes.keys !== "all") {
        this.full = false;
        this.#keys = changes.keys;
        return;
      }
    } else if (endpoint.fingerprint && mark?.ranges) {
      const { ranges } = mark;
      const now = await this.#context.retrying(() => endpoint.fingerprint!(fields, ranges));
      this.full = false;
      this.total = now.reduce((sum, { count }) => sum + count, 0);
      ranges.forEach((range, at) => {
        if (range.fingerprint !== null && now[at]!.fingerprint === range.fingerprint && now[at]!.count === range.count) this.ranges.push(range);
        else this.#changedRanges.push({ after: range.after, upTo: range.upTo });
      });
      return;
    }
    this.#pages = pagesOf(this.#context, endpoint, { fields, pageSize: this.#context.settings.pageSize });
    const first = await this.#pages.next();
    if (first.done) {
      this.side.load([]);
      this.total = 0;
      return;
    }
    this.#first = first.value;
    if (this.#first.range.upTo === null) {
      this.side.load(this.#first.rows);
      this.total = this.#first.rows.length;
    }
  }

  /** Instead of `open`: these rows are looked at, and no others. */
  hint(keys: readonly Key[]): void {
    this.full = false;
    this.hinted = true;
    this.#keys = keys;
  }

  /** Rows were written since the first page was read: it is read again with the others, as they are now. */
  startAgain(): void {
    if (!this.#first || this.side.knownEmpty) return;
    this.#first = undefined;
    this.side.unload();
    const { endpoint, fields } = this.side.model;
    this.#pages = pagesOf(this.#context, endpoint, { fields, pageSize: this.#context.settings.pageSize });
  }

  /**
   * Keys have moved along with a parent's: what the mark named is asked for once more, under the keys of now. The mark stays the
   * older one, and so does what it named.
   */
  async askAgain(): Promise<void> {
    this.startAgain();
    const { endpoint } = this.side.model;
    if (this.full || !this.changes || !endpoint.changesSince) return;
    const now = await this.#context.retrying(() => endpoint.changesSince!(this.mark?.mark, this.mark?.ownUnits ?? []));
    // A mark that went stale meanwhile names nothing; the next run reads everything then.
    if (now.keys === "all") return;
    this.#names ??= new Set(this.#keys.map(keyText));
    this.#keys = now.keys;
  }

  /** Takes the mark that a plan was made from, instead of reading one. */
  planned(mark: { readonly next?: string; readonly total?: number; readonly ranges?: SideMark["ranges"] }): void {
    if (mark.next !== undefined) this.changes = { next: mark.next, total: mark.total ?? 0, keys: "all" };
    this.ranges.push(...(mark.ranges ?? []));
  }

  /** Whether the mark that was read named this row; a row it did not name may be younger. */
  names(key: string): boolean {
    return !this.hinted && (this.#names ??= new Set(this.#keys.map(keyText))).has(key);
  }

  /** Whether this row stood on a page that was read; undefined: too many were read to remember. */
  stoodOnPage(key: string): boolean | undefined {
    return this.#onPages?.has(key);
  }

  /** The page read last may hold a change that nobody has looked at: its range is read again. */
  doubtPage(): void {
    const last = this.ranges.pop();
    if (last) this.ranges.push({ ...last, fingerprint: null });
  }

  /** Nothing can differ: no row has to be read. */
  get idle(): boolean {
    return !this.full && this.#keys.length === 0 && this.#changedRanges.length === 0;
  }

  /** Rows that existed at the mark, with our own inserts and deletes since; undefined without a mark. */
  get known(): number | undefined {
    if (this.full || this.mark?.unsure) return undefined;
    return this.mark?.known ?? this.mark?.ranges?.reduce((sum, { count }) => sum + count, 0);
  }

  async *rows(): AsyncGenerator<readonly Row[]> {
    const { endpoint, fields } = this.side.model;
    const { pageSize } = this.#context.settings;
    if (!this.full && (this.changes || this.hinted)) {
      for (let at = 0; at < this.#keys.length; at += pageSize) {
        const tuples = this.#keys.slice(at, at + pageSize);
        const rows = await this.#context.retrying(() => endpoint.fetch({ fields, by: "key", tuples }));
        this.read += rows.length;
        yield rows;
      }
      return;
    }
    if (!this.full) {
      if (this.#changedRanges.length === 0) return;
      this.#pages = pagesOf(this.#context, endpoint, { fields, pageSize, ranges: this.#changedRanges });
    }
    if (this.#first) yield this.#take(this.#first);
    if (this.side.loaded || !this.#pages) return;
    // One page ahead: the database reads the next one while this one is worked on.
    let next = this.#pages.next();
    for (;;) {
      const page = await next;
      if (page.done) {
        // Counted by what was read: a row may have gone since the fingerprints were asked for.
        if (!this.full) this.total = this.ranges.reduce((sum, { count }) => sum + count, 0);
        return;
      }
      next = this.#pages.next();
      // A failure of the page ahead is met when it is awaited, not before.
      next.catch(() => undefined);
      yield this.#take(page.value);
    }
  }

  #take(page: Page): readonly Row[] {
    this.read += page.rows.length;
    if (page.fingerprint !== undefined) {
      this.ranges.push({ ...page.range, count: page.rows.length, fingerprint: page.fingerprint });
      for (const row of page.rows) this.#onPages?.add(keyText(row.key));
      if (this.#onPages && this.#onPages.size > keysKept) this.#onPages = undefined;
    }
    return page.rows;
  }
}
