import { createSync, fieldMerge, leftWins, type Sync, type SyncEvent, type SyncOptions } from "@sync/core";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterEach, describe } from "vitest";
import { openPglite, openPostgres, openSqlite, type Schema, type Side } from "./databases.ts";
import { emptiedUrls } from "./fresh.ts";
import { bothModels } from "./models.ts";
import { keepSecrets, overheard } from "./secrets.ts";
import { schemaOf, tables, type Dialect, type Variation } from "./tables.ts";

/** What is unusual about one side of a test. */
export interface SideOptions {
  readonly variation?: Variation;
  /** Statements before the tables are made. */
  readonly before?: string;
  /** Other tables than countries and cities, per dialect. */
  readonly ddl?: Readonly<Record<Dialect, string>>;
  readonly schema?: Readonly<Record<Dialect, Schema>>;
}

export interface Pair {
  readonly left: Side;
  readonly right: Side;
  /** Countries and cities matched by code; everything can be said otherwise. Overheard. */
  sync(options?: Partial<SyncOptions>): Sync;
  /** Everything that was told to listeners so far. */
  readonly events: SyncEvent[];
}

export type OpenPair = (left?: SideOptions, right?: SideOptions) => Promise<Pair>;

export function pairOf(left: Side, right: Side): Pair {
  const events: SyncEvent[] = [];
  return {
    left, right, events,
    sync: (options = {}) =>
      overheard(
        createSync({
          name: "pair", left: left.database, right: right.database, models: bothModels, conflicts: fieldMerge({ otherwise: leftWins() }),
          retry: { attempts: 4, firstDelay: 1 }, ...options,
        }),
        events,
      ),
  };
}

const engines = { sqlite: "SQLite", postgres: "PostgreSQL", pglite: "PGlite" } as const;

/** Runs the same tests for pairs of different engines, each test on databases of its own; nothing may be said aloud. */
export function onPairs(
  file: string, wanted: readonly (readonly [left: Side["engine"], right: Side["engine"]])[], body: (open: OpenPair) => void,
): void {
  for (const [left, right] of wanted) {
    const title = `${engines[left]} on the left, ${engines[right]} on the right`;
    const withServer = left === "postgres" || right === "postgres";
    const suite = (fresh: () => Promise<string>): void => {
      keepSecrets();
      const sides: Side[] = [];
      const side = async (engine: Side["engine"], { variation, before = "", ddl, schema }: SideOptions): Promise<Side> => {
        const dialect = engine === "sqlite" ? "sqlite" : "postgres";
        const statements = before + (ddl?.[dialect] ?? tables(dialect, variation));
        const options = { schema: schema?.[dialect] ?? schemaOf(dialect, variation) };
        const opened = engine === "sqlite" ? openSqlite(statements, options) : engine === "pglite" ? await openPglite(statements, options) : await openPostgres(await fresh(), statements, options);
        sides.push(opened);
        return opened;
      };
      afterEach(async () => {
        for (const opened of sides.splice(0)) await opened.close();
      });
      body(async (leftOptions = {}, rightOptions = {}) => pairOf(await side(left, leftOptions), await side(right, rightOptions)));
    };
    if (withServer) describePostgres(title, (server) => suite(emptiedUrls(server, file)));
    else describe(title, () => suite(async () => ""));
  }
}

/** The pairs that most statements are held against: both engines on both sides. */
export const usualPairs = [["sqlite", "postgres"], ["postgres", "sqlite"]] as const;
/** And the embedded one. */
export const everyPair = [...usualPairs, ["sqlite", "pglite"]] as const;
