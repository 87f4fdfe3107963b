import { namedSyncFields, quoted, type SyncFieldNames } from "@sync/sql";

/** In `schema.prisma`, and in the database. */
const forms = {
  postgresql: { cloudId: ["String? @unique @db.Uuid", "UUID"], lastSyncedAt: ["DateTime?", "TIMESTAMP(3)"], syncStatus: ["String?", "TEXT"] },
  sqlite: { cloudId: ["String? @unique", "TEXT"], lastSyncedAt: ["DateTime?", "DATETIME"], syncStatus: ["String?", "TEXT"] },
} as const;

/** Names of columns that are called otherwise, or `false` for those that the model has not. */
export type SyncColumnNames = SyncFieldNames;

/**
 * Fields of a model that belong to the sync, as lines of `schema.prisma`. None of them is needed; the cloudId has a unique index.
 * `prisma migrate dev` then writes a migration like that of `addSyncColumns`.
 */
export function syncFields(provider: keyof typeof forms, names: SyncColumnNames = {}): string {
  return namedSyncFields(names).map(([field, column]) => `  ${field} ${forms[provider][field][0]}${field === column ? "" : ` @map("${column}")`}`).join("\n");
}

/** The text of a `migration.sql` that adds the columns of `syncFields` to a table. */
export function addSyncColumns(provider: keyof typeof forms, table: string, names: SyncColumnNames = {}): string {
  const fields = namedSyncFields(names);
  const added = fields.map(([field, column]) => `ADD COLUMN ${quoted(column)} ${forms[provider][field][1]}`);
  const alter = (provider === "sqlite" ? added : [added.join(",\n")]).map((columns) => `ALTER TABLE ${quoted(table)} ${columns};`);
  const unique = fields.filter(([field]) => field === "cloudId");
  const indexes = unique.map(([, column]) => `CREATE UNIQUE INDEX ${quoted(`${table}_${column}_key`)} ON ${quoted(table)}(${quoted(column)});`);
  return ["-- AlterTable", ...alter, "", ...(indexes.length > 0 ? ["-- CreateIndex", ...indexes, ""] : [])].join("\n");
}
