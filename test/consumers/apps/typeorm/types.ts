// Compiled only: the names of models and fields are checked where the data source's entities are named, and on the entities.
import { addSyncColumns, createSync, fallback, fieldMerge, leftWins, naturalKey, Synced, syncColumns, typeormDatabase, type RunResult, type Sync } from "@sync/typeorm";
import { Column, DataSource, Entity, PrimaryGeneratedColumn, type MigrationInterface, type QueryRunner } from "typeorm";

@Entity()
@Synced({ match: naturalKey("code") })
class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) code!: string;
  @Column() name!: string;
  @Column(syncColumns.cloudId) cloudId!: string | null;
}
interface Other {
  id: number;
  code: string;
  title: string;
  rank: number | null;
}
interface Nation {
  id: number;
  iso: string;
}
const dataSource = new DataSource({ type: "better-sqlite3", database: ":memory:", entities: [Country] });
const left = typeormDatabase<{ Country: Country }>(dataSource);
const right = typeormDatabase<{ Country: Other; Nation: Nation }>(dataSource);
const conflicts = fieldMerge({ otherwise: leftWins() });

const sync: Sync = createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { name: "title" } } }, conflicts });
createSync({ name: "typed", left, right, models: { Country: { right: "Nation", match: [naturalKey("code"), fallback(["name"])], fields: { code: "iso" }, omit: ["name"] } }, conflicts });
createSync({ name: "declared", left: typeormDatabase(dataSource), right: typeormDatabase(dataSource), conflicts });
const counted = async (): Promise<number> => {
  const run: RunResult = await sync.run();
  return run.models.get("Country")?.created.right ?? 0;
};
export class AddSyncColumns implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addSyncColumns(queryRunner, "country", { syncStatus: false });
  }
  async down(): Promise<void> {}
}
void counted;

// @ts-expect-error no such model on the left
createSync({ name: "typed", left, right, models: { Contry: { match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such field in a match rule
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("cod") } }, conflicts });
// @ts-expect-error no such field on the left
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { nam: "title" } } }, conflicts });
// @ts-expect-error no such field on the right
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { name: "titel" } } }, conflicts });
// @ts-expect-error no such model on the right
createSync({ name: "typed", left, right, models: { Country: { right: "Nations", match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such option
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code") } }, conflicts, firstlink: "left" });
// @ts-expect-error no such entity to take
typeormDatabase<{ Country: Country }>(dataSource, { models: ["Contry"] });
// @ts-expect-error no such property
@Synced({ match: naturalKey("cod") })
class Wrong extends Country {}
void Wrong;
