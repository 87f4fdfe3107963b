// #region entity
import { createSync, naturalKey, newest, Synced, typeormDatabase } from "@sync/typeorm";
import { Column, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from "typeorm";

@Entity()
@Synced({ match: naturalKey("code") })
export class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: "varchar", unique: true }) code!: string;
  @Column({ type: "varchar" }) name!: string;
  @UpdateDateColumn() updatedAt!: Date;
}
// #endregion
import { expect, test } from "vitest";
import { openSqlite } from "./support/open.ts";

test("the README's example runs", async () => {
  const [office, cloud] = [await openSqlite([Country]), await openSqlite([Country])];
  await office.getRepository(Country).save({ code: "CH", name: "Switzerland" });
  await cloud.getRepository(Country).save({ code: "IT", name: "Italy" });
  // #region sync
  const sync = createSync({
    name: "crm",
    left: typeormDatabase(office), // initialised data sources; on one side, or on both
    right: typeormDatabase(cloud),
    conflicts: newest("updatedAt"),
    firstLink: "left", // who is right where records that differ were on both sides before the first run
  });
  await sync.run();
  // #endregion
  for (const side of [office, cloud]) expect(await side.getRepository(Country).find({ order: { code: "ASC" } })).toMatchObject([{ name: "Switzerland" }, { name: "Italy" }]);
  await office.destroy();
  await cloud.destroy();
});

test("the example of hints runs", async () => {
  const [office, cloud] = [await openSqlite([Country]), await openSqlite([Country])];
  await office.getRepository(Country).save({ code: "CH", name: "Switzerland" });
  // #region hints
  const sync = createSync({
    name: "crm",
    left: typeormDatabase(office, { hints: true }),
    right: typeormDatabase(cloud, { hints: true }),
    conflicts: newest("updatedAt"),
    firstLink: "left",
  });
  await sync.run(); // everything: at the start, and every hour or so
  await office.getRepository(Country).save({ id: 1, name: "Schweiz" });
  await sync.run({ hinted: true }); // every second: only what these two data sources have saved and removed meanwhile
  // #endregion
  expect(await cloud.getRepository(Country).find()).toMatchObject([{ name: "Schweiz" }]);
  await office.destroy();
  await cloud.destroy();
});
