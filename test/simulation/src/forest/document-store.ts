import { unfold, type DocumentTree, type TreeChild } from "@sync/core";
import { memoryDocuments, type MemoryDocuments } from "@sync/core/memory";
import { text } from "../spec.ts";
import type { Bearer, Edge, Store, StoreOptions, Thing } from "./stores.ts";

/** The id of a label, by itself or in an object. */
type LabelElement = string | { readonly id: string };
interface Labelled { labels?: LabelElement[] }
interface CityElement extends Labelled { code: string; name: string; tag?: string | null }
interface CountryDocument extends Labelled { code: string; name: string; cities: CityElement[] }
interface LabelDocument { code: string; name: string }

const named = [{ name: "code", kind: text }, { name: "name", kind: text }];

/** Labels in arrays of keys, or of objects that hold one. */
function treesOf(bearer: Bearer, single: boolean): DocumentTree[] {
  const key = single ? "labelId" : "id";
  const labels: TreeChild = {
    path: "labels", key: [key], fields: [{ name: key, kind: text }], references: [{ fields: [key], target: "Label" }], ...(single ? { single: true } : {}),
  };
  const cities: TreeChild = {
    path: "cities", key: ["code"], uniqueKeys: [["code"]], fields: [...named, { name: "tag", kind: text, nullable: true, optional: true }],
    ...(bearer === "City" ? { children: [labels] } : {}),
  };
  return [
    { documents: "Country", json: "body", uniqueKeys: [["code"]], fields: named, children: [cities, ...(bearer === "Country" ? [labels] : [])] },
    { documents: "Label", json: "body", uniqueKeys: [["code"]], fields: named },
  ];
}

export function documentStore({ name, random, bearer }: StoreOptions): Store {
  const inner: MemoryDocuments = memoryDocuments({ name, models: ["Country", "Label"], tracking: random.chance(0.5), looksInside: random.chance(0.5) });
  const single = random.chance(0.5);
  const countries = (): [string, CountryDocument][] => Object.entries(inner.all("Country")).map(([id, body]) => {
    const document = JSON.parse(body) as CountryDocument;
    return [id, { ...document, cities: document.cities ?? [] }];
  });
  const labels = (): [string, LabelDocument][] => Object.entries(inner.all("Label")).map(([id, body]) => [id, JSON.parse(body) as LabelDocument]);
  const edit = (wanted: (document: CountryDocument) => boolean, change: (document: CountryDocument) => void): void => {
    const [id, document] = countries().find(([, each]) => wanted(each))!;
    change(document);
    inner.put("Country", id, JSON.stringify(document));
  };
  const holds = (code: string) => (document: CountryDocument): boolean => document.cities.some((city) => city.code === code);
  const cityOf = (document: CountryDocument, code: string): CityElement => document.cities.find((city) => city.code === code)!;
  const isCountry = (code: string | null) => (document: CountryDocument): boolean => document.code === code;
  const bearersIn = (document: CountryDocument): readonly (Labelled & { code: string })[] => (bearer === "Country" ? [document] : document.cities);
  const bearing = (code: string) => (document: CountryDocument): boolean => bearersIn(document).some((each) => each.code === code);
  const idOf = (element: LabelElement): string => (typeof element === "string" ? element : element.id);
  const labelId = (code: string): string => labels().find(([, label]) => label.code === code)![0];
  const take = (code: string): CityElement => {
    let taken: CityElement | undefined;
    edit(holds(code), (document) => {
      taken = cityOf(document, code);
      document.cities = document.cities.filter((city) => city.code !== code);
    });
    return taken!;
  };
  const shedAll = (id: string, wanted: (bearer: string) => boolean): void => {
    for (const [key, document] of countries()) {
      const some = bearersIn(document).filter((each) => wanted(each.code) && each.labels?.some((element) => idOf(element) === id));
      for (const each of some) each.labels = each.labels!.filter((element) => idOf(element) !== id);
      if (some.length > 0) inner.put("Country", key, JSON.stringify(document));
    }
  };
  let made = 0;
  return {
    name, form: "documents", connect: (wire) => unfold(wire.documents(name, inner), treesOf(bearer, single)), state: inner.state, writes: () => inner.written.length,
    things: () => [
      ...countries().flatMap(([, { code, name: called, cities }]): Thing[] => [
        { kind: "Country", code, name: called, tag: null, country: null },
        ...cities.map((city): Thing => ({ kind: "City", code: city.code, name: city.name, tag: city.tag ?? null, country: code })),
      ]),
      ...labels().map(([, { code, name: called }]): Thing => ({ kind: "Label", code, name: called, tag: null, country: null })),
    ],
    edges: () => {
      const codes = new Map(labels().map(([id, { code }]) => [id, code]));
      // A key that stands in an array twice is one record.
      return countries().flatMap(([, document]) => bearersIn(document)).flatMap((each) =>
        [...new Set((each.labels ?? []).map(idOf))].map((id): Edge => ({ bearer: each.code, label: codes.get(id) ?? "dangling" })));
    },
    insert: ({ kind, code, name: called, tag, country }) => {
      if (kind === "City") return edit(isCountry(country), (document) => document.cities.push({ code, name: called, tag }));
      inner.put(kind, `${name}-${(made += 1)}`, JSON.stringify(kind === "Country" ? { code, name: called, cities: [] } : { code, name: called }));
    },
    change: (kind, code, { country, ...change }) => {
      if (kind === "Country") edit(isCountry(code), (document) => void Object.assign(document, change));
      else if (kind === "Label") {
        const [id, label] = labels().find(([, each]) => each.code === code)!;
        inner.put("Label", id, JSON.stringify({ ...label, ...change }));
      } else if (country !== undefined) {
        const city = take(code);
        edit(isCountry(country), (document) => document.cities.push(city));
      } else edit(holds(code), (document) => void Object.assign(cityOf(document, code), change));
    },
    remove: (kind, code) => {
      if (kind === "City") take(code);
      else if (kind === "Country") inner.remove("Country", countries().find(([, document]) => document.code === code)![0]);
      else {
        const id = labelId(code);
        // Nothing but the application keeps references whole inside documents; now and then it does not.
        if (random.chance(0.9)) shedAll(id, () => true);
        inner.remove("Label", id);
      }
    },
    bear: ({ bearer: code, label }) => {
      const id = labelId(label);
      const element: LabelElement = single ? id : { id };
      edit(bearing(code), (document) => {
        const each = bearersIn(document).find((one) => one.code === code)!;
        each.labels = [...(each.labels ?? []), element, ...(single && random.chance(0.1) ? [element] : [])];
      });
    },
    shed: ({ bearer: code, label }) => shedAll(labelId(label), (each) => each === code),
    swap: (one, two) => {
      const tags = new Map(countries().flatMap(([, { cities }]) => cities.map((city) => [city.code, city.tag ?? null])));
      edit(holds(one), (document) => void (cityOf(document, one).tag = tags.get(two)!));
      edit(holds(two), (document) => void (cityOf(document, two).tag = tags.get(one)!));
    },
  };
}
