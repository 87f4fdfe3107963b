import { hintFor, SyncError } from "@sync/core";
import type { PrismaDmmf } from "./dmmf.ts";
import type { TimestampFormat } from "./values.ts";

/** Fields of your own models that belong to the sync: another name, or `false` for "not that field". */
export interface SyncFieldNames {
  /** A unique text or uuid field. @default "cloudId" */
  readonly cloudId?: string | false;
  /** @default "lastSyncedAt" */
  readonly lastSyncedAt?: string | false;
  /** @default "syncStatus" */
  readonly syncStatus?: string | false;
}

export interface PrismaDatabaseOptions {
  /**
   * The Prisma schema: its text, the path of its file or folder, or a DMMF document.
   * @default the schema that the client was generated from
   */
  readonly schema?: string | PrismaDmmf;
  /**
   * Only these models, all of which must be able to take part.
   * @default every model that can take part
   */
  readonly models?: readonly string[];
  /** @default fields with these names, in models that have them */
  readonly syncFields?: SyncFieldNames;
  /**
   * How DateTime is stored in SQLite: what the driver adapter was given. Both forms are read.
   * @default "iso8601"
   */
  readonly timestampFormat?: TimestampFormat;
  /**
   * Where the sync's own tables go on PostgreSQL; the schema is made if it is missing.
   * @default the connection's current schema
   */
  readonly sideTables?: { readonly schema?: string };
  /**
   * How many milliseconds to wait for the application to end a transaction of its own on the same SQLite connection.
   * @default 10000
   */
  readonly patience?: number;
}

const names: Readonly<Record<keyof PrismaDatabaseOptions, true>> = {
  schema: true,
  models: true,
  syncFields: true,
  timestampFormat: true,
  sideTables: true,
  patience: true,
};
const syncFieldNames: Readonly<Record<keyof SyncFieldNames, true>> = { cloudId: true, lastSyncedAt: true, syncStatus: true };

export function checkOptions(options: PrismaDatabaseOptions): void {
  checkKeys(options, Object.keys(names), "prismaDatabase");
  if (options.syncFields) checkKeys(options.syncFields, Object.keys(syncFieldNames), "`syncFields`");
  const format = options.timestampFormat;
  if (format !== undefined && format !== "iso8601" && format !== "unixepoch-ms") {
    throw new SyncError("OPTIONS.INVALID", '`timestampFormat` is "iso8601" or "unixepoch-ms".');
  }
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
