import { ask, fieldMerge, type ConflictRecord } from "@sync/core";
import { expect, test } from "vitest";
import { before, once } from "../src/between.ts";
import { listOf } from "../src/lists.ts";
import { onPairs, usualPairs } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";

const { text, code } = planted;
const two = `insert into country (code, name) values ('${code}-a', '${text} a'), ('${code}-b', '${text} b')`;
const all = "select code, name, motto from country order by code";
const asking = { conflicts: fieldMerge({ otherwise: ask() }) };

onPairs(import.meta.url, usualPairs, (open) => {
  test.each(["left", "right"] as const)("a conflict waits for a person, the rest of the record does not; the word for the %s is carried out by the next run", async (winner) => {
    const pair = await open();
    await pair.left.exec(two);
    const sync = pair.sync(asking);
    await sync.run();
    await pair.left.exec(`update country set name = '${text} left' where code = '${code}-a'`);
    await pair.right.exec(`update country set name = '${text} right', motto = '${text} motto' where code = '${code}-a'`);
    expect((await sync.run()).models.get("Country")).toMatchObject({ open: 1, conflicts: 0 });
    expect(await pair.left.rows(all)).toMatchObject([{ name: `${text} left`, motto: `${text} motto` }, {}]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    const [conflict, ...more] = await listOf<ConflictRecord>(sync.conflicts());
    expect(more).toEqual([]);
    await sync.decide(conflict!.id, winner);
    await sync.run();
    for (const side of [pair.left, pair.right]) expect(await side.rows(all)).toMatchObject([{ name: `${text} ${winner}` }, { name: `${text} b` }]);
    expect(await listOf<ConflictRecord>(sync.conflicts())).toMatchObject([{ decision: winner, rule: "a person decided" }]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    await expect(sync.decide(conflict!.id, winner)).rejects.toMatchObject({ code: "CONFLICT.DECIDED" });
    await expect(sync.decide("nothing", winner)).rejects.toMatchObject({ code: "CONFLICT.UNKNOWN" });
  });

  test("a word given while a run is under way is carried out by the next run", async () => {
    const pair = await open();
    await pair.left.exec(two);
    await pair.sync(asking).run();
    await pair.left.exec(`update country set name = '${text} left' where code = '${code}-a'`);
    await pair.right.exec(`update country set name = '${text} right' where code = '${code}-a'`);
    await pair.sync(asking).run();
    const [conflict] = await listOf<ConflictRecord>(pair.sync(asking).conflicts());
    await pair.left.exec(`update country set name = '${text} edited' where code = '${code}-b'`);
    const right = before(pair.right.database, once(() => true, () => pair.sync(asking).decide(conflict!.id, "right")));
    await pair.sync({ ...asking, right }).run();
    await pair.sync(asking).run();
    for (const side of [pair.left, pair.right]) expect(await side.rows(all)).toMatchObject([{ name: `${text} right` }, { name: `${text} edited` }]);
  });

  test("a word about values that have changed since is not taken for the new ones", async () => {
    const pair = await open();
    await pair.left.exec(two);
    const sync = pair.sync(asking);
    await sync.run();
    await pair.left.exec(`update country set name = '${text} left' where code = '${code}-a'`);
    await pair.right.exec(`update country set name = '${text} right' where code = '${code}-a'`);
    await sync.run();
    const [conflict] = await listOf<ConflictRecord>(sync.conflicts());
    await sync.decide(conflict!.id, "right");
    await pair.left.exec(`update country set name = '${text} newer' where code = '${code}-a'`);
    await sync.run();
    expect(await pair.left.rows(all)).toMatchObject([{ name: `${text} newer` }, {}]);
    expect(await pair.right.rows(all)).toMatchObject([{ name: `${text} right` }, {}]);
    expect((await listOf<ConflictRecord>(sync.conflicts())).filter(({ decision }) => decision === "open").map(({ left }) => left)).toContainEqual([`${text} newer`]);
  });

  test("a refusal by a unique key cannot be decided for a side, and says what helps", async () => {
    const pair = await open({}, { variation: { country: "constraint country_motto_once unique (motto)" } });
    await pair.left.exec(`insert into country (code, name, motto) values ('${code}-a', '${text} a', '${text}'), ('${code}-b', '${text} b', '${text}')`);
    const sync = pair.sync();
    await sync.run();
    const [conflict] = await listOf<ConflictRecord>(sync.conflicts());
    expect(conflict).toMatchObject({ kind: "unique", decision: "open" });
    await expect(sync.decide(conflict!.id, "left")).rejects.toMatchObject({ code: "CONFLICT.NEEDS_DATA" });
  });

  test("a delete whose child remains is a conflict that goes on by itself once the child is gone", async () => {
    const pair = await open();
    await pair.left.exec(`${two}; insert into city (code, name, country_id) select '${code}-1', '${text}', id from country where code = '${code}-a'`);
    const sync = pair.sync({ onEditDelete: "edit" });
    await sync.run();
    await pair.right.exec(`insert into city (code, name, country_id) select '${code}-2', '${text}', id from country where code = '${code}-a'`);
    await pair.left.exec(`delete from city; delete from country where code = '${code}-a'`);
    await sync.run();
    const [conflict] = (await listOf<ConflictRecord>(sync.conflicts())).filter(({ kind }) => kind === "delete-parent");
    expect(conflict).toMatchObject({ model: "Country", decision: "open" });
    expect(await pair.right.rows("select code from country order by code")).toHaveLength(2);
    await expect(sync.decide(conflict!.id, "left")).rejects.toMatchObject({ code: "CONFLICT.NEEDS_DATA" });
    await pair.right.exec(`delete from city where code = '${code}-2'`);
    await sync.run();
    await sync.run();
    expect(await pair.right.rows("select code from country order by code")).toEqual([{ code: `${code}-b` }]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});
