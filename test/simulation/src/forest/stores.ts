import { isSyncError, unfold, type Database, type Model } from "@sync/core";
import { memoryDatabase, memoryDocuments, type MemoryDatabase, type MemoryDocuments, type MemoryState } from "@sync/core/memory";
import type { Random } from "../random.ts";
import { text } from "../spec.ts";

/** Countries and their cities, as rows of two tables or as documents with the cities inside. */
export type Kind = "Country" | "City";

/** One record as its users see it, whatever it is stored in. */
export interface Thing {
  readonly kind: Kind;
  readonly code: string;
  readonly name: string;
  /** Unique where the database can see to that; null in a country. */
  readonly tag: string | null;
  /** The code of a city's country. */
  readonly country: string | null;
}

/** One database of a forest, with the ways of its users. Reads behind the contract's back. */
export interface Store {
  readonly name: string;
  readonly form: "rows" | "documents";
  readonly database: Database;
  readonly state: MemoryState;
  /** The lease's fence, where it can be seen. */
  readonly fence: (() => number) | undefined;
  /** Everything that runs have written. */
  readonly writes: () => number;
  readonly things: () => Thing[];
  readonly insert: (thing: Thing) => void;
  readonly change: (kind: Kind, code: string, change: { readonly name?: string; readonly country?: string }) => void;
  readonly remove: (kind: Kind, code: string) => void;
  /** Two cities exchange their tags at once. */
  readonly swap: (one: string, two: string) => void;
}

export interface StoreOptions {
  readonly name: string;
  readonly random: Random;
  readonly now: () => number;
  /** A name that a unit has put in the place of another one. */
  readonly onRenamed: (before: string, after: string) => void;
}

const field = (name: string, nullable = false): Model["fields"][number] => ({ name, kind: text, nullable, writable: true });

function modelsOf(random: Random): readonly Model[] {
  const cloudId = random.chance(0.5);
  const more = { primaryKey: ["id"], keySource: "allocated" as const, syncFields: cloudId ? { cloudId: "cloudId" } : {} };
  const id = cloudId ? [{ ...field("cloudId", true), optional: true }] : [];
  return [
    { ...more, name: "Country", fields: [field("id"), field("code"), field("name"), ...id], references: [], uniqueKeys: [{ name: "code", fields: ["code"] }] },
    {
      ...more, name: "City", fields: [field("id"), field("code"), field("name"), field("tag", true), field("countryId"), ...id],
      references: [{ name: "country", fields: ["countryId"], target: "Country", targetFields: ["id"], onDelete: random.pick(["cascade", "restrict"]) }],
      uniqueKeys: [{ name: "city_code", fields: ["code"] }, { name: "tag", fields: ["tag"] }],
    },
  ];
}

export function rowStore({ name, random, now, onRenamed }: StoreOptions): Store {
  const database: MemoryDatabase = memoryDatabase({
    name, models: modelsOf(random), tracking: random.pick(["changes", "fingerprints", "none"]), runtime: { now, randomBytes: (length) => random.bytes(length) },
    onCommit: ({ by, changes }) => {
      if (by !== "unit") return;
      for (const { model, before, after } of changes) {
        const at = database.endpoints.get(model)!.model.fields.findIndex((each) => each.name === "name");
        const [was, is] = [before?.values[at], after?.values[at]];
        if (was && is && was !== is) onRenamed(was, is);
      }
    },
  });
  const { application, probe } = database;
  const find = (kind: Kind, code: string): ReturnType<typeof probe.rows>[number] | undefined =>
    probe.rows(kind).find(({ record }) => record["code"] === code);
  const idOf = (country: string | null): string | null => (country === null ? null : (find("Country", country)?.key[0] ?? null));
  return {
    name, form: "rows", database, state: database.state as MemoryState,
    fence: () => probe.lease.fence, writes: () => probe.unitWrites,
    things: () => {
      const codes = new Map(probe.rows("Country").map(({ key, record }) => [key[0]!, record["code"]!]));
      return (["Country", "City"] as const).flatMap((kind) => probe.rows(kind).map(({ record }): Thing => ({
        kind, code: record["code"]!, name: record["name"]!, tag: record["tag"] ?? null, country: kind === "City" ? codes.get(record["countryId"]!)! : null,
      })));
    },
    insert: ({ kind, code, name: called, tag, country }) =>
      void application.insert(kind, kind === "Country" ? { code, name: called } : { code, name: called, tag, countryId: idOf(country) }),
    change: (kind, code, { name: called, country }) => {
      const changes = { ...(called === undefined ? {} : { name: called }), ...(country === undefined ? {} : { countryId: idOf(country) }) };
      application.update(kind, find(kind, code)!.key, changes);
    },
    remove: (kind, code) => void application.delete(kind, find(kind, code)!.key),
    swap: (one, two) => {
      const [a, b] = [find("City", one)!, find("City", two)!];
      const transaction = database.begin();
      try {
        transaction.update("City", a.key, { tag: null });
        transaction.update("City", b.key, { tag: a.record["tag"]! });
        transaction.update("City", a.key, { tag: b.record["tag"]! });
        transaction.commit();
      } finally {
        transaction.rollback();
      }
    },
  };
}

