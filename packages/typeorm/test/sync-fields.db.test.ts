import { describePostgres } from "@sync/test-databases/vitest";
import type { DataSource, MigrationInterface, QueryRunner } from "typeorm";
import { EntitySchema } from "typeorm";
import { expect, test } from "vitest";
import { addSyncColumns, createSync, dropSyncColumns, leftWins, naturalKey, syncColumns, typeormDatabase } from "../src/index.ts";
import { openPostgres, openSqlite } from "./support/open.ts";

interface Country {
  id: number;
  code: string;
  cloudId: string | null;
  lastSyncedAt: Date | null;
  syncStatus: string | null;
}
const plain = { id: { type: Number, primary: true, generated: true }, code: { type: String, unique: true } } as const;
const before = new EntitySchema<Pick<Country, "id" | "code">>({ name: "Country", columns: plain });
const after = new EntitySchema<Country>({ name: "Country", columns: { ...plain, ...syncColumns, cloudId: { ...syncColumns.cloudId, name: "cloud_id" } } });

class AddSyncColumns1700000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addSyncColumns(queryRunner, "country", { cloudId: "cloud_id" });
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await dropSyncColumns(queryRunner, "country", { cloudId: "cloud_id" });
  }
}

/** Statements that TypeORM would need to bring the tables to the entities. */
async function missing(dataSource: DataSource, entity: EntitySchema): Promise<string[]> {
  dataSource.setOptions({ entities: [entity] });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}

async function migrates(dataSource: DataSource): Promise<void> {
  await dataSource.getRepository<Country>("Country").save({ code: "CH" });
  expect(await missing(dataSource, after as EntitySchema)).not.toEqual([]);
  dataSource.setOptions({ migrations: [AddSyncColumns1700000000000] });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  await dataSource.runMigrations();
  expect(await missing(dataSource, after as EntitySchema)).toEqual([]);

  const other = await openSqlite([after]);
  const sync = createSync({
    name: "fields", left: typeormDatabase<{ Country: Country }>(dataSource), right: typeormDatabase(other), models: { Country: { match: naturalKey("code") } }, conflicts: leftWins(),
  });
  const began = Date.now();
  await sync.run();
  const [here] = await dataSource.getRepository<Country>("Country").find();
  const [there] = await other.getRepository<Country>("Country").find();
  expect(here!.cloudId).toMatch(/^[0-9a-f-]{36}$/);
  expect(there).toMatchObject({ code: "CH", cloudId: here!.cloudId, syncStatus: "synced" });
  expect(there!.lastSyncedAt!.getTime()).toBeGreaterThanOrEqual(began - 1000);
  await other.destroy();

  await dataSource.undoLastMigration();
  expect(await missing(dataSource, before as EntitySchema)).toEqual([]);
  expect(await dataSource.query("select code from country")).toEqual([{ code: "CH" }]);
  await dataSource.destroy();
}

test("a migration gives a table on SQLite the columns that the entity has, and takes them away", async () => {
  await migrates(await openSqlite([before]));
});

describePostgres("and", (server) => {
  test("on PostgreSQL", async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    await migrates(await openPostgres(fresh.url, [before]));
    await fresh.drop();
  });
});
