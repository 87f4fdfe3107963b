import type { ConflictRecord } from "@sync/core";
import { expect, test } from "vitest";
import { before, once, writes } from "../src/between.ts";
import { listOf } from "../src/lists.ts";
import { onPairs, usualPairs } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";

const { text, code } = planted;
const seed = `insert into country (code, name, motto) values ('${code}-a', '${text} a', '${text}'), ('${code}-b', '${text} b', '${text}')`;
const all = "select code, name, motto from country order by code";

onPairs(import.meta.url, usualPairs, (open) => {
  test("a row that was changed after it was read is planned again: both changes stand", async () => {
    const pair = await open();
    await pair.left.exec(seed);
    await pair.sync().run();
    await pair.left.exec(`update country set name = '${text} left'`);
    const right = before(pair.right.database, once(writes("update"), () => pair.right.exec(`update country set motto = '${text} right' where code = '${code}-a'`)));
    const run = await pair.sync({ right }).run();
    expect(run.models.get("Country")).toMatchObject({ conflicts: 0, updated: { left: 1, right: 2 } });
    const merged = [{ code: `${code}-a`, name: `${text} left`, motto: `${text} right` }, { code: `${code}-b`, name: `${text} left`, motto: text }];
    expect(await pair.right.rows(all)).toEqual(merged);
    expect(await pair.left.rows(all)).toEqual(merged);
  });

  test("the same field, changed after it was read, is a conflict: decided by the rule, the loser in the log", async () => {
    const pair = await open();
    await pair.left.exec(seed);
    await pair.sync().run();
    await pair.left.exec(`update country set name = '${text} left' where code = '${code}-a'`);
    const right = before(pair.right.database, once(writes("update"), () => pair.right.exec(`update country set name = '${text} right' where code = '${code}-a'`)));
    const sync = pair.sync({ right });
    await sync.run();
    expect(await pair.right.rows(all)).toMatchObject([{ name: `${text} left` }, { name: `${text} b` }]);
    expect(await listOf<ConflictRecord>(sync.conflicts())).toMatchObject([{ kind: "update-update", fields: ["name"], left: [`${text} left`], right: [`${text} right`], decision: "left" }]);
    expect(await pair.left.database.state!.read("pair", { collection: "preImage" })).toMatchObject([{ op: "update", side: "right", fields: ["name"], values: [`${text} right`] }]);
  });

  test("a row that was deleted after it was read is not written back", async () => {
    const pair = await open();
    await pair.left.exec(seed);
    await pair.sync().run();
    await pair.left.exec(`update country set name = '${text} left'`);
    const right = before(pair.right.database, once(writes("update"), () => pair.right.exec(`delete from country where code = '${code}-a'`)));
    const sync = pair.sync({ right });
    await sync.run();
    await sync.run();
    expect(await pair.right.rows(all)).toMatchObject([{ code: `${code}-b`, name: `${text} left` }]);
    expect(await pair.left.rows(all)).toMatchObject([{ code: `${code}-b`, name: `${text} left` }]);
    expect(await listOf<ConflictRecord>(sync.conflicts())).toMatchObject([{ kind: "update-delete", decision: "right" }]);
  });

  test("a row that was edited after its delete was planned is not deleted unseen", async () => {
    const pair = await open();
    await pair.left.exec(seed);
    await pair.sync().run();
    await pair.left.exec(`delete from country where code = '${code}-a'`);
    const right = before(pair.right.database, once(writes("delete"), () => pair.right.exec(`update country set name = '${text} right' where code = '${code}-a'`)));
    const sync = pair.sync({ right, onEditDelete: "edit" });
    await sync.run();
    await sync.run();
    expect(await pair.right.rows(all)).toMatchObject([{ code: `${code}-a`, name: `${text} right` }, { code: `${code}-b` }]);
    expect(await pair.left.rows(all)).toMatchObject([{ code: `${code}-a`, name: `${text} right` }, { code: `${code}-b` }]);
    expect(await listOf<ConflictRecord>(sync.conflicts())).toMatchObject([{ kind: "update-delete", decision: "right" }]);
  });

  test("a record that the other side made itself in the meantime is linked, not doubled", async () => {
    const pair = await open();
    await pair.left.exec(seed);
    const right = before(pair.right.database, once(writes("insert"), () => pair.right.exec(`insert into country (code, name) values ('${code}-b', '${text} right')`)));
    const sync = pair.sync({ right, firstLink: "right" });
    await sync.run();
    const both = [{ code: `${code}-a`, name: `${text} a` }, { code: `${code}-b`, name: `${text} right` }];
    expect(await pair.right.rows(all)).toMatchObject(both);
    expect(await pair.left.rows(all)).toMatchObject(both);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("unique values that moved on from record to record go across", async () => {
    const pair = await open();
    await pair.left.exec(seed);
    const sync = pair.sync();
    await sync.run();
    await pair.left.exec(`update country set code = '${code}-c' where code = '${code}-b'; update country set code = '${code}-b' where code = '${code}-a'`);
    await sync.run();
    expect(await pair.right.rows(all)).toMatchObject([{ code: `${code}-b`, name: `${text} a` }, { code: `${code}-c`, name: `${text} b` }]);
    expect(await listOf(sync.quarantine())).toEqual([]);
  });

  test("swapped unique values go across", async () => {
    const pair = await open();
    await pair.left.exec(seed);
    const sync = pair.sync();
    await sync.run();
    for (const [from, to] of [["a", "c"], ["b", "a"], ["c", "b"]]) await pair.left.exec(`update country set code = '${code}-${to}' where code = '${code}-${from}'`);
    await sync.run();
    expect(await pair.right.rows(all)).toMatchObject([{ code: `${code}-a`, name: `${text} b` }, { code: `${code}-b`, name: `${text} a` }]);
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});
