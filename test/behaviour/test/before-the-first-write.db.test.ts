import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { isSyncError, naturalKey, type SyncError } from "@sync/core";
import { sqliteState } from "@sync/sql";
import { temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterEach, expect, test } from "vitest";
import { before } from "../src/between.ts";
import { openPostgres, openSqlite, type Side } from "../src/databases.ts";
import { freshUrl } from "../src/fresh.ts";
import { onPairs, pairOf, everyPair } from "../src/pairs.ts";
import { keepSecrets, planted } from "../src/secrets.ts";
import { tables } from "../src/tables.ts";

const { text, code } = planted;
const two = `insert into country (code, name) values ('${code}-a', '${text} a'), ('${code}-b', '${text} b')`;

async function refused(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (isSyncError(error)) return error;
  throw new Error("it was not refused", { cause: error });
}

onPairs(import.meta.url, everyPair, (open) => {
  test("two filled sides without firstLink are refused, with what would meet", async () => {
    const pair = await open();
    await pair.left.exec(`insert into country (code, name) values ('${code}-1', '${text}'), ('${code}-2', '${text}'), ('${code}-3', '${text} left'), ('${code}-4', '${text}')`);
    await pair.right.exec(`insert into country (code, name) values ('${code}-1', '${text}'), ('${code}-2', '${text}'), ('${code}-3', '${text} right'), ('${code}-5', '${text}'), ('${code}-6', '${text}')`);
    for (const work of [() => pair.sync().run(), () => pair.sync().plan()]) {
      expect(await refused(work())).toMatchObject({ code: "FIRST_LINK.REQUIRED", stage: "check", message: expect.stringMatching(/Country: 2 equal, 1 different, 1 only on the left, 2 only on the right/) });
    }
    expect(await pair.right.rows("select name from country where name like '%left'")).toEqual([]);
    expect((await refused(pair.sync({ direction: "left-to-right" }).run())).message).toMatch(/2 equal, 1 different, 1 only on the left, 2 only on the right/);
    expect((await pair.sync({ firstLink: "left" }).run()).status).toBe("done");
  });

  test("types, keys and columns that the database does not have as the models say are found together, before anything is written", async () => {
    const pair = await open({}, { ddl: {
      sqlite: "create table country (id integer primary key, code text not null unique, name integer)",
      postgres: "create table country (id serial primary key, code text not null unique, name integer)",
    } });
    await pair.left.exec(two);
    const { code: which, findings, message } = await refused(pair.sync().run());
    expect(which).toBe("CHECK.FAILED");
    const wanted = ["SCHEMA.MISSING_COLUMN motto", "SCHEMA.MISSING_COLUMN people", "SCHEMA.MISSING_TABLE undefined"];
    // SQLite stores a text in an integer column as it is.
    if (pair.right.dialect === "postgres") wanted.push("SCHEMA.TYPE_DIFFERS name");
    expect(findings.map((finding) => `${finding.code} ${finding.field}`).sort()).toEqual(wanted);
    for (const finding of findings) expect(message).toContain(finding.message);
  });

  test("a match key that the model calls unique and the database does not is a finding, unless repeats are allowed", async () => {
    const pair = await open({}, { ddl: { sqlite: tables("sqlite", { codesRepeat: true }), postgres: tables("postgres", { codesRepeat: true }) } });
    await pair.left.exec(two);
    const refusal = await refused(pair.sync().run());
    expect(refusal.findings.map((finding) => `${finding.model} ${finding.code}`).sort()).toEqual(["City MATCH.NOT_UNIQUE", "Country MATCH.NOT_UNIQUE"]);
    const match = naturalKey("code", { withoutUniqueKey: true });
    await pair.right.exec(`insert into country (code, name) values ('${code}-a', '${text} one'), ('${code}-a', '${text} two')`);
    const run = await pair.sync({ models: { Country: { match }, City: { match } }, firstLink: "left" }).run();
    expect(run.models.get("Country")).toMatchObject({ created: { right: 1 }, quarantined: 3 });
  });

  test("a database that was never emptied of another pair's lease is refused while that pair runs, by name and time", async () => {
    const pair = await open();
    await pair.left.exec(two);
    let second: SyncError | undefined;
    const right = before(pair.right.database, async () => {
      second ??= await refused(pair.sync({ name: "another pair" }).run());
    });
    const run = await pair.sync({ right, lease: { holder: "worker 7" } }).run();
    expect(second).toMatchObject({ code: "LEASE.HELD", message: expect.stringMatching(/worker 7 since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/) });
    expect(run.models.get("Country")).toMatchObject({ created: { right: 2 } });
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a runner whose lease was taken over writes nothing more", async () => {
    const pair = await open();
    await pair.left.exec(two);
    let taken: unknown;
    const right = before(pair.right.database, async () => {
      taken ??= await pair.sync({ lease: { holder: "the other" } }).run({ takeOver: true });
    });
    expect(await refused(pair.sync({ right }).run())).toMatchObject({ code: "LEASE.LOST" });
    expect(taken).toMatchObject({ status: "done", written: { right: 2 } });
    expect(await pair.right.rows("select code from country order by code")).toEqual([{ code: `${code}-a` }, { code: `${code}-b` }]);
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
  });

  test.each([["left", "sync_database"], ["right", "sync_database"], ["left", "sync_state"]] as const)("on the %s, %s written by a newer version is refused, with the reason", async (side, table) => {
    const pair = await open();
    await pair.left.exec(two);
    await pair.sync().run();
    await pair[side].exec(`update ${table} set version = 99`);
    await pair.left.exec(`insert into country (code, name) values ('${code}-c', '${text}')`);
    expect(await refused(pair.sync().run())).toMatchObject({ code: "STATE.NEWER_VERSION", message: expect.stringMatching(/version 99.*upgrade/) });
    expect(await pair.right.rows(`select * from country where code = '${code}-c'`)).toEqual([]);
  });

  test("another database in the place of one is recognised, until it is adopted", async () => {
    const [pair, other] = [await open(), await open()];
    const state = sqliteState(":memory:");
    await pair.left.exec(two);
    await pair.sync({ state }).run();
    await other[pair.right.engine === "pglite" ? "left" : "right"].exec(two);
    const exchanged = pair.right.engine === "pglite" ? { left: other.left.database } : { right: other.right.database };
    for (const work of ["run", "plan", "verify"] as const) expect(await refused(pair.sync({ state, ...exchanged })[work]())).toMatchObject({ code: "DATABASE.EXCHANGED", message: expect.stringContaining("adopt()") });
    const sync = pair.sync({ state, ...exchanged });
    await sync.adopt();
    expect(await refused(sync.run())).toMatchObject({ code: "FIRST_LINK.REQUIRED" });
    await pair.sync({ state, firstLink: "left", ...exchanged }).run();
    expect(await sync.verify()).toMatchObject({ equal: true });
    await state.close();
  });
});

