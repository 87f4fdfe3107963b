import { describe, expect, test } from "vitest";
import { isSyncError, unfold, type Batch, type Database, type DocumentDatabase, type DocumentTree, type DocumentUnit, type FetchRequest, type InsertBatch, type Row, type TreeField, type Value } from "@sync/core";
import { memoryDocuments, type MemoryDocuments } from "@sync/core/memory";
import { commit, documents, names, patchesOf, tree, type Country } from "./countries.ts";
import { collect } from "./pairs.ts";

const airportRow = async (database: Database, ...key: string[]): Promise<Row | undefined> => (await fetch(database, names.airport, "key", [key], ["ident", "name", "latitude"]))[0];
const fetch = (database: Database, model: string, by: FetchRequest["by"], tuples: FetchRequest["tuples"], fields: readonly string[] = []): Promise<readonly Row[]> =>
  database.endpoints.get(model)!.fetch({ fields, by, tuples });
const scan = async (database: Database, model: string, fields: readonly string[] = []): Promise<Row[]> =>
  (await collect(database.endpoints.get(model)!.scan({ fields, pageSize: 100 }))).flatMap((page) => page.rows);

const france = { code: "FR", anthem: "…", regions: [{ code: "A", airports: [{ ident: "x", name: "X", runways: 2 }, { ident: "y" }] }, { code: "B", airports: [{ ident: "z" }] }] };
const swiss = { code: "CH", regions: [{ code: "A", airports: [] }] };

function filled(...options: Parameters<typeof documents>): ReturnType<typeof documents> {
  const both = documents(...options);
  both.inner.put("Country", "fr", JSON.stringify(france));
  both.inner.put("Country", "ch", JSON.stringify(swiss));
  return both;
}

const update = (model: string, row: Row, values: Readonly<Record<string, Value>>): Batch =>
  ({ op: "update", model, fields: Object.keys(values), rows: [{ key: row.key, revision: row.revision, values: Object.values(values) }] });
const insert = (model: string, key: readonly string[], values: Readonly<Record<string, Value>>, cloudId = `id of ${key.join("/")}`): InsertBatch =>
  ({ op: "insert", model, fields: Object.keys(values), rows: [{ key, cloudId, values: Object.values(values) }] });
const contractOf = (inner: MemoryDocuments): DocumentDatabase => ({
  name: inner.name, endpoints: inner.endpoints, documents: inner.documents, claim: (request) => inner.claim(request), release: (fence, wrote) => inner.release(fence, wrote),
  inspect: (models) => inner.inspect(models), commit: (unit) => inner.commit(unit), close: () => inner.close(),
});
const document = (both: ReturnType<typeof documents>, id: string): Country => JSON.parse(both.inner.all("Country")[id]!) as Country;

