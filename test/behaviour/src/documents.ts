import { createSync, fieldMerge, leftWins, naturalKey, type Sync, type SyncEvent, type SyncOptions } from "@sync/core";
import { jsonbDatabase, jsonbSchema, type DocumentOptions, type PostgresLike } from "@sync/postgres-jsonb";
import { openPglite as startPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import pg from "pg";
import { afterAll, afterEach, describe } from "vitest";
import { z } from "zod";
import { openSqlite, untyped, type Row, type Side } from "./databases.ts";
import { emptiedUrls } from "./fresh.ts";
import { keepSecrets, overheard } from "./secrets.ts";

/** Countries with their regions and airports: rows in SQLite on the left, a document per country in PostgreSQL on the right. */

export const Country = {
  table: "countries",
  schema: z.object({
    code: z.string(),
    name: z.string().nullable(),
    place: z.object({ lat: z.number().optional() }).optional(),
    regions: z.array(z.object({
      code: z.string(),
      name: z.string().optional(),
      airports: z.array(z.object({ ident: z.string(), name: z.string().optional() })).optional(),
    })).optional(),
  }),
  unique: ["code"],
  children: { regions: { key: "code", unique: ["code"], children: { airports: { key: "ident", unique: ["ident"] } } } },
} as const satisfies DocumentOptions;

const id = () => integer().primaryKey({ autoIncrement: true });
const CountryRow = sqliteTable("country", { id: id(), code: text().notNull().unique(), name: text(), lat: real() });
const RegionRow = sqliteTable("region", { id: id(), code: text().notNull().unique(), name: text(), countryId: integer("country_id").references(() => CountryRow.id) });
const AirportRow = sqliteTable("airport", {
  id: id(), ident: text().notNull().unique(), name: text(), regionId: integer("region_id").references(() => RegionRow.id), countryId: integer("country_id").references(() => CountryRow.id),
});
const ddl = `
  create table country (id integer primary key autoincrement, code text not null unique, name text, lat real);
  create table region (id integer primary key autoincrement, code text not null unique, name text, country_id integer references country (id));
  create table airport (id integer primary key autoincrement, ident text not null unique, name text, region_id integer references region (id), country_id integer references country (id));`;

export interface DocumentPair {
  readonly rows: Side;
  readonly documents: {
    readonly client: PostgresLike;
    exec(sql: string): Promise<void>;
    rows<T extends Row = Row>(sql: string): Promise<T[]>;
  };
  /** Both databases and their state, where the process dies before a commit for which `when` says so. */
  dying(when: () => boolean): Partial<SyncOptions>;
  close(): Promise<void>;
  /** Overheard. */
  sync(options?: Partial<SyncOptions>): Sync;
  readonly events: SyncEvent[];
}

export const models = {
  Country: { match: naturalKey("code"), fields: { lat: "place.lat" } },
  Region: { right: "Country.regions", match: naturalKey("code"), fields: { countryId: "parent" } },
  Airport: { right: "Country.regions.airports", match: naturalKey("ident") },
} as const;

/** Rows of the application, known by their codes: regions begin with their country's, airports with their region's. */
export const inserted = (countries: readonly string[], regions: readonly string[], airports: readonly string[]): string => [
  ...countries.map((code) => `insert into country (code, name) values ('${code}', 'name of ${code}')`),
  ...regions.map((code) => `insert into region (code, name, country_id) select '${code}', 'name of ${code}', id from country where '${code}' like code || '%'`),
  ...airports.map((code) => `insert into airport (ident, name, region_id, country_id) select '${code}', 'name of ${code}', id, country_id from region where '${code}' like code || '%'`),
].join(";\n");

/** Dies before a commit. */
function mortal<Thing extends object>(thing: Thing, when: () => boolean): Thing {
  return new Proxy(thing, {
    get: (target, member) => {
      const value: unknown = Reflect.get(target, member, target);
      if (typeof value !== "function") return value;
      const method = value.bind(target) as (...words: unknown[]) => Promise<unknown>;
      return member !== "commit" ? method : async (...words: unknown[]) => {
        if (when()) throw new Error("the process ends here");
        return method(...words);
      };
    },
  });
}

/** The same tests on a PostgreSQL server and on PGlite. */
export function onDocuments(file: string, body: (open: (schema?: string) => Promise<DocumentPair>) => void): void {
  const suite = (connect: (closing: (() => Promise<void>)[]) => Promise<DocumentPair["documents"]>): void => {
    keepSecrets();
    const closing: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      for (const each of closing.splice(0).reverse()) await each();
    };
    afterEach(close);
    body(async (schema = jsonbSchema({ Country })) => {
      const rows = openSqlite(ddl, { schema: { Country: CountryRow, Region: RegionRow, Airport: AirportRow } });
      closing.push(() => rows.close());
      const documents = await connect(closing);
      await documents.exec(schema);
      const events: SyncEvent[] = [];
      const right = untyped(jsonbDatabase(documents.client, { documents: { Country } }));
      return {
        rows, documents, events, close,
        dying: (when) => ({ left: mortal(rows.database, when), right: mortal(right, when), state: mortal(rows.database.state!, when) }),
        sync: (options = {}) => overheard(createSync({
          name: "countries", left: rows.database, right, models, conflicts: fieldMerge({ otherwise: leftWins() }), firstLink: "left", retry: { firstDelay: 1 }, ...options,
        }), events),
      };
    });
  };
  describePostgres("PostgreSQL", (server) => {
    const fresh = emptiedUrls(server, file);
    suite(async (closing) => {
      const client = new pg.Pool({ connectionString: await fresh(), max: 3 });
      client.on("error", () => {});
      closing.push(() => client.end());
      return { client, exec: async (sql) => void (await client.query(sql)), rows: async <T extends Row>(sql: string) => (await client.query<T>(sql)).rows };
    });
  });
  describe("PGlite", () => {
    let shared: ReturnType<typeof startPglite> | undefined;
    afterAll(async () => (await shared)?.close());
    suite(async () => {
      const client = await (shared ??= startPglite());
      await client.exec("drop schema if exists public cascade; create schema public");
      return { client, exec: async (sql) => void (await client.exec(sql)), rows: async <T extends Row>(sql: string) => (await client.query<T>(sql)).rows };
    });
  });
}