describePostgres("copies and backups", (server) => {
  keepSecrets();
  const sides: Side[] = [];
  afterEach(async () => {
    for (const side of sides.splice(0)) await side.close();
  });
  const remember = <S extends Side>(side: S): S => (sides.push(side), side);
  const postgres = async (): Promise<Side> => remember(await openPostgres(await freshUrl(server, import.meta.url), tables("postgres")));
  const sqlite = (path: string): Side => remember(openSqlite("", { path }));

  test.each(["left", "right"] as const)("a copy of a SQLite file on the %s is recognised, until it is adopted", async (side) => {
    const folder = temporaryFolder();
    const path = join(folder.path, "copy.sqlite");
    const original = remember(openSqlite(tables("sqlite")));
    const other = await postgres();
    const at = (database: Side): [Side, Side] => (side === "left" ? [database, other] : [other, database]);
    await original.exec(two);
    await pairOf(...at(original)).sync().run();
    copyFileSync(original.path, path);
    const copy = sqlite(path);
    await copy.exec(`insert into country (code, name) values ('${code}-c', '${text}')`);
    const cloned = pairOf(...at(copy)).sync({ firstLink: "left" });
    expect(await refused(cloned.run())).toMatchObject({ code: "DATABASE.MOVED", message: expect.stringContaining("adopt()") });
    expect(await other.rows("select * from country")).toHaveLength(2);
    await cloned.adopt();
    await cloned.run();
    expect(await other.rows("select * from country")).toHaveLength(3);
    expect(await cloned.verify()).toMatchObject({ equal: true });
    folder.remove();
  });

  test("a copy of the other side is not synced with its original", async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "copy.sqlite");
    const original = remember(openSqlite(tables("sqlite")));
    const other = await postgres();
    await original.exec(two);
    await pairOf(original, other).sync().run();
    copyFileSync(original.path, path);
    expect(await refused(pairOf(original, sqlite(path)).sync({ name: "with my copy", firstLink: "left" }).run())).toMatchObject({ code: "DATABASE.SAME" });
    folder.remove();
  });

  test("a copy of a PostgreSQL database is recognised, until it is adopted", async () => {
    const original = await freshUrl(server, import.meta.url);
    const copy = new URL(original);
    copy.pathname = `${copy.pathname}_copy`;
    const name = copy.pathname.slice(1);
    const left = remember(openSqlite(tables("sqlite")));
    const first = await openPostgres(original, tables("postgres"));
    await left.exec(two);
    await pairOf(left, first).sync().run();
    await first.close();
    const maintenance = remember(await openPostgres(server.url, ""));
    await maintenance.exec(`drop database if exists "${name}" with (force)`);
    await maintenance.exec(`create database "${name}" template "${new URL(original).pathname.slice(1)}"`);
    const cloned = await openPostgres(copy.href, "");
    await left.exec(`update country set name = '${text} edited'`);
    const sync = pairOf(left, cloned).sync({ firstLink: "left" });
    expect(await refused(sync.run())).toMatchObject({ code: "DATABASE.MOVED" });
    expect(await cloned.rows("select code from country where name like '%edited'")).toEqual([]);
    await sync.adopt();
    await sync.run();
    expect(await sync.verify()).toMatchObject({ equal: true });
    await cloned.close();
    await maintenance.exec(`drop database "${name}" with (force)`);
  });

  /** A file is synced, backed up, changed and synced again, and then put back as it was. */
  async function restored(side: "left" | "right", change: (file: Side, other: Side) => Promise<void>): Promise<{ sync: ReturnType<ReturnType<typeof pairOf>["sync"]>; other: Side; file: Side }> {
    const folder = temporaryFolder();
    const [path, backup] = [join(folder.path, "application.sqlite"), join(folder.path, "backup.sqlite")];
    const other = await postgres();
    const state = sqliteState(join(folder.path, "state.sqlite"));
    const at = (database: Side): [Side, Side] => (side === "left" ? [database, other] : [other, database]);
    const first = openSqlite(tables("sqlite"), { path });
    await first.exec(two);
    await pairOf(...at(first)).sync({ state }).run();
    copyFileSync(path, backup);
    await change(first, other);
    await pairOf(...at(first)).sync({ state }).run();
    await first.close();
    copyFileSync(backup, path);
    const file = sqlite(path);
    sides.push({ ...file, close: async () => (await state.close(), folder.remove()) });
    return { sync: pairOf(...at(file)).sync({ state, firstLink: side === "left" ? "right" : "left" }), other, file };
  }

  test.each([
    ["left", "changed by the sync", async (_: Side, other: Side) => other.exec(`update country set name = '${text} new' where code = '${code}-a'`)],
    ["right", "changed by the sync", async (_: Side, other: Side) => other.exec(`update country set name = '${text} new' where code = '${code}-a'`)],
    ["left", "changed by its application", async (file: Side) => file.exec(`update country set name = '${text} new' where code = '${code}-a'`)],
    ["right", "changed by its application", async (file: Side) => file.exec(`update country set name = '${text} new' where code = '${code}-a'`)],
  ] as const)("an older backup on the %s of what was %s is recognised before it undoes anything, until it is adopted", async (side, _, change) => {
    const { sync, other, file } = await restored(side, change);
    expect(await refused(sync.run())).toMatchObject({ code: "DATABASE.RESTORED", message: expect.stringContaining("adopt()") });
    expect(await other.rows("select name from country order by code")).toMatchObject([{ name: `${text} new` }, { name: `${text} b` }]);
    await sync.adopt();
    await sync.run();
    expect(await file.rows("select name from country order by code")).toMatchObject([{ name: `${text} new` }, { name: `${text} b` }]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("with the memory inside the left database, an older backup of it catches up by itself: nothing is undone", async () => {
    const folder = temporaryFolder();
    const [path, backup] = [join(folder.path, "application.sqlite"), join(folder.path, "backup.sqlite")];
    const other = await postgres();
    const first = openSqlite(tables("sqlite"), { path });
    await first.exec(`${two}; insert into country (code, name) values ('${code}-c', '${text} c')`);
    await pairOf(first, other).sync().run();
    copyFileSync(path, backup);
    await first.exec(`update country set name = '${text} new' where code = '${code}-a'; delete from country where code = '${code}-b'; insert into country (code, name) values ('${code}-d', '${text} d')`);
    await pairOf(first, other).sync().run();
    await first.close();
    copyFileSync(backup, path);
    const file = sqlite(path);
    const outcome = await pairOf(file, other).sync().run().catch((error: unknown) => error);
    expect(isSyncError(outcome) ? outcome.code : "DATABASE.RESTORED").toBe("DATABASE.RESTORED");
    expect(await other.rows("select code, name from country order by code")).toEqual([
      { code: `${code}-a`, name: `${text} new` }, { code: `${code}-c`, name: `${text} c` }, { code: `${code}-d`, name: `${text} d` },
    ]);
    folder.remove();
  });
});

