import { canonical, type Kind } from "@sync/core";
import type { Run } from "@sync/test-adapters/conformance";
import { type CaseModel, type CaseSchema, isReference, keyOf, keyFields, type RawRecord } from "../schema.ts";
import type { Probe } from "../side.ts";

/** How one database takes and gives values. */
export interface Spelling {
  /** An expression for the parameter at this place, and what to send for it. */
  write(model: string, field: string, value: string, place: number): { readonly sql: string; readonly parameter: unknown };
  /** An expression that reads a column. */
  read(model: string, field: string): string;
  /** The canonical value of what came. */
  value(model: string, field: string, stored: unknown): string;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function fieldsOf(model: CaseModel): readonly string[] {
  return [...(typeof model.key === "string" ? ["id"] : []), ...Object.keys(model.fields)];
}

/** Of a field, also of one that holds a key: what makes the key, or the kind of a value. */
export function holds(schema: CaseSchema, model: string, field: string): Kind | ReturnType<typeof keyOf> {
  const declared = schema[model]!.fields[field];
  if (!declared) return keyOf(schema, model);
  return isReference(declared) ? keyOf(schema, declared.to) : declared.kind;
}

/** Any spelling of a value in its canonical one; keys that somebody makes are texts as they are. */
export function canonicalOf(schema: CaseSchema, model: string, field: string, text: string): string {
  const kind = holds(schema, model, field);
  if (typeof kind === "string") return text;
  return canonical("digits" in kind ? { ...kind, digits: 9 } : kind, text);
}

/** A probe by SQL, over tables that are named as the models. */
export function sqlProbe(schema: CaseSchema, run: Run, spelling: Spelling, inserted?: (model: string) => Promise<void>): Probe {
  const assign = (model: string, record: RawRecord, parameters: unknown[]): (readonly [string, string])[] =>
    Object.entries(record).map(([field, value]) => {
      if (value === null) return [quoted(field), "null"] as const;
      const { sql, parameter } = spelling.write(model, field, value, parameters.length + 1);
      parameters.push(parameter);
      return [quoted(field), sql] as const;
    });
  const where = (model: string, key: RawRecord, parameters: unknown[]): string =>
    assign(model, key, parameters).map(([column, value]) => `${column} = ${value}`).join(" and ");
  const keyed = (model: string, key: RawRecord): void => {
    if (Object.keys(key).join() !== keyFields(schema[model]!).join()) throw new Error(`This is no key of ${model}.`);
  };
  return {
    async rows(model) {
      const fields = fieldsOf(schema[model]!);
      const rows = await run(`select ${fields.map((field) => spelling.read(model, field)).join(", ")} from ${quoted(model)}`);
      return rows.map((row) => Object.fromEntries(fields.map((field, at) => [field, row[at] == null ? null : spelling.value(model, field, row[at])])));
    },
    async insert(model, records) {
      for (const record of records) {
        const parameters: unknown[] = [];
        const row = assign(model, record, parameters);
        const [columns, values] = [row.map(([column]) => column).join(", "), row.map(([, value]) => value).join(", ")];
        await run(`insert into ${quoted(model)} (${columns}) values (${values})`, parameters);
      }
      await inserted?.(model);
    },
    async update(model, key, changes) {
      keyed(model, key);
      const parameters: unknown[] = [];
      const set = assign(model, changes, parameters).map(([column, value]) => `${column} = ${value}`).join(", ");
      await run(`update ${quoted(model)} set ${set} where ${where(model, key, parameters)}`, parameters);
    },
    async delete(model, key) {
      keyed(model, key);
      const parameters: unknown[] = [];
      await run(`delete from ${quoted(model)} where ${where(model, key, parameters)}`, parameters);
    },
  };
}
