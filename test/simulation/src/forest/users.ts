import type { Random } from "../random.ts";
import { attempt, type Kind, type Store, type Thing } from "./stores.ts";

/** What users do in the databases of a forest, and what each of them knew. No two names are ever the same. */
export class Users {
  /** Every name that a user wrote, and where. */
  readonly written: Map<string, { readonly store: Store; readonly kind: Kind; readonly code: string }> = new Map();
  /** Names that a user has replaced or deleted, seeing them. */
  readonly replaced: Set<string> = new Set();
  /** The name that stood there when a user wrote this one. */
  readonly knew: Map<string, string> = new Map();
  /** Records that users of a store have touched there, as `kind code`. */
  readonly touched: Map<Store, Set<string>> = new Map();
  readonly #random: Random;
  readonly #stores: readonly Store[];
  #numbers = 0;

  constructor(random: Random, stores: readonly Store[]) {
    this.#random = random;
    this.#stores = stores;
    for (const store of stores) this.touched.set(store, new Set());
  }

  edit(store: Store = this.#random.pick(this.#stores)): void {
    const random = this.#random;
    const things = store.things();
    const countries = things.filter(({ kind }) => kind === "Country");
    const cities = things.filter(({ kind }) => kind === "City");
    const kind = random.below(100);
    if (countries.length === 0 || kind < 10) return this.#insert(store, things, { kind: "Country", code: `c${random.below(6)}`, tag: null, country: null });
    if (cities.length === 0 || kind < 30) {
      return this.#insert(store, things, { kind: "City", code: `t${random.below(12)}`, tag: `tag ${this.#number()}`, country: random.pick(countries).code });
    }
    const thing = random.pick(kind < 45 ? countries : cities);
    if (kind < 72) return this.#rename(store, thing);
    if (kind < 80) return this.#move(store, random.pick(cities), random.pick(countries).code);
    if (kind < 88) return this.#swap(store, random.pick(cities), random.pick(cities));
    this.#remove(store, kind < 98 ? random.pick(cities) : random.pick(countries), things);
  }

  /** Whether whoever wrote `name` knew `older`, perhaps through others. */
  descends(name: string, older: string): boolean {
    for (let known = this.knew.get(name); known !== undefined; known = this.knew.get(known)) if (known === older) return true;
    return false;
  }

  #insert(store: Store, things: readonly Thing[], thing: Omit<Thing, "name">): void {
    if (things.some(({ kind, code }) => kind === thing.kind && code === thing.code)) return;
    const name = `n${this.#number()}@${store.name}`;
    if (!attempt(() => store.insert({ ...thing, name }))) return;
    this.written.set(name, { store, kind: thing.kind, code: thing.code });
    this.#touch(store, thing);
  }

  #rename(store: Store, thing: Thing): void {
    const name = `n${this.#number()}@${store.name}`;
    if (!attempt(() => store.change(thing.kind, thing.code, { name }))) return;
    this.written.set(name, { store, kind: thing.kind, code: thing.code });
    this.replaced.add(thing.name);
    this.knew.set(name, thing.name);
    this.#touch(store, thing);
  }

  #move(store: Store, city: Thing, country: string): void {
    if (attempt(() => store.change("City", city.code, { country }))) this.#touch(store, city);
  }

  #swap(store: Store, one: Thing, two: Thing): void {
    if (one.code === two.code || !attempt(() => store.swap(one.code, two.code))) return;
    this.#touch(store, one);
    this.#touch(store, two);
  }

  /** What is inside goes along, where the database lets it go. */
  #remove(store: Store, thing: Thing, things: readonly Thing[]): void {
    if (!attempt(() => store.remove(thing.kind, thing.code))) return;
    for (const each of things) {
      if (each.code !== thing.code && !(thing.kind === "Country" && each.country === thing.code)) continue;
      this.replaced.add(each.name);
      this.#touch(store, each);
    }
  }

  #touch(store: Store, { kind, code }: Pick<Thing, "kind" | "code">): void {
    this.touched.get(store)!.add(`${kind} ${code}`);
  }

  #number(): number {
    return (this.#numbers += 1);
  }
}
