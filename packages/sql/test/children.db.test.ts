import type { Batch, ChildRows, Claim, Reference, Row } from "@sync/core";
import { cloudId, createSync, leftWins, naturalKey } from "@sync/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pgClientExecutor } from "../src/drivers/pg.ts";
import { type Executor, type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { engines, onEveryDialect, onEveryEngine, onPostgres, type PostgresSession, type Session } from "./support/engines.ts";
import { counting } from "./support/executors.ts";
import { country, ddl, member, type Shape, sqlModel } from "./support/models.ts";

const town = (onDelete: Reference["onDelete"]): Shape => ({
  name: "Town",
  table: "town",
  key: ["id"],
  keyMaker: "database",
  columns: {
    id: { type: "serial", sqlite: "integer primary key" },
    countryId: { type: "int4", sqlite: "integer", null: true, ddl: `references country on delete ${onDelete.replace("-", " ")}` },
  },
  references: [{ name: "country", fields: ["countryId"], target: "Country", targetFields: ["id"], onDelete }],
});

const shapes = (onDelete: Reference["onDelete"]): readonly Shape[] => [country, town(onDelete), member];

interface Opened {
  readonly database: SqlDatabase;
  readonly claim: Claim;
  rows(model: string): Promise<readonly Row[]>;
}

/** Countries 1 to 3, and a town in the second one. */
async function fill(
  session: Session, executor: Executor, dialect: Executor["dialect"], onDelete: Reference["onDelete"], more: readonly Shape[] = [],
): Promise<Opened> {
  const all = [...shapes(onDelete), ...more];
  for (const shape of all) await session.exec(ddl(shape, dialect));
  await session.exec("insert into country (id, code) values (1, 'A'), (2, 'B'), (3, 'C')");
  await session.exec("insert into town (id, country_id) values (20, 2)");
  const database = sqlDatabase({ name: "t", executor, models: all.map((shape) => sqlModel(shape, dialect)) });
  const claim = await database.claim({ holder: "h", runner: "one", seconds: 600 });
  await database.inspect(all.map(({ name }) => name));
  const rows = async (model: string): Promise<readonly Row[]> => {
    for await (const page of database.endpoints.get(model)!.scan({ fields: [], pageSize: 100 })) return page.rows;
    return [];
  };
  return { database, claim, rows };
}

const guards = (rows: readonly Row[]) => rows.map(({ key, revision }) => ({ key, revision }));
const towns = (known: ChildRows["known"] = []): ChildRows => ({ model: "Town", fields: ["countryId"], known });

async function statuses({ database, claim }: Opened, ...batches: readonly Batch[]): Promise<readonly string[]> {
  const committed = await database.commit({ id: "u", fence: claim.fence, batches });
  if (!committed.committed) throw new Error(committed.refusal.code);
  return committed.outcomes.flat().map(({ status }) => status);
}

describe.each(["set-null", "cascade"] as const)("a parent where a foreign key would %s its children", (onDelete) => {
  onEveryEngine(import.meta.url, (engine) => {
    let session: Session;
    let opened: Opened;
    beforeEach(async () => {
      session = await engine.open();
      opened = await fill(session, session.executor, engine.dialect, onDelete);
    });
    afterEach(() => session.close());
    const remove = async (known?: ChildRows["known"]): Promise<Batch> =>
      ({ op: "delete", model: "Country", rows: guards(await opened.rows("Country")), children: [towns(known)] });
    const left = async () => [await session.rows("select id from country order by id"), await session.rows("select id, country_id from town order by id")];

    test("stays where it has one that nobody knew of; the others go", async () => {
      expect(await statuses(opened, await remove())).toEqual(["written", "stale", "written"]);
      expect(await left()).toEqual([[["2"]], [["20", "2"]]]);
    });

    test("goes where all of its children are known", async () => {
      await session.exec("insert into town (id, country_id) values (30, 3)");
      expect(await statuses(opened, await remove([["20"], ["21"]]))).toEqual(["written", "written", "stale"]);
      expect(await left()).toEqual([[["3"]], onDelete === "cascade" ? [["30", "3"]] : [["20", null], ["30", "3"]]]);
    });

    test("goes with children that the same unit has deleted, or hung elsewhere", async () => {
      await session.exec("insert into town (id, country_id) values (21, 2), (30, 3)");
      const [first, second, third] = guards(await opened.rows("Town"));
      const batches: Batch[] = [
        { op: "delete", model: "Town", rows: [first!] },
        { op: "update", model: "Town", fields: ["countryId"], rows: [{ ...second!, values: ["1"] }, { ...third!, values: [null] }] },
        { ...(await remove()), rows: guards(await opened.rows("Country")).slice(1) } as Batch,
      ];
      expect(await statuses(opened, ...batches)).toEqual(["written", "written", "written", "written", "written"]);
      expect(await left()).toEqual([[["1"]], [["21", "1"], ["30", null]]]);
    });

    test("keeps its identity where it stays", async () => {
      const [, second] = await opened.rows("Country");
      await statuses(opened, { op: "identify", model: "Country", rows: [{ key: second!.key, cloudId: "c2", was: null }] });
      expect(await statuses(opened, await remove())).toEqual(["written", "stale", "written"]);
      expect(await session.rows("select cloud_id, local_key from sync_identity")).toEqual([["c2", "2"]]);
    });
  });

  onPostgres(`${import.meta.url} race`, (engine) => {
    let session: PostgresSession;
    let opened: Opened;
    beforeEach(async () => {
      session = await engine.open();
      opened = await fill(session, session.executor, "postgres", onDelete);
    });
    afterEach(() => session.close());

    /** While the unit is under way, an application that has hung a town under the first country commits. */
    async function racing(on: Opened): Promise<readonly string[]> {
      const unit: Batch = { op: "delete", model: "Country", rows: guards(await on.rows("Country")), children: [towns()] };
      const application = await session.pool.connect();
      await application.query("begin; insert into town (id, country_id) values (10, 1)");
      const committing = statuses(on, unit);
      const waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      await expect.poll(async () => (await session.rows(waiting))[0]![0]).toBe("1");
      await application.query("commit");
      application.release();
      return await committing;
    }
    const stands = async (): Promise<void> => {
      expect(await session.rows("select id from country order by id")).toEqual([["1"], ["2"]]);
      expect(await session.rows("select id, country_id from town order by id")).toEqual([["10", "1"], ["20", "2"]]);
    };

    test("stays where the unit waits for the transaction that hangs a child under it", async () => {
      expect(await racing(opened)).toEqual(["stale", "stale", "written"]);
      await stands();
    });

    test("stays where the unit is one message on the application's own connection", async () => {
      const client = await session.pool.connect();
      try {
        const executor = pgClientExecutor(client, 10_000);
        const database = sqlDatabase({ name: "t", executor, models: shapes(onDelete).map((shape) => sqlModel(shape, "postgres")) });
        await database.inspect(["Country", "Town"]);
        expect(await racing({ ...opened, database })).toEqual(["stale", "stale", "written"]);
        await stands();
      } finally {
        client.release();
      }
    });
  });
});

/** Refers by two columns, and to itself. */
const shirt: Shape = {
  name: "Shirt",
  table: "shirt",
  key: ["id"],
  keyMaker: "database",
  columns: {
    id: { type: "serial", sqlite: "integer primary key" },
    team: { type: "text", sqlite: "text", null: true },
    number: { type: "int8", sqlite: "integer", null: true },
    aboveId: { type: "int4", sqlite: "integer", null: true, ddl: "references shirt on delete set null" },
  },
  references: [
    { name: "member", fields: ["team", "number"], target: "Member", targetFields: ["team", "number"], onDelete: "cascade" },
    { name: "above", fields: ["aboveId"], target: "Shirt", targetFields: ["id"], onDelete: "set-null" },
  ],
  ddl: ["foreign key (team, number) references member on delete cascade"],
};

onEveryDialect(`${import.meta.url} shapes`, (engine) => {
  let session: Session;
  let opened: Opened;
  beforeEach(async () => {
    session = await engine.open();
    opened = await fill(session, session.executor, engine.dialect, "restrict", [shirt]);
    await session.exec("insert into member values ('a', 1, 'x'), ('a', 2, 'x'), ('b', 1, 'x')");
  });
  afterEach(() => session.close());

  test("a child refers by a composite key, or by half of one to nobody", async () => {
    await session.exec("insert into shirt (id, team, number) values (1, 'a', 2), (2, 'b', null)");
    const children: ChildRows[] = [{ model: "Shirt", fields: ["team", "number"], known: [] }];
    const rows = guards(await opened.rows("Member"));
    expect(await statuses(opened, { op: "delete", model: "Member", rows, children })).toEqual(["written", "stale", "written"]);
    expect(await session.rows("select team, number from member")).toEqual([["a", "2"]]);
  });

  test("rows of one model that refer to each other go together where they are known, and no other one with them", async () => {
    await session.exec("insert into shirt (id) values (1), (2), (3), (4)");
    await session.exec("insert into shirt (id, above_id) values (5, 4)");
    await session.exec("update shirt set above_id = case id when 1 then 2 when 2 then 1 else 3 end where id < 4");
    const children: ChildRows[] = [{ model: "Shirt", fields: ["aboveId"], known: [["1"], ["2"], ["3"]] }];
    const rows = guards(await opened.rows("Shirt")).slice(0, 4);
    expect(await statuses(opened, { op: "delete", model: "Shirt", rows, children })).toEqual(["written", "written", "written", "stale"]);
    expect(await session.rows("select id, above_id from shirt order by id")).toEqual([["4", null], ["5", "4"]]);
  });
});

onEveryDialect(`${import.meta.url} run`, (engine) => {
  test.each(["set-null", "cascade"] as const)("a run finds the child that came after its look: its parent is a conflict (%s)", async (onDelete) => {
    const [source, target] = [await engines.better.open(), await engine.open()];
    const left = (await fill(source, source.executor, "sqlite", onDelete)).database;
    const right = (await fill(target, target.executor, engine.dialect, onDelete)).database;
    for (const each of [source, target]) await each.exec("delete from town; update sync_database set runner = null");
    let late = true;
    const sync = createSync({
      name: "p", left, firstLink: "left", conflicts: leftWins(),
      right: {
        ...right,
        async commit(unit) {
          if (late && unit.batches.some(({ op }) => op === "delete")) await target.exec("insert into town (id, country_id) values (10, 1)");
          late &&= !unit.batches.some(({ op }) => op === "delete");
          return await right.commit(unit);
        },
      },
      models: { Country: { match: naturalKey("code", { withoutUniqueKey: true }) }, Town: { match: cloudId() } },
    });
    await sync.run();
    await source.exec("delete from country where id in (1, 2)");
    await sync.run({ confirmDeletes: true });
    expect(late).toBe(false);
    expect(await target.rows("select id, country_id from town")).toEqual([["10", "1"]]);
    expect(await target.rows("select code from country order by id")).toEqual([["A"], ["C"]]);
    const kinds: string[] = [];
    for await (const { kind } of sync.conflicts({ open: true })) kinds.push(kind);
    expect(kinds).toEqual(["delete-parent"]);
    await target.exec("delete from town");
    await sync.run({ confirmDeletes: true });
    expect(await target.rows("select code from country order by id")).toEqual([["C"]]);
    for (const each of [source, target]) await each.close();
  });
});

onPostgres(`${import.meta.url} price`, (engine) => {
  let session: PostgresSession;
  beforeEach(async () => void (session = await engine.open()));
  afterEach(() => session.close());

  test("a delete costs a second statement only where something may refer to it", async () => {
    const sent: string[] = [];
    const opened = await fill(session, counting(session.executor, sent), "postgres", "cascade");
    await session.exec("insert into member values ('a', 1, 'x')");
    const [first] = guards(await opened.rows("Country"));
    const members = guards(await opened.rows("Member"));
    sent.length = 0;
    await statuses(opened, { op: "delete", model: "Member", rows: members });
    expect(sent.splice(0)).toEqual(["query"]);
    await statuses(opened, { op: "delete", model: "Country", rows: [first!], children: [towns()] });
    expect(sent.splice(0)).toEqual(["atomic 2"]);
  });
});
