import { defineEntity, p, Type } from "@mikro-orm/core";

// One of every kind of property that MikroORM has.

/** Kept as text `<euro>;<cent>`, seen as a number of cents. */
class Money extends Type<number | null, string | null> {
  override convertToDatabaseValue(cents: number | null): string | null {
    return cents === null ? null : `${Math.trunc(cents / 100)};${cents % 100}`;
  }

  override convertToJSValue(stored: string | null): number | null {
    if (stored === null) return null;
    const [euro = 0, cent = 0] = stored.split(";").map(Number);
    return euro * 100 + cent;
  }

  override getColumnType(): string {
    return "text";
  }
}

/** Kept as a number of seconds, seen as a Date. */
class Seconds extends Type<Date | null, number | null> {
  override convertToDatabaseValue(date: Date | null): number | null {
    return date === null ? null : date.getTime() / 1000;
  }

  override convertToJSValue(seconds: number | null): Date | null {
    return seconds === null ? null : new Date(seconds * 1000);
  }

  override getColumnType(): string {
    return "integer";
  }
}

/** A type that is converted in SQL, where values of a sync do not go through. */
class Shouted extends Type<string, string> {
  override convertToJSValueSQL(key: string): string {
    return `upper(${key})`;
  }
}

const properties = {
  id: p.bigint().primary(),
  small: p.smallint().nullable(),
  whole: p.integer().nullable(),
  big: p.bigint().nullable().name("big_one"),
  safe: p.bigint("number").nullable(),
  digits: p.bigint("string").nullable(),
  single: p.float().nullable(),
  double: p.double().nullable(),
  amount: p.decimal().precision(20).scale(4).nullable(),
  asNumber: p.decimal("number").precision(12).scale(3).nullable(),
  active: p.boolean().default(true),
  text: p.text().nullable().unique(),
  short: p.string().length(20).nullable(),
  tidy: p.string().trim().lowercase().nullable(),
  fixed: p.character().length(3).nullable(),
  code: p.uuid().nullable(),
  oneOf: p.enum(["a", "b"]).nullable(),
  level: p.enum([1, 2]).nullable(),
  at: p.datetime().nullable(),
  day: p.date().nullable(),
  hour: p.time().nullable(),
  data: p.json().nullable(),
  bytes: p.blob().nullable(),
  raw: p.uint8array().nullable(),
  tags: p.array().nullable(),
  few: p.enum(["x", "y"]).array().nullable(),
  money: p.type(Money).nullable(),
  stamp: p.type(Seconds).nullable(),
  shouted: p.type(Shouted).nullable(),
  twice: p.integer().generated("(whole * 2) stored").nullable(),
  made: p.string().onCreate(() => "made"),
  updatedAt: p.datetime().onUpdate(() => new Date("2026-03-04T05:06:07Z")).nullable(),
  version: p.integer().version(),
  computed: p.integer().formula("1"),
  shadow: p.string().persist(false).nullable(),
};
const keys = { uniques: [{ properties: ["short", "code"] as ["short", "code"], name: "short_of_code" }, { properties: ["whole"] as ["whole"], where: "active" }], indexes: [{ properties: ["small"] as ["small"] }] };

export const Thing = defineEntity({ name: "Thing", tableName: "all_things", properties, ...keys });

/** With what only PostgreSQL has. */
export const PostgresThing = defineEntity({
  name: "Thing",
  tableName: "all_things",
  properties: {
    ...properties,
    local: p.datetime().columnType("timestamp(6)").nullable(),
    exact: p.datetime(6).nullable(),
    asText: p.string().columnType("timestamptz(6)").nullable(),
    span: p.interval().nullable(),
    any: p.decimal().columnType("numeric").nullable(),
    counts: p.array((item) => Number(item)).columnType("int[]").nullable(),
    mood: p.enum(["happy", "Sad and long"]).nativeEnumName("mood").nullable(),
    moods: p.enum(["happy", "Sad and long"]).array().nativeEnumName("mood").nullable(),
    corner: p.string().columnType("point").nullable(),
  },
  ...keys,
});

export const Place = defineEntity({
  name: "Place",
  properties: {
    id: p.uuid().primary().onCreate(() => crypto.randomUUID()),
    cloudId: p.uuid().nullable().unique(),
    name: p.string().length(50).unique("name_of_place"),
    within: () => p.manyToOne(Place).nullable(),
    grants: () => p.oneToMany(Grant).mappedBy("place"),
    twins: () => p.manyToMany(Place),
  },
});

export const Tenant = defineEntity({ name: "Tenant", properties: { id: p.integer().primary().autoincrement(false), name: p.string() } });

export const Role = defineEntity({
  name: "Role",
  properties: { tenant: () => p.manyToOne(Tenant).primary(), name: p.string().primary(), holders: () => p.manyToMany(Place).owner() },
});

/** Its key are two relations, one of them with two columns, of which one is shared with a third relation. */
export const Grant = defineEntity({
  name: "Grant",
  tableName: "granted",
  properties: {
    place: () => p.manyToOne(Place).primary().deleteRule("cascade"),
    role: () => p.manyToOne(Role).primary().joinColumns("tenant_id", "role_name"),
    tenant: () => p.manyToOne(Tenant).joinColumn("tenant_id").createForeignKeyConstraint(false),
    deputy: () => p.manyToOne(Role).nullable().joinColumns("deputy_tenant", "deputy_role"),
    seal: () => p.oneToOne(Tenant).owner().nullable(),
    note: p.string().nullable(),
  },
});

export const sqliteEntities = [Thing, Place, Tenant, Role, Grant] as const;
export const postgresEntities = [PostgresThing, Place, Tenant, Role, Grant] as const;
