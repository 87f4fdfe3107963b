/** What a repetition took, ours beside its baseline: run right after each other, in alternating order. */
export interface Pair {
  readonly ours: number;
  readonly baseline: number;
}

/** One line of the report. */
export interface Line {
  readonly measure: string;
  /** What was measured, one per repetition. */
  readonly ours: readonly number[];
  readonly unit: Unit;
  /** What stands beside it, and its own figures. */
  readonly baseline?: { readonly name: string; readonly values: readonly number[] };
  /** The figure that is judged, one per repetition; absent: nothing is. */
  readonly figure?: { readonly values: readonly number[]; readonly unit: FigureUnit };
  readonly goal?: { readonly atLeast?: number; readonly atMost?: number; readonly aim?: number };
  readonly note?: string;
}
export type Unit = "ms" | "MB" | "rows";
type FigureUnit = "x" | " trips" | "";

/** Milliseconds that this takes. Anything to be prepared happens before. */
export async function timed(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** The pairs of so many repetitions, after one that only warms up. */
export async function alternating(repetitions: number, ours: () => Promise<number>, baseline: () => Promise<number>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    let pair: Pair;
    if (repetition % 2 === 0) {
      const first = await ours();
      pair = { ours: first, baseline: await baseline() };
    } else {
      const first = await baseline();
      pair = { ours: await ours(), baseline: first };
    }
    if (repetition > 0 || repetitions === 1) pairs.push(pair);
    if (repetitions === 1) break;
  }
  return pairs;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const ours = (pairs: readonly Pair[]): number[] => pairs.map((pair) => pair.ours);
export const baseline = (pairs: readonly Pair[]): number[] => pairs.map((pair) => pair.baseline);
/** How many times the baseline's time ours took. */
export const timesLonger = (pairs: readonly Pair[]): number[] => pairs.map((pair) => pair.ours / pair.baseline);
/** Our speed as a part of the baseline's. */
export const partOfSpeed = (pairs: readonly Pair[]): number[] => pairs.map((pair) => pair.baseline / pair.ours);
