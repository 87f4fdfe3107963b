import type { Kind } from "@sync/core";
import { type CaseModel, type CaseSchema, isReference, keyFields, type RawRecord } from "../schema.ts";
import type { Probe } from "../side.ts";
import { canonicalOf, holds } from "./statements.ts";

export type Members = Record<string, unknown>;

/** Where whole documents stand, by keys that are texts. */
export interface DocumentStore {
  all(model: string): Promise<readonly { readonly key: string; readonly document: Members }[]>;
  insert(model: string, key: string, document: Members): Promise<void>;
  replace(model: string, key: string, document: Members): Promise<void>;
  remove(model: string, key: string): Promise<void>;
  /** A field's value as it stands in a document, and back to any spelling of it. */
  stored(kind: Kind | string, value: string): unknown;
  spelled(kind: Kind | string, stored: unknown): string;
}

/** The array that holds the records of a model inside of the record above. */
export const arrayOf = (model: string): string => `${model[0]!.toLowerCase()}${model.slice(1)}s`;

/** The fields that tell a record apart from others in one array. */
export const ownKey = (model: CaseModel): readonly string[] => model.named.filter((field) => field !== model.within);

/** The model that a record lives inside of. */
export function above(schema: CaseSchema, name: string): string | undefined {
  const { within, fields } = schema[name]!;
  const field = within === undefined ? undefined : fields[within];
  return field && isReference(field) ? field.to : undefined;
}

/** How adapters of documents call a model: `Country.regions` lives inside of `Country`. */
export function pathOf(schema: CaseSchema, name: string): string {
  const parent = above(schema, name);
  return parent === undefined ? name : `${pathOf(schema, parent)}.${arrayOf(name)}`;
}

/** A record where it stands: its document, and the members that hold its fields. */
interface Place {
  /** The document's key; inside of a document, the keys on the way to it. */
  readonly id: string;
  readonly above?: string;
  readonly document: { readonly model: string; readonly key: string; readonly members: Members };
  readonly members: Members;
  readonly siblings: Members[];
}

/** A probe over documents, some of whose records stand inside of others: it reads and writes whole documents. */
export function documentProbe(schema: CaseSchema, store: DocumentStore): Probe {
  const places = async (name: string): Promise<Place[]> => {
    const parent = above(schema, name);
    if (parent === undefined) {
      const found = await store.all(name);
      return found.map(({ key, document }) => ({ id: key, document: { model: name, key, members: document }, members: document, siblings: [] }));
    }
    return (await places(parent)).flatMap((place) => {
      const siblings = (place.members[arrayOf(name)] ?? []) as Members[];
      return siblings.map((members) => {
        const own = ownKey(schema[name]!).map((field) => store.spelled(holds(schema, name, field), members[field]));
        return { id: JSON.stringify([place.id, ...own]), above: place.id, document: place.document, members, siblings };
      });
    });
  };
  const placeAt = async (name: string, id: string): Promise<Place> => {
    const found = (await places(name)).find((place) => place.id === id);
    if (!found) throw new Error(`There is no ${name} with this key.`);
    return found;
  };
  /** Fields that stand in the members, not in the key of a document or in where they are. */
  const said = (name: string, record: RawRecord): Members => {
    const { key, within } = schema[name]!;
    const apart = new Set([within, "id", ...(within === undefined && typeof key !== "string" ? key : [])]);
    const fields = Object.entries(record).filter(([field]) => !apart.has(field));
    return Object.fromEntries(fields.map(([field, value]) => [field, value === null ? null : store.stored(holds(schema, name, field), value)]));
  };
  const save = ({ model, key, members }: Place["document"]): Promise<void> => store.replace(model, key, members);
  const put = async (name: string, id: string, members: Members): Promise<void> => {
    const { document, members: holder } = await placeAt(above(schema, name)!, id);
    holder[arrayOf(name)] = [...((holder[arrayOf(name)] ?? []) as Members[]), members];
    await save(document);
  };
  const idOf = (name: string, key: RawRecord): string => {
    const [first] = keyFields(schema[name]!);
    const { within } = schema[name]!;
    return within === undefined || "id" in key ? key[first!]! : JSON.stringify([key[within], ...ownKey(schema[name]!).map((field) => key[field])]);
  };
  return {
    async rows(name) {
      const { fields, within } = schema[name]!;
      return (await places(name)).map((place) => {
        const valueOf = (field: string): string | null => {
          if (field === within) return place.above!;
          if (within === undefined && keyFields(schema[name]!).includes(field)) return place.id;
          const stored = place.members[field];
          return stored === null || stored === undefined ? null : canonicalOf(schema, name, field, store.spelled(holds(schema, name, field), stored));
        };
        return { id: place.id, ...Object.fromEntries(Object.keys(fields).map((field) => [field, valueOf(field)])) };
      });
    },
    async insert(name, records) {
      const { within } = schema[name]!;
      for (const record of records) {
        if (within === undefined) await store.insert(name, idOf(name, record), said(name, record));
        else await put(name, record[within]!, said(name, record));
      }
    },
    async update(name, key, changes) {
      const { within } = schema[name]!;
      const place = await placeAt(name, idOf(name, key));
      Object.assign(place.members, said(name, changes));
      if (within !== undefined && within in changes) {
        place.siblings.splice(place.siblings.indexOf(place.members), 1);
        await save(place.document);
        await put(name, changes[within]!, place.members);
      } else await save(place.document);
    },
    async delete(name, key) {
      const place = await placeAt(name, idOf(name, key));
      if (above(schema, name) === undefined) return await store.remove(name, place.document.key);
      place.siblings.splice(place.siblings.indexOf(place.members), 1);
      await save(place.document);
    },
  };
}
