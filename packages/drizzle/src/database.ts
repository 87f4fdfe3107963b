import type { Database, Finding, ModelTypes, StateStore } from "@sync/core";
import { hintFor, SyncError } from "@sync/core";
import { sqlDatabase } from "@sync/sql";
import type { DrizzleLike } from "./client.ts";
import { driverOf } from "./client.ts";
import { drizzleExecutor } from "./executor.ts";
import { filled } from "./fills.ts";
import { modelsOf } from "./models.ts";
import type { Models } from "./models.ts";
import type { DrizzleDatabaseOptions } from "./options.ts";
import { checkOptions } from "./options.ts";
import type { DrizzleColumn } from "./tables.ts";

/** Model name → field name → its TypeScript type, as the tables have them. */
export type DrizzleTypes<Schema> = {
  [Model in keyof Schema as Schema[Model] extends { $inferSelect: object } ? Model : never]: Schema[Model] extends { $inferSelect: infer Row } ? Row : never;
} extends infer Types extends ModelTypes
  ? Types
  : ModelTypes;

export interface DrizzleDatabase<Schema> extends Database<DrizzleTypes<Schema>> {
  readonly state: StateStore;
  /** `Model` or `Model.field` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Removes everything that the sync has ever made in this database. */
  uninstall(): Promise<void>;
}

/**
 * The tables of a Drizzle database as one side of a sync. All work goes through the driver's handle that this database
 * stands on; it is never closed, and stays free for the application while a sync runs.
 */
export function drizzleDatabase<Schema extends object>(db: DrizzleLike, options: DrizzleDatabaseOptions<Schema>): DrizzleDatabase<Schema> {
  checkOptions(options as DrizzleDatabaseOptions);
  const executor = drizzleExecutor(db, options.patience ?? 10_000);
  const all = modelsOf(options.schema as Readonly<Record<string, unknown>>, {
    dialect: executor.dialect,
    syncFields: options.syncFields ?? {},
    nameOf: casingOf(db),
    kinds: (options as DrizzleDatabaseOptions).kinds as Parameters<typeof modelsOf>[1]["kinds"] ?? {},
  });
  const models = chosen(all, options.models);
  const fills = new Map(models.map((each) => [each.model.name, each.fills]));
  const database = sqlDatabase({
    name: `drizzle/${driverOf(db)}`,
    executor,
    models,
    ...(options.sideTables ? { sideTables: options.sideTables } : {}),
  });
  return {
    ...database,
    types: undefined,
    leftOut: all.leftOut,
    commit: (unit) => database.commit(filled(unit, fills)),
    async inspect(names) {
      const inspection = await database.inspect(names);
      return { ...inspection, findings: [...inspection.findings, ...leftOutFindings(names, all.leftOut)] };
    },
  };
}

/** Drizzle names a column without a name of its own after its key, by the database's `casing`. */
function casingOf(db: DrizzleLike): (column: DrizzleColumn) => string {
  const { casing } = (db as { dialect?: { casing?: { getColumnCasing?(column: DrizzleColumn): string } } }).dialect ?? {};
  return (column) => casing?.getColumnCasing?.(column) ?? column.name;
}

function chosen({ models, leftOut }: Models, names: readonly string[] | undefined): Models["models"] {
  if (names === undefined) return models;
  return names.map((name) => {
    const found = models.find((each) => each.model.name === name);
    if (found) return found;
    const reason = leftOut.get(name);
    throw reason === undefined
      ? new SyncError("OPTIONS.UNKNOWN_MODEL", `The Drizzle schema has no table \`${name}\`.${hintFor(name, models.map((each) => each.model.name))}`, { model: name })
      : new SyncError("OPTIONS.MODEL", `The table \`${name}\` cannot take part: ${reason}.`, { model: name });
  });
}

function leftOutFindings(names: readonly string[], leftOut: ReadonlyMap<string, string>): Finding[] {
  return [...leftOut].flatMap(([name, reason]): Finding[] => {
    const [model = "", field] = name.split(".");
    if (field === undefined || !names.includes(model)) return [];
    return [{ severity: "warning", code: "MODEL.FIELD_LEFT_OUT", model, field, message: `\`${name}\` takes no part: ${reason}.` }];
  });
}
