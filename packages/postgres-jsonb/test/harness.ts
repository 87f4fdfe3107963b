import type { Harness, HarnessCapabilities, Server } from "@sync/conformance";
import { type KitServer, pgliteSession, POSTGRES_VALUES, type Run, type SqlTransaction } from "@sync/test-adapters/conformance";
import { Pool } from "pg";
import { jsonbDatabase, jsonbSchema, type PostgresLike } from "../src/index.ts";
import { documents } from "./support/kit-documents.ts";
import { documentProbe } from "./support/kit-probe.ts";

/** What PostgreSQL refuses by constraints of columns it does not refuse inside of documents. */
const capabilities: HarnessCapabilities = {
  changesSince: true, fingerprints: false, exactWrites: true, state: true, cloudIdField: true, atomicUnits: true, foreignKeys: false, checks: false,
  notNull: false, defaults: false, transactions: true, overlappingTransactions: true, foreignValues: true, reopening: true, uninstall: true,
};

const shared: Pick<Harness, "values" | "names" | "waive"> = {
  values: POSTGRES_VALUES,
  names: { Entry: "Book.entries", "Entry.book": "Book.id" },
  waive: {
    "keys/changed": "The key of a document is not written again once it is there: a change is refused as WRITE.REFUSED.",
  },
};

interface Opened {
  /** A handle of the application's. */
  connect(): PostgresLike;
  readonly run: Run;
  begin(): Promise<SqlTransaction>;
  readonly server: Server;
  close(): Promise<void>;
}

function sessionOn({ connect, run, begin, server, close }: Opened): Awaited<ReturnType<Harness["open"]>> {
  const open = () => jsonbDatabase(connect(), { documents });
  const database = open();
  return { database, probe: documentProbe(run, begin), server, reopen: async () => open(), uninstall: () => database.uninstall(), close };
}

const statements = [jsonbSchema(documents)];

export function postgresHarness(server: KitServer): Harness {
  return {
    ...shared,
    capabilities,
    async open(namespace) {
      const schema = await server.fresh(namespace, statements);
      const pools: Pool[] = [];
      return sessionOn({
        ...schema,
        connect() {
          const pool = new Pool({ ...schema.config, max: 4 });
          pools.push(pool);
          return pool;
        },
        server: { product: "PostgreSQL", version: schema.version },
        async close() {
          await Promise.all(pools.map((pool) => pool.end()));
          await schema.close();
        },
      });
    },
  };
}

export function pgliteHarness(): Harness {
  return {
    ...shared,
    capabilities: { ...capabilities, overlappingTransactions: false },
    async open() {
      const { client, run, begin, version } = await pgliteSession(statements);
      return sessionOn({ connect: () => client, run, begin, server: { product: "PostgreSQL", version, compatible: "PGlite" }, close: async () => {} });
    },
  };
}
