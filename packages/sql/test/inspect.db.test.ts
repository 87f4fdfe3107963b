import { afterEach, beforeEach, expect, test } from "vitest";
import { type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { onEveryDialect, onPostgres, type PostgresSession, type Session } from "./support/engines.ts";
import { poolExecutor } from "./support/executors.ts";
import { city, country, ddl, everything, member, type Shape, sqlModel } from "./support/models.ts";

onEveryDialect(import.meta.url, (engine) => {
  let session: Session;
  beforeEach(async () => {
    session = await engine.open();
  });
  afterEach(() => session.close());

  const open = (...shapes: Shape[]): SqlDatabase =>
    sqlDatabase({ name: "test", executor: session.executor, models: shapes.map((shape) => sqlModel(shape, engine.dialect)) });
  const codes = async (database: SqlDatabase): Promise<string[]> => {
    const { findings } = await database.inspect([...database.endpoints.keys()]);
    return findings.map(({ severity, code, model, field }) => `${severity} ${code} ${model}${field === undefined ? "" : `.${field}`}`);
  };
  const pg = engine.dialect === "postgres";

  test("tables that are as declared give no findings, and writes to them are exact", async () => {
    for (const shape of [country, city, member, everything]) await session.exec(ddl(shape, engine.dialect));
    const database = open(country, city, member, everything);
    expect(await codes(database)).toEqual([]);
    expect([...database.endpoints.values()].map(({ capabilities }) => capabilities.exactWrites)).toEqual([true, true, true, true]);
  });

  test("a missing table and a missing column are errors", async () => {
    await session.exec(ddl(country, engine.dialect));
    await session.exec(`create table member (team text, number int, primary key (team, number))`);
    const found = await codes(open(country, city, member));
    expect(found).toContain("error SCHEMA.MISSING_TABLE City");
    expect(found).toContain("error SCHEMA.MISSING_COLUMN Member.note");
  });

  test("what would refuse rows later is said before", async () => {
    await session.exec(`create table country (id int, code text, title text not null, size ${pg ? "int8" : "integer"}, extra text not null)`);
    await session.exec(`create table city (id ${pg ? "serial" : "integer"} primary key, title text, country_id int, cloud_id ${pg ? "uuid" : "text"})`);
    const found = await codes(open(country, city));
    expect(found).toEqual(
      expect.arrayContaining([
        "error SCHEMA.NO_KEY Country",
        "error SCHEMA.NO_SEQUENCE Country.id",
        "warning SCHEMA.NOT_NULL Country.title",
        "warning SCHEMA.UNMAPPED_REQUIRED Country",
        "error SCHEMA.NOT_UNIQUE City.cloudId",
      ]),
    );
  });

  test("a key that a generation expression makes cannot be repeated", async () => {
    await session.exec(`create table member (team text generated always as (lower(note)) stored not null, number int not null, note text, unique (team, number))`);
    const found = await codes(open(member));
    expect(found).toContain("error IDENTITY.NOT_REPEATABLE Member.team");
    expect(found).not.toContain("error SCHEMA.GENERATED Member.team");
  });

  test("a cascade into a table outside the sync is a warning", async () => {
    await session.exec(ddl(country, engine.dialect));
    await session.exec("create table visit (id int primary key, country_id int references country on delete cascade)");
    expect(await codes(open(country))).toEqual(["warning SCHEMA.CASCADE_OUTSIDE Country"]);
  });

  test("the shape moves with the mapped columns and with nothing else", async () => {
    await session.exec(ddl(member, engine.dialect));
    const database = open(member);
    const shape = async (): Promise<string> => (await database.inspect(["Member"])).shapes.get("Member")!;
    const first = await shape();
    await session.exec("insert into member values ('a', 1, 'x')");
    await session.exec("alter table member add column other text");
    expect(await shape()).toBe(first);
    await session.exec("create unique index on_note on member (note)");
    expect(await shape()).not.toBe(first);
  });

  test("a model nobody knows is a finding with the known names", async () => {
    const { findings } = await open(member).inspect(["Nember"]);
    expect(findings).toMatchObject([{ severity: "error", code: "OPTIONS.UNKNOWN_MODEL", message: expect.stringContaining("Member") }]);
  });

  test("a view is refused", async () => {
    await session.exec("create view member as select 'a' as team, 1 as number, 'x' as note");
    expect(await codes(open(member))).toContain("error SCHEMA.NOT_A_TABLE Member");
  });

  test("what a trigger changes comes back as the row's after-image", async () => {
    await session.exec(ddl(member, engine.dialect));
    await session.exec(
      pg
        ? `create function touch() returns trigger language plpgsql as $$ begin update member set note = upper(note) where team = new.team and number = new.number and note <> upper(note); return null; end $$;
           create trigger t after insert or update on member for each row execute function touch()`
        : "create trigger t after insert on member begin update member set note = upper(note) where team = new.team and number = new.number; end;" +
            "create trigger u after update on member when new.note <> upper(new.note) begin update member set note = upper(note) where team = new.team and number = new.number; end",
    );
    const database = open(member);
    await database.inspect(["Member"]);
    expect(database.endpoints.get("Member")!.capabilities.exactWrites).toBe(false);
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    const inserted = await database.commit({
      id: "1",
      fence,
      batches: [{ op: "insert", model: "Member", fields: ["note"], rows: [{ key: ["a", "1"], cloudId: "c1", values: ["x"] }, { key: ["a", "2"], cloudId: "c2", values: ["y"] }] }],
    });
    expect(inserted).toMatchObject({
      committed: true,
      outcomes: [[
        { status: "written", after: { key: ["a", "1"], cloudId: "c1", values: ["a", "1", "X"] } },
        { status: "written", after: { key: ["a", "2"], cloudId: "c2", values: ["a", "2", "Y"] } },
      ]],
    });
    const [row] = await database.endpoints.get("Member")!.fetch({ fields: ["note"], by: "key", tuples: [["a", "1"]] });
    const after = inserted.committed && inserted.outcomes[0]![0]!.status === "written" ? inserted.outcomes[0]![0]!.after : undefined;
    expect(after?.revision).toBe(row!.revision);
    const updated = await database.commit({
      id: "2",
      fence,
      batches: [{ op: "update", model: "Member", fields: ["note"], rows: [{ key: ["a", "1"], revision: row!.revision, values: ["z"] }, { key: ["a", "2"], revision: "0", values: ["z"] }] }],
    });
    expect(updated).toMatchObject({ committed: true, outcomes: [[{ status: "written", after: { cloudId: "c1", values: ["a", "1", "Z"] } }, { status: "stale" }]] });
  });
});

onPostgres(import.meta.url, (engine) => {
  let session: PostgresSession;
  let database: SqlDatabase;
  beforeEach(async () => {
    session = await engine.open();
    await session.exec(ddl(member, "postgres"));
    database = sqlDatabase({ name: "test", executor: session.executor, models: [sqlModel(member, "postgres")] });
  });
  afterEach(() => session.close());

  test("a key that a default other than a sequence makes cannot be repeated, and the ways to mend it are named", async () => {
    await session.exec("create table country (id int primary key default (random() * 1e9)::int, code text unique, title text, size int8)");
    const { findings } = await sqlDatabase({ name: "test", executor: session.executor, models: [sqlModel(country, "postgres")] }).inspect(["Country"]);
    expect(findings).toMatchObject([{ severity: "error", code: "IDENTITY.NOT_REPEATABLE", model: "Country", field: "id", message: expect.stringMatching(/uuid.*sequence.*unique key/) }]);
  });

  const trigger = async (body: string): Promise<string[]> => {
    await session.exec(`create function key() returns trigger language plpgsql as $$ ${body} $$; create trigger made before insert on member for each row execute function key()`);
    const { findings } = await database.inspect(["Member"]);
    return findings.map(({ code, message }) => `${code}${message.includes("trigger made") ? " by a trigger" : ""}`);
  };

  test("a trigger that gives each new row another key is an error", async () => {
    expect(await trigger("begin\n-- a number of its own\nNEW.number := (random() * 1e9)::int; return new; end")).toEqual(["IDENTITY.NOT_REPEATABLE by a trigger"]);
  });

  test("a trigger that selects the key of a new row is an error", async () => {
    expect(await trigger('begin select max(number) + 1 into new."number" from member; return new; end')).toEqual(["IDENTITY.NOT_REPEATABLE by a trigger"]);
  });

  test("a trigger that only fills in a missing key, or compares it, is none", async () => {
    expect(await trigger("begin if new.number is null then new.number := 1; end if; if new.number = 5 then new.note := 'five'; end if; return new; end")).toEqual([]);
  });

  test("a column of another type is an error", async () => {
    await session.exec("alter table member alter column note type int using 0");
    const { findings } = await database.inspect(["Member"]);
    expect(findings).toMatchObject([{ severity: "error", code: "SCHEMA.TYPE_DIFFERS", field: "note" }]);
  });

  test("what this user may not do is said", async () => {
    await session.exec("create role reader; grant select on member to reader; revoke create on schema public from public");
    const client = await session.pool.connect();
    try {
      await client.query("set role reader");
      const limited = sqlDatabase({ name: "test", executor: poolExecutor(client as never), models: [sqlModel(member, "postgres")] });
      const { findings } = await limited.inspect(["Member"]);
      expect(findings).toMatchObject([{ severity: "warning", code: "SCHEMA.READ_ONLY", message: expect.stringContaining("insert, update, delete") }]);
      await expect(limited.claim({ holder: "h", runner: "r", seconds: 60 })).rejects.toMatchObject({ code: "ENDPOINT.FORBIDDEN" });
    } finally {
      await client.query("reset role; drop owned by reader; drop role reader");
      client.release();
    }
  });

  test("a trigger before the write needs no second statement", async () => {
    await session.exec(
      `create function b() returns trigger language plpgsql as $$ begin if new.note = 'skip' then return null; end if; new.note = upper(new.note); return new; end $$;
       create trigger t before insert or update on member for each row execute function b()`,
    );
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    const result = await database.commit({
      id: "1",
      fence,
      batches: [{
        op: "insert",
        model: "Member",
        fields: ["note"],
        rows: [{ key: ["a", "1"], cloudId: "c1", values: ["x"] }, { key: ["a", "2"], cloudId: "c2", values: ["skip"] }],
      }],
    });
    expect(result).toMatchObject({ committed: true, outcomes: [[{ status: "written", after: { cloudId: "c1", values: ["a", "1", "X"] } }, { status: "stale" }]] });
    // A row that a trigger kept back must not leave an identity behind.
    expect(await session.rows("select cloud_id from sync_identity")).toEqual([["c1"]]);
  });
});