interface CityElement { code: string; name: string; tag?: string | null }
interface CountryDocument { code: string; name: string; cities: CityElement[] }

export function documentStore({ name, random }: StoreOptions): Store {
  const inner: MemoryDocuments = memoryDocuments({ name, models: ["Country"], tracking: random.chance(0.5), looksInside: random.chance(0.5) });
  const database = unfold(inner, [{
    documents: "Country", json: "body", uniqueKeys: [["code"]], fields: [{ name: "code", kind: text }, { name: "name", kind: text }],
    children: [{
      path: "cities", key: ["code"], uniqueKeys: [["code"]],
      fields: [{ name: "code", kind: text }, { name: "name", kind: text }, { name: "tag", kind: text, nullable: true, optional: true }],
    }],
  }]);
  const all = (): [string, CountryDocument][] => Object.entries(inner.all("Country")).map(([id, body]) => {
    const document = JSON.parse(body) as CountryDocument;
    return [id, { ...document, cities: document.cities ?? [] }];
  });
  const edit = (wanted: (document: CountryDocument) => boolean, change: (document: CountryDocument) => void): void => {
    const [id, document] = all().find(([, each]) => wanted(each))!;
    change(document);
    inner.put("Country", id, JSON.stringify(document));
  };
  const holds = (code: string) => (document: CountryDocument): boolean => document.cities.some((city) => city.code === code);
  const cityOf = (document: CountryDocument, code: string): CityElement => document.cities.find((city) => city.code === code)!;
  const isCountry = (code: string | null) => (document: CountryDocument): boolean => document.code === code;
  const take = (code: string): CityElement => {
    let taken: CityElement | undefined;
    edit(holds(code), (document) => {
      taken = cityOf(document, code);
      document.cities = document.cities.filter((city) => city.code !== code);
    });
    return taken!;
  };
  let made = 0;
  return {
    name, form: "documents", database, state: inner.state, fence: undefined, writes: () => inner.written.length,
    things: () => all().flatMap(([, { code, name: called, cities }]): Thing[] => [
      { kind: "Country", code, name: called, tag: null, country: null },
      ...cities.map((city): Thing => ({ kind: "City", code: city.code, name: city.name, tag: city.tag ?? null, country: code })),
    ]),
    insert: ({ kind, code, name: called, tag, country }) => {
      if (kind === "Country") inner.put("Country", `${name}-${(made += 1)}`, JSON.stringify({ code, name: called, cities: [] }));
      else edit(isCountry(country), (document) => document.cities.push({ code, name: called, tag }));
    },
    change: (kind, code, { name: called, country }) => {
      if (kind === "Country") edit(isCountry(code), (document) => void (document.name = called!));
      else if (country !== undefined) {
        const city = take(code);
        edit(isCountry(country), (document) => document.cities.push(city));
      } else edit(holds(code), (document) => void (cityOf(document, code).name = called!));
    },
    remove: (kind, code) => {
      if (kind === "City") take(code);
      else inner.remove("Country", all().find(([, document]) => document.code === code)![0]);
    },
    swap: (one, two) => {
      const tags = new Map(all().flatMap(([, { cities }]) => cities.map((city) => [city.code, city.tag ?? null])));
      edit(holds(one), (document) => void (cityOf(document, one).tag = tags.get(two)!));
      edit(holds(two), (document) => void (cityOf(document, two).tag = tags.get(one)!));
    },
  };
}

/** Users' writes are refused now and then; that is between them and their database. */
export function attempt(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (isSyncError(error)) return false;
    throw error;
  }
}
