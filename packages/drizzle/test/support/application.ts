import type { Application } from "@sync/test-adapters";
import type Database from "better-sqlite3";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

/** What an application does on better-sqlite3 while the hammer is at work. */
export function sqliteApplication(client: Database.Database): Application {
  const db = drizzle(client);
  const write = (id: string): void => void db.run(sql`insert into application (id) values (${id})`);
  return {
    takesTurns: true,
    write: async (id) => write(id),
    async transaction([a, b], commit, pause) {
      client.exec("begin");
      write(a);
      await pause();
      write(b);
      await pause();
      client.exec(commit ? "commit" : "rollback");
    },
    ids: async () => client.prepare("select id from application").pluck().all() as string[],
  };
}

/** The same on PostgreSQL. */
export function postgresApplication(db: PgDatabase<PgQueryResultHKT>, takesTurns: boolean): Application {
  const stop = new Error("rolled back on purpose");
  return {
    takesTurns,
    ids: async () => ((await db.execute<{ id: string }>(sql`select id from application`)) as { rows: { id: string }[] }).rows.map(({ id }) => id),
    write: async (id) => void (await db.execute(sql`insert into application (id) values (${id})`)),
    async transaction([a, b], commit, pause) {
      await db
        .transaction(async (transaction) => {
          await transaction.execute(sql`insert into application (id) values (${a})`);
          await pause();
          await transaction.execute(sql`insert into application (id) values (${b})`);
          await pause();
          if (!commit) throw stop;
        })
        .catch((error: unknown) => {
          if (error !== stop) throw error;
        });
    },
  };
}
