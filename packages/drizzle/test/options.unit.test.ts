import { drizzle } from "drizzle-orm/better-sqlite3";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { refused } from "@sync/test-adapters";
import { describe, expect, test } from "vitest";
import { drizzleDatabase } from "../src/index.ts";
import { postgresSchema, sqliteSchema } from "./support/schemas.ts";

/** Looks like the driver and does nothing. */
const db = drizzle({ inTransaction: false, prepare: () => {} } as never);
const schema = sqliteSchema;

describe("options", () => {
  test("nothing is opened or asked when a database is made", () => {
    const database = drizzleDatabase(db, { schema });
    expect(database.name).toBe("drizzle/better-sqlite3");
    expect([...database.endpoints.keys()]).toEqual(["notes", "words"]);
  });

  test("an unknown one is refused with the nearest name", () => {
    const { code, message } = refused(() => drizzleDatabase(db, { schema, modells: [] } as never));
    expect(code).toBe("OPTIONS.UNKNOWN_KEY");
    expect(message).toMatch("Did you mean `models`?");
  });

  test("a table that does not exist is refused with the nearest name", () => {
    expect(refused(() => drizzleDatabase(db, { schema, models: ["note" as "notes"] })).message).toMatch("Did you mean `notes`?");
  });

  test.each([[undefined], [{}], [{ schema: null }]])("%s has no schema", (options) => {
    expect(refused(() => drizzleDatabase(db, options as never)).code).toBe("OPTIONS.MISSING");
  });

  test("tables of another database are refused", () => {
    expect(refused(() => drizzleDatabase(db, { schema: postgresSchema })).code).toBe("OPTIONS.SCHEMA");
    expect(refused(() => drizzleDatabase(pglite.mock() as never, { schema })).code).toBe("OPTIONS.ENGINE");
  });
});

describe("a database", () => {
  test.each([[undefined], [null], ["file.db"], [{}]])("%s is none", (client) => {
    expect(refused(() => drizzleDatabase(client as never, { schema })).code).toBe("OPTIONS.WRONG_CLIENT");
  });

  test("on a driver that is not supported is refused", () => {
    expect(refused(() => drizzleDatabase({ $client: { execute: () => {}, batch: () => {} } } as never, { schema })).code).toBe("OPTIONS.ENGINE");
  });
});