describe("fields of an element", () => {
  const kinds: Record<string, { kind: TreeField["kind"]; json: string; value: string; numbers?: "text" }> = {
    boolean: { kind: { type: "boolean" }, json: "true", value: "true" },
    integer: { kind: { type: "integer" }, json: "9007199254740993", value: "9007199254740993" },
    decimal: { kind: { type: "decimal" }, json: "0.1234567890123456789", value: "0.1234567890123456789" },
    money: { kind: { type: "decimal" }, numbers: "text", json: '"19.9"', value: "19.9" },
    float: { kind: { type: "float", bits: 64 }, json: "1000000000000000000000", value: "1e+21" },
    instant: { kind: { type: "instant", digits: 3 }, json: '"2026-01-02T03:04:05.678Z"', value: "2026-01-02T03:04:05.678Z" },
    date: { kind: { type: "date" }, json: '"2026-01-02"', value: "2026-01-02" },
    duration: { kind: { type: "duration", digits: 0 }, json: '"P1DT2H"', value: "P1DT2H" },
    bytes: { kind: { type: "bytes" }, json: '"AQID"', value: "AQID" },
    uuid: { kind: { type: "uuid" }, json: '"01234567-89ab-4cde-8f01-23456789abcd"', value: "01234567-89ab-4cde-8f01-23456789abcd" },
    enum: { kind: { type: "enum", values: ["a"] }, json: '"a"', value: "a" },
    json: { kind: { type: "json" }, json: '{"a":[1,null]}', value: '{"a":[1,null]}' },
    list: { kind: { type: "list", of: { type: "integer" } }, json: "[1,null,9007199254740993]", value: '["1",null,"9007199254740993"]' },
  };
  const typed: DocumentTree = {
    documents: "Thing", json: "body", fields: Object.entries(kinds).map(([name, { kind, numbers }]) => ({ name, kind, nullable: true, ...(numbers ? { numbers } : {}) })),
  };

  test("have a JSON form for each kind, exact in both directions", async () => {
    const { inner, database } = documents({}, [typed]);
    const values = Object.fromEntries(Object.entries(kinds).map(([name, { value }]) => [name, value]));
    await commit(database, [insert("Thing", ["a"], values)]);
    for (const [name, { json }] of Object.entries(kinds)) expect(inner.all("Thing")["a"]).toContain(`"${name}":${json}`);
    expect((await scan(database, "Thing", Object.keys(kinds)))[0]!.values).toEqual(Object.values(values));
  });

  test("of another JSON type are faults, never exceptions", async () => {
    const { inner, database } = documents({}, [typed]);
    const wrong: Record<string, string> = { boolean: "1", integer: '"1"', decimal: "true", money: "19.9", float: '"1"', instant: "5", date: '"soon"', duration: "[]", bytes: "1", uuid: '"no"', enum: '"b"', list: "{}" };
    inner.put("Thing", "a", `{${Object.entries(wrong).map(([name, json]) => `"${name}":${json}`).join(",")}}`);
    const [row] = await scan(database, "Thing", Object.keys(kinds));
    expect(row!.faults!.map(({ field }) => field)).toEqual(Object.keys(wrong));
    expect(row!.values).toEqual(Object.keys(kinds).map(() => null));
  });

  test("refuse by their names what could not be read again", async () => {
    const sizes: TreeField[] = [
      { name: "word", kind: { type: "enum", values: ["a"] } }, { name: "short", kind: { type: "text", maxLength: 2 } }, { name: "whole", kind: { type: "integer", bits: 53 } },
      { name: "money", kind: { type: "decimal", precision: 4, scale: 2 }, numbers: "text" },
    ];
    const { inner, database } = documents({}, [{ documents: "Thing", json: "body", fields: sizes.map((field) => ({ ...field, nullable: true })) }]);
    for (const [name, value] of [["word", "b"], ["short", "abc"], ["whole", "9007199254740993"], ["money", "1.234"]] as const) {
      const refused = await commit(database, [insert("Thing", ["a"], { [name]: value })]);
      expect(refused).toMatchObject({ committed: false, refusal: { code: "WRITE.VALUE", field: name } });
    }
    expect(inner.all("Thing")).toEqual({});
  });

  test("hold JSON as deep as values may be; what is deeper is a fault of its field, and the rest of the document is read", async () => {
    const { inner, database } = documents({}, [typed]);
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    await commit(database, [insert("Thing", ["a"], { json: nested(64) })]);
    expect((await scan(database, "Thing", ["json"]))[0]).toMatchObject({ values: [nested(64)] });
    inner.put("Thing", "a", `{"boolean":true,"json":${nested(65)}}`);
    expect((await scan(database, "Thing", ["boolean", "json"]))[0]).toMatchObject({ values: ["true", null], faults: [{ field: "json", code: "VALUE.TOO_DEEP" }] });
  });

  test("are null where they may be, absent where they may be, and faults where they have to be there", async () => {
    const fields: TreeField[] = [
      { name: "needed", kind: { type: "text" } }, { name: "nullable", kind: { type: "text" }, nullable: true },
      { name: "optional", path: "deep.optional", kind: { type: "text" }, optional: true }, { name: "any", kind: { type: "json" }, nullable: true },
    ];
    const { inner, database } = documents({}, [{ documents: "Thing", json: "body", fields }]);
    await commit(database, [insert("Thing", ["a"], { needed: "here", nullable: null, optional: null, any: "null" })]);
    expect(inner.all("Thing")["a"]).toBe('{"any":null,"needed":"here","nullable":null}');
    expect(await commit(database, [insert("Thing", ["b"], { nullable: "x" })])).toMatchObject({ committed: false, refusal: { code: "WRITE.NOT_NULL", field: "needed" } });
    const read = async (json: string): Promise<unknown> => {
      inner.put("Thing", "a", json);
      const [row] = await scan(database, "Thing", fields.map(({ name }) => name));
      return [row!.values, row!.faults ?? []];
    };
    expect(await read('{"any":null,"needed":"here","nullable":null}')).toEqual([["here", null, null, "null"], []]);
    expect(await read('{"deep":{"other":1}}')).toEqual([[null, null, null, null], [{ field: "needed", code: "DOCUMENT.MISSING", path: "needed" }]]);
    expect(await read('{"needed":"x","deep":[1]}')).toEqual([["x", null, null, null], [{ field: "optional", code: "DOCUMENT.PATH", path: "deep.optional" }]]);
  });
});

