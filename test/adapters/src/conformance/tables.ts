import { canonical, type Value } from "@sync/core";
import { type KitField, kitKinds, kitModels, type KitModelName, type KitRecord } from "@sync/conformance";

/** Native type by field, where a library has another one than most. */
export type Types = Partial<Record<string, string>>;

/** What an application's connection can do: texts in, texts out. */
export interface Run {
  (sql: string, parameters?: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
}

export interface SqlTransaction {
  readonly run: Run;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export const KIT_MODELS = Object.keys(kitModels) as readonly KitModelName[];

const kinds = kitKinds(9);

export function typeOf(model: KitModelName, field: string): KitField["type"] {
  const declared = kitModels[model].fields[field];
  if (!declared) throw new Error(`The kit has no field ${model}.${field}.`);
  return declared.type;
}

/** Any spelling of a value in its canonical one. */
export function canonicalOf(model: KitModelName, field: string, text: string): string {
  const type = typeOf(model, field);
  return type === "key" ? text : canonical(kinds[type], text);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The statements that make the kit's tables, named as its models; `native` says which type a field has. */
export function kitTables(fields: (model: KitModelName) => readonly string[], native: (model: KitModelName, field: string) => string): string[] {
  return KIT_MODELS.map((model) => {
    const shape = kitModels[model];
    const columns = fields(model).map((field) => {
      const { nullable, default: initial } = shape.fields[field]!;
      const check = shape.notBelowZero === field ? ` constraint ${field}_not_below_zero check (${quoted(field)} >= 0)` : "";
      return `${quoted(field)} ${native(model, field)}${nullable ? "" : " not null"}${initial === undefined ? "" : ` default ${initial}`}${check}`;
    });
    const list = (names: readonly string[]): string => names.map(quoted).join(", ");
    const alone = columns.some((column) => column.includes("primary key"));
    const constraints = [
      ...(alone ? [] : [`primary key (${list(shape.primaryKey)})`]),
      ...(shape.uniqueKeys ?? []).map((key) => `unique (${list(key)})`),
      ...(shape.references ?? []).map(({ fields: from, target, targetFields, onDelete }) =>
        `foreign key (${list(from)}) references ${quoted(target)} (${list(targetFields)}) on delete ${onDelete === "cascade" ? "cascade" : "restrict"}`),
    ];
    return `create table ${quoted(model)} (${[...columns, ...constraints].join(", ")})`;
  });
}

/** How one dialect takes and gives values. */
export interface Spelling {
  /** An expression for the parameter at this place, and what to send for it. */
  write(model: KitModelName, field: string, value: string, place: number): { readonly sql: string; readonly parameter: unknown };
  /** An expression that reads a column. */
  read(model: KitModelName, field: string): string;
  /** The canonical value of what came. */
  value(model: KitModelName, field: string, stored: unknown): Value;
}

/** The statements of a probe. */
export function sqlWrites(run: Run, spelling: Spelling) {
  const assign = (model: KitModelName, record: KitRecord, parameters: unknown[]): (readonly [string, string])[] =>
    Object.entries(record).map(([field, value]) => {
      if (value === null) return [quoted(field), "null"] as const;
      const { sql, parameter } = spelling.write(model, field, value, parameters.length + 1);
      parameters.push(parameter);
      return [quoted(field), sql] as const;
    });
  const where = (model: KitModelName, key: KitRecord, parameters: unknown[]): string =>
    assign(model, key, parameters).map(([column, value]) => `${column} = ${value}`).join(" and ");
  return {
    async insert(model: KitModelName, records: readonly KitRecord[]): Promise<void> {
      // Many at a time, as long as they have the same fields and the parameters are few.
      let rest = records;
      while (rest.length > 0) {
        const names = Object.keys(rest[0]!).join();
        const other = rest.findIndex((record) => Object.keys(record).join() !== names);
        const together = rest.slice(0, Math.min(other === -1 ? rest.length : other, 200));
        rest = rest.slice(together.length);
        const parameters: unknown[] = [];
        const rows = together.map((record) => assign(model, record, parameters));
        const columns = rows[0]!.map(([column]) => column).join(", ");
        const tuples = rows.map((row) => `(${row.map(([, value]) => value).join(", ")})`).join(", ");
        await run(`insert into ${quoted(model)} (${columns}) values ${tuples}`, parameters);
      }
    },
    async update(model: KitModelName, key: KitRecord, changes: KitRecord): Promise<void> {
      const parameters: unknown[] = [];
      const set = assign(model, changes, parameters).map(([column, value]) => `${column} = ${value}`).join(", ");
      await run(`update ${quoted(model)} set ${set} where ${where(model, key, parameters)}`, parameters);
    },
    async delete(model: KitModelName, key: KitRecord): Promise<void> {
      const parameters: unknown[] = [];
      await run(`delete from ${quoted(model)} where ${where(model, key, parameters)}`, parameters);
    },
  };
}

export async function sqlRows(run: Run, spelling: Spelling, model: KitModelName, fields: readonly string[]): Promise<KitRecord[]> {
  const rows = await run(`select ${fields.map((field) => spelling.read(model, field)).join(", ")} from ${quoted(model)}`);
  return rows.map((row) => Object.fromEntries(fields.map((field, at) => [field, row[at] == null ? null : spelling.value(model, field, row[at])])));
}
