import { SyncError } from "@sync/core";
import { checkLibraryOptions, type LibraryOptions } from "@sync/sql";
import type { PrismaDmmf } from "./dmmf.ts";
import type { TimestampFormat } from "./values.ts";

export interface PrismaDatabaseOptions<Model extends string = string> extends LibraryOptions<Model> {
  /**
   * The Prisma schema: its text, the path of its file or folder, or a DMMF document.
   * @default the schema that the client was generated from
   */
  readonly schema?: string | PrismaDmmf;
  /**
   * How DateTime is stored in SQLite: what the driver adapter was given. Both forms are read.
   * @default "iso8601"
   */
  readonly timestampFormat?: TimestampFormat;
  /**
   * `"bulk"`: rows in bulk. `"orm"`: one record after another through the client as it was given, so that its query extensions run;
   * what they alter is reported. Tables of implicit relations, and records that get other keys, go in bulk. PostgreSQL.
   * @default "bulk"
   */
  readonly writes?: "bulk" | "orm";
}

const own: Readonly<Record<Exclude<keyof PrismaDatabaseOptions, keyof LibraryOptions>, true>> = { schema: true, timestampFormat: true };

export function checkOptions(options: PrismaDatabaseOptions): void {
  checkLibraryOptions(options, "prismaDatabase", Object.keys(own));
  const format = options.timestampFormat;
  if (format !== undefined && format !== "iso8601" && format !== "unixepoch-ms") {
    throw new SyncError("OPTIONS.INVALID", '`timestampFormat` is "iso8601" or "unixepoch-ms".');
  }
}
