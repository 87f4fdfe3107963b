import { namedSyncFields } from "@sync/sql";
import type { SyncFieldNames } from "@sync/sql";
import { TableColumn } from "typeorm";
import type { QueryRunner } from "typeorm";

/**
 * Columns of an entity that belong to the sync: `columns: { …, ...syncColumns }` of an `EntitySchema`, or one by one,
 * `@Column(syncColumns.cloudId) cloudId!: string | null`. None of them is needed; the cloudId has a unique index.
 */
export const syncColumns: Readonly<Record<keyof SyncFieldNames, { readonly type: "uuid" | "varchar" | DateConstructor; readonly nullable: true; readonly unique?: true }>> = {
  cloudId: { type: "uuid", nullable: true, unique: true },
  lastSyncedAt: { type: Date, nullable: true },
  syncStatus: { type: "varchar", nullable: true },
};

/** For the `up` of a migration: adds the columns of `syncColumns` to a table. */
export async function addSyncColumns(queryRunner: QueryRunner, table: string, names: SyncFieldNames = {}): Promise<void> {
  await queryRunner.addColumns(table, namedSyncFields(names).map(([column, name]) => {
    const { type, nullable: isNullable, unique: isUnique = false } = syncColumns[column];
    return new TableColumn({ name, type: queryRunner.dataSource.driver.normalizeType({ type }), isNullable, isUnique });
  }));
}

/** For the `down` of a migration: takes them away. */
export async function dropSyncColumns(queryRunner: QueryRunner, table: string, names: SyncFieldNames = {}): Promise<void> {
  await queryRunner.dropColumns(table, namedSyncFields(names).map(([, name]) => name));
}
