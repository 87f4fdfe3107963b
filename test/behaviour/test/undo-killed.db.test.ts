import { join } from "node:path";
import { temporaryFolder } from "@sync/test-databases";
import { expect, test } from "vitest";
import { openSqlite, type Side } from "../src/databases.ts";
import type { Death } from "../src/killable.ts";
import { pairOf } from "../src/pairs.ts";
import { runIn } from "../src/run-in.ts";
import { tables } from "../src/tables.ts";

const moments: readonly Death["moment"][] = ["before", "during", "after"];
const list = (count: number, word: (n: number) => string): string => Array.from({ length: count }, (_, n) => word(n)).join(", ");

interface Opened {
  readonly sides: readonly [Side, Side];
  readonly where: readonly [string, string];
  /** The run to be undone, and all rows as they were before it. */
  readonly run: string;
  readonly before: unknown;
  close(): Promise<void>;
}

const reading = async (sides: readonly Side[]): Promise<unknown> =>
  Promise.all(sides.flatMap((side) => [side.rows("select * from country order by id"), side.rows("select * from city order by id")]));

/** Two databases after a run that has updated, deleted and created some pages of rows. */
async function opened(): Promise<Opened> {
  const folder = temporaryFolder("undo-killed");
  const where = [join(folder.path, "left.sqlite"), join(folder.path, "right.sqlite")] as const;
  const sides = [openSqlite(tables("sqlite"), { path: where[0] }), openSqlite(tables("sqlite"), { path: where[1] })] as const;
  const [left, right] = sides;
  await left.exec(`insert into country (code, name, people) values ${list(30, (n) => `('l${n}', 'left ${n}', ${n})`)};
    insert into city (code, name, country_id) select 'of ' || code, 'city', id from country where people > 20`);
  const sync = pairOf(...sides).sync({ pageSize: 8, deleteGuard: { count: 100, share: 1 } });
  await sync.run();
  await left.exec(`update country set name = 'newer' where people < 12; delete from city where code like 'of l2%'; delete from country where people between 21 and 25;
    insert into country (code, name) values ${list(12, (n) => `('n${n}', 'new')`)};
    insert into city (code, name, country_id) select 'of ' || code, 'new city', id from country where code like 'n%'`);
  await right.exec("update country set motto = 'from the right' where people between 10 and 18");
  const before = await reading(sides);
  const { id } = await sync.run();
  return {
    sides, where, run: id, before,
    close: async () => {
      for (const side of sides) await side.close();
      folder.remove();
    },
  };
}

test("an undo that is killed with SIGKILL goes on when it is called again, and every row is as it was before the run", async () => {
  const whole = await opened();
  const { calls } = await runIn(whole.where, undefined, whole.run);
  expect(await reading(whole.sides)).toEqual(whole.before);
  await whole.close();
  expect(calls.length).toBeGreaterThan(15);
  // From the first that it stores to the last but one before it is done and lets go.
  const deaths = Array.from({ length: 6 }, (_, n): Death => ({ call: 3 + Math.round((n * (calls.length - 8)) / 5), moment: moments[n % 3]! }));
  for (const death of deaths) {
    const { sides, where, run, before, close } = await opened();
    const about = `killed ${death.moment} call ${death.call} of ${calls.length}: ${calls[death.call - 1]}`;
    expect((await runIn(where, death, run)).signal, about).toBe("SIGKILL");
    expect((await runIn(where, undefined, run)).signal, about).toBe(null);
    expect(await reading(sides), about).toEqual(before);
    const sync = pairOf(...sides).sync();
    await expect(sync.run(), about).rejects.toMatchObject({ code: "PAIR.HELD" });
    await sync.release();
    await close();
  }
}, 300_000);
