import type { Claim, Row, Unit } from "@sync/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Executor, type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { onPostgres, type PostgresSession } from "./support/engines.ts";
import { counting } from "./support/executors.ts";
import { city, country, ddl, member, sqlModel } from "./support/models.ts";

onPostgres(import.meta.url, (engine) => {
  let session: PostgresSession;
  let database: SqlDatabase;
  let claim: Claim;
  const shapes = [country, city, member];
  beforeEach(async () => {
    session = await engine.open();
    for (const shape of shapes) await session.exec(ddl(shape, "postgres"));
    await session.exec("insert into member select 'a', i, 'x' from generate_series(1, 5) i");
    database = open(session.executor);
    claim = await database.claim({ holder: "h", runner: "one", seconds: 600 });
    await database.inspect(["Country", "City", "Member"]);
  });
  afterEach(() => session.close());

  const open = (executor: Executor): SqlDatabase =>
    sqlDatabase({ name: "t", executor, models: shapes.map((shape) => sqlModel(shape, "postgres")) });
  const members = async (): Promise<readonly Row[]> =>
    (await database.endpoints.get("Member")!.fetch({ fields: ["note"], by: ["team"], tuples: [["a"]] })).toSorted((a, b) => Number(a.key[1]) - Number(b.key[1]));
  const update = async (): Promise<Unit> => ({
    id: "u",
    fence: claim.fence,
    batches: [{ op: "update", model: "Member", fields: ["note"], rows: (await members()).map(({ key, revision }) => ({ key, revision, values: ["ours"] })) }],
  });
  /** Waits until something in this database waits for a lock. */
  const someoneWaits = (): Promise<void> =>
    expect.poll(async () => (await session.rows("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))[0]![0]).toBe("1");

  test("a unit that waits behind a takeover writes nothing once the takeover commits", async () => {
    const unit = await update();
    const other = await session.pool.connect();
    await other.query("begin; update sync_database set fence = fence + 1, runner = 'two'");
    const commit = database.commit(unit).then(() => "committed", (error: { code: string }) => error.code);
    await someoneWaits();
    await other.query("commit");
    other.release();
    expect(await commit).toBe("LEASE.LOST");
    expect((await members()).map(({ values }) => values[0])).toEqual(["x", "x", "x", "x", "x"]);
  });

  test("a takeover waits for the unit that holds the fence", async () => {
    const unit = await update();
    const other = await session.pool.connect();
    // The unit takes the fence, then waits for a row that somebody else has locked.
    await other.query("begin; select from member where number = 3 for update");
    const commit = database.commit(unit);
    await someoneWaits();
    let taken = false;
    const takeover = open(session.executor).claim({ holder: "second", runner: "two", seconds: 60, takeOver: true }).then(() => (taken = true));
    await expect.poll(async () => (await session.rows("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))[0]![0]).toBe("2");
    expect(taken).toBe(false);
    await other.query("commit");
    other.release();
    expect(await commit).toMatchObject({ committed: true });
    await takeover;
  });

  test("a row that changes while the unit waits for it comes back stale", async () => {
    const unit = await update();
    const other = await session.pool.connect();
    await other.query("begin; update member set note = 'theirs' where number = 2; select from member where number = 4 for update");
    const commit = database.commit(unit);
    await someoneWaits();
    await other.query("commit");
    other.release();
    expect(await commit).toMatchObject({ committed: true, outcomes: [[{ status: "written" }, { status: "stale" }, { status: "written" }, { status: "written" }, { status: "written" }]] });
    expect((await members()).map(({ values }) => values[0])).toEqual(["ours", "theirs", "ours", "ours", "ours"]);
  });

  test("two that start on an empty database at once get one set of tables and one lease", async () => {
    await database.uninstall();
    const claims = await Promise.allSettled(["a", "b", "c"].map((runner) => open(session.executor).claim({ holder: runner, runner, seconds: 60 })));
    expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = claims.flatMap((each) => (each.status === "rejected" ? [(each.reason as { code: string }).code] : []));
    expect(refused).toEqual(["LEASE.HELD", "LEASE.HELD"]);
  });

  test("a claim is one round trip, a page one per model, a unit one", async () => {
    const sent: string[] = [];
    const counted = open(counting(session.executor, sent));
    await counted.claim({ holder: "h", runner: "one", seconds: 60 });
    expect(sent.splice(0)).toEqual(["query"]);
    await counted.inspect(["Country", "City", "Member"]);
    expect(sent.splice(0)).toEqual(["query"]);
    for await (const page of counted.endpoints.get("Member")!.scan({ fields: ["note"], pageSize: 5 })) expect(page.rows).toHaveLength(5);
    expect(sent.splice(0)).toEqual(["query"]);
    await counted.commit({
      id: "u",
      fence: claim.fence,
      batches: [
        { op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["1"], cloudId: "c1", values: ["A"] }] },
        { op: "insert", model: "Member", fields: ["note"], rows: [{ key: ["b", "1"], cloudId: "c2", values: ["A"] }] },
        ...(await update()).batches,
      ],
    });
    expect(sent.splice(0)).toEqual(["query"]);
    await counted.release(claim.fence, false);
    expect(sent.splice(0)).toEqual(["query"]);
  });

  test("rows by COPY are the rows by statement", async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => ({
      key: [`t${n % 7}`, String(n)],
      cloudId: `c${n}`,
      values: [["tab\t", "line\n", "return\r", "back\\slash", "\\N", "", null, "\\.", "'\"", "€😀"][n % 10]!],
    }));
    const countries = rows.map(({ cloudId, values }, n) => ({ key: [String(n + 1)], cloudId, values: [`code ${n}`, values[0] ?? null] }));
    const read = async (executor: Executor): Promise<unknown> => {
      await session.exec("truncate member, country cascade; drop table sync_database, sync_identity");
      const fresh = open(executor);
      const { fence } = await fresh.claim({ holder: "h", runner: "one", seconds: 60 });
      // COPY is taken where round trips are known to be quick.
      for (let i = 0; i < 50; i += 1) await fresh.claim({ holder: "h", runner: "one", seconds: 60 });
      const result = await fresh.commit({
        id: "u",
        fence,
        batches: [
          { op: "insert", model: "Country", fields: ["code", "title"], rows: countries },
          { op: "insert", model: "Member", fields: ["note"], rows },
        ],
      });
      expect(result).toMatchObject({ committed: true });
      const all: unknown[] = [result.committed && result.outcomes];
      for (const model of ["Country", "Member"]) {
        for await (const page of fresh.endpoints.get(model)!.scan({ fields: fresh.endpoints.get(model)!.model.fields.map(({ name }) => name), pageSize: 500 })) {
          all.push(...page.rows.map(({ key, cloudId, values, revision }) => [key, cloudId, values, revision === (result.committed && result.transaction)]));
        }
      }
      return all;
    };
    let copies = 0;
    const copying: Executor = {
      ...session.executor,
      copyTransaction: (guard, steps) => {
        copies += 1;
        return session.executor.copyTransaction!(guard, steps);
      },
    };
    const { copyTransaction: _, ...plain } = session.executor;
    const byCopy = await read(copying);
    expect(copies).toBe(1);
    expect(byCopy).toEqual(await read(plain));
  });

  test("a refusal by COPY writes nothing, a lost lease neither", async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => ({ key: [String(n + 1)], cloudId: `c${n}`, values: [`code ${n % 4999}`] }));
    const unit: Unit = { id: "u", fence: claim.fence, batches: [{ op: "insert", model: "Country", fields: ["code"], rows }] };
    expect(await database.commit(unit)).toEqual({ committed: false, refusal: { code: "WRITE.UNIQUE", constraint: "country_code_key", model: "Country" } });
    await expect(database.commit({ ...unit, fence: 99 })).rejects.toMatchObject({ code: "LEASE.LOST" });
    expect(await session.rows("select count(*) from country")).toEqual([["0"]]);
    expect(await session.rows("select count(*) from sync_identity")).toEqual([["0"]]);
  });

  test("cloudIds go by COPY where no row has one, and one by one where it is otherwise", async () => {
    let copies = 0;
    const copying: Executor = {
      ...session.executor,
      copyTransaction: (guard, steps) => {
        copies += 1;
        return session.executor.copyTransaction!(guard, steps);
      },
    };
    const counted = open(copying);
    for (let i = 0; i < 50; i += 1) await counted.claim({ holder: "h", runner: "one", seconds: 600 });
    await session.exec("insert into country (id, code) overriding system value select i, 'code ' || i from generate_series(1, 5000) i");
    const outcomes = async (unit: Unit): Promise<string[]> => {
      const result = await counted.commit(unit);
      return result.committed ? result.outcomes[0]!.map(({ status }) => status) : [result.refusal.code];
    };
    const unit = (prefix: string): Unit => {
      const rows = Array.from({ length: 5000 }, (_, n) => ({ key: [String(n + 1)], cloudId: `${prefix}${n + 1}`, was: null }));
      return { id: "u", fence: claim.fence, batches: [{ op: "identify", model: "Country", rows }] };
    };
    const identities = async (): Promise<unknown> => (await session.rows("select cloud_id, local_key from sync_identity order by local_key::int"));
    const all = Array.from({ length: 5000 }, (_, n) => String(n + 1));

    expect(new Set(await outcomes(unit("c")))).toEqual(new Set(["written"]));
    expect(copies).toBe(1);
    expect(await identities()).toEqual(all.map((key) => [`c${key}`, key]));
    // One has a cloudId already, and one is gone.
    await session.exec("delete from sync_identity where local_key <> '7'; delete from country where id = 9");
    const stale = (await outcomes(unit("d"))).flatMap((status, n) => (status === "stale" ? [n + 1] : []));
    expect(stale).toEqual([7, 9]);
    expect(await identities()).toEqual(all.filter((key) => key !== "9").map((key) => [key === "7" ? "c7" : `d${key}`, key]));
    // One is gone, and nothing else stands in the way.
    await session.exec("delete from sync_identity");
    expect((await outcomes(unit("e"))).flatMap((status, n) => (status === "stale" ? [n + 1] : []))).toEqual([9]);
    await session.exec("delete from sync_identity");
    await expect(counted.commit({ ...unit("f"), fence: 99 })).rejects.toMatchObject({ code: "LEASE.LOST" });
    expect(await identities()).toEqual([]);
  });

  test("a lost connection and a deadlock can be tried again, a missing table cannot", async () => {
    const broken = (sql: string): Promise<unknown> => open({ ...session.executor, query: () => session.executor.query({ sql, params: [] }) }).release(1, false);
    await expect(broken("select pg_terminate_backend(pg_backend_pid())")).rejects.toMatchObject({ code: "ENDPOINT.UNAVAILABLE", retryable: true });
    await expect(broken("do $$ begin raise exception using errcode = '40P01'; end $$")).rejects.toMatchObject({ code: "ENDPOINT.CONTENTION", retryable: true });
    await expect(broken("select from nowhere")).rejects.toMatchObject({ code: "ENDPOINT.SCHEMA", retryable: false });
    await expect(broken("select 1 +")).rejects.toMatchObject({ code: "ENDPOINT.UNKNOWN", retryable: false });
  });
});
