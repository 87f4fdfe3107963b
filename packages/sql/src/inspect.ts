import { type Finding, hash64, type Model } from "@sync/core";
import type { AfterImage } from "./dialect.ts";
import type { SqlColumn, Table } from "./model.ts";

/** How a column of the live table takes what is sent: as it is, perhaps changed, or as something else altogether. */
export type Fit = "exact" | "lossy" | "different";

export interface LiveColumn {
  readonly name: string;
  /** As the database prints it, for messages. */
  readonly type: string;
  readonly nullable: boolean;
  /** Computed by the database from other columns. */
  readonly generated: boolean;
  readonly hasDefault: boolean;
}

/** A table as the catalog has it. */
export interface LiveTable {
  readonly kind: "table" | "partitioned" | "other";
  readonly columns: readonly LiveColumn[];
  /** Columns of every unique index without a condition, the primary key among them. */
  readonly uniques: readonly (readonly string[])[];
  /** Columns that an index begins with; only of engines where a look-up by such a column is a statement of its own. */
  readonly leading?: readonly string[];
  /** Triggers of users that fire for inserts or updates; rules count as triggers after. */
  readonly triggers: "none" | "before" | "after";
  readonly rowSecurity: boolean;
  /** Of select, insert, update and delete, what this user may not do. */
  readonly forbidden: readonly string[];
  /** Whether the key column has a source of numbers; only asked where it is needed. */
  readonly numbersKeys: boolean;
  /** The number of a deleted row may be given to a new one. */
  readonly reusesKeys: boolean;
  /** A trigger that gives each new row a key of its own, whatever was sent. */
  readonly keyTrigger?: string;
  /** Tables that lose or change rows when one of this table goes: `name (cascade)`. */
  readonly dependants: readonly { readonly table: string; readonly action: string }[];
}

export interface Examination {
  readonly findings: readonly Finding[];
  readonly after: AfterImage;
  /** Another one means: columns, types or keys have changed. */
  readonly shape: string;
}

/** Holds a model against the live table. `fit` is the engine's word on types. */
export function examine(
  table: Table,
  live: LiveTable | undefined,
  fit: (column: SqlColumn, live: LiveColumn) => Fit,
  others: ReadonlySet<string>,
): Examination {
  const { model } = table;
  const findings: Finding[] = [];
  const find: Find = (severity, code, message, field, key) => {
    findings.push({ severity, code, model: model.name, ...(field === undefined ? {} : { field }), ...(key === undefined ? {} : { key }), message });
  };
  if (live === undefined) {
    find("error", "SCHEMA.MISSING_TABLE", `the database has no table ${table.sql}`);
    return { findings, after: "reread", shape: "" };
  }
  if (live.kind === "other") find("error", "SCHEMA.NOT_A_TABLE", `${table.sql} is not a table (a view or foreign table has no row versions)`);
  const byName = new Map(live.columns.map((column) => [column.name, column]));
  let lossy = false;
  for (const column of table.columns) {
    const found = byName.get(column.column);
    if (!found) {
      find("error", "SCHEMA.MISSING_COLUMN", `table ${table.sql} has no column "${column.column}"`, column.field);
      continue;
    }
    const field = model.fields.find((each) => each.name === column.field)!;
    const fits = fit(column, found);
    if (fits === "different") {
      find("error", "SCHEMA.TYPE_DIFFERS", `column "${column.column}" has type ${found.type}, the model says ${field.kind.type}`, column.field);
    }
    if (field.nullable && !found.nullable) {
      find("warning", "SCHEMA.NOT_NULL", `column "${column.column}" takes no null, the model says it may be null`, column.field);
    }
    // Of a key more is said below.
    if (found.generated && field.writable && !model.primaryKey.includes(field.name)) {
      find("error", "SCHEMA.GENERATED", `column "${column.column}" is computed by the database, the model says it is written`, column.field);
    }
    if (fits !== "exact" || column.lossy || found.generated) lossy = true;
  }
  examineKeys(table, live, find);
  const mapped = new Set([...table.columns.map((column) => column.column), ...(table.filter ? [table.filter.column] : [])]);
  if (table.filter && !byName.has(table.filter.column)) {
    find("error", "SCHEMA.MISSING_COLUMN", `table ${table.sql} has no column "${table.filter.column}"`);
  }
  for (const column of live.columns) {
    if (mapped.has(column.name) || column.nullable || column.hasDefault || column.generated) continue;
    find("warning", "SCHEMA.UNMAPPED_REQUIRED", `column "${column.name}" is not in the model, takes no null and has no default: new rows will be refused`);
  }
  if (live.rowSecurity) find("warning", "SCHEMA.ROW_SECURITY", `row security hides rows of ${table.sql} from this user: what it hides counts as not there`);
  if (live.forbidden.includes("select")) find("error", "SCHEMA.FORBIDDEN", `this user may not read ${table.sql}`);
  const writes = live.forbidden.filter((right) => right !== "select");
  if (writes.length > 0) find("warning", "SCHEMA.READ_ONLY", `this user may not ${writes.join(", ")} on ${table.sql}`);
  for (const { table: dependant, action } of live.dependants) {
    if (others.has(dependant)) continue;
    find("warning", "SCHEMA.CASCADE_OUTSIDE", `deleting from ${table.sql} changes rows of ${dependant} (${action}), which is not synced`);
  }
  return { findings, after: afterImage(live, lossy), shape: shapeOf(table, live) };
}

