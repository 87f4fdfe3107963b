import { insert, prepare, rowsOf, valuesOf } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import type { DataSource, EntitySubscriberInterface, InsertEvent, UpdateEvent } from "typeorm";
import { BeforeInsert, BeforeUpdate, Column, Entity, EntitySchema, EventSubscriber, ManyToOne, PrimaryGeneratedColumn, VersionColumn } from "typeorm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSync, leftWins, naturalKey, Synced, typeormDatabase } from "../src/index.ts";
import type { Sync, SyncEvent } from "../src/index.ts";
import { openPostgres, openSqlite } from "./support/open.ts";
import { things } from "./support/schemas.ts";

@Entity()
@Synced({ match: naturalKey("code") })
class Region {
  @PrimaryGeneratedColumn("uuid") id!: string;
  @Column({ type: "varchar", unique: true }) code!: string;
}

@Entity()
@Synced({ match: naturalKey("code") })
class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: "varchar", unique: true }) code!: string;
  @Column({ type: "varchar" }) name!: string;
  @Column({ type: "varchar", nullable: true }) slug!: string | null;
  @ManyToOne(() => Region, { nullable: true }) region!: Region | null;
  @VersionColumn() version!: number;

  @BeforeInsert() @BeforeUpdate() check(): void {
    if (this.name === "") throw new Error("a country has a name");
    this.name = this.name.trim();
    this.slug = `/${this.code.toLowerCase()}`;
  }
}

// The other side knows nothing of hooks.
const source = new EntitySchema<{ id: number; code: string; name: string; slug: string | null; region: object | null }>({
  name: "Country",
  columns: { id: { type: Number, primary: true, generated: true }, code: { type: String, unique: true }, name: { type: String }, slug: { type: String, nullable: true } },
  relations: { region: { type: "many-to-one", target: "Region", nullable: true } },
});
const regions = new EntitySchema<{ id: number; code: string }>({ name: "Region", columns: { id: { type: Number, primary: true, generated: true }, code: { type: String, unique: true } } });

