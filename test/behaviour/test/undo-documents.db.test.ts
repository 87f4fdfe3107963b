import { isSyncError } from "@sync/core";
import { expect, test } from "vitest";
import { inserted, onDocuments, type DocumentPair } from "../src/documents.ts";
import { listOf } from "../src/lists.ts";
import { planted } from "../src/secrets.ts";

/** Runs over documents are taken back, and plans over them are kept in files. */

const { text } = planted;
const start = inserted(["FR", "CH"], ["FR-A", "FR-B", "CH-A"], ["FR-A1", "FR-A2", "FR-B1", "CH-A1"]);

const rowsOf = async ({ rows }: DocumentPair): Promise<unknown> =>
  Promise.all(["country", "region", "airport"].map((table) => rows.rows(`select * from ${table} order by id`)));

interface Level { regions?: Level[]; airports?: Level[]; [name: string]: unknown }

/** Without the order of elements, which means nothing here. */
function ordered(level: Level): Level {
  const sorted = (list: Level[]): Level[] => list.map(ordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { ...level, ...(level.regions ? { regions: sorted(level.regions) } : {}), ...(level.airports ? { airports: sorted(level.airports) } : {}) };
}

const documentsOf = async ({ documents }: DocumentPair): Promise<unknown> =>
  (await documents.rows<{ id: string; document: Level }>("select id::text, document from countries order by document->>'code'")).map(({ id, document }) => ({ id, document: ordered(document) }));
const both = async (pair: DocumentPair): Promise<unknown> => [await rowsOf(pair), await documentsOf(pair)];

/** Keys that the sync knows nothing of, at every level; nulls and empty objects where nothing may stand as well. */
const unmapped = `update countries set document = jsonb_set(jsonb_set(document || '{"motto":"${text}","more":{"n":1.50},"place":{}}', '{regions,0}',
  (document#>'{regions,0}') || '{"ranks":[1,{"a":null}],"name":null}'), '{regions,0,airports,0}',
  (document#>'{regions,0,airports,0}') || '{"runways":[1.50,{"x":null}],"name":"${text}"}')`;

/** Something of everything: an edit inside, a move, deletes at every level and new ones, from both sides. */
async function changed(pair: DocumentPair): Promise<void> {
  await pair.rows.exec(start);
  await pair.sync().run();
  await pair.documents.exec(unmapped);
  await pair.sync().run();
  await pair.rows.exec(`
    update airport set name = 'edited' where ident = 'FR-A1';
    update airport set region_id = (select id from region where code = 'FR-B') where ident = 'FR-A2';
    delete from airport where ident = 'CH-A1'; delete from region where code = 'CH-A'; delete from country where code = 'CH';
    ${inserted(["IT"], ["IT-A", "FR-C"], ["IT-A1", "FR-C1", "FR-B2"])}`);
  await pair.documents.exec(`update countries set document = jsonb_set(document, '{place}', '{"lat":46.5,"datum":"old"}') where document->>'code' = 'FR'`);
}

onDocuments(import.meta.url, (open) => {
  test("rows and documents are again what they were before the run, unmapped keys included, and the next runs do the same again", async () => {
    const pair = await open();
    await changed(pair);
    const before = await both(pair);
    const sync = pair.sync({ deleteGuard: { count: 100, share: 1 } });
    const { id } = await sync.run();
    const after = await both(pair);
    expect(after).not.toEqual(before);
    const planned = await sync.undo(id, { dryRun: true });
    expect(await both(pair)).toEqual(after);
    const done = await sync.undo(id);
    expect(done.kept).toEqual([]);
    expect(done.models).toEqual(planned.models);
    expect(await both(pair)).toEqual(before);
    await sync.release();
    await sync.run();
    await sync.run();
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
  }, 120_000);

  test("what was edited since inside a document stays and is reported; the rest of it is taken back", async () => {
    const pair = await open();
    await changed(pair);
    const sync = pair.sync({ deleteGuard: { count: 100, share: 1 } });
    const { id } = await sync.run();
    const at = (ident: string): string => `(select ('{regions,' || (r.n - 1) || ',airports,' || (a.n - 1) || '}')::text[] from jsonb_array_elements(document->'regions') with ordinality r(v, n), jsonb_array_elements(r.v->'airports') with ordinality a(v, n) where a.v->>'ident' = '${ident}')`;
    const edit = (ident: string, name: string): Promise<void> => pair.documents.exec(`update countries set document = jsonb_set(document, ${at(ident)} || '{name}', '"${name}"') where document->>'code' = 'FR'`);
    await edit("FR-A1", "since");
    await edit("FR-B2", "since");
    const { kept } = await sync.undo(id);
    expect(kept.map(({ model, reason }) => `${model} ${reason}`).sort()).toEqual(["Airport edited", "Airport edited"]);
    const [france] = await pair.documents.rows<{ document: Level }>("select document from countries where document->>'code' = 'FR'");
    const names = Object.fromEntries(france!.document.regions!.flatMap((region) => (region.airports ?? []).map((airport) => [airport["ident"], `${String(region["code"])} ${String(airport["name"])}`])));
    expect(names).toMatchObject({ "FR-A1": "FR-A since", "FR-B2": "FR-B since" });
    expect(names["FR-A2"]).toMatch(/^FR-A /);
    expect(names).not.toHaveProperty("FR-C1");
    expect(await pair.rows.rows("select name from airport where ident = 'FR-A1'")).toEqual([{ name: "edited" }]);
  });

  test("an undo that dies at any commit goes on when it is called again, and everything is as it was", async () => {
    let calls = Number.POSITIVE_INFINITY;
    for (let dies = 1; dies <= calls; dies += 3) {
      const pair = await open();
      await changed(pair);
      const before = await both(pair);
      const sync = pair.sync({ deleteGuard: { count: 100, share: 1 }, pageSize: 3 });
      const { id } = await sync.run();
      let count = 0;
      const mortal = pair.dying(() => ++count === dies);
      await pair.sync({ deleteGuard: { count: 100, share: 1 }, pageSize: 3, ...mortal }).undo(id).catch((error: unknown) => {
        if (!(error instanceof Error) || error.message !== "the process ends here") throw error;
      });
      if (count < dies) calls = count;
      else await sync.undo(id, { takeOver: true }).catch((error: unknown) => {
        // It died behind its last word.
        if (!isSyncError(error) || error.code !== "UNDO.DONE") throw error;
      });
      expect(await both(pair), `died at commit ${dies}`).toEqual(before);
      await pair.close();
    }
    expect(calls).toBeGreaterThan(5);
  }, 180_000);

  test("a plan is kept as lines and applied; an element that changed since is skipped alone", async () => {
    const pair = await open();
    await changed(pair);
    const sync = pair.sync({ deleteGuard: { count: 100, share: 1 } });
    const lines = await listOf((await sync.plan()).lines());
    const before = await both(pair);
    expect(lines.join("")).not.toContain(text);
    const plan = await sync.load(lines);
    expect(await both(pair)).toEqual(before);
    await pair.rows.exec("update airport set name = 'since' where ident = 'FR-A1'");
    const { skipped, status } = await sync.apply(plan);
    expect(status).toBe("done");
    expect(skipped.map(({ model }) => model)).toEqual(["Airport"]);
    const names = (await pair.documents.rows<{ name: string }>("select a->>'name' as name from countries, jsonb_path_query(document, '$.regions[*].airports[*]') a order by a->>'ident'")).map(({ name }) => name);
    expect(names).toEqual([text, "name of FR-A2", "name of FR-B1", "name of FR-B2", "name of FR-C1", "name of IT-A1"]);
    await sync.run();
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});
