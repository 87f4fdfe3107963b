import { join } from "node:path";
import { isSyncError, type Claim, type ClaimRequest, type Database, type StateChange, type StateStore, type SyncError } from "@sync/core";
import { sqliteState } from "@sync/sql";
import { startEmbedded, temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterEach, expect, test } from "vitest";
import { openPostgres, openSqlite } from "../src/databases.ts";
import { everyPair, onPairs, pairOf, usualPairs } from "../src/pairs.ts";
import { keepSecrets, planted } from "../src/secrets.ts";
import { tables } from "../src/tables.ts";

const { text, code } = planted;
const two = `insert into country (code, name) values ('${code}-a', '${text} a'), ('${code}-b', '${text} b')`;
const codes = "select code from country order by code";
const both = [{ code: `${code}-a` }, { code: `${code}-b` }];

async function refused(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (isSyncError(error)) return error;
  throw new Error("it was not refused", { cause: error });
}

/** A database that does something else instead of remembering whom it meets. */
function meeting(database: Database, instead: (request: ClaimRequest) => Promise<Claim>): Database {
  return { ...database, claim: (request) => (request.meets ? instead(request) : database.claim(request)) };
}

const dies = async (): Promise<never> => {
  throw new Error("the process ends here");
};

/** A store that stops before a commit, until it is let go. */
function stopping(store: StateStore, at: (changes: readonly StateChange[]) => boolean): { state: StateStore; reached: Promise<void>; go: () => void } {
  let reach: () => void = () => {};
  let go: () => void = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const gone = new Promise<void>((resolve) => (go = resolve));
  const state = new Proxy(store, {
    get: (target, member) => {
      const value: unknown = Reflect.get(target, member, target);
      if (typeof value !== "function") return value;
      if (member !== "commit") return value.bind(target) as unknown;
      return async (...words: Parameters<StateStore["commit"]>) => {
        if (at(words[1])) {
          reach();
          await gone;
        }
        return target.commit(...words);
      };
    },
  });
  return { state, reached, go };
}

const storesBases = (changes: readonly StateChange[]): boolean => changes.some((change) => change.op === "putBases");

onPairs(import.meta.url, everyPair, (open) => {
  test("another left database is recognised although the memory went with the old one, until it is adopted", async () => {
    const [other, pair] = [await open(), await open()];
    await pair.left.exec(two);
    await pair.sync().run();
    const exchanged = { left: other.left.database, firstLink: "left" } as const;
    for (const work of ["run", "plan", "verify"] as const) {
      expect(await refused(pair.sync(exchanged)[work]())).toMatchObject({ code: "DATABASE.EXCHANGED", stage: "check", message: expect.stringMatching(/left.*adopt\(\)/) });
    }
    expect(await other.left.rows(codes)).toEqual([]);
    await other.left.exec(`insert into country (code, name) values ('${code}-c', '${text} c')`);
    expect(await refused(pair.sync(exchanged).run())).toMatchObject({ code: "DATABASE.EXCHANGED" });
    expect(await pair.right.rows(codes)).toEqual(both);
    await pair.sync(exchanged).adopt();
    await pair.sync(exchanged).run();
    expect(await other.left.rows(codes)).toEqual([...both, { code: `${code}-c` }]);
    expect(await pair.sync(exchanged).verify()).toMatchObject({ equal: true });
    // The first one has its own memory, and was not adopted away.
    expect((await pair.sync().run()).written).toEqual({ left: 1, right: 0 });
  });

  test("another right database is recognised although the memory went with the old one", async () => {
    const [other, pair] = [await open(), await open()];
    await pair.left.exec(two);
    const state = pair.right.database.state!;
    await pair.sync({ state }).run();
    // PGlite is one for all tests of a file: what stands in for another one is another left side.
    const right = pair.right.engine === "pglite" ? other.left : other.right;
    const sync = pair.sync({ right: right.database, state: right.database.state!, firstLink: "left" });
    expect(await refused(sync.run())).toMatchObject({ code: "DATABASE.EXCHANGED", message: expect.stringContaining("right") });
    expect(await right.rows(codes)).toEqual([]);
  });

  test("memory that is lost, while both databases know each other, is no first meeting", async () => {
    const pair = await open();
    const folder = temporaryFolder();
    await pair.left.exec(two);
    const first = sqliteState(join(folder.path, "state.sqlite"));
    await pair.sync({ state: first }).run();
    await first.close();
    await pair.right.exec(`delete from country where code = '${code}-b'`);
    const state = sqliteState(join(folder.path, "another.sqlite"));
    const sync = pair.sync({ state, firstLink: "left" });
    for (const work of ["run", "plan", "verify"] as const) expect(await refused(sync[work]())).toMatchObject({ code: "STATE.LOST", stage: "check", message: expect.stringContaining("adopt()") });
    expect(await pair.right.rows(codes)).toEqual([{ code: `${code}-a` }]);
    await sync.adopt();
    await sync.run();
    expect(await pair.right.rows(codes)).toEqual(both);
    expect(await sync.verify()).toMatchObject({ equal: true });
    await state.close();
    folder.remove();
  });

  test("pairs of other names share a database without knowing one another", async () => {
    const [other, pair] = [await open(), await open()];
    await pair.left.exec(two);
    await pair.sync().run();
    const device = pair.sync({ name: "a second device", left: other.left.database });
    await device.run();
    expect(await other.left.rows(codes)).toEqual(both);
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
    expect((await device.run()).written).toEqual({ left: 0, right: 0 });
  });

  test.each(["left", "right"] as const)("a run that dies before the %s database has noted the other locks nobody out", async (side) => {
    const pair = await open();
    await pair.left.exec(two);
    await expect(pair.sync({ [side]: meeting(pair[side].database, dies) }).run()).rejects.toThrow("the process ends here");
    expect(await pair.right.rows(codes)).toEqual([]);
    expect((await pair.sync().run()).written).toMatchObject({ right: 2 });
    expect(await pair[side].rows("select pair, side from sync_encounter")).toEqual([{ pair: "pair", side }]);
  });

  test("a first meeting that is refused ties no database", async () => {
    const [other, pair] = [await open(), await open()];
    await pair.left.exec(two);
    await pair.right.exec(two);
    expect(await refused(pair.sync().run())).toMatchObject({ code: "FIRST_LINK.REQUIRED" });
    await pair.sync({ firstLink: "left" }).plan();
    expect((await pair.sync({ left: other.left.database }).run()).written).toMatchObject({ left: 2 });
  });
});

