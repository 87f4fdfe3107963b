import { readFileSync } from "node:fs";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import Sqlite from "better-sqlite3";
import { Client as Postgres } from "pg";
import { PrismaClient as SideTablesCloud } from "./generated/side-tables/cloud/client.ts";
import { PrismaClient as SideTablesLocal } from "./generated/side-tables/local/client.ts";
import { PrismaClient as WithFieldsCloud } from "./generated/with-fields/cloud/client.ts";
import { PrismaClient as WithFieldsLocal } from "./generated/with-fields/local/client.ts";

/** Where the sync keeps what it knows about a record: in three fields of your own models, or in tables of its own. */
export type Variant = "with-fields" | "side-tables";

/** The seven models as application code knows them; what the other three clients have besides is the sync's alone. */
export type Client = SideTablesLocal;

/** A new SQLite file with the tables of the local schema. */
export function openLocal(variant: Variant, path: string): Client {
  const file = new Sqlite(path);
  file.exec(tables(variant, "local"));
  file.close();
  const options = { adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) };
  return variant === "side-tables" ? new SideTablesLocal(options) : (new WithFieldsLocal(options) as unknown as Client);
}

/** An empty PostgreSQL database, given the tables of the cloud schema. */
export async function openCloud(variant: Variant, url: string): Promise<Client> {
  const postgres = new Postgres({ connectionString: url });
  await postgres.connect();
  await postgres.query(tables(variant, "cloud"));
  await postgres.end();
  const options = { adapter: new PrismaPg({ connectionString: url }) };
  return (variant === "side-tables" ? new SideTablesCloud(options) : new WithFieldsCloud(options)) as unknown as Client;
}

/** What `prisma migrate` would do. */
function tables(variant: Variant, side: "local" | "cloud"): string {
  return readFileSync(new URL(`generated/${variant}/${side}/schema.sql`, import.meta.url), "utf8");
}
