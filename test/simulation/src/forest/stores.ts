import { isSyncError, type Database, type Model } from "@sync/core";
import { memoryDatabase, type MemoryDatabase, type MemoryState } from "@sync/core/memory";
import type { Wire } from "../faults.ts";
import type { Random } from "../random.ts";
import { text } from "../spec.ts";

/** Countries and their cities, as rows of two tables or as documents with the cities inside; and labels that either may bear. */
export type Kind = "Country" | "City" | "Label";

/** Who bears labels: a join table of rows, an array inside documents. */
export type Bearer = "Country" | "City";

/** One record as its users see it, whatever it is stored in. */
export interface Thing {
  readonly kind: Kind;
  readonly code: string;
  readonly name: string;
  /** Unique where the database can see to that; null where it is no city. */
  readonly tag: string | null;
  /** The code of a city's country. */
  readonly country: string | null;
}

/** That somebody bears a label, by their codes: nothing in it could be changed. */
export interface Edge {
  readonly bearer: string;
  readonly label: string;
}

/** One database of a forest, with the ways of its users. Reads behind the contract's back. */
export interface Store {
  readonly name: string;
  readonly form: "rows" | "documents";
  /** This database as a process of its own reaches it. */
  readonly connect: (wire: Wire) => Database;
  readonly state: MemoryState;
  /** Everything that runs have written. */
  readonly writes: () => number;
  readonly things: () => Thing[];
  readonly edges: () => Edge[];
  readonly insert: (thing: Thing) => void;
  readonly change: (kind: Kind, code: string, change: Change) => void;
  readonly remove: (kind: Kind, code: string) => void;
  readonly bear: (edge: Edge) => void;
  readonly shed: (edge: Edge) => void;
  /** Two cities exchange their tags at once. */
  readonly swap: (one: string, two: string) => void;
}

export interface Change {
  readonly name?: string;
  readonly country?: string;
  /** Of what stands by itself: a record inside a document is named by its code. */
  readonly code?: string;
}

export interface StoreOptions {
  readonly name: string;
  readonly random: Random;
  readonly now: () => number;
  /** A name that a unit has put in the place of another one. */
  readonly onRenamed: (before: string, after: string) => void;
  /** A record that was never linked went along with its parent, which a unit deleted. */
  readonly onSwept: (name: string, tag: string | null) => void;
  readonly bearer: Bearer;
}

const field = (name: string, nullable = false): Model["fields"][number] => ({ name, kind: text, nullable, writable: true });

function modelsOf(random: Random, bearer: Bearer): readonly Model[] {
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
    { ...more, name: "Label", fields: [field("id"), field("code"), field("name"), ...id], references: [], uniqueKeys: [{ name: "label_code", fields: ["code"] }] },
    {
      name: "Bears", fields: [field("bearerId"), field("labelId")], primaryKey: ["bearerId", "labelId"], keySource: "values", uniqueKeys: [], syncFields: {},
      references: [
        { name: "bearer", fields: ["bearerId"], target: bearer, targetFields: ["id"], onDelete: "cascade" },
        { name: "label", fields: ["labelId"], target: "Label", targetFields: ["id"], onDelete: "cascade" },
      ],
    },
  ];
}

export function rowStore({ name, random, now, onRenamed, onSwept, bearer }: StoreOptions): Store {
  const database: MemoryDatabase = memoryDatabase({
    name, models: modelsOf(random, bearer), tracking: random.pick(["changes", "fingerprints", "none"]), runtime: { now, randomBytes: (length) => random.bytes(length) },
    onCommit: ({ by, changes }) => {
      if (by !== "unit") return;
      for (const { model, before, after, cascaded } of changes) {
        const at = database.endpoints.get(model)!.model.fields.findIndex((each) => each.name === "name");
        if (at < 0) continue;
        const [was, is] = [before?.values[at], after?.values[at]];
        if (was && is && was !== is) onRenamed(was, is);
        const tagAt = database.endpoints.get(model)!.model.fields.findIndex((each) => each.name === "tag");
        if (was && !after && cascaded && before?.cloudId === null) onSwept(was, before.values[tagAt] ?? null);
      }
    },
  });
  const { application, probe } = database;
  const find = (kind: Kind, code: string): ReturnType<typeof probe.rows>[number] | undefined =>
    probe.rows(kind).find(({ record }) => record["code"] === code);
  const idOf = (country: string | null): string | null => (country === null ? null : (find("Country", country)?.key[0] ?? null));
  const codes = (kind: Kind): Map<string, string> => new Map(probe.rows(kind).map(({ key, record }) => [key[0]!, record["code"]!]));
  const ends = (edge: Edge): readonly string[] => [find(bearer, edge.bearer)!.key[0]!, find("Label", edge.label)!.key[0]!];
  return {
    name, form: "rows", connect: (wire) => wire.database(name, database, () => probe.lease.fence), state: database.state as MemoryState, writes: () => probe.unitWrites,
    things: () => {
      const countries = codes("Country");
      return (["Country", "City", "Label"] as const).flatMap((kind) => probe.rows(kind).map(({ record }): Thing => ({
        kind, code: record["code"]!, name: record["name"]!, tag: record["tag"] ?? null, country: kind === "City" ? countries.get(record["countryId"]!)! : null,
      })));
    },
    edges: () => {
      const [bearers, labels] = [codes(bearer), codes("Label")];
      return probe.rows("Bears").map(({ key }): Edge => ({ bearer: bearers.get(key[0]!)!, label: labels.get(key[1]!)! }));
    },
    insert: ({ kind, code, name: called, tag, country }) =>
      void application.insert(kind, kind === "City" ? { code, name: called, tag, countryId: idOf(country) } : { code, name: called }),
    change: (kind, code, { country, ...change }) =>
      void application.update(kind, find(kind, code)!.key, { ...change, ...(country === undefined ? {} : { countryId: idOf(country) }) }),
    remove: (kind, code) => void application.delete(kind, find(kind, code)!.key),
    bear: (edge) => {
      const [bearerId, labelId] = ends(edge);
      application.insert("Bears", { bearerId: bearerId!, labelId: labelId! });
    },
    shed: (edge) => void application.delete("Bears", ends(edge)),
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
