import { DataSource } from "typeorm";
import type { DataSourceOptions } from "typeorm";

type Entities = NonNullable<DataSourceOptions["entities"]>;

/** Tables are made from the entities. */
export async function openSqlite(entities: Entities, database = ":memory:"): Promise<DataSource> {
  return await new DataSource({ type: "better-sqlite3", database, entities, synchronize: true }).initialize();
}

export async function openPostgres(url: string, entities: Entities, subscribers: Function[] = []): Promise<DataSource> {
  return await new DataSource({ type: "postgres", url, entities, subscribers, synchronize: true, uuidExtension: "pgcrypto" }).initialize();
}

/** What the entities mean, without a database. */
export async function describedBy(type: "postgres" | "better-sqlite3", entities: Entities): Promise<DataSource> {
  const dataSource = new DataSource({ type, database: "nowhere", entities });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  return dataSource;
}
