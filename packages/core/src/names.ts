import { SyncError } from "./errors.ts";

/** The known name nearest to a misspelt one, for error messages; undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** ` Did you mean \`x\`?`, or how to find out what there is. */
export function hintFor(name: string, known: Iterable<string>): string {
  const all = [...known];
  const near = nearest(name, all);
  if (near !== undefined) return ` Did you mean \`${near}\`?`;
  return all.length > 0 && all.length <= 12 ? ` Known: ${all.join(", ")}.` : "";
}

/** For adapters: refuses options that nobody knows. `where` they were given: `drizzleDatabase`, or the name of an option that holds them. */
export function checkNames(given: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new SyncError("OPTIONS.UNKNOWN_KEY", `Unknown option \`${name}\` of ${where}.${hintFor(name, known)}`);
  }
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
