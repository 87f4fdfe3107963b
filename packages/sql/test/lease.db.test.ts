import { copyFileSync, cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Claim, ClaimRequest, KnownPair } from "@sync/core";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openPglite } from "@sync/test-databases";
import { type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { onEveryDialect, type Session } from "./support/engines.ts";
import { betterExecutor, pgliteExecutor } from "./support/executors.ts";

onEveryDialect(import.meta.url, (engine) => {
  let session: Session;
  let database: SqlDatabase;

  beforeEach(async () => {
    session = await engine.open();
    database = sqlDatabase({ name: `test/${engine.name}`, executor: session.executor, models: [] });
  });
  afterEach(() => session.close());

  const one = { holder: "first host", runner: "one", seconds: 60 };
  const two = { holder: "second host", runner: "two", seconds: 60 };

  test("the first claim makes the tables and an id that stays", async () => {
    const claim = await database.claim(one);
    expect(claim).toMatchObject({ runCounter: 0, fence: 1 });
    expect(claim.databaseId.length).toBeGreaterThanOrEqual(32);
    expect(claim.serverIdentity).not.toBe("");
    expect(await database.claim(one)).toEqual(claim);
  });

  test("a second runner is refused by the name of the first", async () => {
    await database.claim(one);
    await expect(database.claim(two)).rejects.toMatchObject({ code: "LEASE.HELD", message: expect.stringMatching(/first host since \d{4}-\d\d-\d\dT/) });
  });

  test("renewing keeps the fence, taking over raises it", async () => {
    const first = await database.claim(one);
    expect((await database.claim(one)).fence).toBe(first.fence);
    const taken = await database.claim({ ...two, takeOver: true });
    expect(taken.fence).toBe(first.fence + 1);
    await expect(database.claim(one)).rejects.toMatchObject({ code: "LEASE.HELD" });
  });

  test("an expired lease is free, and its holder may still renew it", async () => {
    const first = await database.claim({ ...one, seconds: 0.01 });
    await expect.poll(async () => (await database.claim({ ...one, seconds: 0.01 })).fence).toBe(first.fence);
    await expect.poll(() => database.claim(two).then(({ fence }) => fence, () => 0)).toBe(first.fence + 1);
  });

  test("a run that wrote raises the counter, an idle one does not", async () => {
    const first = await database.claim(one);
    await database.release(first.fence, false);
    const second = await database.claim(two);
    expect(second).toMatchObject({ fence: first.fence + 1, runCounter: 0 });
    expect(await database.release(second.fence, true)).toBe(true);
    expect(await database.release(second.fence, true)).toBe(false);
    expect(await database.release(first.fence, true)).toBe(false);
    expect((await database.claim(one)).runCounter).toBe(1);
  });

  test("whom it has met in a pair stays known, apart from any state", async () => {
    const ask = { ...one, pair: "crm" };
    expect((await database.claim(one)).met).toBeUndefined();
    expect((await database.claim(ask)).met).toEqual([]);
    await database.claim({ ...ask, meets: { side: "right", other: "a" } });
    await database.claim({ ...ask, meets: { side: "right", other: "a" } });
    await database.claim({ ...ask, meets: { side: "left", other: "b" } });
    const met = [{ side: "left", other: "b" }, { side: "right", other: "a" }];
    expect([...(await database.claim(ask)).met!].sort((a, b) => a.other < b.other ? 1 : -1)).toEqual(met);
    expect((await database.claim({ ...one, pair: "other" })).met).toEqual([]);
    await database.state.uninstall();
    expect((await database.claim(ask)).met).toHaveLength(2);
    await expect(database.claim({ ...two, pair: "crm", meets: { side: "left", other: "c" } })).rejects.toMatchObject({ code: "LEASE.HELD" });
    expect((await database.claim(ask)).met).toHaveLength(2);
  });

  test("the pairs it knows of stay known, each by the latest note of it", async () => {
    const ask = { ...one, pair: "crm" };
    const note = (times: number, name = "crm"): KnownPair => ({ name, left: "a", right: "b", times });
    const known = async (request: ClaimRequest): Promise<readonly KnownPair[] | undefined> => {
      await database.claim(request);
      const { pairs } = await database.claim({ ...one, pair: "another" });
      return pairs && [...pairs].sort((a, b) => (a.name < b.name ? -1 : 1));
    };
    expect((await database.claim(one)).pairs).toBeUndefined();
    expect(await known(ask)).toEqual([]);
    expect(await known({ ...ask, pairs: [note(1), note(2, "o'ther")] })).toEqual([note(1), note(2, "o'ther")]);
    expect(await known({ ...ask, meets: { side: "left", other: "b" }, pairs: [note(3), note(1, "o'ther")] })).toEqual([note(3), note(2, "o'ther")]);
    await database.state.uninstall();
    await expect(database.claim({ ...two, pair: "crm", pairs: [note(4)] })).rejects.toMatchObject({ code: "LEASE.HELD" });
    expect(await known(ask)).toEqual([note(3), note(2, "o'ther")]);
  });

  test("side tables of an earlier layout are completed", async () => {
    await database.claim(one);
    await database.state.open();
    await session.exec("drop table sync_encounter; drop table sync_pair; drop table sync_state_fence");
    expect((await database.claim({ ...one, pair: "crm" })).met).toEqual([]);
    await database.state.open();
    await database.state.commit("crm", [{ op: "put", collection: "run", records: [{ id: "r" }] }], { left: 1, right: 1 });
  });

  test("side tables of a newer version are refused", async () => {
    await database.claim(one);
    await session.exec("update sync_database set version = 99, runner = null");
    await expect(database.claim(one)).rejects.toMatchObject({ code: "STATE.NEWER_VERSION" });
  });

  test("uninstall leaves nothing behind", async () => {
    await database.claim(one);
    await database.state.open();
    await database.uninstall();
    const tables = engine.dialect === "sqlite" ? "select name from sqlite_master where name like 'sync_%'" : "select relname from pg_class where relname like 'sync_%'";
    expect(await session.rows(tables)).toEqual([]);
  });
});

test("a copied or restored SQLite file is another server with the same database id", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sync-lease-"));
  const claim = async (name: string): Promise<Claim> => {
    const file = new Database(join(folder, name));
    const claimed = await sqlDatabase({ name: "t", executor: betterExecutor(file), models: [] }).claim({ holder: "h", runner: "one", seconds: 60 });
    file.close();
    return claimed;
  };
  const original = await claim("a.db");
  expect((await claim("a.db")).serverIdentity).toBe(original.serverIdentity);
  copyFileSync(join(folder, "a.db"), join(folder, "b.db"));
  const copy = await claim("b.db");
  expect(copy.databaseId).toBe(original.databaseId);
  expect(copy.serverIdentity).not.toBe(original.serverIdentity);
  renameSync(join(folder, "b.db"), join(folder, "a.db"));
  expect((await claim("a.db")).serverIdentity).not.toBe(original.serverIdentity);
  rmSync(folder, { recursive: true });
});

