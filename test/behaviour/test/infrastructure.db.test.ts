import { isSyncError, type SyncError, type SyncEvent, type Unit } from "@sync/core";
import { temporaryFolder, startEmbedded, type EmbeddedServer } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { join } from "node:path";
import { before, once, writes } from "../src/between.ts";
import { openPostgres, openSqlite, type PostgresSide, type Side } from "../src/databases.ts";
import { freshUrl } from "../src/fresh.ts";
import { pairOf, type Pair } from "../src/pairs.ts";
import { proxyTo, type Proxy } from "../src/proxy.ts";
import { keepSecrets, planted } from "../src/secrets.ts";
import { tables } from "../src/tables.ts";

const { text, code, password } = planted;
const two = `insert into country (code, name) values ('${code}-a', '${text} a'), ('${code}-b', '${text} b')`;
const all = "select code, name from country order by code";
const edited = [{ code: `${code}-a`, name: `${text} edited` }, { code: `${code}-b`, name: `${text} edited` }];

async function refused(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (isSyncError(error)) return error;
  throw new Error("it was not refused", { cause: error });
}

/** Conditions are asked for often, and given up late: the machine may be busy. */
const patience = { interval: 5, timeout: 20_000 };

const retries = (events: readonly SyncEvent[]): string[] => events.flatMap((event) => (event.type === "retry" ? [event.code] : []));

/** A role of its own, whose password is planted: no error may name it. */
const role = "sync_behaviour_role";

