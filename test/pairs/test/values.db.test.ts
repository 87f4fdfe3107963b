import type { Database } from "@sync/core";
import { kitServer } from "@sync/test-adapters/conformance";
import { openMongo } from "@sync/test-databases";
import { describeMongo, describePostgres } from "@sync/test-databases/vitest";
import { afterAll, expect, test } from "vitest";
import { dialOf } from "../src/dial.ts";
import { told, valuesLaw } from "../src/values/law.ts";
import type { Servers } from "../src/values/libraries/open.ts";
import { isOnMongo, type SideName, sides, valuePairs } from "../src/values/pairs.ts";
import type { ValueSide } from "../src/values/side.ts";

const server = kitServer(import.meta.url);
const servers: Servers = { postgres: () => server, mongo: openMongo };
let opened = 0;
afterAll(() => server.close());

async function between(pair: readonly [SideName, SideName], work: (left: ValueSide, right: ValueSide) => Promise<void>): Promise<void> {
  const open = (name: SideName): Promise<ValueSide> => sides[name](servers, `values_${opened += 1}`);
  const left = await open(pair[0]);
  try {
    const right = await open(pair[1]);
    try {
      await work(left, right);
    } finally {
      await right.close();
    }
  } finally {
    await left.close();
  }
}

/** Many values in one run. */
const MINUTES = 180_000;

function allOf(pairs: readonly (readonly [SideName, SideName])[]): void {
  for (const pair of pairs) {
    const way = `from ${pair[0]} to ${pair[1]}`;
    test(`${way}, every value arrives equal or is named in quarantine, and none is disturbed on the way back`, { timeout: MINUTES }, async () => {
      await between(pair, async (left, right) => console.info(`values ${way}: ${told(await valuesLaw(left, right))}`));
    });
  }
}

const pairs = valuePairs(dialOf());
describePostgres("over PostgreSQL and SQLite", () => allOf(pairs.filter((pair) => !isOnMongo(pair))));
const onMongo = pairs.filter(isOnMongo);
if (onMongo.length > 0) describePostgres("over MongoDB", () => describeMongo("and others", () => allOf(onMongo)));

test.each([
  ["alters a text", (value: string | null) => (value === "  two  " ? "two" : value), /text \d+: "  two  " became "two"/],
  ["forgets a text", (value: string | null) => (value === "  two  " ? null : value), /text \d+: "  two  " became null/],
])("a side that %s on its way fails the law, by the value's name", { timeout: MINUTES }, async (_, change, message) => {
  await between(["drizzle on sqlite", "drizzle on sqlite"], async (left, right) => {
    await expect(valuesLaw(left, { ...right, database: changing(right.database, change) })).rejects.toThrow(message);
  });
});

test("a side that refuses what it can hold fails the law", { timeout: MINUTES }, async () => {
  await between(["drizzle on sqlite", "drizzle on sqlite"], async (left, right) => {
    const refusing: Database = {
      ...right.database,
      commit: async (unit) => (unit.batches.some(({ op, model }) => op === "insert" && model === "BooleanValue") ? refusal : await right.database.commit(unit)),
    };
    await expect(valuesLaw(left, { ...right, database: refusing })).rejects.toThrow(/boolean 001 .*: WRITE.REFUSED instead of arrived/);
  });
});

const refusal = { committed: false, refusal: { code: "WRITE.REFUSED" } } as const;

/** Writes other texts than it was given. */
function changing(database: Database, change: (value: string | null) => string | null): Database {
  return {
    ...database,
    commit: (unit) => database.commit({
      ...unit,
      batches: unit.batches.map((batch) => (batch.op !== "insert" || batch.model !== "TextValue" ? batch : {
        ...batch, rows: batch.rows.map((row) => ({ ...row, values: row.values.map(change) })),
      })),
    }),
  };
}
