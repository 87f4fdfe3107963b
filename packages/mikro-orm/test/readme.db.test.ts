// #region entity
import { defineEntity, p } from "@mikro-orm/core";
import { createSync, mikroOrmDatabase, naturalKey, newest, synced } from "@sync/mikro-orm";

export const Country = synced(
  defineEntity({
    name: "Country",
    properties: {
      id: p.integer().primary(),
      code: p.string().unique(),
      name: p.string(),
      updatedAt: p.datetime().onCreate(() => new Date()).onUpdate(() => new Date()),
    },
  }),
  { match: naturalKey("code") },
);
// #endregion
import { MikroORM } from "@mikro-orm/sqlite";
import { expect, test } from "vitest";

test("the README's example runs", async () => {
  const [office, cloud] = [new MikroORM({ entities: [Country], dbName: ":memory:" }), new MikroORM({ entities: [Country], dbName: ":memory:" })];
  for (const [orm, country] of [[office, { code: "CH", name: "Switzerland" }], [cloud, { code: "IT", name: "Italy" }]] as const) {
    await orm.schema.create();
    const em = orm.em.fork();
    em.create(Country, country);
    await em.flush();
  }
  // #region sync
  const sync = createSync({
    name: "crm",
    left: mikroOrmDatabase(office), // what `new MikroORM(…)` gave; on one side, or on both
    right: mikroOrmDatabase(cloud),
    conflicts: newest("updatedAt"),
    firstLink: "left", // who is right where records that differ were on both sides before the first run
  });
  await sync.run();
  // #endregion
  for (const { em } of [office, cloud]) expect(await em.fork().find(Country, {}, { orderBy: { code: 1 } })).toMatchObject([{ name: "Switzerland" }, { name: "Italy" }]);
  await office.close();
  await cloud.close();
});
