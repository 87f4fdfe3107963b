import { defineEntity, MikroORM as CoreOrm, p } from "@mikro-orm/core";
import { MikroORM } from "@mikro-orm/sqlite";
import { refused } from "@sync/test-adapters";
import { describe, expect, test } from "vitest";
import { mikroOrmDatabase } from "../src/index.ts";
import { sqliteEntities } from "./support/entities.ts";

const orm = new MikroORM({ entities: [...sqliteEntities] as never, dbName: ":memory:" });

describe("options", () => {
  test("nothing is opened or asked when a database is made", async () => {
    const database = mikroOrmDatabase(orm);
    expect(database.name).toBe("mikro-orm/sqlite");
    expect(database.endpoints.size).toBe(7);
    expect(await orm.isConnected()).toBe(false);
  });

  test("an unknown one is refused with the nearest name", () => {
    const { code, message } = refused(() => mikroOrmDatabase(orm, { modells: [] } as never));
    expect(code).toBe("OPTIONS.UNKNOWN_KEY");
    expect(message).toMatch("Did you mean `models`?");
  });

  test("an entity that does not exist is refused with the nearest name", () => {
    expect(refused(() => mikroOrmDatabase(orm, { models: ["Thin"] })).message).toMatch("Did you mean `Thing`?");
  });

  test.each<[object, string, RegExp]>([
    [{ kinds: { Thin: {} } }, "OPTIONS.UNKNOWN_MODEL", /Did you mean `Thing`\?/],
    [{ keys: { Thin: () => "" } }, "OPTIONS.UNKNOWN_MODEL", /Did you mean `Thing`\?/],
    [{ kinds: { Thing: { mony: { type: "text" } } } }, "OPTIONS.UNKNOWN_FIELD", /Did you mean `money`\?/],
    [{ kinds: { Thing: { text: { type: "text" } } } }, "OPTIONS.VALUE", /nothing of yours converts/],
  ])("%o names what is not there, or needs nothing", (options, code, message) => {
    expect(refused(() => mikroOrmDatabase(orm, options))).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test("an entity that cannot take part is refused with the reason", () => {
    const Keyless = defineEntity({ name: "Seen", view: true, expression: "select 1 as id", properties: { id: p.integer().primary() } });
    const { code, message } = refused(() => mikroOrmDatabase(new MikroORM({ entities: [Keyless], dbName: ":memory:" }), { models: ["Seen"] }));
    expect(code).toBe("OPTIONS.MODEL");
    expect(message).toMatch("it is a view");
  });
});

describe("an ORM", () => {
  test.each([[undefined], [null], ["file.db"], [{}], [sqliteEntities]])("%s is none", (client) => {
    expect(refused(() => mikroOrmDatabase(client as never)).code).toBe("OPTIONS.WRONG_CLIENT");
  });

  test("is asked for where its entity manager was given", () => {
    const { code, message } = refused(() => mikroOrmDatabase(orm.em as never));
    expect(code).toBe("OPTIONS.WRONG_CLIENT");
    expect(message).toMatch("it got an entity manager");
  });

  test("of another copy of MikroORM is refused", () => {
    // As an ORM looks whose class is not the one that is installed here.
    const foreign = { getMetadata: () => orm.getMetadata(), driver: orm.driver, config: orm.config, em: orm.em };
    const { code, message } = refused(() => mikroOrmDatabase(foreign));
    expect(code).toBe("OPTIONS.VERSION");
    expect(message).toMatch("7.2.1");
  });

  test.each(["MongoDriver", "MySqlDriver", "LibSqlDriver"])("on %s is refused by name", (name) => {
    const driver: object = Object.create({ constructor: { name } }) as object;
    const foreign = Object.create(CoreOrm.prototype, { driver: { value: driver }, config: { value: orm.config }, em: { value: orm.em } }) as typeof orm;
    const { code, message } = refused(() => mikroOrmDatabase(foreign));
    expect(code).toBe("OPTIONS.ENGINE");
    expect(message).toMatch(name);
  });
});
