import { EntityCaseNamingStrategy } from "@mikro-orm/core";
import { MikroORM as PgliteOrm } from "@mikro-orm/pglite";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import type { Harness } from "@sync/conformance";
import { type KitServer, pgliteHarnessOf, postgresHarnessOf, sqliteHarnessOf } from "@sync/test-adapters/conformance";
import type Database from "better-sqlite3";
import { mikroOrmDatabase } from "../src/index.ts";
import type { MikroOrmDatabaseOptions, MikroOrmLike } from "../src/index.ts";
import { postgresKit, sqliteKit } from "./support/kit-schema.ts";

type Writes = NonNullable<MikroOrmDatabaseOptions["writes"]>;

const namingStrategy = EntityCaseNamingStrategy;
const postgresTypes = { size: "bigint" };

const opened = (orm: MikroOrmLike & { close(): Promise<void> }, writes: Writes) => ({ database: mikroOrmDatabase(orm, { writes }), close: () => orm.close() });

export function postgresHarness(server: KitServer, writes: Writes = "bulk"): Harness {
  return postgresHarnessOf(server, ({ config: { connectionString: clientUrl, options } }) => {
    return opened(new PostgresOrm({ entities: postgresKit as never, clientUrl, driverOptions: { options }, pool: { max: 4 }, namingStrategy }), writes);
  }, { types: postgresTypes, writes });
}

export function pgliteHarness(): Harness {
  return pgliteHarnessOf((pglite) => opened(new PgliteOrm({ entities: postgresKit as never, dbName: "postgres", driverOptions: { pglite }, namingStrategy }), "bulk"), {
    types: postgresTypes,
  });
}

export function sqliteHarness(writes: Writes = "bulk"): Harness {
  return sqliteHarnessOf(async (dbName) => {
    const orm = new SqliteOrm({ entities: sqliteKit as never, dbName, namingStrategy });
    const handle: Database.Database = await orm.em.getConnection().getNativeClient();
    return { ...opened(orm, writes), handle };
  }, {
    values: ["text", "flag", "small", "big", "price", "ratio", "moment", "day", "bytes", "choice", "data"],
    types: { big: "bigint", moment: "datetime", day: "date", data: "json" },
    // The column's type is numeric to SQLite: a document that is a bare number is one.
    storage: { data: { store: (text) => text, load: String } },
    writes,
  });
}
