import type { Key, Row } from "../endpoint.ts";
import type { PairField, PairModel, SideName } from "../mapping/pair-model.ts";
import type { PairRecord } from "../plan/record-plan.ts";
import { atMeet, decode, encode, isValueError, type Kind, type Value } from "../value.ts";
import type { PairModels } from "./pair-models.ts";
import type { RunContext } from "./context.ts";

/** Why a record cannot take part as it is. Codes and names, never values. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  /** Inside a document. */
  readonly path?: string;
  readonly constraint?: string;
  /** Of a refusal; never stored. */
  readonly thrown?: unknown;
  readonly waitsFor?: { readonly model: string; readonly key: Key };
}

/** A row turned into a record, or what stands in the way. */
export interface ReadRecord extends PairRecord {
  readonly problem: Problem | undefined;
  /** References whose parent has not come across yet; in `meet` they are null and mean nothing. */
  readonly waits: readonly { readonly at: number; readonly problem: Problem }[];
}

/** Two elements of documents bear the cloudId that is asked for. */
export const sharedCloudId = "DOCUMENT.DUPLICATE_CLOUD_ID";

/** What is wrong with a place in a document. */
const amiss: Readonly<Record<string, string>> = {
  "DOCUMENT.MISSING": "is missing",
  "DOCUMENT.PATH": "cannot be reached: something other than an object stands on the way",
  "DOCUMENT.NOT_AN_OBJECT": "cannot be read: the document is no JSON object",
  "DOCUMENT.NOT_A_LIST": "is no array; the records that it held wait, none is deleted",
  "DOCUMENT.NO_KEY": "is missing or not of its kind, and nothing else tells this element apart",
  "DOCUMENT.NO_KEY_ABOVE": "does not tell the record above apart, and so nothing inside it",
  "DOCUMENT.DUPLICATE_KEY": "is the same in two elements of one array",
  [sharedCloudId]: "is the same in two elements, so that nobody can tell which one is the linked record",
  "DOCUMENT.UNKNOWN_PLACE": "cannot be told: what stands in its array, or in place of it, may be this record",
};

const noWaits: ReadRecord["waits"] = [];

/** Turns rows of one side into records: values to the meet, references to the parents' cloudIds. */
export class RecordReader {
  readonly #context: RunContext;
  readonly #model: PairModel;
  readonly #models: PairModels;
  readonly #side: SideName;
  readonly #readers: readonly ((row: Row) => Value)[];

  constructor(context: RunContext, model: PairModel, models: PairModels, side: SideName) {
    this.#context = context;
    this.#model = model;
    this.#models = models;
    this.#side = side;
    this.#readers = [...model.fields, ...model.extras].map((field) => plainReader(field, side));
  }