describe("reading", () => {
  test("a record's revision is that of its own part of the document", async () => {
    const both = filled();
    const revisions = async (): Promise<Record<string, string>> => Object.fromEntries(
      (await Promise.all(Object.values(names).map((model) => scan(both.database, model)))).flat().map(({ key, revision }) => [key.join("/"), revision]));
    const before = await revisions();
    const next = structuredClone(france);
    next.regions[0]!.airports[0]!.runways = 3;
    both.inner.put("Country", "fr", JSON.stringify(next));
    const after = await revisions();
    expect(Object.keys(after).filter((key) => after[key] !== before[key])).toEqual(["fr/A/x"]);
  });

  test("what a library stamps by itself is no part of a record's revision: it moves with every change of the document", async () => {
    const stamp = { name: "updatedAt", path: ["meta", "updatedAt"], kind: { type: "instant", digits: 3 }, nullable: true, optional: true, stamped: true } as const;
    const { inner, database } = documents({}, [{ documents: "List", json: "body", fields: [{ name: "title", kind: { type: "text" } }, stamp] }]);
    const revision = async (title: string, updatedAt: string): Promise<string> => {
      inner.put("List", "1", JSON.stringify({ title, meta: { updatedAt } }));
      return (await scan(database, "List"))[0]!.revision;
    };
    const before = await revision("a", "2026-01-01T00:00:00.000Z");
    expect(await revision("a", "2026-01-02T00:00:00.000Z")).toBe(before);
    expect(await revision("b", "2026-01-02T00:00:00.000Z")).not.toBe(before);
  });

  test("records are found by key, by parent, by document, by any field and by cloudId", async () => {
    const { database } = filled();
    const keys = async (by: FetchRequest["by"], ...tuple: string[]): Promise<string[]> => (await fetch(database, names.airport, by, [tuple])).map(({ key }) => key.join("/"));
    const { references } = database.endpoints.get(names.airport)!.model;
    expect(references.map(({ name, target }) => [name, target])).toEqual([["parent", names.region], [names.country, names.country]]);
    expect(await keys("key", "fr", "A", "y")).toEqual(["fr/A/y"]);
    expect(await keys("key", "fr", "B", "y")).toEqual([]);
    expect(await keys(references[0]!.fields, "fr", "A")).toEqual(["fr/A/x", "fr/A/y"]);
    expect(await keys(references[1]!.fields, "fr")).toEqual(["fr/A/x", "fr/A/y", "fr/B/z"]);
    expect(await keys(["ident"], "z")).toEqual(["fr/B/z"]);
    expect((await fetch(database, names.country, ["code"], [["CH"]])).map(({ key }) => key)).toEqual([["ch"]]);
    await commit(database, [{ op: "identify", model: names.airport, rows: [{ key: ["fr", "A", "y"], cloudId: "id", was: null }] }]);
    expect(await keys("cloudId", "id")).toEqual(["fr/A/y"]);
  });

  test("a database that looks inside gives only the documents that hold what is looked for", async () => {
    const both = filled();
    const asked: (readonly string[])[] = [];
    const { containing } = both.inner.documents;
    Object.assign(both.inner.documents, { containing: (model: string, shapes: readonly string[]) => (asked.push(shapes), containing!(model, shapes)) });
    expect((await fetch(both.database, names.airport, ["ident"], [["z"], ["q"]])).map(({ key }) => key.join("/"))).toEqual(["fr/B/z"]);
    expect(asked).toEqual([['{"regions":[{"airports":[{"ident":"z"}]}]}', '{"regions":[{"airports":[{"ident":"q"}]}]}']]);
    both.inner.put("Country", "fr", JSON.stringify({ ...france, facts: { population: 1e3 } }));
    expect((await fetch(both.database, names.country, ["population"], [["1000"]])).map(({ key }) => key[0])).toEqual(["fr"]);
  });

  test("a few records of a document are read without the rest of it, and look the same", async () => {
    const both = filled();
    const odd = { code: "C", name: 5, airports: [{ ident: "p", location: 1 }, { ident: "o" }, { ident: "d" }, { ident: "d" }, { name: "none" }] };
    const twice = [{ code: "D", airports: [{ ident: "r" }] }, { code: "D", airports: [{ ident: "s" }] }];
    both.inner.put("Country", "fr", JSON.stringify({ ...france, facts: { population: 1 }, regions: [...france.regions, odd, ...twice, { code: "E", airports: "none" }] }));
    const wholly = unfold({ ...contractOf(both.inner), documents: { ...both.inner.documents, elements: undefined } }, [tree]);
    const read: string[] = [];
    const original = both.inner.endpoints.get("Country")!;
    const counting = { ...original, fetch: (request: FetchRequest) => (read.push(...request.tuples.flat()), original.fetch(request)) };
    const database = unfold({ ...contractOf(both.inner), endpoints: new Map([["Country", counting]]) }, [tree]);
    const fields = (model: string): string[] => database.endpoints.get(model)!.model.fields.map(({ name }) => name);
    const same = async (model: string, ...keys: string[][]): Promise<unknown> => {
      read.length = 0;
      const by = (row: Row): string => row.key.join("/");
      const [rows, expected] = [await fetch(database, model, "key", keys, fields(model)), await fetch(wholly, model, "key", keys, fields(model))];
      expect([...rows].sort((a, b) => by(a).localeCompare(by(b)))).toEqual([...expected].sort((a, b) => by(a).localeCompare(by(b))));
      return [rows.length, ...read];
    };
    expect(await same(names.airport, ["fr", "A", "y"], ["fr", "B", "z"], ["fr", "A", "x"])).toEqual([3]);
    expect(await same(names.region, ["fr", "A"], ["ch", "A"])).toEqual([2]);
    // A value that is not of its kind is one all the same, and its path is that in the whole document.
    expect(await same(names.airport, ["fr", "C", "p"])).toEqual([1]);
    expect(await same(names.region, ["fr", "C"])).toEqual([1]);
    // What is not there, or not the only one, is looked for in the whole document.
    for (const [key, found] of [["fr/A/q", 0], ["fr/C/q", 0], ["fr/C/d", 1], ["fr/D/r", 1], ["fr/D/s", 0], ["fr/E/s", 0], ["fr/Q/x", 0]] as const) {
      expect([key, await same(names.airport, key.split("/"))]).toEqual([key, [found, "fr"]]);
    }
    expect(await same(names.airport, ["no", "A", "x"])).toEqual([0, "no"]);
    // Many of one document: all of it is read.
    expect(await same(names.airport, ["fr", "A", "x"], ["fr", "A", "y"], ["fr", "B", "z"], ["fr", "C", "o"])).toEqual([4, "fr"]);
    const { rest } = database.endpoints.get(names.region)!.model;
    expect((await fetch(database, names.region, "key", [["fr", "A"]], [rest!]))[0]!.values).toEqual([null]);
    expect(read).toEqual(["fr", "fr"]);
  });

  test("what has no place in the tree is a row that is faulty in every field, and says where it stands", async () => {
    const both = documents();
    const airports = [{ name: "no key" }, 5, { ident: "x" }, { ident: "x", name: "twice" }];
    both.inner.put("Country", "fr", JSON.stringify({ code: "FR", regions: [{ code: "A", airports }, { code: "B", airports: { ident: "y" } }] }));
    both.inner.put("Country", "it", "[1]");
    const airport = await scan(both.database, names.airport, ["name", "ident"]);
    expect(airport.map(({ key, faults }) => [key.join("/"), faults?.[0]])).toEqual([
      ["fr/A/(element 0)", { field: "ident", code: "DOCUMENT.NO_KEY", path: "regions[0].airports[0].ident" }],
      ["fr/A/(element 1)", { field: "ident", code: "DOCUMENT.NO_KEY", path: "regions[0].airports[1]" }],
      ["fr/A/(element 3)", { field: "ident", code: "DOCUMENT.DUPLICATE_KEY", path: "regions[0].airports[3].ident" }],
      ["fr/A/x", { field: "ident", code: "DOCUMENT.DUPLICATE_KEY", path: "regions[0].airports[2].ident" }],
      ["fr/B/(no list)", { field: "ident", code: "DOCUMENT.NOT_A_LIST", path: "regions[1].airports" }],
    ]);
    expect((await scan(both.database, names.country, ["code"])).map(({ key, faults }) => [key[0], faults?.[0]?.code])).toEqual([["fr", undefined], ["it", "DOCUMENT.NOT_AN_OBJECT"]]);
    expect((await fetch(both.database, names.airport, "key", [["fr", "A", "(element 3)"]])).length).toBe(1);
  });

  test("a known record whose array cannot be read any more is faulty, not gone", async () => {
    const both = filled();
    await commit(both.database, [{ op: "identify", model: names.airport, rows: [{ key: ["fr", "A", "x"], cloudId: "id", was: null }] }]);
    both.inner.put("Country", "fr", JSON.stringify({ ...france, regions: "none" }));
    expect((await fetch(both.database, names.airport, "cloudId", [["id"]], ["name"]))[0]).toMatchObject({ key: ["fr", "A", "x"], cloudId: "id", faults: [{ field: "name" }] });
    both.inner.put("Country", "fr", JSON.stringify({ ...france, regions: [] }));
    expect(await fetch(both.database, names.airport, "cloudId", [["id"]], ["name"])).toEqual([]);
  });

  test("changes are those of whole documents; a total is counted only when something changed", async () => {
    const both = filled();
    const { changesSince } = both.database.endpoints.get(names.airport)!;
    const first = await changesSince!(undefined, []);
    expect(first).toMatchObject({ keys: "all", total: 3 });
    const counted: unknown[] = [];
    const { countInside } = both.inner.documents;
    Object.assign(both.inner.documents, { countInside: (...args: Parameters<NonNullable<typeof countInside>>) => (counted.push(args), countInside!(...args)) });
    const second = await changesSince!(first.next, []);
    expect([second.keys, second.total, counted]).toEqual([[], 3, []]);
    both.inner.put("Country", "ch", JSON.stringify({ ...swiss, regions: [{ code: "A", airports: [{ ident: "q" }] }] }));
    both.inner.remove("Country", "fr");
    expect(await changesSince!(second.next, [])).toMatchObject({ keys: [["ch", "A", "q"]], total: 1 });
    expect(counted).toEqual([["Country", [["regions", "airports"]], false]]);
  });

  test("behind units of ours a total is counted only where records came or went in them, or somebody else wrote", async () => {
    const both = filled();
    const { changesSince } = both.database.endpoints.get(names.airport)!;
    const { fence } = await both.database.claim({ holder: "test", runner: "test", seconds: 60 });
    const write = async (...batches: Batch[]): Promise<string> => {
      const result = await both.database.commit({ id: "unit", fence, batches });
      return result.committed ? result.transaction : "";
    };
    const row = (): Promise<Row | undefined> => airportRow(both.database, "fr", "A", "x");
    let counts = 0;
    const { countInside } = both.inner.documents;
    Object.assign(both.inner.documents, { countInside: (...args: Parameters<NonNullable<typeof countInside>>) => ((counts += 1), countInside!(...args)) });
    const seen = async (mark: string, ...units: string[]): Promise<unknown> => {
      counts = 0;
      const { keys, total } = await changesSince!(mark, units);
      return [keys, total, counts];
    };
    const first = (await changesSince!(undefined, [])).next;
    const units = [
      await write(update(names.airport, (await row())!, { name: "new" })),
      await write({ op: "identify", model: names.airport, rows: [{ key: ["fr", "A", "x"], cloudId: "id", was: null }] }),
      await write(update(names.airport, (await row())!, { "Country.regions.code": "B" })),
    ];
    expect(await seen(first, ...units)).toEqual([[], 3, 0]);
    // Units that were remembered without a word about their records.
    expect(await seen(first, ...units.map((unit) => unit.replace(" =", "")))).toEqual([[], 3, 1]);
    both.inner.put("Country", "ch", JSON.stringify({ ...swiss, name: "Schweiz" }));
    expect(await seen(first, ...units)).toEqual([[], 3, 1]);
    const second = (await changesSince!(first, units)).next;
    const made = await write(insert(names.airport, ["ch", "A", "q"], { ident: "q" }));
    expect(await seen(second, made)).toEqual([[], 4, 1]);
    const third = (await changesSince!(second, [made])).next;
    both.inner.put("Country", "ch", JSON.stringify(swiss));
    // Written over by a unit of ours: what somebody else did before it stays seen.
    const region = (await fetch(both.database, names.region, "key", [["ch", "A"]]))[0]!;
    expect(await seen(third, await write(update(names.region, region, { name: "over" })))).toEqual([[], 3, 1]);
  });
});