describePostgres("through TypeORM", (server) => {
  const events: string[] = [];
  @EventSubscriber()
  class Watcher implements EntitySubscriberInterface<Country> {
    listenTo(): typeof Country {
      return Country;
    }
    afterInsert({ entity }: InsertEvent<Country>): void {
      events.push(`insert ${entity.code}`);
    }
    afterUpdate({ entity }: UpdateEvent<Country>): void {
      events.push(`update ${(entity as Country).code}`);
    }
    afterRemove({ entity }: { entity?: Country }): void {
      events.push(`remove ${entity?.code}`);
    }
  }
  let left: DataSource;
  let right: DataSource;
  let drop: () => Promise<void>;
  let sync: Sync;
  beforeAll(async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    drop = () => fresh.drop();
    left = await openSqlite([source, regions]);
    right = await openPostgres(fresh.url, [Region, Country], [Watcher]);
    sync = createSync({ name: "hooks", left: typeormDatabase(left), right: typeormDatabase(right, { writes: "orm" }), conflicts: leftWins(), firstLink: "left" });
  });
  afterAll(async () => {
    await left.destroy();
    await right.destroy();
    await drop();
  });
  const countries = () => right.getRepository(Country).find({ relations: { region: true }, order: { code: "ASC" } });

  test("listeners and subscribers run; what they alter is reported once and does not travel back", async () => {
    await left.getRepository(regions).save({ code: "EU" });
    await left.getRepository(source).save([{ code: "DE", name: " Germany ", region: { id: 1 } }, { code: "FR", name: "France" }]);
    const first = await sync.run();
    expect(first.models.get("Country")).toMatchObject({ created: { left: 0, right: 2 }, updated: { left: 0, right: 0 }, altered: 2 });
    expect(events.splice(0).sort()).toEqual(["insert DE", "insert FR"]);
    expect(await countries()).toMatchObject([{ name: "Germany", slug: "/de", region: { code: "EU" }, version: 1 }, { name: "France", slug: "/fr", region: null }]);
    expect(await left.query("select name, slug from country order by code")).toEqual([{ name: " Germany ", slug: null }, { name: "France", slug: null }]);
    const second = await sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
    expect(second.models.get("Country")).toMatchObject({ altered: 0 });
  });

  test("updates and deletes go through entities, too", async () => {
    await left.query("update country set name = 'Deutschland', regionId = null where code = 'DE'");
    await left.query("delete from country where code = 'FR'");
    expect((await sync.run()).models.get("Country")).toMatchObject({ updated: { right: 1 }, deleted: { right: 1 } });
    expect(events.splice(0).sort()).toEqual(["remove FR", "update DE"]);
    expect(await countries()).toMatchObject([{ code: "DE", name: "Deutschland", slug: "/de", region: null, version: 2 }]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a record that a listener refuses waits alone", async () => {
    await left.getRepository(source).save([{ code: "IT", name: "Italy" }, { code: "XX", name: "" }]);
    const causes: unknown[] = [];
    const onEvent = (event: SyncEvent): void => void (event.type === "quarantine" && causes.push([event.code, event.cause]));
    expect((await sync.run({ onEvent })).models.get("Country")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect(causes).toEqual([["WRITE.REFUSED", new Error("a country has a name")]]);
    for await (const { message } of sync.quarantine()) expect(message).toBe("A hook or validator on the right refused the record.");
    expect((await countries()).map(({ code }) => code)).toEqual(["DE", "IT"]);
  });

  test("the same stands there as in bulk, for every kind of value", async () => {
    const fresh = await server.freshDatabase(`${import.meta.url} same`);
    const other = await openPostgres(fresh.url, [things]);
    const kinds = { Thing: { cents: { type: "integer", bits: 53 }, stamp: { type: "instant", digits: 3 } } } as const;
    const record = {
      small: "-1", whole: "1073741823", big: "9007199254740993", single: "0.1", double: "0.30000000000000004", amount: "1234567890123456.7891", any: "1e-24", active: "false",
      short: "kurz", fixed: "abc", at: "1969-12-31T23:59:59.001Z", moment: "2026-01-02T03:04:05.678901Z", day: "2024-02-29", hour: "23:59:59.999", span: "P1Y2M-3DT4H5M6.789S",
      data: '{"a":9007199254740993}', plainJson: '[1,{"a":2,"z":1}]', simpleJson: '{"a":"é"}', bytes: "AAH+/w==", mood: "Sad and long", level: "2", tags: '["a","x,y"]',
      counts: '["1","-9007199254740993"]', moods: '["happy"]', times: '["2026-01-02T03:04:05.678Z"]', words: '["a","b c"]', cents: "1234", stamp: "2026-01-02T03:04:05.678Z",
    };
    const { any: _, ...values } = record;
    for (const writes of ["bulk", "orm"] as const) {
      const subject = typeormDatabase(other, { kinds, writes });
      await prepare(subject);
      await insert(subject, "Thing", [{ ...values, text: writes, whole: writes === "bulk" ? "1" : "2", code: null }]);
      await insert(subject, "Thing", [{ text: `${writes} without exotics`, cents: "7", at: values.at, moment: "2026-01-02T03:04:05.678Z", data: '{"a":1}', tags: values.tags }]);
    }
    const rows = (await rowsOf(typeormDatabase(other, { kinds }), "Thing")).map((row) => ({ ...valuesOf(typeormDatabase(other, { kinds }), "Thing", row), id: 0, whole: 0, twice: 0, text: 0 }));
    expect(rows).toHaveLength(4);
    expect(rows.slice(2)).toEqual(rows.slice(0, 2));
    await other.destroy();
    await fresh.drop();
  });
});

test("SQLite has no connection of its own for that, so it is refused", async () => {
  const dataSource = await openSqlite([regions]);
  expect(() => typeormDatabase(dataSource, { writes: "orm" })).toThrow('`writes: "orm"` needs a transaction on a connection of its own');
  expect(() => typeormDatabase(dataSource, { writes: "odm" as "orm" })).toThrow('`writes` is "bulk" or "orm".');
  await dataSource.destroy();
});