onPairs(import.meta.url, usualPairs, (open) => {
  test("an idle run writes nothing of what one runner and the right database need", async () => {
    const pair = await open();
    await pair.left.exec(two);
    await pair.sync().run();
    await pair.sync().run();
    const postgres = pair.left.dialect === "postgres" ? pair.left : pair.right;
    const ours = ["sync_encounter", ...(postgres === pair.left ? ["sync_state_fence", "sync_record", "sync_base"] : [])];
    const versions = (): Promise<unknown[]> => postgres.rows(ours.map((name) => `select '${name}' as name, xmin::text, ctid::text from ${name}`).join(" union all ") + " order by 1, 2, 3");
    const before = await versions();
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
    expect(await versions()).toEqual(before);
  });

  test.each(["in the left database", "in a file"])("with the state %s, a runner that paused before it stored and lost its lease stores nothing over what another has stored since", async (where) => {
    const pair = await open();
    const folder = temporaryFolder();
    const stores = where === "in a file" ? [1, 2].map(() => sqliteState(join(folder.path, "state.sqlite"))) : [pair.left.database.state!, pair.left.database.state!];
    await pair.left.exec(two);
    await pair.sync({ state: stores[0]! }).run();
    await pair.left.exec(`update country set name = '${text} first' where code = '${code}-a'`);
    const { state, reached, go } = stopping(stores[0]!, storesBases);
    const paused = refused(pair.sync({ state }).run());
    await reached;
    await pair.right.exec(`update country set name = '${text} second' where code = '${code}-a'`);
    const second = pair.sync({ state: stores[1]! });
    await second.run({ takeOver: true });
    // What both agree on now was agreed on by the second; the first one's base would make an old edit of it.
    await pair.left.exec(`update country set name = '${text} third' where code = '${code}-a'`);
    go();
    expect(await paused).toMatchObject({ code: "LEASE.LOST" });
    await second.run();
    expect(await pair.right.rows(`select name from country where code = '${code}-a'`)).toEqual([{ name: `${text} third` }]);
    expect(await second.verify()).toMatchObject({ equal: true });
    expect((await second.run()).models.get("Country")).toMatchObject({ conflicts: 0 });
    if (where === "in a file") for (const store of stores) await store.close();
    folder.remove();
  });
});

describePostgres("a snapshot of the files of a whole PostgreSQL server", () => {
  keepSecrets();
  const closing: { close(): Promise<void> }[] = [];
  const remember = <C extends { close(): Promise<void> }>(thing: C): C => (closing.push(thing), thing);
  afterEach(async () => {
    for (const each of closing.splice(0).reverse()) await each.close();
  });

  test("is told by the name that it was given, by what was written through it, and beside its original", async () => {
    const server = remember(await startEmbedded());
    const left = remember(openSqlite(tables("sqlite")));
    const named = { original: { serverIdentity: "original" }, copy: { serverIdentity: "copy" } };
    await left.exec(two);
    const first = await openPostgres(server.url, tables("postgres"), named.original);
    const unnamed = await openPostgres(server.url, "");
    const state = sqliteState(":memory:");
    await pairOf(left, first).sync().run();
    await pairOf(left, unnamed).sync({ name: "unnamed", state, firstLink: "left" }).run();
    await first.close();
    await unnamed.close();
    await server.stop();
    const snapshot = remember(await server.copy());
    await server.start();
    const [original, copy] = [remember(await openPostgres(server.url, "")), remember(await openPostgres(snapshot.url, ""))];
    const [namedOriginal, namedCopy] = [remember(await openPostgres(server.url, "", named.original)), remember(await openPostgres(snapshot.url, "", named.copy))];
    const sync = (right: typeof copy, more = {}): ReturnType<ReturnType<typeof pairOf>["sync"]> => pairOf(left, right).sync(more);

    await left.exec(`insert into country (code, name) values ('${code}-c', '${text} c')`);
    expect(await refused(sync(namedCopy).run())).toMatchObject({ code: "DATABASE.MOVED" });
    expect(await refused(pairOf(original, copy).sync({ name: "both", firstLink: "left" }).run())).toMatchObject({ code: "DATABASE.SAME" });

    // Without a name the snapshot is the server to anybody who may only ask it; what it wrote is missed in the other one.
    const more = { name: "unnamed", state, firstLink: "left" } as const;
    expect((await sync(copy, more).run()).written).toMatchObject({ right: 1 });
    expect(await refused(sync(original, more).run())).toMatchObject({ code: "DATABASE.RESTORED" });
    expect((await sync(namedOriginal).run()).written).toMatchObject({ right: 1 });
    await state.close();
  }, 60_000);
});
