import { refused } from "@sync/test-adapters";
import { DataSource, EntitySchema } from "typeorm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { typeormDatabase } from "../src/index.ts";
import { modelsOf } from "../src/models.ts";
import { describedBy, openSqlite } from "./support/open.ts";
import { notes } from "./support/schemas.ts";

describe("options", () => {
  let dataSource: DataSource;
  beforeAll(async () => void (dataSource = await openSqlite([notes])));
  afterAll(() => dataSource.destroy());

  test("nothing is opened or asked when a database is made", () => {
    const database = typeormDatabase(dataSource);
    expect(database.name).toBe("typeorm/sqlite");
    expect([...database.endpoints.keys()]).toEqual(["Note"]);
  });

  test("an unknown one is refused with the nearest name", () => {
    const { code, message } = refused(() => typeormDatabase(dataSource, { modells: [] } as never));
    expect(code).toBe("OPTIONS.UNKNOWN_KEY");
    expect(message).toMatch("Did you mean `models`?");
  });

  test("an entity that does not exist is refused with the nearest name", () => {
    expect(refused(() => typeormDatabase(dataSource, { models: ["Notes"] })).message).toMatch("Did you mean `Note`?");
    expect(refused(() => typeormDatabase(dataSource, { kinds: { Notes: {} } })).message).toMatch("Did you mean `Note`?");
    expect(refused(() => typeormDatabase(dataSource, { keys: { Notes: () => "1" } })).message).toMatch("Did you mean `Note`?");
  });

  test("an entity that cannot take part is refused with the reason, one without a key by TypeORM itself", async () => {
    const entity = (columns: object): EntitySchema => new EntitySchema({ name: "Thing", columns });
    const vector = { type: "tsvector" };
    const required = await describedBy("postgres", [entity({ id: { type: Number, primary: true }, words: vector })]);
    const key = await describedBy("postgres", [entity({ words: { ...vector, primary: true } })]);
    const reasons = [required, key].map((each) => [...modelsOf(each, { engine: "postgres", syncFields: {}, kinds: {}, keys: {} }).leftOut.values()]);
    expect(reasons).toEqual([["its field `words` is required, and a value of type tsvector cannot be carried"], ["its field `words` is required, and a value of type tsvector cannot be carried"]]);
    await expect(describedBy("postgres", [entity({ name: { type: String } })])).rejects.toThrow("does not have a primary column");
  });

  test("a kind of a property that does not exist is refused with the nearest name", () => {
    const { code, message } = refused(() => typeormDatabase(dataSource, { kinds: { Note: { cent: { type: "text" } } } }));
    expect([code, message]).toEqual(["OPTIONS.UNKNOWN_FIELD", "`kinds` names `Note.cent`, which is no field. Did you mean `cents`?"]);
    expect(refused(() => typeormDatabase(dataSource, { kinds: { Note: { text: { type: "uuid" } } } })).message).toBe("`kinds` names `Note.text`, whose values nothing of yours converts.");
  });
});

describe("a data source", () => {
  test.each([[undefined], [null], ["file.db"], [{}], [{ query: () => {} }]])("%s is none", (client) => {
    expect(refused(() => typeormDatabase(client as never)).code).toBe("OPTIONS.WRONG_CLIENT");
  });

  test("has to be initialised, and not destroyed", async () => {
    const dataSource = new DataSource({ type: "better-sqlite3", database: ":memory:", entities: [notes] });
    const { code, message } = refused(() => typeormDatabase(dataSource));
    expect(code).toBe("OPTIONS.WRONG_CLIENT");
    expect(message).toMatch("await dataSource.initialize()");
    await dataSource.initialize();
    await dataSource.destroy();
    expect(refused(() => typeormDatabase(dataSource)).code).toBe("OPTIONS.WRONG_CLIENT");
  });

  test("is not its manager, a repository or a query runner of it", async () => {
    const dataSource = await openSqlite([notes]);
    for (const part of [dataSource.manager, dataSource.getRepository(notes), dataSource.createQueryRunner()]) {
      expect(refused(() => typeormDatabase(part as never)).code).toBe("OPTIONS.WRONG_CLIENT");
    }
    await dataSource.destroy();
  });

  test("of another engine is refused by name", () => {
    expect(refused(() => typeormDatabase({ isInitialized: true, options: { type: "mysql" }, driver: {}, entityMetadatas: [] })).message).toMatch("TypeORM on mysql is not supported");
  });

  test("on PGlite is refused: TypeORM's transactions there take no lock", () => {
    // As `typeorm-pglite` has it: it counts no connections.
    const master = { query: () => {}, connect: () => {} };
    const like = { isInitialized: true, options: { type: "postgres" }, driver: { master }, entityMetadatas: [] };
    expect(refused(() => typeormDatabase(Object.assign(Object.create(DataSource.prototype) as object, like))).code).toBe("OPTIONS.ENGINE");
  });

  test("of another copy of TypeORM is refused", async () => {
    const dataSource = await openSqlite([notes]);
    const { isInitialized, options, driver, entityMetadatas } = dataSource;
    const { code, message } = refused(() => typeormDatabase({ isInitialized, options, driver, entityMetadatas }));
    expect([code, message]).toEqual(["OPTIONS.VERSION", expect.stringMatching("another copy of typeorm")]);
    await dataSource.destroy();
  });
});
