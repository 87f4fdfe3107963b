import type { Random } from "../random.ts";
import { Edges } from "./edges.ts";
import { attempt, type Bearer, type Edge, type Kind, type Store, type Thing } from "./stores.ts";

/** What users do in the databases of a forest, and what each of them knew. No two names are ever the same. */
export class Users {
  /** Every name that a user wrote, and where. */
  readonly written: Map<string, { readonly store: Store; readonly kind: Kind; readonly code: string }> = new Map();
  /** Every tag that a user gave a city, and where. */
  readonly tags: Map<string, Store> = new Map();
  /** Names and tags that a user has replaced or deleted, seeing them. */
  readonly replaced: Set<string> = new Set();
  /** The name that stood there when a user wrote this one. */
  readonly knew: Map<string, string> = new Map();
  /** Records and edges that users of a store have touched there: `kind code`, by their first code. */
  readonly touched: Map<Store, Set<string>> = new Map();
  /** Names that were written since the runs under way began. */
  readonly young: Set<string> = new Set();
  /** Who bears labels, as far as users have said. */
  readonly edges: Edges = new Edges((name) => this.formerName(name));
  /** What a record was called before, as `kind code`; no two are ever given the same new code. */
  readonly #former: Map<string, string> = new Map();
  readonly #random: Random;
  readonly #stores: readonly Store[];
  readonly #bearer: Bearer;
  #numbers = 0;

  readonly #tell: (what: string) => void;

  /** `tell`: of each write, for a person who reads the course. */
  constructor(random: Random, stores: readonly Store[], bearer: Bearer, tell: (what: string) => void) {
    this.#random = random;
    this.#tell = tell;
    this.#stores = stores;
    this.#bearer = bearer;
    for (const store of stores) this.touched.set(store, new Set());
  }

  edit(store: Store = this.#random.pick(this.#stores)): void {
    const random = this.#random;
    const things = store.things();
    // Where nothing keeps a code unique over all documents, nobody can say which of two is meant.
    const names = things.map(nameOf);
    const of = (kind: Kind): readonly Thing[] => things.filter((thing) => thing.kind === kind && names.indexOf(nameOf(thing)) === names.lastIndexOf(nameOf(thing)));
    const [countries, cities, labels] = [of("Country"), of("City"), of("Label")];
    const kind = random.below(132);
    if (countries.length === 0 || kind < 10) return this.#insert(store, things, { kind: "Country", code: `c${random.below(6)}`, tag: null, country: null });
    if (cities.length === 0 || kind < 30) {
      return this.#insert(store, things, { kind: "City", code: `t${random.below(12)}`, tag: `tag ${this.#number()}`, country: random.pick(countries).code });
    }
    if (kind < 72) return this.#rename(store, random.pick(kind < 45 ? countries : cities));
    if (kind < 80) return this.#move(store, random.pick(cities), random.pick(countries).code);
    if (kind < 88) return this.#swap(store, random.pick(cities), random.pick(cities));
    if (kind < 100) return this.#remove(store, kind < 98 ? random.pick(cities) : random.pick(countries), things);
    if (kind < 103) return this.#recode(store, random.pick([...countries, ...labels]));
    if (labels.length === 0 || kind < 108) return this.#insert(store, things, { kind: "Label", code: `l${random.below(4)}`, tag: null, country: null });
    if (kind < 109) return this.#remove(store, random.pick(labels), things);
    const edges = store.edges();
    if (kind < 116 && edges.length > 0) this.#shed(store, random.pick(edges));
    else this.#bear(store, { bearer: random.pick(this.#bearer === "Country" ? countries : cities).code, label: random.pick(labels).code }, edges);
  }

  /** Whether whoever wrote `name` knew `older`, perhaps through others. */
  descends(name: string, older: string): boolean {
    for (let known = this.knew.get(name); known !== undefined; known = this.knew.get(known)) if (known === older) return true;
    return false;
  }

  #insert(store: Store, things: readonly Thing[], thing: Omit<Thing, "name">): void {
    if (things.some(({ kind, code }) => kind === thing.kind && code === thing.code)) return;
    const name = `n${this.#number()}@${store.name}`;
    if (!this.#writes(store, `makes ${nameOf(thing)} ${name}`, () => store.insert({ ...thing, name }))) return;
    this.written.set(name, { store, kind: thing.kind, code: thing.code });
    if (thing.tag !== null) this.tags.set(thing.tag, store);
    this.young.add(name);
    this.#touch(store, thing);
  }

