import { decode, fits, isValueError, type Batch, type Model, type Outcome, type Refusal, type Value } from "@sync/core";
import { keyOf, revisionOf } from "./endpoint.ts";
import { type Data, type JsonRecord, keyText } from "./store.ts";

/** Thrown inside of a write, so that nothing of the unit is kept. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

const written: Outcome = { status: "written" };
const stale: Outcome = { status: "stale" };

/** The batches of a unit on the data, in order. `before`: as it was when the unit began, which is what its guards speak of. */
export function applyBatch(data: Data, before: Data, model: Model, batch: Batch): Outcome[] {
  const { name } = model;
  const rows = data.rows[name]!;
  const identities = data.identities[name]!;

  const identify = (key: string, cloudId: string): void => {
    const holder = Object.keys(identities).find((other) => identities[other] === cloudId);
    if (holder !== undefined && holder !== key) {
      if (rows[holder]) throw new Refused({ code: "WRITE.UNIQUE", constraint: "cloudId", model: name });
      delete identities[holder]; // its row is gone
    }
    identities[key] = cloudId;
  };

  const put = (record: JsonRecord): void => {
    for (const { name: unique, fields } of model.uniqueKeys) {
      const tuple = fields.map((field) => record[field] ?? null);
      const taken = (other: JsonRecord): boolean => other !== record && fields.every((field, at) => other[field] === tuple[at]);
      if (!tuple.includes(null) && Object.values(rows).some(taken)) throw new Refused({ code: "WRITE.UNIQUE", constraint: unique, model: name });
    }
    rows[keyText(keyOf(model, record))] = record;
  };

  /** The row that was read, if it is still that one. */
  const guarded = (key: string, revision: string): JsonRecord | undefined => {
    const read = before.rows[name]![key];
    return read && revisionOf(model, read) === revision ? rows[key] : undefined;
  };

  switch (batch.op) {
    case "insert":
      return batch.rows.map((row) => {
        const key = keyText(row.key);
        if (rows[key]) throw new Refused({ code: "WRITE.UNIQUE", constraint: "primary key", model: name });
        const parts = model.primaryKey.map((field, part) => [field, plain(model, field, row.key[part]!)]);
        const values = batch.fields.map((field, at) => [field, plain(model, field, row.values[at]!)]);
        put(Object.fromEntries([...parts, ...values]) as JsonRecord);
        identify(key, row.cloudId);
        return written;
      });
    case "update":
      return batch.rows.map((row) => {
        const key = keyText(row.key);
        const record = guarded(key, row.revision);
        const has = identities[key];
        if (!record || (row.cloudId !== undefined && has !== undefined && has !== row.cloudId)) return stale;
        const changes = batch.fields.flatMap((field, at) => (row.values[at] === undefined ? [] : [[field, plain(model, field, row.values[at])]]));
        const changed = { ...record, ...(Object.fromEntries(changes) as JsonRecord) };
        const next = keyText(keyOf(model, changed));
        if (next !== key && rows[next]) throw new Refused({ code: "WRITE.UNIQUE", constraint: "primary key", model: name });
        delete rows[key];
        put(changed);
        if (next !== key && has !== undefined) {
          delete identities[key]; // it goes along with its row
          identities[next] = has;
        }
        if (row.cloudId !== undefined) identify(next, row.cloudId);
        return written;
      });
    case "delete":
      return batch.rows.map((row) => {
        const key = keyText(row.key);
        if (!guarded(key, row.revision)) return stale;
        delete rows[key];
        delete identities[key];
        return written;
      });
    case "identify":
      return batch.rows.map((row) => {
        const key = keyText(row.key);
        if (!rows[key] || (identities[key] ?? null) !== row.was) return stale;
        identify(key, row.cloudId);
        return written;
      });
  }
}

/** What the application shall see of a canonical text. */
function plain(model: Model, name: string, value: Value): unknown {
  if (value === null) return null;
  const { kind } = model.fields.find((field) => field.name === name)!;
  try {
    if (fits(kind, value) !== undefined) throw new Refused({ code: "WRITE.VALUE", field: name, model: model.name });
    return decode(kind, value);
  } catch (error) {
    if (isValueError(error)) throw new Refused({ code: "WRITE.VALUE", field: name, model: model.name });
    throw error;
  }
}
