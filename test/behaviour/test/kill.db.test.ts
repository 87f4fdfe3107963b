import type { ConflictRecord } from "@sync/core";
import { temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import pg from "pg";
import { expect, test } from "vitest";
import { join } from "node:path";
import { openPostgres, openSqlite, type Side } from "../src/databases.ts";
import { freshUrl } from "../src/fresh.ts";
import type { Death } from "../src/killable.ts";
import { listOf } from "../src/lists.ts";
import { pairOf } from "../src/pairs.ts";
import { runIn } from "../src/run-in.ts";
import { tables } from "../src/tables.ts";

const count = 30;
const list = (word: (n: number) => string, n = count): string => Array.from({ length: n }, (_, at) => word(at)).join(", ");

/**
 * Something of everything in one run: records linked for the first time, new ones on both sides with parents that are new
 * too, edits here, there, on both and of the same field, deletes, a renamed key, a record that the right refuses.
 */
async function prepare(left: Side, right: Side): Promise<void> {
  await left.exec(`insert into country (code, name, people) values ${list((n) => `('l${n}', 'left ${n}', ${n})`)}`);
  await left.exec(`insert into city (code, name, country_id) select 'of ' || code, 'city of ' || name, id from country`);
  await pairOf(left, right).sync({ pageSize: 50 }).run();
  await left.exec(`
    update country set name = 'edited on the left' where people < 5;
    update country set people = 100 where people = 7;
    delete from city where code in ('of l10', 'of l11');
    delete from country where code = 'l11';
    insert into country (code, name) values ${list((n) => `('n${n}', 'new ${n}')`, 12)}, ('same', 'made on both');
    insert into city (code, name, country_id) select 'of ' || code, 'new city', id from country where code like 'n%'`);
  await right.exec(`
    update country set motto = 'edited on the right' where people between 3 and 6;
    update country set name = 'edited on both' where people = 2;
    update country set code = 'renamed' where code = 'l20';
    delete from city where code = 'of l21';
    insert into country (code, name) values ${list((n) => `('r${n}', 'from the right ${n}')`, 9)}, ('same', 'made on both');
    insert into city (code, name, country_id) select 'of ' || code, 'from the right', id from country where code like 'r%' and code <> 'renamed'`);
}

interface Reading {
  readonly countries: readonly Record<string, unknown>[];
  readonly cities: readonly Record<string, unknown>[];
}

/** What has to stand on both sides afterwards; the right one refuses more than 50 people. */
function expected(side: "left" | "right"): Reading {
  const known = Array.from({ length: count }, (_, n) => n).filter((n) => n !== 11).map((n) => ({
    code: n === 20 ? "renamed" : `l${n}`,
    name: n < 5 ? "edited on the left" : `left ${n}`,
    motto: n >= 3 && n <= 6 ? "edited on the right" : null,
    people: n === 7 && side === "left" ? 100 : n,
  }));
  const fresh = Array.from({ length: 12 }, (_, n) => ({ code: `n${n}`, name: `new ${n}`, motto: null, people: null }));
  const right = Array.from({ length: 9 }, (_, n) => ({ code: `r${n}`, name: `from the right ${n}`, motto: null, people: null }));
  const same = { code: "same", name: "made on both", motto: null, people: null };
  const cities = Array.from({ length: count }, (_, n) => n).filter((n) => ![10, 11, 21].includes(n)).map((n) => ({ code: `of l${n}`, name: `city of left ${n}`, country: n === 20 ? "renamed" : `l${n}` }));
  return {
    countries: [...known, ...fresh, ...right, same].sort(byCode),
    cities: [...cities, ...fresh.map(({ code }) => ({ code: `of ${code}`, name: "new city", country: code })), ...right.map(({ code }) => ({ code: `of ${code}`, name: "from the right", country: code }))].sort(byCode),
  };
}

const byCode = (a: { code?: unknown }, b: { code?: unknown }): number => (String(a.code) < String(b.code) ? -1 : 1);

/** Reads both tables with the bare driver. */
async function readings(where: string): Promise<Reading & { identities: number }> {
  const countries = "select code, name, motto, cast(people as integer) as people from country";
  const cities = "select c.code, c.name, p.code as country from city c left join country p on p.id = c.country_id";
  const identities = "select cast(count(*) as integer) as n from sync_identity i left join country c on i.model = 'Country' and i.local_key = cast(c.id as text) left join city t on i.model = 'City' and i.local_key = cast(t.id as text) where c.id is not null or t.id is not null";
  if (!where.startsWith("postgres")) {
    const file = new Database(where, { readonly: true });
    const all = (sql: string): Record<string, unknown>[] => file.prepare(sql).all() as Record<string, unknown>[];
    const read = { countries: all(countries).sort(byCode), cities: all(cities).sort(byCode), identities: Number(all(identities)[0]!["n"]) };
    file.close();
    return read;
  }
  const client = new pg.Client({ connectionString: where });
  await client.connect();
  const all = async (sql: string): Promise<Record<string, unknown>[]> => (await client.query<Record<string, unknown>>(sql)).rows;
  const read = { countries: (await all(countries)).sort(byCode), cities: (await all(cities)).sort(byCode), identities: Number((await all(identities))[0]!["n"]) };
  await client.end();
  return read;
}

const moments: readonly Death["moment"][] = ["before", "during", "after"];

describePostgres("a run that is killed with SIGKILL", (server) => {
  const limit = { country: "constraint country_people_few check (people < 50)" };

  async function opened(left: Side["engine"]): Promise<{ sides: [Side, Side]; where: [string, string]; close(): Promise<void> }> {
    const folder = temporaryFolder("kill");
    const path = join(folder.path, "application.sqlite");
    const url = await freshUrl(server, import.meta.url);
    const sqlite = openSqlite(tables("sqlite", left === "sqlite" ? {} : limit), { path });
    const postgres = await openPostgres(url, tables("postgres", left === "sqlite" ? limit : {}));
    const close = async (): Promise<void> => {
      await sqlite.close();
      await postgres.close();
      folder.remove();
    };
    return left === "sqlite" ? { sides: [sqlite, postgres], where: [path, url], close } : { sides: [postgres, sqlite], where: [url, path], close };
  }

  test.each([["SQLite", "PostgreSQL", "sqlite"], ["PostgreSQL", "SQLite", "postgres"]] as const)(
    "from %s to %s, at any of ten points: the next run completes, nothing is lost and nothing doubled",
    async (_, __, engine) => {
      const whole = await opened(engine);
      await prepare(...whole.sides);
      const { calls } = await runIn(whole.where);
      await whole.close();
      expect(calls.length).toBeGreaterThan(20);
      // Ten calls from the first to the last, and each moment in turn.
      const deaths = Array.from({ length: 10 }, (___, n): Death => ({ call: 1 + Math.round((n * (calls.length - 1)) / 9), moment: moments[n % 3]! }));
      for (const death of deaths) {
        const { sides, where, close } = await opened(engine);
        await prepare(...sides);
        const about = `killed ${death.moment} call ${death.call} of ${calls.length}: ${calls[death.call - 1]}`;
        expect((await runIn(where, death)).signal, about).toBe("SIGKILL");
        expect((await runIn(where)).signal, about).toBe(null);
        const [left, right] = [await readings(where[0]), await readings(where[1])];
        expect(left, about).toMatchObject(expected("left"));
        expect(right, about).toMatchObject(expected("right"));
        // Every record has its identity, once.
        const records = left.countries.length + left.cities.length;
        expect([left.identities, right.identities], about).toEqual([records, records]);
        const sync = pairOf(...sides).sync({ pageSize: 8 });
        expect((await sync.run()).written, about).toEqual({ left: 0, right: 0 });
        expect(await sync.verify(), about).toMatchObject({ explained: true });
        expect((await listOf(sync.quarantine())).map(({ code, constraint }) => [code, constraint]), about).toEqual([["WRITE.CHECK", "country_people_few"]]);
        const conflicts = await listOf<ConflictRecord>(sync.conflicts());
        expect(conflicts.map(({ kind, fields, left: ours, right: theirs, decision }) => [kind, fields, ours, theirs, decision]), about).toEqual([
          ["update-update", ["name"], ["edited on the left"], ["edited on both"], "left"],
        ]);
        await close();
      }
    },
    300_000, // forty processes; seconds on an idle machine
  );

  test("its lease ends by itself: without taking over, the next run waits for that and then completes", async () => {
    const { sides, where, close } = await opened("sqlite");
    await prepare(...sides);
    const { calls } = await runIn(where, { call: 6, moment: "after" });
    expect(calls).toEqual([]);
    const sync = pairOf(...sides).sync();
    await expect(sync.run()).rejects.toMatchObject({ code: "LEASE.HELD" });
    for (const side of sides) await side.exec("update sync_database set expires = '2001-01-01T00:00:00Z'");
    await sync.run();
    expect(await readings(where[0])).toMatchObject(expected("left"));
    expect(await readings(where[1])).toMatchObject(expected("right"));
    await close();
  });
});
