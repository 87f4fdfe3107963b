import { hintFor, SyncError } from "@sync/core";
import type { Kind } from "@sync/core";

/** Fields of your own tables that belong to the sync: another name, or `false` for "not that field". */
export interface SyncFieldNames {
  /** A unique text or uuid field. @default "cloudId" */
  readonly cloudId?: string | false;
  /** @default "lastSyncedAt" */
  readonly lastSyncedAt?: string | false;
  /** @default "syncStatus" */
  readonly syncStatus?: string | false;
}

export interface DrizzleDatabaseOptions<Schema extends object = Readonly<Record<string, unknown>>> {
  /** The object with your tables, as Drizzle gets it; its keys are the models' names. */
  readonly schema: Schema;
  /**
   * Only these models, all of which must be able to take part.
   * @default every table that can take part
   */
  readonly models?: readonly (keyof Schema & string)[];
  /** @default fields with these names, in tables that have them */
  readonly syncFields?: SyncFieldNames;
  /**
   * For columns of a `customType`, by model and field: what kind of value its `fromDriver` gives.
   * @default the value as the database stores it
   */
  readonly kinds?: { readonly [Model in keyof Schema & string]?: Readonly<Record<string, Kind>> };
  /**
   * Where the sync's own tables go on PostgreSQL; the schema is made if it is missing.
   * @default the connection's current schema
   */
  readonly sideTables?: { readonly schema?: string };
  /**
   * How many milliseconds to wait for the application to end a transaction of its own, where both share one connection.
   * @default 10000
   */
  readonly patience?: number;
}

const names: Readonly<Record<keyof DrizzleDatabaseOptions, true>> = {
  schema: true,
  models: true,
  syncFields: true,
  kinds: true,
  sideTables: true,
  patience: true,
};
const syncFieldNames: Readonly<Record<keyof SyncFieldNames, true>> = { cloudId: true, lastSyncedAt: true, syncStatus: true };

export function checkOptions(options: DrizzleDatabaseOptions): void {
  if (typeof options?.schema !== "object" || options.schema === null) {
    throw new SyncError("OPTIONS.MISSING", "drizzleDatabase needs `schema`: the object with your tables.");
  }
  checkKeys(options, Object.keys(names), "drizzleDatabase");
  if (options.syncFields) checkKeys(options.syncFields, Object.keys(syncFieldNames), "`syncFields`");
  if (options.patience !== undefined && !(options.patience >= 0)) {
    throw new SyncError("OPTIONS.INVALID", "`patience` is a number of milliseconds.");
  }
}

function checkKeys(given: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new SyncError("OPTIONS.UNKNOWN_KEY", `Unknown option \`${key}\` of ${where}.${hintFor(key, known)}`);
  }
}
