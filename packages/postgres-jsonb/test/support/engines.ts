import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { Client, Pool } from "pg";
import { afterAll, describe } from "vitest";
import type { PostgresLike } from "../../src/index.ts";

/** An empty database, and what an application sees of it. */
export interface Opened {
  readonly client: PostgresLike;
  exec(sql: string): Promise<void>;
  /** The first column of each row, as text. */
  texts(sql: string): Promise<(string | null)[]>;
}

/** Runs the tests over every kind of handle. */
export function onEveryHandle(file: string, body: (open: () => Promise<Opened>) => void): void {
  describe("PGlite", () => {
    let shared: ReturnType<typeof openPglite> | undefined;
    afterAll(async () => (await shared)?.close());
    body(async () => {
      const client = await (shared ??= openPglite());
      await client.exec("drop schema if exists one, two cascade; drop schema public cascade; create schema public");
      return {
        client,
        exec: async (sql) => void (await client.exec(sql)),
        texts: async (sql) => (await client.query<(string | null)[]>(sql, [], { rowMode: "array" })).rows.map(([text]) => text!),
      };
    });
  });
  describePostgres("node-postgres", (server) => {
    describe.each(["Pool", "Client"] as const)("%s", (kind) => {
      const ended: (() => Promise<void>)[] = [];
      let opened: Promise<{ client: Pool | Client }> | undefined;
      afterAll(async () => {
        for (const end of ended.reverse()) await end();
      });
      const connect = async (): Promise<{ client: Pool | Client }> => {
        const database = await server.freshDatabase(`${file} ${kind}`);
        ended.push(() => database.drop());
        const client = kind === "Pool" ? new Pool({ connectionString: database.url }) : new Client({ connectionString: database.url });
        ended.push(() => client.end());
        if (client instanceof Client) await client.connect();
        return { client };
      };
      body(async () => {
        const { client } = await (opened ??= connect());
        await client.query("drop schema if exists one, two cascade; drop schema public cascade; create schema public");
        return {
          client,
          exec: async (sql) => void (await client.query(sql)),
          texts: async (sql) => (await client.query<(string | null)[]>({ text: sql, rowMode: "array" })).rows.map(([text]) => text!),
        };
      });
    });
  });
}