describe("writing", () => {
  test("everything of one document is one write of the changed paths, and unmapped keys stay", async () => {
    const both = filled();
    const [x, y, a] = [await airportRow(both.database, "fr", "A", "x"), await airportRow(both.database, "fr", "A", "y"), (await fetch(both.database, names.region, "key", [["fr", "A"]]))[0]];
    const result = await commit(both.database, [
      update(names.region, a!, { name: "Alsace" }), update(names.airport, x!, { name: null, latitude: "48.5" }), insert(names.airport, ["fr", "B", "w"], { ident: "w" }),
      { op: "delete", model: names.airport, rows: [{ key: y!.key, revision: y!.revision }] },
    ]);
    expect(result).toMatchObject({ committed: true, outcomes: [[{ status: "written" }], [{ status: "written" }], [{ status: "written" }], [{ status: "written" }]] });
    const rows = both.inner.written.at(-1)!.batches.flatMap((batch) => batch.rows);
    expect(rows).toHaveLength(1);
    expect(patchesOf(rows[0]!).map(({ path }) => path.join("."))).toEqual([
      "regions.0.airports.1", "regions.0.airports.0.name", "regions.0.airports.0.location", "regions.0.name", "regions.1.airports.1",
    ]);
    expect(document(both, "fr")).toEqual({
      ...france, regions: [{ code: "A", name: "Alsace", airports: [{ ident: "x", runways: 2, location: { lat: 48.5 } }] }, { code: "B", airports: [{ ident: "z" }, { ident: "w" }] }],
    });
  });

  test("values of a few records are changed without the rest of their document being read, before or after", async () => {
    const both = filled();
    const read: string[] = [];
    const original = both.inner.endpoints.get("Country")!;
    const counting = { ...original, fetch: (request: FetchRequest) => (read.push(...request.tuples.flat()), original.fetch(request)) };
    const database = unfold({ ...contractOf(both.inner), endpoints: new Map([["Country", counting]]) }, [tree]);
    const { fence } = await database.claim({ holder: "test", runner: "test", seconds: 60 });
    const write = (...batches: Batch[]): ReturnType<Database["commit"]> => database.commit({ id: "unit", fence, batches });
    const [x, z] = await fetch(database, names.airport, "key", [["fr", "A", "x"], ["fr", "B", "z"]], ["name"]);
    // Who is above them was read with them.
    expect((await fetch(database, names.region, "key", [["fr", "A"], ["fr", "B"]])).map(({ key }) => key.join("/"))).toEqual(["fr/A", "fr/B"]);
    expect(await write(update(names.airport, x!, { name: null, latitude: "48.5" }), update(names.airport, z!, { name: "Z" }))).toMatchObject({ outcomes: [[{ status: "written" }], [{ status: "written" }]] });
    expect(read).toEqual([]);
    const [change] = both.inner.written.at(-1)!.batches[0]!.rows;
    expect([patchesOf(change!).map(({ path, value }) => [path.join("."), value]), "whole" in change!]).toEqual([
      [["regions.0.airports.0.name", undefined], ["regions.0.airports.0.location", '{"lat":48.5}'], ["regions.1.airports.0.name", '"Z"']], false,
    ]);
    expect(document(both, "fr")).toEqual({ ...france, regions: [
      { code: "A", airports: [{ ident: "x", runways: 2, location: { lat: 48.5 } }, { ident: "y" }] }, { code: "B", airports: [{ ident: "z", name: "Z" }] },
    ] });
    // Somebody else writes into the same document: what is left of the unit is judged by what stands there now.
    const [y] = await fetch(database, names.airport, "key", [["fr", "A", "y"]], ["name"]);
    both.inner.put("Country", "fr", JSON.stringify(france));
    expect(await write(update(names.airport, y!, { name: "Y" }))).toMatchObject({ outcomes: [[{ status: "written" }]] });
    expect([read, document(both, "fr").regions[0]!.airports]).toEqual([["fr"], [{ ident: "x", name: "X", runways: 2 }, { ident: "y", name: "Y" }]]);
    // A new key, a new record, a delete: for these all of the document is needed.
    for (const kind of ["key", "insert", "delete"] as const) {
      read.length = 0;
      const [row] = await fetch(database, names.airport, "key", [["fr", "B", "z"]], ["name"]);
      await write(kind === "key" ? update(names.airport, row!, { "Country.regions.code": "A" })
        : kind === "insert" ? insert(names.airport, ["fr", "B", "z"], { ident: "z" })
        : { op: "delete", model: names.airport, rows: [{ key: ["fr", "A", "z"], revision: row?.revision ?? "" }] });
      expect(read.slice(0, 1)).toEqual(["fr"]);
    }
  });

  test("numbers that nobody changes are written back as they are spelled", async () => {
    const both = filled();
    const element = '{"ident":"n","runways":[{"length":2000.00,"width":4.50e1}]}';
    const original = both.inner.endpoints.get("Country")!;
    const body = JSON.stringify(france).replace('{"ident":"z"}', element);
    const database = unfold({ ...contractOf(both.inner), endpoints: new Map([["Country", { ...original, fetch: async (request) => (await original.fetch(request)).map((row) => (row.key[0] === "fr" ? { ...row, values: [body] } : row)) }]]) }, [tree]);
    const [n] = await fetch(database, names.airport, "key", [["fr", "B", "n"]]);
    const sent: DocumentUnit[] = [];
    Object.assign(both.inner.documents, { commit: async (unit: DocumentUnit) => (sent.push(unit), { committed: true, transaction: "1", outcomes: unit.batches.map((batch) => batch.rows.map(() => ({ status: "written" }))) }) });
    await commit(database, [update(names.airport, n!, { "Country.regions.code": "A" })]);
    const [write] = sent[0]!.batches[0]!.rows;
    expect(write!.op === "patch" && [patchesOf(write!).map(({ value }) => value), write!.whole!.includes(element)]).toEqual([[element, "[]"], true]);
  });

  test("what no field says of a record is its rest, of which an insert makes it again as it was", async () => {
    const both = documents();
    const airport = { ident: "x", name: null, location: {}, more: [1.50, { deep: null }] };
    both.inner.put("Country", "fr", JSON.stringify({ code: "FR", motto: "m", regions: [{ code: "A", note: 2, airports: [airport] }] }));
    const before = both.inner.all("Country")["fr"];
    const { rest } = both.database.endpoints.get(names.airport)!.model;
    const wholly = both.database.endpoints.get(names.airport)!.model.fields.map(({ name }) => name).concat(rest!);
    const [row] = await fetch(both.database, names.airport, "key", [["fr", "A", "x"]], wholly);
    await commit(both.database, [{ op: "delete", model: names.airport, rows: [{ key: row!.key, revision: row!.revision }] }]);
    expect(both.inner.all("Country")["fr"]).toContain(`"airports":[]`);
    await commit(both.database, [{ op: "insert", model: names.airport, fields: wholly, rows: [{ key: row!.key, cloudId: "c", values: row!.values }] }]);
    expect(both.inner.all("Country")["fr"]).toBe(before);
    const [country] = await fetch(both.database, names.country, "key", [["fr"]], [rest!]);
    expect(country!.values).toEqual([`{"motto":"m"}`]);
  });

  test("a stale record is left out, the others of its document go on", async () => {
    const both = filled();
    const [x, y] = [await airportRow(both.database, "fr", "A", "x"), await airportRow(both.database, "fr", "A", "y")];
    both.inner.put("Country", "fr", JSON.stringify(france).replace('"runways":2', '"runways":4'));
    expect(await commit(both.database, [update(names.airport, x!, { name: "no" }), update(names.airport, y!, { name: "yes" })]))
      .toMatchObject({ outcomes: [[{ status: "stale" }], [{ status: "written" }]] });
    expect(document(both, "fr").regions[0]!.airports).toEqual([{ ident: "x", name: "X", runways: 4 }, { ident: "y", name: "yes" }]);
  });

  test("a document that somebody keeps writing is given up after a few tries; other documents are written once", async () => {
    let turns = 0;
    const both: ReturnType<typeof documents> = filled({ beforeCommit: () => both.inner.put("Country", "fr", JSON.stringify({ ...document(both, "fr"), turns: ++turns })) });
    const x = await airportRow(both.database, "fr", "A", "x");
    const result = await commit(both.database, [update(names.airport, x!, { name: "late" }), insert(names.airport, ["ch", "A", "q"], {})]);
    expect(result).toMatchObject({ committed: true, outcomes: [[{ status: "stale" }], [{ status: "written" }]] });
    expect([turns, document(both, "fr").regions[0]!.airports[0]!.name, document(both, "ch").regions[0]!.airports]).toEqual([5, "X", [{ ident: "q" }]]);
  });

  test("a move between two documents is whole although one of them is written meanwhile", async () => {
    let turns = 0;
    const both: ReturnType<typeof documents> = filled({ beforeCommit: () => (turns++ === 0 ? both.inner.put("Country", "fr", JSON.stringify({ ...document(both, "fr"), anthem: "new" })) : undefined) });
    await commit(both.database, [{ op: "identify", model: names.airport, rows: [{ key: ["fr", "A", "x"], cloudId: "id", was: null }] }]);
    turns = 0;
    const x = await airportRow(both.database, "fr", "A", "x");
    const parent = both.database.endpoints.get(names.airport)!.model.references[0]!.fields;
    const move = (): Batch => update(names.airport, x!, { [parent[0]!]: "ch", [parent[1]!]: "A" });
    expect(await commit(both.database, [move()])).toMatchObject({ outcomes: [[{ status: "written" }]] });
    expect(both.inner.written.slice(-2).map(({ together, batches }) => [together, batches[0]!.rows.length])).toEqual([[true, 2], [true, 2]]);
    expect([document(both, "fr").anthem, document(both, "fr").regions[0]!.airports, document(both, "ch").regions[0]!.airports])
      .toEqual(["new", [{ ident: "y" }], [{ ident: "x", name: "X", runways: 2 }]]);
    expect((await fetch(both.database, names.airport, "cloudId", [["id"]]))[0]!.key).toEqual(["ch", "A", "x"]);
  });

  test("what is refused at a second look does not undo what is written: it comes back stale", async () => {
    let turns = 0;
    const both: ReturnType<typeof documents> = filled({ beforeCommit: () => (turns++ === 0 ? both.inner.put("Country", "fr", JSON.stringify({ ...france, regions: [] })) : undefined) });
    const result = await commit(both.database, [insert(names.airport, ["fr", "A", "new"], {}), insert(names.airport, ["ch", "A", "new"], {})]);
    expect(result).toMatchObject({ committed: true, outcomes: [[{ status: "stale" }], [{ status: "written" }]] });
  });

  test("keys, parents and children are held as a database holds them", async () => {
    const both = filled();
    const [region] = await fetch(both.database, names.region, "key", [["fr", "A"]]);
    const refusal = async (...batches: Batch[]): Promise<unknown> => {
      const result = await commit(both.database, batches);
      return result.committed ? "committed" : [result.refusal.code, result.refusal.constraint, result.refusal.model];
    };
    expect(await refusal(insert(names.airport, ["fr", "A", "x"], {}))).toEqual(["WRITE.UNIQUE", "element key", names.airport]);
    expect(await refusal(insert(names.country, ["fr"], { code: "FR" }))).toEqual(["WRITE.UNIQUE", "primary key", names.country]);
    expect(await refusal(insert(names.airport, ["fr", "Z", "x"], {}))).toEqual(["WRITE.FOREIGN_KEY", "parent", names.airport]);
    expect(await refusal(insert(names.airport, ["de", "A", "x"], {}))).toEqual(["WRITE.FOREIGN_KEY", "parent", names.airport]);
    expect(await refusal({ op: "delete", model: names.region, rows: [{ key: region!.key, revision: region!.revision }] })).toEqual(["WRITE.FOREIGN_KEY", "parent", names.airport]);
    expect(await refusal(update(names.region, region!, { code: "B" }))).toEqual(["WRITE.UNIQUE", "element key", names.region]);
    both.inner.put("Country", "ch", '{"code":"CH","regions":7}');
    expect(await refusal(insert(names.region, ["ch", "A"], {}))).toEqual(["WRITE.REFUSED", "regions", names.region]);
  });

  test("an identity whose record an application deleted gives way; one that stands does not", async () => {
    const both = filled();
    await commit(both.database, [{ op: "identify", model: names.airport, rows: [{ key: ["fr", "A", "x"], cloudId: "id", was: null }] }]);
    const again = (): Promise<unknown> => commit(both.database, [insert(names.airport, ["ch", "A", "new"], {}, "id")]);
    expect(await again()).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
    both.inner.put("Country", "fr", JSON.stringify({ ...france, regions: [] }));
    expect(await again()).toMatchObject({ committed: true });
    expect((await fetch(both.database, names.airport, "cloudId", [["id"]]))[0]!.key).toEqual(["ch", "A", "new"]);
  });

  test("an array with `orderBy` stays sorted, and only where something was written", async () => {
    const lines: DocumentTree = {
      documents: "Order", json: "body", fields: [],
      children: [{ path: "lines", key: ["sku"], orderBy: "position", fields: [{ name: "sku", kind: { type: "text" } }, { name: "position", kind: { type: "integer" }, nullable: true }] }],
    };
    const { inner, database } = documents({}, [lines]);
    inner.put("Order", "1", JSON.stringify({ lines: [{ sku: "a", position: 2 }, { sku: "b", position: 10 }] }));
    inner.put("Order", "2", JSON.stringify({ lines: [{ sku: "b", position: 10 }, { sku: "a", position: 2 }] }));
    const [a] = await fetch(database, "Order.lines", "key", [["1", "a"]]);
    await commit(database, [insert("Order.lines", ["1", "c"], { position: "3" }), update("Order.lines", a!, { position: "11" })]);
    expect(JSON.parse(inner.all("Order")["1"]!).lines.map(({ sku }: { sku: string }) => sku)).toEqual(["c", "b", "a"]);
    expect(JSON.parse(inner.all("Order")["2"]!).lines.map(({ sku }: { sku: string }) => sku)).toEqual(["b", "a"]);
  });

  test("a cloudId in the element keeps identity when an application renames the key", async () => {
    const child = { path: "items", key: ["name"], cloudId: "cloudId", fields: [{ name: "name", kind: { type: "text" } as const }, { name: "cloudId", kind: { type: "text" } as const, optional: true }] };
    const { inner, database } = documents({}, [{ documents: "List", json: "body", fields: [], children: [child] }]);
    inner.put("List", "1", '{"items":[{"name":"old"}]}');
    const [old] = await scan(database, "List.items");
    await commit(database, [{ op: "update", model: "List.items", fields: [], rows: [{ key: old!.key, revision: old!.revision, values: [], cloudId: "id" }] }]);
    expect(inner.all("List")["1"]).toBe('{"items":[{"cloudId":"id","name":"old"}]}');
    inner.put("List", "1", '{"items":[{"cloudId":"id","name":"new"}]}');
    expect((await fetch(database, "List.items", "cloudId", [["id"]]))[0]).toMatchObject({ key: ["1", "new"], cloudId: "id" });
  });

  test("identities are asked for as often for many records as for one", async () => {
    const both = filled();
    const { documents: inner } = both.inner;
    let asked = 0;
    const database = unfold({
      ...contractOf(both.inner),
      documents: {
        ...inner,
        identities: (...words) => {
          asked += 1;
          return inner.identities(...words);
        },
        commit: async (unit) => {
          const result = await inner.commit(unit);
          if (!result.committed) return result;
          const after = await both.inner.endpoints.get("Country")!.fetch({ fields: ["id", "body"], by: "key", tuples: unit.batches[0]!.rows.map(({ key }) => [...key]) });
          return { ...result, outcomes: [unit.batches[0]!.rows.map(({ key }) => ({ status: "written", after: after.find((row) => row.key[0] === key[0])! }))] };
        },
      },
    }, [tree]);
    const [first, ...others] = await scan(database, names.airport);
    const times = async (rows: readonly Row[], name: string): Promise<number> => {
      asked = 0;
      const result = await commit(database, rows.map((row) => update(names.airport, row, { name })));
      expect(result.committed && result.outcomes.flat().map((outcome) => outcome.status === "written" && outcome.after?.values.includes(name))).toEqual(rows.map(() => true));
      return asked;
    };
    expect(others.length).toBeGreaterThan(1);
    const once = await times([first!], "once");
    expect(once).toBeGreaterThan(0);
    expect(await times(others, "again")).toBe(once);
  });

  test("what the database makes of a document comes back record by record", async () => {
    const both = filled();
    const { documents: inner } = both.inner;
    const database = unfold({
      ...contractOf(both.inner),
      documents: {
        ...inner,
        commit: async (unit) => {
          const result = await inner.commit(unit);
          if (!result.committed) return result;
          const [row] = await both.inner.endpoints.get("Country")!.fetch({ fields: ["id", "body"], by: "key", tuples: [["ch"]] });
          const after = { ...row!, values: [row!.values[0]!, row!.values[1]!.replace("Quiet", "LOUD")] };
          return { ...result, outcomes: [[{ status: "written", after }]] };
        },
      },
    }, [tree]);
    const result = await commit(database, [insert(names.airport, ["ch", "A", "q"], { name: "Quiet" })]);
    expect(result).toMatchObject({ outcomes: [[{ status: "written", after: { key: ["ch", "A", "q"], cloudId: "id of ch/A/q", values: ["ch", "A", "q", "LOUD", null] } }]] });
  });
});

