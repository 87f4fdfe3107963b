import { defineEntity, MetadataError, p } from "@mikro-orm/core";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import type { SqlMikroORM } from "@mikro-orm/sql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import { refused } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSync, leftWins, mikroOrmDatabase, naturalKey, synced, syncTables } from "../src/index.ts";
import type { MikroOrmLike } from "../src/index.ts";
import type { Opened } from "./support/open.ts";
import { openPool, openSqlite } from "./support/open.ts";

// What an application can get wrong: each is said with a code and the way out, before anything is written.

const id = p.integer().primary();
const Country = synced(defineEntity({ name: "Country", properties: { id, code: p.string().unique(), name: p.string().nullable() } }), { match: naturalKey("code") });
const schemaGenerator = { skipTables: syncTables };

let other: Opened;
beforeAll(async () => {
  other = await openSqlite([Country], { schemaGenerator });
  await other.orm.em.fork().insert(Country, { code: "CH" });
});
afterAll(() => other.close());

/** A run against it fails with this. */
async function failing(orm: SqlMikroORM, code: string, message: RegExp): Promise<void> {
  const sync = createSync({ name: "bad", left: mikroOrmDatabase(other.orm), right: mikroOrmDatabase(orm, { patience: 100 }), conflicts: leftWins() });
  await expect(sync.run()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect(await other.orm.em.fork().find(Country, {})).toMatchObject([{ code: "CH", name: null }]);
}

const sqlite = (entities: readonly object[]): MikroOrmLike => new SqliteOrm({ entities: [...entities] as never, dbName: ":memory:" });

test("an entity manager in a transaction is refused by name", async () => {
  await other.orm.em.fork().transactional(async (em) => {
    const { code, message } = refused(() => mikroOrmDatabase(em as never));
    expect([code, message]).toEqual(["OPTIONS.WRONG_CLIENT", "mikroOrmDatabase needs the MikroORM itself as its first argument; it got an entity manager."]);
  });
});

test("a model that is not there, one without a key, a required property of a type that cannot be carried", () => {
  expect(refused(() => mikroOrmDatabase(sqlite([Country]), { models: ["Contry"] })).message).toBe("There is no model `Contry`. Did you mean `Country`?");
  // MikroORM itself knows of no such entity.
  expect(() => sqlite([defineEntity({ name: "Note", properties: { text: p.string() } })])).toThrow(MetadataError);
  const Place = defineEntity({ name: "Place", properties: { id, at: p.string().columnType("point") } });
  const orm = new PostgresOrm({ entities: [Place], dbName: "none" });
  expect(refused(() => mikroOrmDatabase(orm as MikroOrmLike, { models: ["Place"] }))).toMatchObject({
    code: "OPTIONS.MODEL", message: expect.stringContaining("`at` is required, and a value of type point cannot be carried") as string,
  });
});

test("embeddables and inheritance are refused by name", () => {
  const Address = defineEntity({ embeddable: true, name: "Address", properties: { city: p.string() } });
  const Person = defineEntity({ name: "Person", properties: { id, home: () => p.embedded(Address) } });
  const Animal = defineEntity({ name: "Animal", discriminatorColumn: "type", properties: { id, type: p.enum(["animal", "dog"]) } });
  const Dog = defineEntity({ name: "Dog", extends: Animal, discriminatorValue: "dog", properties: { barks: p.boolean() } });
  const orm = sqlite([Address, Person, Animal, Dog]);
  const saying = (model: string): string => refused(() => mikroOrmDatabase(orm, { models: [model] })).message;
  expect(saying("Person")).toBe("The model `Person` cannot take part: its property `home` is an embeddable, which is not supported.");
  expect(saying("Dog")).toBe("The model `Dog` cannot take part: single table inheritance is not supported.");
});

test("options that are none", () => {
  const orm = sqlite([Country]);
  expect(refused(() => mikroOrmDatabase(orm, { writes: "odm" as "orm" })).message).toBe('`writes` is "bulk" or "orm".');
  expect(refused(() => mikroOrmDatabase(orm, { hints: "yes" as never })).message).toBe("`hints` is true or false.");
});

test("a SQLite database that was closed, one that takes no writes, and a schema that lags behind the code", async () => {
  const { orm, close } = await openSqlite([Country], { schemaGenerator });
  const handle = (await orm.em.getConnection().getNativeClient()) as { exec(sql: string): unknown; pragma(sql: string): unknown };
  handle.exec("alter table country drop column name");
  await failing(orm, "SCHEMA.MISSING_COLUMN", /name/);
  handle.exec("drop table country");
  await failing(orm, "SCHEMA.MISSING_TABLE", /the database has no table/);
  handle.pragma("query_only = on");
  await failing(orm, "ENDPOINT.READ_ONLY", /takes no writes/);
  await close();
  await failing(orm, "ENDPOINT.CLOSED", /run the sync before `orm.close\(\)`, or after `orm.connect\(\)`/);
});

test("a SQLite file in a folder that is not there, a server that does not answer", async () => {
  await failing(new SqliteOrm({ entities: [Country], dbName: "/nowhere/at/all.sqlite", ensureDatabase: false }) as never, "ENDPOINT.UNAVAILABLE", /cannot be reached/);
  await failing(new PostgresOrm({ entities: [Country], clientUrl: "postgresql://nobody@127.0.0.1:9/none", ensureDatabase: false }) as never, "ENDPOINT.UNAVAILABLE", /cannot be reached/);
});

describePostgres("on PostgreSQL", (server) => {
  test("a user who may only read, and a schema that lags behind the code", async () => {
    const { orm, fresh, close } = await openPool(server, import.meta.url, [Country], { schemaGenerator });
    const user = `mikro_orm_reader_${process.pid}`;
    const connection = orm.em.getConnection();
    await connection.execute(`create role ${user} login; grant select on country to ${user}`);
    const reader = new PostgresOrm({ entities: [Country], clientUrl: fresh.url, driverOptions: { options: `-c role=${user}` }, schemaGenerator });
    await failing(reader as never, "ENDPOINT.FORBIDDEN", /lacks a privilege/);
    await reader.close();
    expect(await connection.execute("select count(*)::int as n from pg_class where relname like 'sync%'")).toEqual([{ n: 0 }]);
    await connection.execute(`drop owned by ${user}; drop role ${user}`);
    await connection.execute("alter table country drop column name");
    await failing(orm, "SCHEMA.MISSING_COLUMN", /name/);
    await close();
  });
});
