import type { Harness } from "@sync/conformance";
import { type KitServer, postgresHarnessOf, sqliteHarnessOf } from "@sync/test-adapters/conformance";
import type Database from "better-sqlite3";
import { DataSource } from "typeorm";
import { typeormDatabase } from "../src/index.ts";
import { postgresEntities, sqliteEntities } from "./support/kit-schema.ts";

export function postgresHarness(server: KitServer, writes: "bulk" | "orm" = "bulk"): Harness {
  return postgresHarnessOf(server, async ({ config: { connectionString: url, options } }) => {
    const source = await new DataSource({ type: "postgres", url, extra: { options }, poolSize: 4, installExtensions: false, entities: postgresEntities }).initialize();
    return { database: typeormDatabase(source, { kinds: { Thing: { wall: { type: "local", digits: 6 } } }, writes }), close: () => source.destroy() };
  }, {
    types: { size: "bigint" },
    values: ["text", "flag", "small", "big", "price", "ratio", "moment", "wall", "day", "clock", "span", "bytes", "token", "choice", "data", "tags"],
    writes,
  });
}

export function sqliteHarness(): Harness {
  return sqliteHarnessOf(async (database) => {
    const source = await new DataSource({ type: "better-sqlite3", database, entities: sqliteEntities }).initialize();
    const { databaseConnection: handle } = source.driver as unknown as { databaseConnection: Database.Database };
    return { database: typeormDatabase(source), handle, close: () => source.destroy() };
  }, {
    values: ["text", "flag", "small", "big", "price", "ratio", "moment", "day", "clock", "bytes", "choice", "data"],
    types: { moment: "datetime", day: "date", clock: "time" },
    // As TypeORM stores a Date.
    storage: {
      moment: {
        store: (text) => new Date(text).toISOString().replace("T", " ").replace("Z", ""),
        load: (stored) => `${(stored as string).replace(" ", "T")}Z`,
      },
    },
  });
}
