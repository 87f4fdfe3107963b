import { defineEntity, p } from "@mikro-orm/core";
import { Entity, PrimaryKey, Property, ReflectMetadataProvider } from "@mikro-orm/decorators/legacy";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import type { SqlMikroORM } from "@mikro-orm/sql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import { prepare } from "@sync/test-adapters";
import { temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { expect, expectTypeOf, test } from "vitest";
import { createSync, leftWins, mikroOrmDatabase, naturalKey, syncProperties, syncTables } from "../src/index.ts";
import type { MikroOrmDatabaseOptions } from "../src/index.ts";
import { openPool, openSqlite } from "./support/open.ts";

const properties = { id: p.integer().primary(), code: p.string().unique() };
const before = defineEntity({ name: "Country", properties });
const after = defineEntity({ name: "Country", properties: { ...properties, ...syncProperties } });

// The same as classes; both are called `Country`.
function classes(): { before: object; after: object } {
  const withId = () => {
    @Entity({ tableName: "country" })
    class Country {
      @PrimaryKey({ type: "integer" }) id!: number;
      @Property({ type: "string", unique: true }) code!: string;
    }
    return Country;
  };
  const withAll = () => {
    @Entity({ tableName: "country" })
    class Country {
      @PrimaryKey({ type: "integer" }) id!: number;
      @Property({ type: "string", unique: true }) code!: string;
      @Property({ type: "uuid", nullable: true, unique: true }) cloudId?: string | null;
      @Property({ type: "datetime", nullable: true }) lastSyncedAt?: Date | null;
      @Property({ type: "string", nullable: true }) syncStatus?: string | null;
    }
    return Country;
  };
  return { before: withId(), after: withAll() };
}
const forms = [["defineEntity", { before, after }], ["decorators", classes()]] as const;
interface Migrated {
  readonly code: string;
  readonly cloudId?: string | null;
}

expectTypeOf<(typeof after)["~entity"]["cloudId"]>().toEqualTypeOf<string | null | undefined>();
expectTypeOf<(typeof after)["~entity"]["lastSyncedAt"]>().toEqualTypeOf<Date | null | undefined>();

const schemaGenerator = { skipTables: syncTables };
const metadataProvider = ReflectMetadataProvider;

/** `open`: the same database, with these entities. */
async function migrates(entities: { readonly before: object; readonly after: object }, open: (entity: object) => SqlMikroORM): Promise<void> {
  const [was, is] = [entities.before as never, entities.after as never];
  const old = open(was);
  await old.schema.create();
  await old.em.fork().insert(was, { code: "CH" } as never);
  await old.close();

  // What `migration:create` writes.
  const orm = open(is);
  await orm.schema.execute(await orm.schema.getUpdateSchemaSQL({ wrap: false }));
  expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe("");

  const other = await openSqlite([after]);
  const database = mikroOrmDatabase(orm);
  expect(database.endpoints.get("Country")!.model.syncFields).toEqual({ cloudId: "cloudId", lastSyncedAt: "lastSyncedAt", syncStatus: "syncStatus" });
  await createSync({ name: "fields", left: database, right: mikroOrmDatabase(other.orm), models: { Country: { match: naturalKey("code") } }, conflicts: leftWins() }).run();
  const [here] = await orm.em.fork().find<Migrated>(is, {});
  const [there] = await other.orm.em.fork().find(after, {});
  expect(here!.cloudId).toMatch(/^[0-9a-f-]{36}$/);
  expect(there).toMatchObject({ code: "CH", cloudId: here!.cloudId, lastSyncedAt: expect.any(Date) as Date, syncStatus: "synced" });
  await other.close();

  expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe("");
  await orm.close();

  const again = open(was);
  await again.schema.execute(await again.schema.getUpdateSchemaSQL({ wrap: false }));
  expect(await again.schema.getUpdateSchemaSQL({ wrap: false })).toBe("");
  expect(await again.em.fork().find(was, {})).toMatchObject([{ code: "CH" }]);
  await again.close();
}

/** What the generator would do to the sync's tables, and what the sync says of it. */
async function told(orm: SqlMikroORM, options: MikroOrmDatabaseOptions = {}): Promise<{ drops: boolean; codes: readonly string[] }> {
  const database = mikroOrmDatabase(orm, options as never);
  await prepare(database);
  const drops = (await orm.schema.getUpdateSchemaSQL({ wrap: false })).includes("drop ");
  const codes = (await database.inspect(["Country"])).findings.map(({ code }) => code);
  await database.uninstall();
  return { drops, codes };
}

test("a configuration with which MikroORM's migrations would drop the tables of the sync is warned about", async () => {
  const { orm, close } = await openSqlite([before], { schemaGenerator: { skipTables: [] } });
  expect(await told(orm)).toEqual({ drops: true, codes: ["SCHEMA.SIDE_TABLES"] });
  await close();
  for (const skipTables of [syncTables, ["other", /^sync_/]]) {
    const kept = await openSqlite([before], { schemaGenerator: { skipTables } });
    expect(await told(kept.orm)).toEqual({ drops: false, codes: [] });
    await kept.close();
  }
});

test.each(forms)("MikroORM's own migration gives a table on SQLite the columns that the entity has, and takes them away: %s", async (_, entities) => {
  const folder = temporaryFolder();
  await migrates(entities, (entity) => new SqliteOrm({ entities: [entity as never], dbName: `${folder.path}/one.db`, schemaGenerator, metadataProvider }) as never);
  folder.remove();
});

describePostgres("and", (server) => {
  test("a schema of their own is looked at, too, unless MikroORM is told to ignore it", async () => {
    const { orm, close } = await openPool(server, `${import.meta.url} schema`, [before]);
    const sideTables = { schema: "apart" };
    expect(await told(orm)).toEqual({ drops: true, codes: ["SCHEMA.SIDE_TABLES"] });
    expect(await told(orm, { sideTables })).toEqual({ drops: true, codes: ["SCHEMA.SIDE_TABLES"] });
    await close();
    for (const generator of [{ ignoreSchema: ["apart"] }, { skipTables: syncTables }]) {
      const kept = await openPool(server, `${import.meta.url} ${Object.keys(generator).join()}`, [before], { schemaGenerator: generator });
      expect(await told(kept.orm, { sideTables })).toEqual({ drops: false, codes: [] });
      await kept.close();
    }
  });

  test.each(forms)("on PostgreSQL: %s", async (form, entities) => {
    const fresh = await server.freshDatabase(`${import.meta.url} ${form}`);
    await migrates(entities, (entity) => new PostgresOrm({ entities: [entity as never], clientUrl: fresh.url, schemaGenerator, metadataProvider }) as never);
    await fresh.drop();
  });
});
