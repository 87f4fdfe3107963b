import { randomUUID } from "node:crypto";
import {
  canonical, encode, type Endpoint, type Field, fits, isValueError, type Key, type KeyRange, type Model, type Row, type RowFault, SyncError, type Value,
} from "@sync/core";
import { type Data, type JsonRecord, type JsonStore, keyText } from "./store.ts";

/** One model of the file: reading. */
export function toyEndpoint(store: JsonStore, model: Model): Endpoint {
  const field = (name: string): Field => model.fields.find((each) => each.name === name)!;
  const compare = keyOrder(model);

  const rowOf = (data: Data, record: JsonRecord, fields: readonly string[]): Row => {
    const key = keyOf(model, record);
    const faults: RowFault[] = [];
    const values = fields.map((name): Value => {
      const read = valueOf(field(name), record[name]);
      if (typeof read === "object" && read !== null) faults.push({ field: name, code: read.code });
      return typeof read === "object" ? null : read;
    });
    const cloudId = data.identities[model.name]![keyText(key)] ?? null;
    return { key, cloudId, revision: revisionOf(model, record), values, ...(faults.length > 0 ? { faults } : {}) };
  };

  return {
    model,
    capabilities: { changesSince: false, fingerprints: false, exactWrites: true },

    // #region scan
    async *scan({ fields, pageSize, ranges = [{ after: null, upTo: null }] }) {
      for (const { after: from, upTo } of ranges) {
        let after = from;
        do {
          // Read anew for each page: one page is one moment, and the cursor is a key, never a count.
          const data = store.read();
          const all = Object.values(data.rows[model.name]!).sort((a, b) => compare(keyOf(model, a), keyOf(model, b)));
          const start = after;
          const inside = all.filter((record) => isInside(keyOf(model, record), { after: start, upTo }, compare));
          const page = inside.slice(0, pageSize);
          const end = inside.length > pageSize ? keyOf(model, page.at(-1)!) : upTo;
          yield { rows: page.map((record) => rowOf(data, record, fields)), range: { after, upTo: end } };
          if (inside.length <= pageSize) break;
          after = end;
        } while (true);
      }
    },
    // #endregion

    async fetch({ fields, by, tuples }) {
      const data = store.read();
      const wanted = new Set(tuples.map(keyText));
      const tupleOf = (record: JsonRecord): readonly Value[] => {
        const key = keyOf(model, record);
        if (by === "key") return key;
        if (by === "cloudId") return [data.identities[model.name]![keyText(key)] ?? null];
        return by.map((name) => asText(valueOf(field(name), record[name])));
      };
      const found = Object.values(data.rows[model.name]!).filter((record) => {
        const tuple = tupleOf(record);
        return !tuple.includes(null) && wanted.has(keyText(tuple as Key));
      });
      return found.map((record) => rowOf(data, record, fields));
    },

    async allocate(count) {
      if (model.keySource === "values") throw new SyncError("ENDPOINT.NO_KEYS", `The keys of ${model.name} come with its records.`, { model: model.name });
      return Array.from({ length: count }, () => [randomUUID()]);
    },
  };
}

export function keyOf(model: Model, record: JsonRecord): Key {
  return model.primaryKey.map((name) => String(record[name]));
}

/** Moves with every field of the record: here it is the record itself. */
export function revisionOf(model: Model, record: JsonRecord): string {
  return JSON.stringify(model.fields.map(({ name }) => record[name] ?? null));
}

/** The canonical text of what the file holds, or why it has none. */
function valueOf({ kind }: Field, plain: unknown): Value | { readonly code: string } {
  if (plain === null || plain === undefined) return null;
  try {
    const text = encode(kind, plain);
    const code = fits(kind, text);
    return code === undefined ? canonical(kind, text) : { code };
  } catch (error) {
    if (isValueError(error)) return { code: error.code };
    throw error;
  }
}

const asText = (value: ReturnType<typeof valueOf>): Value => (typeof value === "object" ? null : value);

type Compare = (a: Key, b: Key) => number;

/** Part by part, numbers by their value. */
function keyOrder(model: Model): Compare {
  const numeric = model.primaryKey.map((name) => model.fields.find((field) => field.name === name)!.kind.type === "integer");
  return (a, b) => {
    for (const [part, isNumber] of numeric.entries()) {
      const [x, y] = isNumber ? [Number(a[part]), Number(b[part])] : [a[part]!, b[part]!];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  };
}

function isInside(key: Key, { after, upTo }: KeyRange, compare: Compare): boolean {
  return (after === null || compare(key, after) > 0) && (upTo === null || compare(key, upTo) <= 0);
}