describePostgres("a PostgreSQL that fails in the middle of a run", (server) => {
  keepSecrets();
  const closing: { close(): Promise<void> }[] = [];
  const remember = <C extends { close(): Promise<void> }>(thing: C): C => (closing.push(thing), thing);
  afterEach(async () => {
    for (const each of closing.splice(0).reverse()) await each.close();
  });
  const asSuperuser = async (sql: string): Promise<void> => {
    const side = await openPostgres(server.url, "");
    await side.exec(sql).finally(() => side.close());
  };
  beforeAll(() => asSuperuser(`drop role if exists ${role}; create role ${role} superuser login password '${password}'`));
  afterAll(() => asSuperuser(`drop role if exists ${role}`));

  interface Setting extends Pair {
    readonly left: Side;
    readonly right: PostgresSide;
    readonly proxy: Proxy;
  }

  /** SQLite on the left, and on the right a PostgreSQL behind a proxy, with two countries that are the same on both. */
  async function synced(): Promise<Setting> {
    const fresh = new URL(await freshUrl(server, import.meta.url));
    fresh.username = role;
    fresh.password = password;
    const proxy = remember(await proxyTo(fresh.href));
    const left = remember(openSqlite(`${tables("sqlite")} ${two}`));
    const right = remember(await openPostgres(fresh.href, tables("postgres"), { through: proxy.url }));
    const pair = pairOf(left, right);
    await pair.sync().run();
    return { ...pair, left, right, proxy };
  }

  /** Runs `work` while a transaction of the application holds the row, as soon as the unit waits for it. */
  async function whileHeld({ right }: Setting, run: () => Promise<unknown>, work: (waiting: string) => Promise<void>, held = "b"): Promise<unknown> {
    await right.exec(`begin; select * from country where code = '${code}-${held}' for update`);
    let ended = false;
    const running = run().then((result) => ({ result }), (error: unknown) => ({ error })).finally(() => (ended = true));
    const waiting = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    // Within a transaction the first look at the activity is kept.
    const isWaiting = async (): Promise<boolean> => (await right.exec("select pg_stat_clear_snapshot()"), (await right.rows(waiting)).length === 1);
    await expect.poll(async () => ended || (await isWaiting()), patience).toBe(true);
    const [waiter] = await right.rows<{ pid: number }>(waiting);
    if (waiter) await work(String(waiter.pid));
    const outcome = await running;
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  }

  test("a connection that the server ends in the middle of a unit is retried, and nothing is written twice", async () => {
    const pair = await synced();
    await pair.left.exec(`update country set name = '${text} edited'; insert into country (code, name) values ('${code}-c', '${text} c')`);
    await whileHeld(pair, () => pair.sync().run(), async (pid) => {
      await pair.right.exec(`select pg_terminate_backend(${pid})`);
      await expect.poll(() => retries(pair.events), patience).toContain("ENDPOINT.UNAVAILABLE");
      await pair.right.exec("commit");
    });
    expect(await pair.right.rows(all)).toEqual([...edited, { code: `${code}-c`, name: `${text} c` }]);
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
  });

  test("an answer that is lost after the commit is found out, and nothing is written twice", async () => {
    const pair = await synced();
    await pair.left.exec(`update country set name = '${text} edited'; insert into country (code, name) values ('${code}-c', '${text} c')`);
    let armed = true;
    pair.proxy.fate = (request) => (armed && /insert into "country"|update "country"/.test(request) ? ((armed = false), "lose answer") : "pass");
    const run = await pair.sync().run();
    expect(pair.proxy.lost).toBe(1);
    expect(retries(pair.events)).toContain("ENDPOINT.UNAVAILABLE");
    expect(run.check.differing).toBe(0);
    expect(await pair.right.rows(all)).toEqual([...edited, { code: `${code}-c`, name: `${text} c` }]);
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
  });

  test("a connection that is lost at any one request of a run is retried", async () => {
    const pair = await synced();
    const rows = (from: number): string => Array.from({ length: 40 }, (_, n) => `('${code}-${from + n}', '${text} ${from + n}')`).join(", ");
    await pair.right.exec(`insert into country (code, name) values ${rows(0)}`);
    // Small pages: most requests are pages after the first.
    const settings = { pageSize: 7, retry: { attempts: 4, firstDelay: 0 } };
    for (let at = 1, done = false; !done; at += 1) {
      await pair.right.exec(`update country set name = '${text} round ${at}' where code in ('${code}-3', '${code}-30')`);
      await pair.left.exec(`update country set motto = '${text} round ${at}' where code in ('${code}-a', '${code}-5')`);
      let requests = 0;
      pair.proxy.fate = (request) => (/select|insert|update|delete|with/i.test(request) && ++requests === at ? "cut" : "pass");
      await pair.sync(settings).run();
      done = requests < at;
      pair.proxy.fate = () => "pass";
      expect(await pair.sync(settings).verify(), `after the loss of request ${at}`).toMatchObject({ equal: true });
      expect((await pair.sync(settings).run()).written, `after the loss of request ${at}`).toEqual({ left: 0, right: 0 });
    }
    expect(pair.proxy.lost).toBeGreaterThan(5);
  });

  test("a connection that is lost at any one request of a first copy, or of a verification, is retried", async () => {
    const pair = await synced();
    const rows = Array.from({ length: 40 }, (_, n) => `('${code}-${n}', '${text} ${n}')`).join(", ");
    await pair.right.exec(`insert into country (code, name) values ${rows}`);
    const settings = { name: "another pair", firstLink: "left", pageSize: 7, retry: { attempts: 4, firstDelay: 0 } } as const;
    const losing = async (work: () => Promise<unknown>, prepare: () => Promise<void>): Promise<number> => {
      for (let at = 1; ; at += 1) {
        await prepare();
        let requests = 0;
        pair.proxy.fate = (request) => (/select|insert|update|delete|with/i.test(request) && ++requests === at ? "cut" : "pass");
        await work().catch((error: unknown) => {
          throw new Error(`request ${at} was not asked again`, { cause: error });
        });
        pair.proxy.fate = () => "pass";
        if (requests < at) return at;
      }
    };
    const forget = async (): Promise<void> => {
      await pair.left.exec("delete from city; delete from country; delete from sync_base; delete from sync_record; delete from sync_identity; delete from sync_encounter");
      await pair.right.exec("delete from sync_encounter");
    };
    const copies = await losing(() => pair.sync(settings).run(), forget);
    expect(copies).toBeGreaterThan(10);
    expect(await pair.left.rows("select count(*) as n from country")).toEqual([{ n: 42 }]);
    expect(await losing(() => pair.sync(settings).verify(), async () => {})).toBeGreaterThan(10);
    expect(await pair.sync(settings).verify()).toMatchObject({ equal: true });
  });

  // Every third request for either fate: with those of the other one two thirds of all are lost once.
  test.each([["cut", 1], ["lose answer", 2]] as const)("a request or its answer (%s) between a run and the database that keeps its memory may be lost", async (fate, first) => {
    const url = await freshUrl(server, import.meta.url);
    const proxy = remember(await proxyTo(url));
    const left = remember(await openPostgres(url, tables("postgres"), { through: proxy.url }));
    const right = remember(openSqlite(tables("sqlite")));
    const pair = pairOf(left, right);
    const settings = { pageSize: 4, retry: { attempts: 4, firstDelay: 0 } };
    await left.exec(`insert into country (code, name) values ${Array.from({ length: 10 }, (_, n) => `('${code}-${n}', '${text} ${n}')`).join(", ")}`);
    await pair.sync(settings).run();
    for (let at = first, done = false; !done; at += 3) {
      const about = `after the loss of request ${at}`;
      await left.exec(`update country set name = '${text} left ${at}' where code = '${code}-3'; insert into country (code, name) values ('${code}-left-${at}', '${text}'); delete from country where code like '%-left-${at - 3}'`);
      await right.exec(`update country set motto = '${text} right ${at}' where code in ('${code}-3', '${code}-7'); insert into country (code, name) values ('${code}-right-${at}', '${text}'); delete from country where code like '%-right-${at - 3}'`);
      let requests = 0;
      proxy.fate = (request) => (/select|insert|update|delete|with/i.test(request) && ++requests === at ? fate : "pass");
      await pair.sync(settings).run();
      done = requests < at;
      proxy.fate = () => "pass";
      expect(await pair.sync(settings).verify(), about).toMatchObject({ equal: true });
      expect((await pair.sync(settings).run()).written, about).toEqual({ left: 0, right: 0 });
      for (const side of [left, right]) expect(await side.rows("select code from country"), about).toHaveLength(12);
    }
    expect(await left.database.state!.read("pair", { collection: "conflict" })).toEqual([]);
    expect(proxy.lost).toBeGreaterThan(8);
  }, 120_000);

  test("a server that stays away is a clear stop, and the next run goes on from there", async () => {
    const pair = await synced();
    await pair.left.exec(`update country set name = '${text} edited'; insert into country (code, name) values ('${code}-c', '${text} c')`);
    const right = before(pair.right.database, once(writes("update"), async () => void (pair.proxy.away = true)));
    const error = await refused(pair.sync({ right }).run());
    expect(error).toMatchObject({ code: "ENDPOINT.UNAVAILABLE", database: "drizzle/pg-pool", retryable: true });
    expect(retries(pair.events).length).toBeGreaterThanOrEqual(3);
    expect(await refused(pair.sync().run())).toMatchObject({ code: "ENDPOINT.UNAVAILABLE" });
    pair.proxy.away = false;
    await pair.sync().run({ takeOver: true });
    expect(await pair.right.rows(all)).toEqual([...edited, { code: `${code}-c`, name: `${text} c` }]);
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
  });

  test("a deadlock with the application is retried", async () => {
    const pair = await synced();
    const [{ name: database }] = (await pair.right.rows("select current_database() as name")) as [{ name: string }];
    await pair.right.exec(`set deadlock_timeout = '1min'; alter database "${database}" set deadlock_timeout = '20ms'`);
    // The unit has one row and waits for the other; the application has the other and asks for the first. Which one the unit
    // takes first is the planner's business: of the two ways one is a deadlock.
    for (const [held, other] of [["b", "a"], ["a", "b"]] as const) {
      await pair.left.exec(`update country set name = '${text} edited ${held}'`);
      await whileHeld(pair, () => pair.sync().run(), async () => {
        await pair.right.exec(`update country set motto = '${text} ${other}' where code = '${code}-${other}'; commit`);
      }, held);
      expect(await pair.right.rows("select name from country")).toEqual([{ name: `${text} edited ${held}` }, { name: `${text} edited ${held}` }]);
    }
    expect(retries(pair.events)).toContain("ENDPOINT.CONTENTION");
    expect(await pair.right.rows("select motto from country order by code")).toEqual([{ motto: `${text} a` }, { motto: `${text} b` }]);
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
  });

  test("a serialisation failure is retried", async () => {
    const pair = await synced();
    const [{ name: database }] = (await pair.right.rows("select current_database() as name")) as [{ name: string }];
    await pair.right.exec(`alter database "${database}" set default_transaction_isolation = 'repeatable read'`);
    // Settings of a database are those of connections made from now on.
    const others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    await pair.right.exec(`select pg_terminate_backend(pid) ${others}`);
    await expect.poll(() => pair.right.rows(`select pid ${others}`), patience).toEqual([]);
    await pair.left.exec(`update country set name = '${text} edited'`);
    await whileHeld(pair, () => pair.sync().run(), async () => {
      await pair.right.exec(`update country set motto = '${text} in between' where code = '${code}-b'; commit`);
    });
    expect(retries(pair.events)).toContain("ENDPOINT.CONTENTION");
    expect(await pair.right.rows("select name, motto from country order by code")).toEqual([{ name: `${text} edited`, motto: null }, { name: `${text} edited`, motto: `${text} in between` }]);
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
  });

  test("a server that cannot be logged in to, or has no such database, is a clear stop that names no password", async () => {
    const fresh = new URL(await freshUrl(server, import.meta.url));
    fresh.username = role;
    for (const [pass, path, expected] of [[`${password}-wrong`, fresh.pathname, "ENDPOINT.FORBIDDEN"], [password, "/no_such_database", "ENDPOINT.SCHEMA"]] as const) {
      const through = new URL(fresh);
      through.password = pass;
      through.pathname = path;
      const right = remember(await openPostgres(server.url, "", { through: through.href }));
      const left = remember(openSqlite(tables("sqlite")));
      const error = await refused(pairOf(left, right).sync().run());
      expect(error).toMatchObject({ code: expected, database: "drizzle/pg-pool", retryable: false });
    }
  });

  test("a server that is nowhere is a clear stop that names no password", async () => {
    const nowhere = remember(await proxyTo(server.url));
    const url = new URL(nowhere.url);
    url.username = role;
    url.password = password;
    await closing.pop()!.close();
    const right = remember(await openPostgres(server.url, "", { through: url.href }));
    const error = await refused(pairOf(remember(openSqlite(tables("sqlite"))), right).sync().run());
    expect(error).toMatchObject({ code: "ENDPOINT.UNAVAILABLE" });
    expect(error.message).not.toContain(url.port);
  });
});

