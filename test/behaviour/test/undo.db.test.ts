import { expect, test } from "vitest";
import { writes } from "../src/between.ts";
import { listOf } from "../src/lists.ts";
import { everyPair, onPairs, type Pair } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";

const { text, code } = planted;

const reading = async ({ left, right }: Pair): Promise<unknown> =>
  Promise.all([left, right].flatMap((side) => [side.rows("select * from country order by id"), side.rows("select * from city order by id")]));

/** Something of everything for one run: edits here, there and on both, deletes with their children, new parents with children, a swap. */
async function prepare(pair: Pair): Promise<void> {
  const { left, right } = pair;
  await left.exec(`insert into country (code, name, people) values ('${code}-a', '${text} a', 1), ('${code}-b', '${text} b', 2), ('${code}-c', '${text} c', 3), ('${code}-d', '${text} d', 4);
    insert into city (code, name, country_id) select 'of ' || code, '${text} city', id from country`);
  await pair.sync().run();
  await left.exec(`update country set name = '${text} newer' where code = '${code}-a';
    delete from city where code = 'of ${code}-b'; delete from country where code = '${code}-b';
    update country set code = 'parked' where code = '${code}-c'; update country set code = '${code}-c' where code = '${code}-d'; update country set code = '${code}-d' where code = 'parked';
    insert into country (code, name) values ('${code}-new', '${text} new');
    insert into city (code, name, country_id) select 'of new', '${text} city', id from country where code = '${code}-new'`);
  await right.exec(`update country set motto = '${text} motto' where code = '${code}-a';
    insert into country (code, name, people) values ('${code}-right', '${text} right', 9)`);
}

onPairs(import.meta.url, everyPair, (open) => {
  test("every row is again what it was before the run, keys included, and the next run does the same again", async () => {
    const pair = await open();
    await prepare(pair);
    const before = await reading(pair);
    const sync = pair.sync();
    const { id } = await sync.run();
    const after = await reading(pair);
    const planned = await sync.undo(id, { dryRun: true });
    expect(await reading(pair)).toEqual(after);
    const done = await sync.undo(id);
    expect(done).toMatchObject({ status: "done", kept: [] });
    expect(done.models).toEqual(planned.models);
    expect(await reading(pair)).toEqual(before);
    await expect(pair.sync().run()).rejects.toMatchObject({ code: "PAIR.HELD" });
    await sync.release();
    await sync.run();
    await sync.run();
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
    const codes = "select code, name, motto from country order by code";
    expect(await pair.left.rows(codes)).toEqual(await pair.right.rows(codes));
  }, 120_000); // the first of a file starts the embedded server

  test("what was edited since, and what others refer to, stays and is reported", async () => {
    const pair = await open();
    await prepare(pair);
    const sync = pair.sync();
    const { id } = await sync.run();
    await pair.right.exec(`update country set name = '${text} mine' where code = '${code}-a';
      insert into city (code, name, country_id) select 'of mine', '${text} mine', id from country where code = '${code}-new'`);
    const { kept } = await sync.undo(id);
    expect(kept.map(({ model, reason }) => `${model} ${reason}`).sort()).toEqual(["Country child-remains", "Country edited"]);
    expect(await pair.right.rows(`select name, motto from country where code = '${code}-a'`)).toEqual([{ name: `${text} mine`, motto: `${text} motto` }]);
    expect(await pair.left.rows(`select name, motto from country where code = '${code}-a'`)).toEqual([{ name: `${text} newer`, motto: `${text} motto` }]);
    expect(await pair.right.rows("select code from city where name like '%mine'")).toEqual([{ code: "of mine" }]);
  });

  test("a row that is edited while the undo writes it is not overwritten", async () => {
    const pair = await open();
    await prepare(pair);
    const { id } = await pair.sync().run();
    let edited = false;
    const right = {
      ...pair.right.database,
      commit: async (unit: Parameters<typeof pair.right.database.commit>[0]) => {
        if (!edited && writes("update")(unit)) {
          edited = true;
          await pair.right.exec(`update country set name = '${text} meanwhile' where code = '${code}-a'`);
        }
        return pair.right.database.commit(unit);
      },
    };
    const { kept } = await pair.sync({ right }).undo(id);
    expect(edited).toBe(true);
    expect(kept.map(({ reason }) => reason)).toContain("edited");
    expect(await pair.right.rows(`select name from country where name = '${text} meanwhile'`)).toHaveLength(1);
  });

  test("the history names runs and undos, and refuses what cannot be taken back", async () => {
    const pair = await open();
    await prepare(pair);
    const sync = pair.sync();
    const { id } = await sync.run();
    const undo = await sync.undo(id);
    const runs = await listOf(sync.runs());
    expect(runs.map(({ kind, finished }) => [kind, finished])).toEqual([["run", true], ["run", true], ["undo", true]]);
    expect(runs.at(-1)).toMatchObject({ id: undo.id, of: id });
    await expect(sync.undo(undo.id)).rejects.toMatchObject({ code: "UNDO.OF_UNDO" });
    await expect(sync.undo(id)).rejects.toMatchObject({ code: "UNDO.DONE" });
  });

  test("the values of one record are erased from all that is kept of it", async () => {
    const pair = await open();
    await prepare(pair);
    const sync = pair.sync();
    const { id } = await sync.run();
    const [row] = await pair.left.rows<{ id: number }>(`select id from country where code = '${code}-a'`);
    expect(await sync.erase({ model: "Country", left: [String(row!.id)] })).toMatchObject({ preImages: 2 });
    const images = await pair.left.database.state!.read("pair", { collection: "preImage", model: "Country" });
    expect(images.filter(({ erased }) => erased).map(({ values }) => values)).toEqual([[], []]);
    expect((await sync.undo(id)).kept).toMatchObject([{ model: "Country", reason: "erased" }]);
  });
});
