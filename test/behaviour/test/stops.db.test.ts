import { isSyncError, type RunOptions, type SyncError } from "@sync/core";
import { expect, test } from "vitest";
import { before, once } from "../src/between.ts";
import { listOf } from "../src/lists.ts";
import { onPairs, usualPairs, type Pair } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";

const { text, code } = planted;
const rows = (count: number, from = 0): string => Array.from({ length: count }, (_, n) => `('${code}-${from + n}', '${text} ${from + n}')`).join(", ");
const counted = async (side: Pair["left"], table = "country"): Promise<number> => Number((await side.rows(`select count(*) as n from ${table}`))[0]!["n"]);

async function refused(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (isSyncError(error)) return error;
  throw new Error("it was not refused", { cause: error });
}

onPairs(import.meta.url, usualPairs, (open) => {
  test("more deletes than the guard allows wait for a word, with counts; everything else is done", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(40)}`);
    const sync = pair.sync();
    await sync.run();
    await pair.left.exec(`delete from country where id in (select id from country order by id limit 15); update country set name = '${text} edited' where code = '${code}-30'`);
    await pair.right.exec(`insert into country (code, name) values ${rows(2, 100)}`);
    const guarded = (records: number) => [{ model: "Country", deletes: 15, records }];
    expect((await sync.plan()).deletesToConfirm).toEqual(guarded(40));
    for (const records of [40, 42]) {
      expect(await sync.run()).toMatchObject({ status: "needs-confirmation", deletesToConfirm: guarded(records) });
      expect([await counted(pair.left), await counted(pair.right)]).toEqual([27, 42]);
      expect(await pair.right.rows(`select name from country where code = '${code}-30'`)).toEqual([{ name: `${text} edited` }]);
    }
    expect(await sync.run({ confirmDeletes: true })).toMatchObject({ status: "done", deletesToConfirm: [] });
    expect([await counted(pair.left), await counted(pair.right)]).toEqual([27, 27]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect(await pair.left.database.state!.read("pair", { collection: "preImage" })).toHaveLength(16);
  });

  test("a plan of such deletes is applied but for them, and with a word wholly", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(30)}`);
    const sync = pair.sync();
    await sync.run();
    await pair.left.exec("delete from country");
    await pair.left.exec(`insert into country (code, name) values ${rows(1, 200)}`);
    const plan = await sync.plan();
    expect(await counted(pair.right)).toBe(30);
    expect(await sync.apply(plan)).toMatchObject({ status: "needs-confirmation", deletesToConfirm: [{ model: "Country", deletes: 30, records: 30 }] });
    expect(await counted(pair.right)).toBe(31);
    expect(await sync.apply(await sync.plan(), { confirmDeletes: true })).toMatchObject({ status: "done" });
    expect(await counted(pair.right)).toBe(1);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("many new records in the same run do not make deletes a smaller share", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(20)}`);
    await pair.sync().run();
    await pair.left.exec("delete from country");
    await pair.left.exec(`insert into country (code, name) values ${rows(400, 1000)}`);
    expect(await pair.sync({ pageSize: 50 }).run()).toMatchObject({ status: "needs-confirmation", deletesToConfirm: [{ model: "Country", deletes: 20, records: 20 }] });
    expect(await counted(pair.right)).toBe(420);
  });

  test("an emptied table deletes nothing by itself", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(20)}`);
    await pair.sync().run();
    await pair.left.exec("delete from country");
    expect(await pair.sync().run()).toMatchObject({ status: "needs-confirmation", written: { left: 0, right: 0 } });
    expect(await counted(pair.right)).toBe(20);
  });

  test("an abort stops at the next safe point and says how to go on; what was written stays, and the next run goes on", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(60)}; insert into city (code, name, country_id) select code, name, id from country`);
    const aborting = async (after: number): Promise<void> => {
      const controller = new AbortController();
      let commits = 0;
      const right = before(pair.right.database, () => void ((commits += 1) > after && controller.abort()));
      const error = await refused(pair.sync({ right, pageSize: 10 }).run({ signal: controller.signal }));
      expect(error).toMatchObject({ code: "RUN.ABORTED", message: expect.stringMatching(/start the run again/i) });
    };
    await aborting(0);
    const first = await counted(pair.right);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(60);
    await aborting(1);
    expect(await counted(pair.right)).toBeGreaterThan(first);
    // The lease was let go: nobody has to take over.
    await pair.sync({ pageSize: 10 }).run();
    expect([await counted(pair.right), await counted(pair.right, "city")]).toEqual([60, 60]);
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
  });

  test.each(["run", "plan", "verify"] as const)("a %s that is aborted beforehand writes nothing and lets go", async (work) => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(3)}`);
    const options: RunOptions = { signal: AbortSignal.abort() };
    expect(await refused(pair.sync()[work](options))).toMatchObject({ code: "RUN.ABORTED" });
    expect(await counted(pair.right)).toBe(0);
    expect((await pair.sync().run()).status).toBe("done");
  });

  test("an abort does not wait for the pauses between attempts", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(3)}`);
    const controller = new AbortController();
    const busy = Object.assign(new Error("busy"), { isSyncError: true, code: "ENDPOINT.CONTENTION", retryable: true, findings: [] });
    const right = { ...pair.right.database, commit: () => Promise.reject(busy) };
    const run = pair.sync({ right, retry: { attempts: 9, firstDelay: 60_000 } }).run({
      signal: controller.signal,
      onEvent: (event) => void (event.type === "retry" && setImmediate(() => controller.abort())),
    });
    expect(await refused(run)).toMatchObject({ code: "RUN.ABORTED" });
  });

  test("more records in quarantine than allowed is a clear stop", async () => {
    const pair = await open({}, { variation: { country: "constraint country_never check (people > 0)" } });
    await pair.left.exec(`insert into country (code, name) values ${rows(12)}; update country set people = 0`);
    expect(await refused(pair.sync({ quarantineLimit: 5 }).run())).toMatchObject({ code: "QUARANTINE.FULL" });
    await pair.left.exec("update country set people = 1");
    await pair.sync({ quarantineLimit: 5 }).run();
    expect(await counted(pair.right)).toBe(12);
    expect(await listOf(pair.sync().quarantine())).toEqual([]);
  });

  test("a runner that comes back after another has taken over and ended writes nothing", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(25)}`);
    const right = before(pair.right.database, once(() => true, async () => {
      await pair.sync({ lease: { holder: "the other" } }).run({ takeOver: true });
      await pair.left.exec(`update country set name = '${text} newer'`);
      await pair.sync({ lease: { holder: "the other" } }).run();
    }));
    expect(await refused(pair.sync({ right, pageSize: 10 }).run())).toMatchObject({ code: "LEASE.LOST" });
    expect(await pair.right.rows("select distinct name from country")).toEqual([{ name: `${text} newer` }]);
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
  });

  test("who has taken over is not taken over in turn when the first one renews its lease", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ${rows(5)}`);
    const renewals: (() => void)[] = [];
    const runtime = {
      now: () => Date.now(), randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)), sleep: async () => {},
      every: (_: number, renew: () => void) => (renewals.push(renew), () => {}),
    };
    const second = before(pair.right.database, once(() => true, async () => {
      renewals[0]!();
      // What it sent stands before what comes now, on either engine.
      await pair.right.database.inspect(["Country"]);
      await pair.left.database.inspect(["Country"]);
    }));
    const first = before(pair.right.database, once(() => true, async () => {
      expect(await pair.sync({ right: second, runtime }).run({ takeOver: true })).toMatchObject({ status: "done" });
    }));
    expect(await refused(pair.sync({ right: first, runtime }).run({ takeOver: true }))).toMatchObject({ code: "LEASE.LOST" });
    expect(await counted(pair.right)).toBe(5);
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
  });
});