describePostgres("a PostgreSQL that is restarted", () => {
  keepSecrets();
  let server: EmbeddedServer;
  beforeAll(async () => {
    server = await startEmbedded();
  });
  afterAll(() => server.close());

  test("in the middle of a run: retried, then a clear stop while it is away; once it is there the next run goes on", async () => {
    const left = openSqlite(`${tables("sqlite")} ${two}`);
    const first = await openPostgres(server.url, tables("postgres"));
    await pairOf(left, first).sync().run();
    await left.exec(`update country set name = '${text} edited'; insert into country (code, name) values ('${code}-c', '${text} c')`);
    const pair = pairOf(left, first);
    const stopped = before(first.database, once(writes("insert"), async () => {
      await first.exec("select pg_terminate_backend(pg_backend_pid())").catch(() => {});
      await server.stop();
    }));
    expect(await refused(pair.sync({ right: stopped }).run())).toMatchObject({ code: "ENDPOINT.UNAVAILABLE" });
    await server.start();
    const again = await openPostgres(server.url, "");
    const restarted = before(first.database, once<Unit>(() => true, async () => {
      await again.close();
      await server.stop();
      await server.start();
    }));
    await pair.sync({ right: restarted, retry: { attempts: 6, firstDelay: 20 } }).run({ takeOver: true });
    expect(retries(pair.events)).toContain("ENDPOINT.UNAVAILABLE");
    const reader = await openPostgres(server.url, "");
    expect(await reader.rows(all)).toEqual([...edited, { code: `${code}-c`, name: `${text} c` }]);
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
    await reader.close();
    await first.pool.end();
    await left.close();
  });
});

