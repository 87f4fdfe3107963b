import { naturalKey, type QuarantineRecord } from "@sync/core";
import { jsonbSchema } from "@sync/postgres-jsonb";
import { expect, test } from "vitest";
import { Country, inserted, models, onDocuments, type DocumentPair } from "../src/documents.ts";
import { listOf } from "../src/lists.ts";
import { planted } from "../src/secrets.ts";

/** Documents that are not as they should be cost themselves, and nobody else. */

const { text } = planted;
const start = inserted(["FR", "CH"], ["FR-A", "FR-B", "CH-A"], ["FR-A1", "FR-A2", "FR-B1", "CH-A1"]);

interface Waiting { readonly code: string; readonly at: string }

onDocuments(import.meta.url, (open) => {
  /** Rows and documents that agree, and what the tests do to them. */
  async function copied() {
    const pair = await open();
    await pair.rows.exec(start);
    const sync = pair.sync();
    await sync.run();
    const [{ id }] = (await pair.documents.rows<{ id: string }>("select id::text from countries where document->>'code' = 'FR'")) as [{ id: string }];
    /** With an expression over `document`, which may be several. */
    const edit = (expression: string): Promise<void> => pair.documents.exec(`update countries set document = ${expression} where id = '${id}'`);
    const waiting = async (): Promise<Waiting[]> =>
      (await listOf<QuarantineRecord>(sync.quarantine())).map(({ code, key, path, side }): Waiting =>
        ({ code, at: `${side} ${key.map((part) => (part === id ? "FR" : part)).join("/")} ${path ?? ""}`.trimEnd() })).sort((a, b) => (a.at < b.at ? -1 : 1));
    return { ...pair, run: () => sync.run(), sync, id, edit, waiting };
  }
  type Copied = Awaited<ReturnType<typeof copied>>;

  const original = async ({ documents, id }: Copied): Promise<string> => (await documents.rows<{ text: string }>(`select document::text as text from countries where id = '${id}'`))[0]!.text;
  const airports = async ({ rows }: Pick<DocumentPair, "rows">): Promise<unknown[]> => rows.rows("select ident, name from airport order by ident");
  const identsOf = async (pair: Pick<DocumentPair, "rows">): Promise<unknown[]> => (await airports(pair)).map((row) => (row as { ident: string }).ident);

  /** Everybody else: another record in the same document where there is a way to it, and one in another document. */
  async function elsewhere(pair: Copied): Promise<void> {
    await pair.rows.exec("update airport set name = 'goes on' where ident = 'CH-A1'");
    await pair.documents.exec(`update countries set document = jsonb_set(document, '{name}', '"${text} goes on"') where document->>'code' = 'CH'`);
  }
  async function wentOn(pair: Copied): Promise<void> {
    expect(await pair.documents.rows("select document#>>'{regions,0,airports,0,name}' as name from countries where document->>'code' = 'CH'")).toEqual([{ name: "goes on" }]);
    expect(await pair.rows.rows("select name from country where code = 'CH'")).toEqual([{ name: `${text} goes on` }]);
  }
  async function mended(pair: Copied): Promise<void> {
    await pair.run();
    await pair.run();
    expect(await pair.waiting()).toEqual([]);
    expect((await pair.run()).written).toEqual({ left: 0, right: 0 });
    expect(await pair.sync.verify()).toMatchObject({ equal: true });
  }

  test.each([
    {
      what: "two elements with one key", edit: `jsonb_insert(document, '{regions,0,airports,0}', '{"ident":"FR-A2","name":"${text}"}')`,
      waits: [
        { code: "DOCUMENT.DUPLICATE_KEY", at: expect.stringMatching(/^right FR\/FR-A\/\(element \d\) regions\[0\]\.airports\[\d\]\.ident$/) },
        { code: "DOCUMENT.DUPLICATE_KEY", at: "right FR/FR-A/FR-A2 regions[0].airports[0].ident" },
      ],
    },
    {
      what: "an element without its key", edit: `jsonb_insert(document, '{regions,0,airports,0}', '{"name":"${text}"}')`,
      waits: [{ code: "DOCUMENT.NO_KEY", at: "right FR/FR-A/(element 0) regions[0].airports[0].ident" }],
    },
    {
      what: "an element that is no object", edit: `jsonb_insert(document, '{regions,0,airports,0}', '"${text}"')`,
      waits: [{ code: "DOCUMENT.NO_KEY", at: "right FR/FR-A/(element 0) regions[0].airports[0]" }],
    },
    {
      what: "a path through a scalar", edit: `jsonb_set(document, '{place}', '"${text}"')`,
      waits: [{ code: "DOCUMENT.PATH", at: "right FR place.lat" }],
    },
    {
      what: "something else where an array belongs", edit: `jsonb_set(document, '{regions,0,airports}', '{"ident":"${text}"}')`,
      waits: [
        { code: "DOCUMENT.NOT_A_LIST", at: "right FR/FR-A/(no list) regions[0].airports" },
        { code: "DOCUMENT.UNKNOWN_PLACE", at: "right FR/FR-A/FR-A1 regions[0].airports" },
        { code: "DOCUMENT.UNKNOWN_PLACE", at: "right FR/FR-A/FR-A2 regions[0].airports" },
      ],
    },
    {
      what: "a record above without its key", edit: "document #- '{regions,0,code}'",
      waits: [
        { code: "DOCUMENT.NO_KEY", at: "right FR/(element 0) regions[0].code" },
        { code: "DOCUMENT.NO_KEY_ABOVE", at: "right FR/(element 0)/FR-A1 regions[0].code" },
        { code: "DOCUMENT.NO_KEY_ABOVE", at: "right FR/(element 0)/FR-A2 regions[0].code" },
        { code: "DOCUMENT.UNKNOWN_PLACE", at: "right FR/FR-A/FR-A1 regions" },
        { code: "DOCUMENT.UNKNOWN_PLACE", at: "right FR/FR-A/FR-A2 regions" },
      ],
    },
    {
      what: "a document that is no object", edit: `'["${text}"]'`,
      waits: [
        { code: "DOCUMENT.NOT_AN_OBJECT", at: "right FR" },
        { code: "DOCUMENT.UNKNOWN_PLACE", at: "right FR/FR-A/FR-A1" },
        { code: "DOCUMENT.UNKNOWN_PLACE", at: "right FR/FR-A/FR-A2" },
        { code: "DOCUMENT.UNKNOWN_PLACE", at: "right FR/FR-B/FR-B1" },
      ],
    },
    {
      what: "a field that has to be there", edit: "document - 'code'",
      waits: [{ code: "DOCUMENT.MISSING", at: "right FR code" }],
    },
  ])("$what waits with the document's key and the path; nothing is deleted, everyone else goes on, and once mended it goes across by itself", async ({ edit, waits }) => {
    const pair = await copied();
    const before = await original(pair);
    await pair.edit(edit);
    await elsewhere(pair);
    await pair.run();
    expect(await pair.waiting()).toEqual(waits);
    expect(await identsOf(pair)).toEqual(["CH-A1", "FR-A1", "FR-A2", "FR-B1"]);
    await wentOn(pair);
    expect((await pair.run()).written).toEqual({ left: 0, right: 0 });
    await pair.edit(`jsonb_set('${before}', '{regions,1,name}', '"mended"')`);
    await mended(pair);
    expect(await pair.rows.rows("select name from region where name = 'mended'")).toHaveLength(1);
  });

  test("a row whose record above is missing has no place in a document: it waits until it has one", async () => {
    const pair = await copied();
    await pair.rows.exec(`insert into region (code, name, country_id) values ('none', '${text}', null); insert into airport (ident, name, region_id) select 'none1', '${text}', id from region where code = 'none'`);
    await elsewhere(pair);
    await pair.run();
    expect(await pair.waiting()).toEqual([{ code: "WRITE.FOREIGN_KEY", at: "left 4" }, { code: "REFERENCE.PARENT_WAITS", at: "left 5" }]);
    await wentOn(pair);
    expect((await pair.run()).written).toEqual({ left: 0, right: 0 });
    await pair.rows.exec("update region set country_id = (select id from country where code = 'FR') where code = 'none'; update airport set country_id = (select id from country where code = 'FR') where ident = 'none1'");
    await mended(pair);
    expect(await original(pair)).toContain("none1");
  });

  test("a document over the database's limit takes what fits; what does not waits, and goes across once there is room", async () => {
    const pair = await copied();
    await pair.documents.exec("alter table countries add constraint countries_not_too_long check (length(document::text) < 1200)");
    await pair.rows.exec(`insert into airport (ident, name, region_id, country_id)
      with recursive n (i) as (select 3 union all select i + 1 from n where i < 40) select 'FR-A' || i, '${text} ' || i, (select id from region where code = 'FR-A'), (select id from country where code = 'FR') from n`);
    await elsewhere(pair);
    const run = await pair.run();
    const waiting = await pair.waiting();
    expect(waiting.length).toBeGreaterThan(5);
    expect(waiting.length).toBeLessThan(38);
    expect(new Set(waiting.map(({ code }) => code))).toEqual(new Set(["WRITE.CHECK"]));
    expect(await listOf<QuarantineRecord>(pair.sync.quarantine())).toMatchObject(waiting.map(() => ({ model: "Airport", constraint: "countries_not_too_long" })));
    expect(run.models.get("Airport")).toMatchObject({ created: { right: 38 - waiting.length }, quarantined: waiting.length });
    await wentOn(pair);
    expect((await pair.run()).written).toEqual({ left: 0, right: 0 });
    await pair.documents.exec("alter table countries drop constraint countries_not_too_long");
    expect(await pair.sync.retry()).toBe(waiting.length);
    await mended(pair);
  });

  test("a natural key that is too long for its index costs its own document", async () => {
    const pair = await copied();
    const long = Array.from({ length: 400 }, (_, n) => ((n + 1) * 7919 * 104729).toString(36)).join("");
    await pair.rows.exec(inserted([long, "IT"], [], []));
    await elsewhere(pair);
    await pair.run();
    expect((await pair.waiting()).map(({ code }) => code)).toEqual(["WRITE.VALUE"]);
    await wentOn(pair);
    expect(await pair.documents.rows("select document->>'name' as name from countries where document->>'code' = 'IT'")).toEqual([{ name: "name of IT" }]);
    await pair.rows.exec("update country set code = 'short' where length(code) > 100");
    await mended(pair);
  });

  test("a natural key without its unique index is refused before anything is written, and the finding says what makes one", async () => {
    const schema = jsonbSchema({ Country });
    const index = schema.split("\n").find((line) => line.startsWith("create unique index"))!.slice(0, -1);
    const pair = await open(schema.replace(`${index};`, ""));
    await pair.rows.exec(start);
    for (const work of ["plan", "run"] as const) {
      await expect(pair.sync()[work]()).rejects.toMatchObject({ code: "MATCH.NOT_UNIQUE", model: "Country", message: expect.stringContaining(index) });
    }
    expect(await pair.documents.rows("select * from countries")).toEqual([]);
    const doubtful = pair.sync({ models: { ...models, Country: { ...models.Country, match: naturalKey("code", { withoutUniqueKey: true }) } } });
    expect((await doubtful.plan()).findings).toMatchObject([{ severity: "warning", code: "SCHEMA.NOT_UNIQUE", model: "Country", key: ["code"], message: expect.stringContaining(`this makes it: ${index}`) }]);
    await pair.documents.exec(index);
    expect((await pair.sync().run()).findings).toEqual([]);
  });
});
