import type { Changes } from "@sync/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { onPostgres, type PostgresSession } from "./support/engines.ts";
import { poolExecutor } from "./support/executors.ts";
import { ddl, member, sqlModel } from "./support/models.ts";

onPostgres(import.meta.url, (engine) => {
  let session: PostgresSession;
  let database: SqlDatabase;
  beforeEach(async () => {
    session = await engine.open();
    await session.exec(ddl(member, "postgres"));
    await session.exec("insert into member select 'a', i, 'x' from generate_series(1, 20) i");
    database = sqlDatabase({ name: "t", executor: session.executor, models: [sqlModel(member, "postgres")] });
  });
  afterEach(() => session.close());

  const since = (mark?: string, own: readonly string[] = []): Promise<Changes> => database.endpoints.get("Member")!.changesSince!(mark, own);
  const numbers = (changes: Changes): string[] | "all" => (changes.keys === "all" ? "all" : changes.keys.map(([, number]) => number!).sort());

  test("without a mark everything is to be compared", async () => {
    expect(await since()).toMatchObject({ keys: "all", total: 20 });
    expect(await since("nonsense")).toMatchObject({ keys: "all", total: 20 });
  });

  test("rows written since the mark are named, others are not; deletes show in the total", async () => {
    const { next } = await since();
    expect(await since(next)).toMatchObject({ keys: [], total: 20 });
    await session.exec("update member set note = 'y' where number in (3, 5)");
    await session.exec("delete from member where number = 7");
    await session.exec("insert into member values ('b', 99, null)");
    const changes = await since(next);
    expect(numbers(changes)).toEqual(["3", "5", "99"]);
    expect(changes.total).toBe(20);
    expect(await since(changes.next)).toMatchObject({ keys: [], total: 20 });
  });

  test("a transaction that commits late is not missed", async () => {
    const late = await session.pool.connect();
    await late.query("begin; update member set note = 'late' where number = 1");
    await session.exec("update member set note = 'early' where number = 2");
    const { next } = await since();
    await session.exec("update member set note = 'after' where number = 4");
    const between = await since(next);
    // The early one may be named again, since the mark cannot lie above the open transaction.
    expect(numbers(between)).toEqual(expect.arrayContaining(["4"]));
    expect(numbers(between)).not.toContain("1");
    await late.query("commit");
    late.release();
    expect(numbers(await since(between.next))).toContain("1");
    expect(numbers(await since(next))).toEqual(expect.arrayContaining(["1", "4"]));
  });

  test("rolled back changes are not named, those of a savepoint are", async () => {
    const { next } = await since();
    await session.exec("begin; update member set note = 'never' where number = 1; rollback");
    await session.exec("begin; savepoint s; update member set note = 'sub' where number = 2; release s; commit");
    expect(numbers(await since(next))).toEqual(["2"]);
  });

  test("our own units are left out, what others do to the same rows is not", async () => {
    const { next } = await since();
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    const rows = await database.endpoints.get("Member")!.fetch({ fields: [], by: "key", tuples: [["a", "1"], ["a", "2"]] });
    const unit = await database.commit({
      id: "u",
      fence,
      batches: [{ op: "update", model: "Member", fields: ["note"], rows: rows.map(({ key, revision }) => ({ key, revision, values: ["ours"] })) }],
    });
    expect(unit).toMatchObject({ committed: true, outcomes: [[{ status: "written" }, { status: "written" }]] });
    const transaction = unit.committed ? unit.transaction : "";
    expect(numbers(await since(next))).toEqual(["1", "2"]);
    expect(numbers(await since(next, [transaction]))).toEqual([]);
    await session.exec("update member set note = 'theirs' where number = 2");
    expect(numbers(await since(next, [transaction]))).toEqual(["2"]);
    const [row] = await database.endpoints.get("Member")!.fetch({ fields: [], by: "key", tuples: [["a", "1"]] });
    expect(row!.revision).toBe(transaction);
  });

  test("a frozen table keeps its row versions", async () => {
    const { next } = await since();
    await session.exec("update member set note = 'y' where number = 3");
    await session.exec("vacuum (freeze) member");
    expect(numbers(await since(next))).toEqual(["3"]);
  });

  test.each([
    ["a column with a default", "alter table member add column extra int default 5"],
    ["a table renamed into place", "create table fresh (like member including all); insert into fresh select * from member; alter table member rename to old; alter table fresh rename to member"],
    ["a server in another state", "select 1"],
  ])("%s leaves no mark to trust", async (what, sql) => {
    const { next } = await since();
    await session.exec(sql);
    const mark = what === "a server in another state" ? next.replace(/"server":"[^"]*"/, '"server":"other"') : next;
    expect(await since(mark)).toMatchObject({ keys: "all" });
  });

  test("a mark from the future is a restored backup", async () => {
    const { next } = await since();
    expect(await since(next.replace(/"horizon":"\d+"/, '"horizon":"99999999"'))).toMatchObject({ keys: "all" });
  });

  test("a partitioned table is written, read again and followed; a partition attached leaves no mark to trust", async () => {
    await session.exec(`drop table member; create table member (team text not null, number int8 not null, note text, primary key (team, number)) partition by list (team);
      create table member_a partition of member for values in ('a'); create table member_b partition of member for values in ('b');
      insert into member values ('a', 1, 'x'), ('b', 1, 'y')`);
    const { findings } = await database.inspect(["Member"]);
    expect(findings).toEqual([]);
    expect(database.endpoints.get("Member")!.capabilities).toMatchObject({ exactWrites: false, changesSince: true });
    const { next } = await since();
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    const [row] = await database.endpoints.get("Member")!.fetch({ fields: [], by: "key", tuples: [["a", "1"]] });
    const moved = await database.commit({
      id: "u", fence, batches: [{ op: "update", model: "Member", fields: ["team", "number", "note"], rows: [{ key: row!.key, revision: row!.revision, values: ["b", "2", "moved"] }] }],
    });
    expect(moved).toMatchObject({ committed: true, outcomes: [[{ status: "written", after: { key: ["b", "2"], values: ["b", "2", "moved"] } }]] });
    expect(numbers(await since(next))).toEqual(["2"]);
    await session.exec("create table member_c (like member including all); insert into member_c values ('c', 1, 'z'); alter table member attach partition member_c for values in ('c')");
    expect(await since(next)).toMatchObject({ keys: "all", total: 3 });
  });

  test("past a third of a large table everything is compared", async () => {
    await session.exec("insert into member select 'z', i, 'x' from generate_series(1, 5000) i");
    const { next } = await since();
    await session.exec("update member set note = 'y' where team = 'z' and number <= 1500");
    expect((await since(next)).keys).toHaveLength(1500);
    await session.exec("update member set note = 'y' where team = 'z' and number <= 3000");
    expect((await since(next)).keys).toBe("all");
  });

  test("row security takes the capability away", async () => {
    await session.exec("alter table member enable row level security; alter table member force row level security; create role limited; grant all on all tables in schema public to limited");
    const client = await session.pool.connect();
    try {
      await client.query("set role limited");
      const limited = sqlDatabase({ name: "t", executor: poolExecutor(client as never), models: [sqlModel(member, "postgres")] });
      const { findings } = await limited.inspect(["Member"]);
      expect(findings.map(({ code }) => code)).toContain("SCHEMA.ROW_SECURITY");
      expect(limited.endpoints.get("Member")!.changesSince).toBeUndefined();
      expect(limited.endpoints.get("Member")!.capabilities.changesSince).toBe(false);
    } finally {
      await client.query("reset role; drop owned by limited; drop role limited");
      client.release();
    }
  });
});