test("a copied or restored PGlite folder is another server, and so is every one in memory; opened again it is the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sync-lease-"));
  const request = { holder: "h", runner: "one", seconds: 60 };
  const claim = async (name: string, options: Parameters<typeof openPglite>[0] = { dataDir: join(folder, name) }): Promise<Claim> => {
    const client = await openPglite(options);
    const claimed = await sqlDatabase({ name: "t", executor: pgliteExecutor(client), models: [] }).claim(request);
    expect((await sqlDatabase({ name: "t", executor: pgliteExecutor(client), models: [] }).claim(request)).serverIdentity).toBe(claimed.serverIdentity);
    await client.close();
    return claimed;
  };
  const original = await claim("a");
  expect((await claim("a", { dataDir: `file://${join(folder, "a")}` })).serverIdentity).toBe(original.serverIdentity);
  cpSync(join(folder, "a"), join(folder, "b"), { recursive: true });
  const copy = await claim("b");
  expect(copy.databaseId).toBe(original.databaseId);
  expect(copy.serverIdentity).not.toBe(original.serverIdentity);
  renameSync(join(folder, "a"), join(folder, "old"));
  renameSync(join(folder, "b"), join(folder, "a"));
  expect((await claim("a")).serverIdentity).not.toBe(original.serverIdentity);
  const dumped = await openPglite({ dataDir: join(folder, "a") });
  const dump = await dumped.dumpDataDir("none");
  await dumped.close();
  const [first, second] = [await claim("", { loadDataDir: dump }), await claim("", { loadDataDir: dump })];
  expect(first.databaseId).toBe(original.databaseId);
  expect(new Set([original, first, second].map(({ serverIdentity }) => serverIdentity)).size).toBe(3);
  rmSync(folder, { recursive: true });
}, 120_000);
