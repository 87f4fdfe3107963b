import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Executor, Statement, TextRow } from "../executor.ts";

export interface PgliteLike {
  query(sql: string, params?: never, options?: never): unknown;
  transaction(run: never): unknown;
  readonly waitReady: Promise<void>;
}

interface Session {
  query(sql: string, params: readonly unknown[], options: { rowMode: "array" }): Promise<{ rows: TextRow[] }>;
}

/** One session, but with a lock: a query waits until no `transaction` is open, and a transaction for all before it. */
export function pgliteExecutor(client: PgliteLike): Executor {
  const session = client as unknown as Session & { transaction<T>(run: (session: Session) => Promise<T>): Promise<T> };
  const run = async (on: Session, { sql, params }: Statement): Promise<TextRow[]> =>
    (await on.query(sql, params, { rowMode: "array" })).rows;
  return {
    dialect: "postgres",
    dropsLeadingMark: true,
    place: () => placeOf(client),
    query: (statement) => run(session, statement),
    atomic: (statements) =>
      session.transaction(async (transaction) => {
        const answers: TextRow[][] = [];
        for (const statement of statements) answers.push(await run(transaction, statement));
        return answers;
      }),
  };
}

/** Databases in memory: each is another one, even if it began as a copy. */
const inMemory = new WeakMap<PgliteLike, string>();

/** Every PGlite has the same system identifier; told apart by the folder and a file in it that no copy brings along. */
function placeOf(client: PgliteLike): string {
  const { dataDir, fs } = client as { readonly dataDir?: string; readonly fs?: { readonly rootDir?: string; readonly open?: unknown } };
  const folder = fs?.rootDir ?? (dataDir?.startsWith("file://") ? dataDir.slice("file://".length) : undefined);
  if (folder !== undefined) return `${realpathSync(folder)}#${statSync(join(folder, "PG_VERSION"), { bigint: true }).ino}`;
  // A store of the browser goes by its name; of a file system that somebody wrote for it nothing is known.
  if (dataDir !== undefined && !dataDir.startsWith("memory://")) return dataDir;
  if (typeof fs?.open === "function") return "";
  const place = inMemory.get(client) ?? `memory ${crypto.randomUUID()}`;
  inMemory.set(client, place);
  return place;
}