describe("a tree", () => {
  test("with problems is refused with all of them together", () => {
    const inner = memoryDocuments({ name: "documents", models: ["Country"] });
    const broken: DocumentTree[] = [
      { documents: "Contry", json: "body", fields: [] },
      {
        documents: "Country", json: "bdy", fields: [{ name: "a", path: "x", kind: { type: "text" } }, { name: "b", path: "x.y", kind: { type: "text" } }, { name: "id", kind: { type: "text" } }],
        references: [{ fields: ["a"], target: "Planet" }],
        children: [{ path: "list", key: [], fields: [{ name: "parent", kind: { type: "text" } }] }, { path: "other", key: ["cod"], fields: [{ name: "code", kind: { type: "text" } }] }],
      },
    ];
    try {
      unfold(inner, broken);
      expect.unreachable();
    } catch (error) {
      expect(isSyncError(error) && error.findings.map(({ message }) => message.split(":")[0]!.slice(0, 60))).toMatchInlineSnapshot(`
        [
          "documents has no model \`Contry\`. Did you mean \`Country\`?",
          "\`Country\` has no field \`bdy\` for its documents. Did you mean",
          "\`Country\` has two fields called \`id\`.",
          "Two fields or children of \`Country\` stand at one path, or on",
          "\`Country.list\` has no \`key\`",
          "\`Country.list\` has a field called \`parent\`, as its reference",
          "The key of \`Country.other\` names \`cod\`, which is not among i",
          "Reference \`a\` leads to \`Planet\`, which no tree has. Known",
        ]
      `);
    }
  });

  test("may refer from its elements to other trees", () => {
    const inner = memoryDocuments({ name: "documents", models: ["Country", "Person"] });
    const database = unfold(inner, [tree, {
      documents: "Person", json: "body", name: "People", fields: [{ name: "home", kind: { type: "text" }, nullable: true }], references: [{ fields: ["home"], target: "Country" }],
    }]);
    expect(database.endpoints.get("People")!.model.references).toEqual([{ name: "home", fields: ["home"], target: "Country", targetFields: ["id"], onDelete: "none" }]);
  });

  test("makes models that say where they live", () => {
    const { database } = documents();
    const { model } = database.endpoints.get(names.airport)!;
    expect(model).toMatchObject({ primaryKey: ["Country.id", "Country.regions.code", "ident"], keySource: "values", within: "parent" });
    expect(model.fields.map(({ name }) => name)).toEqual(["Country.id", "Country.regions.code", "ident", "name", "latitude"]);
  });
});
