import type { Executor } from "./executor.ts";

/** The quickest answer each executor ever gave, in milliseconds: what one round trip costs at most. */
const trips = new WeakMap<Executor, number>();

/** The executor itself, watched. */
export function timed(executor: Executor): Executor {
  const { copyTransaction } = executor;
  const watched: Executor = {
    dialect: executor.dialect,
    ...(executor.dropsLeadingMark ? { dropsLeadingMark: true } : {}),
    ...(executor.place ? { place: executor.place } : {}),
    atomic: (statements) => executor.atomic(statements),
    ...(copyTransaction ? { copyTransaction: (guard, steps) => copyTransaction.call(executor, guard, steps) } : {}),
    ...(executor.inTurn ? { inTurn: (work) => executor.inTurn!(work) } : {}),
    async query(statement) {
      const began = performance.now();
      const rows = await executor.query(statement);
      trips.set(watched, Math.min(trips.get(watched) ?? Number.POSITIVE_INFINITY, performance.now() - began));
      return rows;
    },
  };
  return watched;
}

/** What COPY saves per row, and the trips it needs beyond the one of a statement: begin, guard, two streams, commit. */
const SAVED_PER_ROW = 0.006;
const MORE_TRIPS = 5;

/** How often each executor was asked for nothing but the time. */
const probes = new WeakMap<Executor, number>();
const MOST_PROBES = 3;

/** Whether so many new rows go faster by COPY: not when the database is far away, for there the trips cost more. */
export async function worthCopying(executor: Executor, rows: number): Promise<boolean> {
  if (!executor.copyTransaction || rows < 500) return false;
  const worth = (): boolean => rows * SAVED_PER_ROW > MORE_TRIPS * (trips.get(executor) ?? 1);
  const probed = probes.get(executor) ?? 0;
  if (!worth() && probed < MOST_PROBES) {
    // No answer was quick so far. Whether the way is long or only the work was, the shortest question tells.
    probes.set(executor, probed + 1);
    await executor.query({ sql: "select '1' as c0", params: [] });
  }
  return worth();
}

const CHUNK = 1 << 16;

/** COPY's text format of rows that are lists of texts. */
export function lines<T>(rows: readonly T[], fields: (row: T) => readonly (string | null)[]): Generator<string> {
  // Names of models and pairs are the same row after row.
  const before: (string | null)[] = [];
  const texts: string[] = [];
  return chunks(rows, (row) => {
    const values = fields(row);
    let line = "";
    for (let i = 0; i < values.length; i += 1) {
      if (i > 0) line += "\t";
      const value = values[i]!;
      if (value !== before[i]) {
        before[i] = value;
        texts[i] = copyText(value);
      }
      line += texts[i]!;
    }
    return `${line}\n`;
  });
}

/** In pieces that keep a driver busy without holding the whole batch twice. `line`: a row in COPY's text format, with its end. */
export function* chunks<T>(rows: readonly T[], line: (row: T) => string): Generator<string> {
  let text = "";
  for (const row of rows) {
    text += line(row);
    if (text.length > CHUNK) {
      yield text;
      text = "";
    }
  }
  if (text !== "") yield text;
}

/** One value in COPY's text format. */
export function copyText(value: string | null): string {
  if (value === null) return "\\N";
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]!) : value;
}

const SPECIAL = /[\\\t\n\r]/;

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
