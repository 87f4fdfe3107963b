import { openPostgres, type PostgresServer } from "@sync/test-databases";
import { Pool, type PoolClient } from "pg";
import type { Run, SqlTransaction } from "./tables.ts";

/** A fresh schema of a database on a real server, with the kit's tables in it, and the application's connections. */
export interface FreshSchema {
  /** For the adapter's own pool: the schema is its search path. */
  readonly config: { readonly connectionString: string; readonly options: string };
  readonly name: string;
  readonly run: Run;
  begin(): Promise<SqlTransaction>;
  readonly version: string;
  close(): Promise<void>;
}

const texts = { getTypeParser: () => (text: unknown) => text };

function runOn(client: Pool | PoolClient): Run {
  return async (sql, parameters = []) => {
    const { rows } = await client.query<unknown[]>({ text: sql, values: [...parameters], rowMode: "array", types: texts });
    return rows;
  };
}

export interface KitServer {
  /** An empty schema, with the tables that these statements make. */
  fresh(namespace: string, statements: readonly string[]): Promise<FreshSchema>;
  close(): Promise<void>;
}

/** One database per test file, one schema per law: a database takes ten times as long to make. */
export function kitServer(file: string, server: () => Promise<PostgresServer> = openPostgres): KitServer {
  let opened: Promise<{ readonly url: string; readonly pool: Pool; drop(): Promise<void> }> | undefined;
  const open = async (): Promise<Awaited<NonNullable<typeof opened>>> => {
    const database = await (await server()).freshDatabase(`${file} conformance`);
    const pool = new Pool({ connectionString: database.url, max: 2 });
    pool.on("error", () => {});
    return { url: database.url, pool, drop: () => pool.end().then(() => database.drop()) };
  };
  return {
    async fresh(namespace, statements) {
      const { url, pool } = await (opened ??= open());
      // A schema's name has at most 63 bytes.
      const schema = namespace.slice(-60);
      await pool.query(`drop schema if exists "${schema}" cascade; create schema "${schema}"`);
      const options = `-c search_path="${schema}" -c intervalstyle=iso_8601`;
      const own = new Pool({ connectionString: url, options, max: 4 });
      own.on("error", () => {});
      await own.query(statements.join(";\n"));
      const { rows } = await own.query<{ server_version: string }>("show server_version");
      return {
        config: { connectionString: url, options },
        name: schema,
        run: runOn(own),
        version: rows[0]!.server_version.split(" ")[0]!,
        async begin() {
          const client = await own.connect();
          await client.query("begin");
          const end = async (how: "commit" | "rollback"): Promise<void> => {
            await client.query(how);
            client.release();
          };
          return { run: runOn(client), commit: () => end("commit"), rollback: () => end("rollback") };
        },
        async close() {
          await own.end();
          await pool.query(`drop schema "${schema}" cascade`);
        },
      };
    },
    async close() {
      await (await opened)?.drop();
    },
  };
}
