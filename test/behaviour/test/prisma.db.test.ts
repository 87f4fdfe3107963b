import { isSyncError, type QuarantineRecord, type SyncError } from "@sync/core";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterEach, expect, test } from "vitest";
import { openPostgres, openSqlite } from "../src/databases.ts";
import { freshUrl } from "../src/fresh.ts";
import { listOf } from "../src/lists.ts";
import { pairOf, type Pair } from "../src/pairs.ts";
import { openPrismaPostgres, openPrismaSqlite } from "../src/prisma.ts";
import { proxyTo } from "../src/proxy.ts";
import { keepSecrets, planted } from "../src/secrets.ts";
import { tables } from "../src/tables.ts";

const { text, code, number, password } = planted;

async function refused(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (isSyncError(error)) return error;
  throw new Error("it was not refused", { cause: error });
}

describePostgres("through Prisma", (server) => {
  keepSecrets();
  const closing: { close(): Promise<void> }[] = [];
  const remember = <C extends { close(): Promise<void> }>(thing: C): C => (closing.push(thing), thing);
  afterEach(async () => {
    for (const each of closing.splice(0).reverse()) await each.close();
  });

  /** Constraints that only the right side has. */
  const onTheRight = {
    sqlite: `create table known (motto text primary key); insert into known values ('${text} known'), ('${text} once');
      drop table country; create table country (id text not null primary key, code text not null, name text not null check (name is not null), motto text constraint known_motto references known (motto), people bigint constraint few_people check (people < 10));
      create unique index country_code_key on country (code); create unique index once on country (motto) where motto like '%once';
      create trigger refuse before insert on country when new.people = 5 begin select raise(abort, '${text} is not welcome'); end;`,
    postgres: `create table known (motto text primary key); insert into known values ('${text} known'), ('${text} once');
      alter table country add constraint known_motto foreign key (motto) references known (motto), add constraint few_people check (people < 10);
      create unique index once on country (motto) where motto like '%once';
      create function refuse() returns trigger language plpgsql as $$ begin if new.people = 5 then raise exception '% is not welcome', new.name; end if; return new; end $$;
      create trigger refuse before insert on country for each row execute function refuse();`,
  };

  const pairs: [string, () => Promise<Pair>][] = [
    ["Prisma on SQLite and Drizzle on PostgreSQL", async () => pairOf(remember(openPrismaSqlite()), remember(await openPostgres(await freshUrl(server, import.meta.url), tables("postgres") + onTheRight.postgres)))],
    ["Drizzle on SQLite and Prisma on PostgreSQL", async () => pairOf(remember(openSqlite(tables("sqlite"))), remember(await openPrismaPostgres(await freshUrl(server, import.meta.url), onTheRight.postgres)))],
    ["Drizzle on SQLite and Prisma on SQLite", async () => pairOf(remember(openSqlite(tables("sqlite"))), remember(openPrismaSqlite(onTheRight.sqlite)))],
  ];

  test.each(pairs)("%s: refusals wait with the constraint's name and without a value, and everyone else is written", async (name, open) => {
    const pair = await open();
    const id = pair.left.engine === "sqlite" && name.startsWith("Prisma") ? (n: number): string => `'id${n}', ` : () => "";
    const columns = id(0) === "" ? "code, name, motto, people" : "id, code, name, motto, people";
    const rows = ["null, null", `null, ${number}`, `'${text} unknown', null`, `'${text} known', 1`, "null, 5", `'${text} once', 1`, `'${text} once', 2`, `'${text}' || char(0), 1`];
    await pair.left.exec(`insert into country (${columns}) values ${rows.map((row, n) => `(${id(n)}'${code}-${n}', '${text}', ${row})`).join(", ")}`);
    const sync = pair.sync();
    const run = await sync.run();
    expect(run.models.get("Country")).toMatchObject({ created: { right: 3 } });
    const listed = await listOf<QuarantineRecord>(sync.quarantine());
    const sqlite = pair.right.dialect === "sqlite";
    expect(listed.map((entry) => [entry.code, entry.constraint ?? entry.field]).sort()).toEqual([
      // SQLite holds U+0000 in a text; what it refuses here is the foreign key. Which one it was it does not say.
      ...(sqlite ? [] : [["VALUE.NUL", "motto"]]),
      ["WRITE.CHECK", "few_people"],
      ...(sqlite ? [["WRITE.FOREIGN_KEY", undefined], ["WRITE.FOREIGN_KEY", undefined]] : [["WRITE.FOREIGN_KEY", "known_motto"]]),
      ["WRITE.REFUSED", undefined],
      ["WRITE.UNIQUE", sqlite ? "country.motto" : "once"],
    ]);
    expect((await listOf(sync.conflicts())).map(({ kind }) => kind)).toEqual(["unique"]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: false, explained: true });
  });

  test("a connection that the server ends in the middle of a unit is retried, and so is an answer that is lost", async () => {
    const url = await freshUrl(server, import.meta.url);
    const proxy = remember(await proxyTo(url));
    const right = remember(await openPrismaPostgres(url, "", proxy.url));
    const left = remember(openSqlite(`${tables("sqlite")} insert into country (code, name) values ('${code}-a', '${text}'), ('${code}-b', '${text}')`));
    const pair = pairOf(left, right);
    await pair.sync().run();
    for (const fate of ["cut", "lose answer"] as const) {
      await left.exec(`update country set name = '${text} ${fate}'; insert into country (code, name) values ('${code}-${fate}', '${text}')`);
      let armed = true;
      proxy.fate = (request) => (armed && /(?:insert into|update) (?:"public"\.)?"country"/.test(request) ? ((armed = false), fate) : "pass");
      await pair.sync().run();
      expect(armed).toBe(false);
      expect(await right.rows(`select count(*)::int as n from country where name = '${text} ${fate}'`)).toEqual([{ n: 2 }]);
      expect(await pair.sync().verify()).toMatchObject({ equal: true });
      expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
      await left.exec(`delete from country where code like '%-${fate}'`);
      await pair.sync().run();
    }
    expect(pair.events.filter((event) => event.type === "retry").map((event) => event.code)).toContain("ENDPOINT.UNAVAILABLE");
  });

  test("a server that is nowhere, or takes no such login, is a clear stop that names no password", async () => {
    const url = await freshUrl(server, import.meta.url);
    const proxy = await proxyTo(url);
    const nowhere = new URL(proxy.url);
    await proxy.close();
    nowhere.password = password;
    const wrong = new URL(url);
    wrong.password = password;
    for (const [through, expected] of [[nowhere.href, "ENDPOINT.UNAVAILABLE"], [wrong.href, "ENDPOINT.FORBIDDEN"]] as const) {
      const right = await openPrismaPostgres(url, "", through);
      const left = openSqlite(tables("sqlite"));
      expect(await refused(pairOf(left, right).sync().run())).toMatchObject({ code: expected, database: "prisma/postgres" });
      await right.exec("drop table city; drop table country");
      await left.close();
      await right.close();
    }
  });

  test("a lock that the application holds on the SQLite file is waited for, then a clear stop", async () => {
    const left = remember(openPrismaSqlite());
    const right = remember(openSqlite(tables("sqlite")));
    const pair = pairOf(left, right);
    await pair.sync().run();
    await left.prisma.country.create({ data: { code: `${code}-a`, name: text } });
    await left.exec("begin immediate");
    const error = await refused(pair.sync({ retry: { attempts: 1 } }).run());
    expect(error).toMatchObject({ code: expect.stringMatching(/^ENDPOINT\.(CONTENTION|UNAVAILABLE)$/), retryable: true });
    await left.exec("rollback");
    await pair.sync().run();
    expect(await right.rows("select code from country")).toEqual([{ code: `${code}-a` }]);
  });

  test("a text whose bytes are no UTF-8 waits in quarantine, and U+FFFD itself goes across", async () => {
    const left = remember(openPrismaSqlite());
    const right = remember(openSqlite(tables("sqlite")));
    const pair = pairOf(left, right);
    const values = [`'${text} ' || char(65533)`, "cast(x'61FF62' as text)", "cast(x'61EDA08062' as text)"];
    await left.exec(`insert into country (id, code, name) values ${values.map((value, n) => `('id${n}', '${code}-${n}', ${value})`).join(", ")}`);
    const before = await left.rows("select code, hex(name) as name from country order by code");
    const sync = pair.sync();
    await sync.run();
    expect((await listOf<QuarantineRecord>(sync.quarantine())).map((entry) => `${entry.field} ${entry.code}`)).toEqual(["name VALUE.NOT_UTF8", "name VALUE.NOT_UTF8"]);
    expect(await right.rows("select code, hex(name) as name from country")).toEqual([before[0]]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await left.rows("select code, hex(name) as name from country order by code")).toEqual(before);
  });
});
