import { DatabaseNotAvailable, openMongo, openPostgres } from "@sync/test-databases";
import { kitServer, type KitServer } from "@sync/test-adapters/conformance";
import { afterAll, afterEach, describe, test } from "vitest";
import { dialOf, type Seat, type Seats, seatsOf } from "./dial.ts";
import type { CaseSchema } from "./schema.ts";
import { type CaseModels, Stage, type StageOptions } from "./stage.ts";
import type { Engine, Fresh } from "./side.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Why the tests of a suite do not run; the summary of the test run prints it. */
    notRun?: string;
  }
}

/** A pair that the dial wants, and stages on which a test plays it. Stages are closed when their test ends. */
export interface Pair extends Seats {
  open(schemas: { readonly left: CaseSchema; readonly right: CaseSchema }, options?: StageOptions): Promise<Stage>;
}

/** One case. It knows adapters by what `PairSide` says of them, and no more. */
export interface Case extends Omit<StageOptions, "models"> {
  readonly title: string;
  /** The schema of one side; it may depend on what that side is able to do. */
  schema(place: "left" | "right", seat: Seat, other: Seat): CaseSchema;
  readonly models?: CaseModels | ((seats: Seats) => CaseModels);
  play(stage: Stage, seats: Seats): Promise<void>;
}

/** Registers tests for every pair that the dial wants. One that cannot run is reported by name, and fails in CI. */
export async function describePairs(file: string, body: (pair: Pair) => void): Promise<void> {
  const servers = { left: kitServer(`${file} left`), right: kitServer(`${file} right`) };
  const seated = await seatsOf(dialOf());
  const engines = new Set(seated.flatMap(({ left, right }) => [left.engine, right.engine]));
  const missing = new Map<Engine, string>();
  for (const [engine, open] of [["postgres", openPostgres], ["mongodb", openMongo]] as const) {
    const why = engines.has(engine) ? await whyNot(open) : undefined;
    if (why !== undefined) missing.set(engine, why);
  }
  let schemas = 0;
  afterAll(async () => {
    await servers.left.close();
    await servers.right.close();
  });
  for (const seats of seated) {
    const why = missing.get(seats.left.engine) ?? missing.get(seats.right.engine);
    const suite = (): void => {
      const stages: Stage[] = [];
      afterEach(async () => {
        for (const stage of stages.splice(0)) await stage.close();
      });
      body({
        ...seats,
        async open(schemasOfSides, options = {}) {
          schemas += 1;
          const fresh = { left: freshOn(servers.left, `left${schemas}`, file), right: freshOn(servers.right, `right${schemas}`, file) };
          const stage = await Stage.open(seats, schemasOfSides, fresh, options);
          stages.push(stage);
          return stage;
        },
      });
    };
    if (why === undefined) describe(seats.name, suite);
    else describe.skip(seats.name, { meta: { notRun: `${seats.name}: ${why}` } }, suite);
  }
}

/** One call registers these cases for every pair. */
export async function playCases(file: string, cases: readonly Case[]): Promise<void> {
  await describePairs(file, (pair) => {
    for (const { title, schema, play, models, ...options } of cases) {
      test(title, { timeout: 120_000 }, async () => {
        const schemas = { left: schema("left", pair.left, pair.right), right: schema("right", pair.right, pair.left) };
        const named = typeof models === "function" ? models(pair) : models;
        await play(await pair.open(schemas, { ...options, ...(named ? { models: named } : {}) }), pair);
      });
    }
  });
}

function freshOn(server: KitServer, name: string, file: string): Fresh {
  return {
    postgres: () => server.fresh(name, []),
    mongodb: async () => (await openMongo()).freshDatabase(`${file} ${name}`),
  };
}

async function whyNot(open: () => Promise<{ close(): Promise<void> }>): Promise<string | undefined> {
  try {
    await (await open()).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof DatabaseNotAvailable) || process.env["CI"]) throw error;
    return error.message;
  }
}