  /** Whoever makes something inside of what a run is just deleting may lose it: nothing can be looked at and deleted at once. */
  swept(name: string, tag: string | null): void {
    if (!this.young.has(name)) return;
    this.replaced.add(name);
    if (tag !== null) this.replaced.add(tag);
  }

  #rename(store: Store, thing: Thing): void {
    const name = `n${this.#number()}@${store.name}`;
    if (!this.#writes(store, `calls ${nameOf(thing)} ${name}`, () => store.change(thing.kind, thing.code, { name }))) return;
    this.written.set(name, { store, kind: thing.kind, code: thing.code });
    this.replaced.add(thing.name);
    this.knew.set(name, thing.name);
    this.#touch(store, thing);
  }

  #move(store: Store, city: Thing, country: string): void {
    if (this.#writes(store, `moves ${nameOf(city)} to ${country}`, () => store.change("City", city.code, { country }))) this.#touch(store, city);
  }

  #swap(store: Store, one: Thing, two: Thing): void {
    if (one.code === two.code || !this.#writes(store, `swaps ${one.code} and ${two.code}`, () => store.swap(one.code, two.code))) return;
    this.#touch(store, one);
    this.#touch(store, two);
  }

  /** Another code for what stands by itself. */
  #recode(store: Store, thing: Thing): void {
    const code = `${thing.code[0]!}${20 + this.#number()}`;
    if (!this.#writes(store, `gives ${nameOf(thing)} the code ${code}`, () => store.change(thing.kind, thing.code, { code }))) return;
    this.#former.set(nameOf({ kind: thing.kind, code }), nameOf(thing));
    this.#touch(store, thing);
  }

  #bear(store: Store, edge: Edge, edges: readonly Edge[]): void {
    if (edges.some(({ bearer, label }) => bearer === edge.bearer && label === edge.label)) return;
    if (!this.#writes(store, `lets ${edge.bearer} bear ${edge.label}`, () => store.bear(edge))) return;
    this.edges.made(store, this.#named(edge));
    this.touched.get(store)!.add(this.edges.nameOf(this.#named(edge)));
  }

  #shed(store: Store, edge: Edge): void {
    if (edge.label === "dangling" || !this.#writes(store, `lets ${edge.bearer} shed ${edge.label}`, () => store.shed(edge))) return;
    this.edges.taken(store, this.#named(edge));
    this.touched.get(store)!.add(this.edges.nameOf(this.#named(edge)));
  }

  /** What is inside goes along, and so do edges, where the database lets it go. */
  #remove(store: Store, thing: Thing, things: readonly Thing[]): void {
    const edges = store.edges();
    if (!this.#writes(store, `removes ${nameOf(thing)}`, () => store.remove(thing.kind, thing.code))) return;
    const gone = things.filter(({ kind, code, country }) => (kind === thing.kind && code === thing.code) || (thing.kind === "Country" && country === thing.code));
    for (const each of gone) {
      this.replaced.add(each.name);
      if (each.tag !== null) this.replaced.add(each.tag);
      this.#touch(store, each);
    }
    const names = new Set(gone.map(nameOf));
    for (const edge of edges) {
      const { bearer, label } = this.#named(edge);
      if (names.has(bearer) || names.has(label)) this.edges.lost({ bearer, label });
    }
  }

  /** What it was called at first. */
  formerName(name: string): string {
    const before = this.#former.get(name);
    return before === undefined ? name : this.formerName(before);
  }

  #named({ bearer, label }: Edge): Edge {
    return { bearer: `${this.#bearer} ${bearer}`, label: `Label ${label}` };
  }

  #writes(store: Store, what: string, write: () => void): boolean {
    const done = attempt(write);
    if (done) this.#tell(`a user of ${store.name} ${what}`);
    return done;
  }

  #touch(store: Store, thing: Pick<Thing, "kind" | "code">): void {
    this.touched.get(store)!.add(this.formerName(nameOf(thing)));
  }

  #number(): number {
    return (this.#numbers += 1);
  }
}

const nameOf = ({ kind, code }: Pick<Thing, "kind" | "code">): string => `${kind} ${code}`;
