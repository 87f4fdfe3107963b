import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { expect, test } from "vitest";
// #region table
import { createSync, drizzleDatabase, naturalKey, newest, synced } from "@sync/drizzle";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const countries = synced(
  sqliteTable("countries", {
    id: integer().primaryKey(),
    code: text().notNull().unique(),
    name: text().notNull(),
    updatedAt: integer({ mode: "timestamp_ms" }).notNull().$onUpdate(() => new Date()),
  }),
  { match: naturalKey("code") },
);
// #endregion

test("the README's example runs", async () => {
  const [office, cloud] = [open(), open()];
  office.insert(countries).values({ code: "CH", name: "Switzerland" }).run();
  cloud.insert(countries).values({ code: "IT", name: "Italy" }).run();
  // #region sync
  const schema = { countries };
  const sync = createSync({
    name: "crm",
    left: drizzleDatabase(office, { schema }), // what `drizzle(…)` returned; on one side, or on both
    right: drizzleDatabase(cloud, { schema }),
    conflicts: newest("updatedAt"),
    firstLink: "left", // who is right where records that differ were on both sides before the first run
  });
  await sync.run();
  // #endregion
  for (const side of [office, cloud]) {
    expect(side.select().from(countries).orderBy(countries.code).all()).toMatchObject([{ name: "Switzerland" }, { name: "Italy" }]);
    side.$client.close();
  }
});

function open() {
  const client = new Database(":memory:");
  client.exec("create table countries (id integer primary key, code text not null unique, name text not null, updatedAt integer not null)");
  return drizzle(client);
}