  async read(rows: readonly Row[]): Promise<ReadRecord[]> {
    const identities = this.#context.identities[this.#side];
    // Whoever refers to one of two that share a cloudId waits as well.
    for (const row of rows) identities.learn(this.#model.name, row.key, row.faults?.[0]?.code === sharedCloudId ? null : row.cloudId);
    const references = this.#model.fields.flatMap((field, at) => (field.parent === undefined ? [] : [{ field, at, parent: field.parent }]));
    for (const { field, parent } of references) {
      const keys: Key[] = [];
      let last: Key | undefined;
      for (const row of rows) {
        const key = keyIn(row, field, this.#side);
        // Rows of one parent mostly come one after the other.
        if (key && !(last && key.every((part, at) => part === last![at]))) keys.push((last = key));
      }
      await identities.needCloudIds(this.#models.get(parent)!, keys);
    }
    return rows.map((row) => this.#record(row, references));
  }

  #record(row: Row, references: readonly { field: PairField; at: number; parent: string }[]): ReadRecord {
    let problem: Problem | undefined = row.faults && this.#fault(row);
    const meet: Value[] = new Array(this.#readers.length);
    for (let at = 0; at < this.#readers.length; at++) {
      try {
        meet[at] = this.#readers[at]!(row);
      } catch (error) {
        meet[at] = null;
        const field = (this.#model.fields[at] ?? this.#model.extras[at - this.#model.fields.length])!;
        problem ??= {
          code: isValueError(error) ? error.code : "VALUE.CONVERTER", field: field.name,
          message: isValueError(error) ? `\`${field.name}\` holds a value that is not of its kind.` : `The converter of \`${field.name}\` threw.`,
        };
      }
    }
    let waits: { at: number; problem: Problem }[] | undefined;
    for (const { field, at, parent } of references) {
      const key = keyIn(row, field, this.#side);
      if (!key) continue;
      const cloudId = this.#context.identities[this.#side].cloudIdOf(parent, key);
      if (typeof cloudId === "string") meet[at] = cloudId;
      else if (cloudId === undefined) {
        problem ??= {
          code: "REFERENCE.DANGLING", field: field.name, waitsFor: { model: parent, key },
          message: `\`${field.name}\` refers to a \`${parent}\` that does not exist on the ${this.#side}.`,
        };
      } else {
        (waits ??= []).push({
          at,
          problem: {
            code: "REFERENCE.PARENT_WAITS", field: field.name, waitsFor: { model: parent, key },
            message: `\`${field.name}\` refers to a \`${parent}\` that has not come across itself.`,
          },
        });
      }
    }
    return { side: this.#side, row, key: row.key, cloudId: row.cloudId, meet, problem, waits: waits ?? noWaits };
  }

  #fault(row: Row): Problem | undefined {
    // A key that cannot be read cannot be written to either, whether it is mapped or not.
    const { primaryKey, syncFields } = this.#model[this.#side].endpoint.model;
    const used = new Set([...primaryKey, ...(syncFields.cloudId === undefined ? [] : [syncFields.cloudId]), ...[...this.#model.fields, ...this.#model.extras].flatMap((field) => field[this.#side].names)]);
    const fault = row.faults?.find((candidate) => used.has(candidate.field));
    if (!fault) return undefined;
    const { code, field, path } = fault;
    return { code, field, ...(path === undefined ? {} : { path }), message: `On the ${this.#side}, \`${path ?? field}\` ${amiss[code] ?? "holds a value that is not of its declared kind"}.` };
  }
}

/** The parent's local key that a row holds, or undefined for none (any part null). */
export function keyIn(row: Row, field: PairField, side: SideName): Key | undefined {
  const key: string[] = [];
  for (const at of field[side].at) {
    const value = row.values[at];
    if (value === null || value === undefined) return undefined;
    key.push(value);
  }
  return key;
}

function plainReader(field: PairField, side: SideName): (row: Row) => Value {
  const { meet, form } = field;
  if (meet === undefined) return () => null;
  if (form) {
    const { form: _, ...plain } = field;
    const read = plainReader(plain, side);
    return (row) => {
      const value = read(row);
      return value === null ? null : form(value);
    };
  }
  const at = field[side].at[0]!;
  const kind = field[side].kinds[0]!;
  const convert = side === "left" ? field.toRight : undefined;
  if (convert) {
    const target = field.right.kinds[0]!;
    return (row) => {
      const converted = convertValue(convert, kind, target, row.values[at] ?? null);
      return converted === null ? null : atMeet(meet, converted);
    };
  }
  if (JSON.stringify(kind) === JSON.stringify(meet)) return (row) => row.values[at] ?? null;
  return (row) => {
    const value = row.values[at] ?? null;
    return value === null ? null : atMeet(meet, value);
  };
}

/** A user's converter, from canonical text to canonical text. */
export function convertValue(convert: (value: never) => unknown, from: Kind, to: Kind, value: Value): Value {
  const converted = convert((value === null ? null : decode(from, value)) as never);
  return converted === null || converted === undefined ? null : encode(to, converted);
}