type Find = (severity: Finding["severity"], code: string, message: string, field?: string, key?: readonly string[]) => void;

function examineKeys(table: Table, live: LiveTable, find: Find): void {
  const { model } = table;
  const isUnique = (fields: readonly string[]): boolean => {
    const names = new Set([...fields.map((field) => table.column.get(field)!.column), ...(table.filter ? [table.filter.column] : [])]);
    return live.uniques.some((columns) => columns.every((column) => names.has(column)));
  };
  if (!isUnique(model.primaryKey)) {
    find("error", "SCHEMA.NO_KEY", `no unique index of ${table.sql} covers the key (${model.primaryKey.join(", ")})`);
  }
  const { cloudId } = model.syncFields;
  if (cloudId !== undefined && !isUnique([cloudId])) {
    find("error", "SCHEMA.NOT_UNIQUE", `the cloudId column "${table.cloudId!.column}" needs a unique index`, cloudId);
  }
  for (const key of model.uniqueKeys) {
    if (!isUnique(key.fields)) find("warning", "SCHEMA.NOT_UNIQUE", `no unique index of ${table.sql} holds ${key.name} (${key.fields.join(", ")})`, undefined, key.fields);
  }
  if (live.reusesKeys && !table.cloudId) {
    find("warning", "SCHEMA.KEYS_REUSED", `${table.sql} gives the number of a deleted row to a new one, which is then taken for the old one changed; AUTOINCREMENT or a cloudId field prevents it`, model.primaryKey[0]);
  }
  const maker = keyMakerOutOfReach(table, live);
  if (maker !== undefined) {
    const keys = table.keys.map((column) => `"${column.column}"`).join(", ");
    find(
      "error", "IDENTITY.NOT_REPEATABLE",
      `${maker} makes the key of ${table.sql} (${keys}), and nobody can know or reserve it before the insert: after a lost answer a record would be made twice.`
        + " What mends it: a key that the library makes (uuid, cuid); a sequence or identity column; another unique key as the primary one",
      model.primaryKey[0],
    );
  } else if (table.keyMaker === "database" && !live.numbersKeys) {
    find("error", "SCHEMA.NO_SEQUENCE", `nothing numbers the key column "${table.keys[0]!.column}" of ${table.sql}`, model.primaryKey[0]);
  }
}

/** What fills the key in a way that cannot be forestalled: an expression, or a trigger. */
function keyMakerOutOfReach(table: Table, live: LiveTable): string | undefined {
  const keys = live.columns.filter((column) => table.keys.some((key) => key.column === column.name));
  if (keys.some((column) => column.generated)) return "a generation expression";
  if (live.keyTrigger !== undefined) return `trigger ${live.keyTrigger}`;
  const numberless = table.keyMaker === "database" && !live.numbersKeys;
  return numberless && keys.some((column) => column.hasDefault) ? "a default that is no sequence" : undefined;
}

function afterImage(live: LiveTable, lossy: boolean): AfterImage {
  if (live.kind !== "table" || live.triggers === "after") return "reread";
  return live.triggers === "before" || lossy ? "returned" : "sent";
}

/** Of the mapped columns alone: what else the table has is none of a mapping's business. */
function shapeOf(table: Table, live: LiveTable): string {
  const mapped = new Map(table.columns.map((column) => [column.column, column.field]));
  const columns = live.columns.filter((column) => mapped.has(column.name)).map((column) => JSON.stringify([column.name, column.type, column.nullable, column.generated]));
  const keys = live.uniques.map((key) => [...key].sort().join(",")).sort();
  return hash64(JSON.stringify([table.sql, columns.sort(), keys]), 0);
}

/** Names of models as they are given to `inspect`; unknown ones are findings, not failures. */
export function unknownModel(name: string, known: Iterable<Model>): Finding {
  return { severity: "error", code: "OPTIONS.UNKNOWN_MODEL", model: name, message: `there is no model ${name}; known are ${[...known].map((model) => model.name).join(", ")}` };
}
