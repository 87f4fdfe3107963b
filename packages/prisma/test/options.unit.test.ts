import type { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { refused } from "@sync/test-adapters";
import { describe, expect, test } from "vitest";
import type { PrismaClientLike } from "../src/index.ts";
import { prismaDatabase } from "../src/index.ts";
import { PrismaClient } from "./sqlite/generated/client.ts";

/** Never connects. */
const adapter = { provider: "sqlite", adapterName: "none", connect: () => Promise.reject(new Error("not connected")) } as unknown as PrismaBetterSqlite3;
const prisma = new PrismaClient({ adapter });

describe("options", () => {
  test("nothing is opened or asked when a database is made", () => {
    expect([...prismaDatabase(prisma).endpoints.keys()]).toEqual(["User", "Post", "Grant"]);
  });

  test("an unknown one is refused with the nearest name", () => {
    const { code, message } = refused(() => prismaDatabase(prisma, { shema: "" } as object));
    expect(code).toBe("OPTIONS.UNKNOWN_KEY");
    expect(message).toMatch("Did you mean `schema`?");
    expect(refused(() => prismaDatabase(prisma, { syncFields: { cloudID: "x" } as object }))).toMatchObject({ code: "OPTIONS.UNKNOWN_KEY" });
  });

  test("a model that does not exist is refused with the nearest name", () => {
    const { code, message } = refused(() => prismaDatabase(prisma, { models: ["Users" as "User"] }));
    expect(code).toBe("OPTIONS.UNKNOWN_MODEL");
    expect(message).toMatch("Did you mean `User`?");
  });

  test("a model that cannot take part is refused with the reason", () => {
    const schema = 'datasource db {\nprovider = "postgresql"\n}\nmodel User {\nid Int @id\nmoney Decimal @db.Money\n}';
    const postgres = Object.assign(Object.create(prisma) as typeof prisma, { _engineConfig: { activeProvider: "postgresql" } });
    const { code, message } = refused(() => prismaDatabase(postgres, { schema, models: ["User"] }));
    expect(code).toBe("OPTIONS.MODEL");
    expect(message).toMatch("`money` is required, and a value of type @db.Money cannot be carried");
  });

  test.each([
    ["a wrong form of time", { timestampFormat: "unix" }],
    ["a wrong patience", { patience: -1 }],
  ])("%s is refused", (_, options) => {
    expect(refused(() => prismaDatabase(prisma, options as object)).code).toBe("OPTIONS.INVALID");
  });
});

describe("a client", () => {
  const fake = (config: object): PrismaClientLike => ({ $queryRawUnsafe: () => Promise.reject(), $transaction: () => Promise.reject(), $connect: () => Promise.reject(), _engineConfig: config }) as PrismaClientLike;

  test.each([[undefined], [null], ["file:dev.db"], [{}], [{ query: () => {} }]])("%s is none", (client) => {
    expect(refused(() => prismaDatabase(client as never)).code).toBe("OPTIONS.WRONG_CLIENT");
  });

  test("of a database that is not supported is refused by its name", () => {
    const { code, message } = refused(() => prismaDatabase(fake({ activeProvider: "mysql" })));
    expect(code).toBe("OPTIONS.ENGINE");
    expect(message).toMatch("mysql");
  });

  test("that does not say what it speaks to is refused", () => {
    expect(refused(() => prismaDatabase(fake({}))).code).toBe("OPTIONS.WRONG_CLIENT");
    expect(refused(() => prismaDatabase(fake({ activeProvider: "sqlite" }))).code).toBe("OPTIONS.SCHEMA");
  });
});