describe("a SQLite file that another process has locked", () => {
  keepSecrets();

  test("is waited for, then a clear stop; the next run goes on", async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "left.sqlite");
    const left = openSqlite(`${tables("sqlite")} ${two}`, { path, timeout: 0 });
    const right = openSqlite(tables("sqlite"));
    const pair = pairOf(left, right);
    await pair.sync().run();
    await right.exec(`update country set name = '${text} edited'`);
    const other = new Database(path);
    other.exec("begin immediate");
    expect(await refused(pair.sync().run())).toMatchObject({ code: "ENDPOINT.CONTENTION", retryable: true });
    expect(retries(pair.events).length).toBeGreaterThanOrEqual(3);
    const sync = pair.sync();
    await sync.run({ onEvent: (event) => void (event.type === "retry" && other.inTransaction && other.exec("rollback")) });
    expect(await left.rows(all)).toEqual(edited);
    other.close();
    await left.close();
    await right.close();
    folder.remove();
  });

  test("an application's own transaction that stays open on the handle is a clear stop, and loses nothing of it", async () => {
    const [left, right] = [openSqlite(`${tables("sqlite")} ${two}`), openSqlite(tables("sqlite"))];
    const pair = pairOf(left, right);
    await left.exec(`begin; insert into country (code, name) values ('${code}-c', '${text} c')`);
    expect(await refused(pair.sync({ retry: { attempts: 2, firstDelay: 0 } }).run())).toMatchObject({ code: "ENDPOINT.BUSY" });
    await left.exec("commit");
    await pair.sync().run();
    expect(await right.rows(all)).toHaveLength(3);
    await left.close();
    await right.close();
  });
});
