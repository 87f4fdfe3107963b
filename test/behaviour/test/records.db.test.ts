import { naturalKey, type ConflictRecord, type QuarantineRecord } from "@sync/core";
import { expect, test } from "vitest";
import { listOf } from "../src/lists.ts";
import { onPairs, everyPair } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";
import { tables } from "../src/tables.ts";

const { text, code } = planted;
const repeating = { variation: { codesRepeat: true } };
const waiting = { Country: { match: naturalKey("code", { withoutUniqueKey: true }) }, City: { match: naturalKey("code", { withoutUniqueKey: true }) } };

onPairs(import.meta.url, everyPair, (open) => {
  test("duplicate natural keys are listed; they and their dependants wait, and the rest goes on", async () => {
    const pair = await open(repeating, repeating);
    await pair.left.exec(`
      insert into country (id, code, name) values (1, '${code}-a', '${text} 1'), (2, '${code}-twice', '${text} 2'), (3, '${code}-twice', '${text} 3');
      insert into city (id, code, name, country_id) values (1, '${code}-1', '${text}', 1), (2, '${code}-2', '${text}', 2), (3, '${code}-3', '${text}', null)`);
    const sync = pair.sync({ models: waiting });
    const run = await sync.run();
    expect(run.status).toBe("done");
    expect(await pair.right.rows("select name from country order by name")).toEqual([{ name: `${text} 1` }]);
    expect(await pair.right.rows("select code from city order by code")).toEqual([{ code: `${code}-1` }, { code: `${code}-3` }]);
    const listed = await listOf<QuarantineRecord>(sync.quarantine());
    expect(listed.map(({ model, side, key, code: why }) => [model, side, key, why])).toEqual([
      ["City", "left", ["2"], "REFERENCE.PARENT_WAITS"], ["Country", "left", ["2"], "MATCH.AMBIGUOUS"], ["Country", "left", ["3"], "MATCH.AMBIGUOUS"],
    ]);
    expect(listed[0]!.waitsFor).toEqual({ model: "Country", key: ["2"] });

    // Mended, all of it goes across by itself.
    await pair.left.exec(`update country set code = '${code}-once' where id = 3`);
    await sync.run();
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("an ambiguous match is never guessed: all its records wait, on whichever side they are", async () => {
    const pair = await open(repeating, repeating);
    await pair.left.exec(`insert into country (code, name) values ('${code}-x', '${text} left'), ('${code}-y', '${text} same')`);
    await pair.right.exec(`insert into country (code, name) values ('${code}-x', '${text} one'), ('${code}-x', '${text} two'), ('${code}-y', '${text} same')`);
    const sync = pair.sync({ models: waiting, firstLink: "left" });
    await sync.run();
    expect(await pair.left.rows("select count(*) as n from country")).toMatchObject([{ n: expect.anything() }]);
    const listed = await listOf<QuarantineRecord>(sync.quarantine());
    expect(listed.map(({ side, code: why }) => `${side} ${why}`).sort()).toEqual(["left MATCH.AMBIGUOUS", "right MATCH.AMBIGUOUS", "right MATCH.AMBIGUOUS"]);
    expect(await pair.left.rows("select name from country order by name")).toEqual([{ name: `${text} left` }, { name: `${text} same` }]);
    expect(await pair.right.rows("select name from country order by name")).toEqual([{ name: `${text} one` }, { name: `${text} same` }, { name: `${text} two` }]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a dangling foreign key waits in quarantine and goes across by itself once the parent is there", async () => {
    const pair = await open({ variation: { citiesDangle: true } });
    await pair.left.exec(`insert into city (code, name, country_id) values ('${code}-1', '${text}', 77), ('${code}-2', '${text}', null)`);
    const sync = pair.sync();
    expect((await sync.run()).models.get("City")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect(await listOf(sync.quarantine())).toMatchObject([{ code: "REFERENCE.DANGLING", field: "countryId", waitsFor: { model: "Country", key: ["77"] } }]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    await pair.left.exec(`insert into country (id, code, name) values (77, '${code}-late', '${text}')`);
    await sync.run();
    expect(await pair.right.rows("select c.code as city, p.code as country from city c left join country p on p.id = c.country_id order by city")).toEqual([
      { city: `${code}-1`, country: `${code}-late` }, { city: `${code}-2`, country: null },
    ]);
    expect(await listOf(sync.quarantine())).toEqual([]);
  });

  test("a record whose parent waits in quarantine waits with it, and both go across once the parent can", async () => {
    const pair = await open({}, { variation: { country: "constraint country_people_few check (people < 10)" } });
    await pair.left.exec(`
      insert into country (id, code, name, people) values (5, '${code}-full', '${text}', ${planted.number});
      insert into city (code, name, country_id) values ('${code}-1', '${text}', 5)`);
    const sync = pair.sync();
    await sync.run();
    expect((await listOf<QuarantineRecord>(sync.quarantine())).map(({ model, code: why }) => `${model} ${why}`).sort()).toEqual(["City REFERENCE.PARENT_WAITS", "Country WRITE.CHECK"]);
    await pair.left.exec("update country set people = 3");
    await sync.run();
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect(await pair.right.rows("select c.code, p.people from city c join country p on p.id = c.country_id")).toMatchObject([{ code: `${code}-1` }]);
  });

  test("a unique refusal is a conflict, and everyone else is written", async () => {
    const pair = await open({}, { variation: { country: "constraint country_motto_once unique (motto)" } });
    await pair.right.exec(`insert into country (code, name, motto) values ('${code}-right', '${text}', '${text} motto')`);
    const sync = pair.sync({ direction: "left-to-right", firstLink: "left" });
    await pair.left.exec(`insert into country (code, name, motto) values ('${code}-a', '${text}', null), ('${code}-b', '${text}', '${text} motto'), ('${code}-c', '${text}', null)`);
    await sync.run();
    expect(await pair.right.rows("select code from country order by code")).toEqual([`${code}-a`, `${code}-c`, `${code}-right`].map((each) => ({ code: each })));
    const conflicts = await listOf<ConflictRecord>(sync.conflicts());
    expect(conflicts).toMatchObject([{ kind: "unique", decision: "open", model: "Country" }]);
    const constraint = pair.right.dialect === "sqlite" ? "country.motto" : "country_motto_once";
    expect(await listOf(sync.quarantine())).toMatchObject([{ code: "WRITE.UNIQUE", constraint }]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    await pair.right.exec(`update country set motto = null`);
    await sync.run();
    expect(await pair.right.rows("select count(*) as n from country where motto is not null")).toMatchObject([{ n: expect.anything() }]);
    expect(await pair.right.rows(`select motto from country where code = '${code}-b'`)).toEqual([{ motto: `${text} motto` }]);
    expect(await listOf(sync.quarantine())).toEqual([]);
  });

  test.each([
    ["check", "constraint country_people_few check (people < 10)", "WRITE.CHECK", "country_people_few", `people`, planted.number],
    ["not-null", "check (motto is not null)", "WRITE.CHECK", expect.any(String), "motto", "null"],
  ])("a %s refusal is quarantined with the constraint's name, and everyone else is written", async (_, constraint, why, name, column, value) => {
    const pair = await open({}, { variation: { country: constraint } });
    const rows = Array.from({ length: 20 }, (__, n) => `('${code}-${n}', '${text}', '${text}', ${n % 10})`).join(", ");
    await pair.left.exec(`insert into country (code, name, motto, people) values ${rows}; update country set ${column} = ${value} where code = '${code}-13'`);
    const sync = pair.sync();
    expect((await sync.run()).models.get("Country")).toMatchObject({ created: { right: 19 }, quarantined: 1 });
    expect(await listOf(sync.quarantine())).toMatchObject([{ code: why, constraint: name, side: "left", attempts: 1 }]);
    expect(await sync.verify()).toMatchObject({ equal: false, explained: true });
    // Refused once, it is not tried again until something changes.
    expect((await sync.run()).models.get("Country")).toMatchObject({ quarantined: 0, waiting: 1 });
    await pair.left.exec(`update country set ${column} = ${column === "people" ? "1" : `'${text}'`} where code = '${code}-13'`);
    await sync.run();
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect(await listOf(sync.quarantine())).toEqual([]);
  });

  test("a null that the other side's column does not take is said beforehand, and quarantined with the field's name", async () => {
    const strict = (dialect: "sqlite" | "postgres"): string => tables(dialect).replace("motto text", "motto text not null");
    const pair = await open({}, { ddl: { sqlite: strict("sqlite"), postgres: strict("postgres") } });
    await pair.left.exec(`insert into country (code, name, motto) values ('${code}-a', '${text}', '${text}'), ('${code}-b', '${text}', null)`);
    const sync = pair.sync();
    const run = await sync.run();
    expect(run.findings).toContainEqual(expect.objectContaining({ severity: "warning", code: "SCHEMA.NOT_NULL", field: "motto" }));
    expect(run.models.get("Country")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect(await listOf(sync.quarantine())).toMatchObject([{ code: "WRITE.NOT_NULL", field: "motto" }]);
  });

  test("a foreign key to a table outside the sync that refuses is quarantined with the constraint's name", async () => {
    const pair = await open({}, { variation: { country: "constraint country_motto_known foreign key (motto) references known (motto)" }, before: "create table known (motto text primary key);" });
    await pair.left.exec(`insert into country (code, name, motto) values ('${code}-a', '${text}', null), ('${code}-b', '${text}', '${text} unknown'), ('${code}-c', '${text}', null)`);
    const sync = pair.sync();
    expect((await sync.run()).models.get("Country")).toMatchObject({ created: { right: 2 }, quarantined: 1 });
    const [entry] = await listOf<QuarantineRecord>(sync.quarantine());
    expect(entry).toMatchObject({ code: "WRITE.FOREIGN_KEY" });
    // SQLite does not say which one it was.
    if (pair.right.dialect === "postgres") expect(entry).toMatchObject({ constraint: "country_motto_known" });
    await pair.right.exec(`insert into known values ('${text} unknown')`);
    await sync.run({ retryQuarantine: true });
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("a trigger that refuses, with a value in its words, is quarantined without them", async () => {
    const pair = await open();
    await pair.right.exec(pair.right.dialect === "sqlite"
      ? `create trigger refuse before insert on country when new.people = ${planted.number} begin select raise(abort, '${text} is not welcome'); end`
      : `create function refuse() returns trigger language plpgsql as $$ begin if new.people = ${planted.number} then raise exception '% is not welcome', new.name; end if; return new; end $$;
         create trigger refuse before insert on country for each row execute function refuse()`);
    await pair.left.exec(`insert into country (code, name, people) values ('${code}-a', '${text}', 1), ('${code}-b', '${text}', ${planted.number}), ('${code}-c', '${text}', 2)`);
    const sync = pair.sync();
    expect((await sync.run()).models.get("Country")).toMatchObject({ created: { right: 2 }, quarantined: 1 });
    const [entry] = await listOf<QuarantineRecord>(sync.quarantine());
    expect(entry).toMatchObject({ code: "WRITE.REFUSED" });
    expect(JSON.stringify([entry?.message, entry?.constraint])).not.toContain(text);
  });
});
