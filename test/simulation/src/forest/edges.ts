import type { Edge, Store } from "./stores.ts";

/** What users have said about edges, each by the first names of its two ends: `Country c1` and `Label l2`. */
export class Edges {
  /** Made by a user of that store. */
  readonly #made: Map<string, Set<Store>> = new Map();
  /** Taken away by a user, or gone with an end that a user deleted. */
  readonly #gone: Set<string> = new Set();
  /** Stood everywhere when all was at rest: whoever takes it away speaks of all of it. */
  readonly #settled: Set<string> = new Set();
  /** Such a one that was taken away, and that nobody has made again; and where. */
  readonly #dead: Map<string, Store> = new Map();
  readonly #formerName: (name: string) => string;

  constructor(formerName: (name: string) => string) {
    this.#formerName = formerName;
  }

  nameOf({ bearer, label }: Edge): string {
    return `${this.#formerName(bearer)} bears ${this.#formerName(label)}`;
  }

  made(store: Store, edge: Edge): void {
    const name = this.nameOf(edge);
    this.#made.set(name, (this.#made.get(name) ?? new Set()).add(store));
    this.#settled.delete(name);
    this.#dead.delete(name);
  }

  taken(store: Store, edge: Edge): void {
    const name = this.nameOf(edge);
    this.#gone.add(name);
    if (this.#settled.delete(name)) this.#dead.set(name, store);
  }

  lost(edge: Edge): void {
    const name = this.nameOf(edge);
    this.#gone.add(name);
    this.#settled.delete(name);
  }

  /** Everything is at rest, and these stand in every store. */
  settle(names: Iterable<string>): void {
    for (const name of names) this.#settled.add(name);
  }

  /** Whether a user ever made it. */
  isMade(name: string): boolean {
    return this.#made.has(name);
  }

  /** Whether a user ever took it away, or an end of it. */
  isGone(name: string): boolean {
    return this.#gone.has(name);
  }

  /** Where it was made, of those that nobody has ever taken away. */
  *standing(): Generator<readonly [name: string, stores: ReadonlySet<Store>]> {
    for (const entry of this.#made) if (!this.#gone.has(entry[0])) yield entry;
  }

  dead(): ReadonlyMap<string, Store> {
    return this.#dead;
  }
}
