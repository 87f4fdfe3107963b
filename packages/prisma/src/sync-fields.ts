type SyncField = "cloudId" | "lastSyncedAt" | "syncStatus";

/** In `schema.prisma`, and in the database. */
const forms = {
  postgresql: { cloudId: ["String? @unique @db.Uuid", "UUID"], lastSyncedAt: ["DateTime?", "TIMESTAMP(3)"], syncStatus: ["String?", "TEXT"] },
  sqlite: { cloudId: ["String? @unique", "TEXT"], lastSyncedAt: ["DateTime?", "DATETIME"], syncStatus: ["String?", "TEXT"] },
} as const;

/** Names of columns that are called otherwise, or `false` for those that the model has not. */
export type SyncColumnNames = { readonly [Field in SyncField]?: string | false };

/**
 * Fields of a model that belong to the sync, as lines of `schema.prisma`. None of them is needed; the cloudId has a unique index.
 * `prisma migrate dev` then writes a migration like that of `addSyncColumns`.
 */
export function syncFields(provider: keyof typeof forms, names: SyncColumnNames = {}): string {
  return named(names).map(([field, column]) => `  ${field} ${forms[provider][field][0]}${field === column ? "" : ` @map("${column}")`}`).join("\n");
}

/** The text of a `migration.sql` that adds the columns of `syncFields` to a table. */
export function addSyncColumns(provider: keyof typeof forms, table: string, names: SyncColumnNames = {}): string {
  const added = named(names).map(([field, column]) => `ADD COLUMN "${column}" ${forms[provider][field][1]}`);
  const alter = provider === "sqlite" ? added.map((column) => `ALTER TABLE "${table}" ${column};`) : [`ALTER TABLE "${table}" ${added.join(",\n")};`];
  const unique = named(names).filter(([field]) => field === "cloudId");
  const indexes = unique.map(([, column]) => `CREATE UNIQUE INDEX "${table}_${column}_key" ON "${table}"("${column}");`);
  return ["-- AlterTable", ...alter, "", ...(indexes.length > 0 ? ["-- CreateIndex", ...indexes, ""] : [])].join("\n");
}

function named(names: SyncColumnNames): [SyncField, string][] {
  const fields = ["cloudId", "lastSyncedAt", "syncStatus"] as const;
  return fields.flatMap((field): [SyncField, string][] => (names[field] === false ? [] : [[field, names[field] ?? field]]));
}
