import type { Claim, Committed, Documents, DocumentWrite, JsonPatch, Row, WantedElement, Way } from "@sync/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { postgresColumn, type SqlDatabase, sqlDatabase, type SqlModel } from "../src/index.ts";
import { type Engine, engines, onPostgres, type Session } from "./support/engines.ts";

const documentModel = (name: string, table: string, filter?: SqlModel["filter"]): SqlModel => ({
  model: {
    name,
    fields: [
      { name: "id", kind: { type: "text" }, nullable: false, writable: true },
      { name: "document", kind: { type: "json", noNul: true }, nullable: false, writable: true },
    ],
    primaryKey: ["id"], keySource: "values", uniqueKeys: [], references: [], syncFields: {},
  },
  table: { name: table },
  columns: [postgresColumn({ field: "id", column: "id", type: "text" }), postgresColumn({ field: "document", column: "document", type: "jsonb" })],
  ...(filter ? { filter } : {}),
});

const models = [
  documentModel("Country", "countries"),
  documentModel("Order", "documents", { column: "kind", value: "order" }),
  documentModel("Bill", "documents", { column: "kind", value: "bill" }),
];
const ddl = `
  create table countries (id text primary key, document jsonb not null);
  create unique index countries_code on countries ((document->>'code'));
  create table documents (kind text not null, id text not null, document jsonb not null, primary key (kind, id));`;

function documentsOn(engine: Engine): void {
  let session: Session;
  let database: SqlDatabase;
  let documents: Documents;
  let claim: Claim;

  beforeEach(async () => {
    session = await engine.open();
    await session.exec(ddl);
    database = sqlDatabase({ name: `test/${engine.name}`, executor: session.executor, models });
    documents = database.documents!;
    claim = await database.claim({ holder: "a test", runner: "one", seconds: 60 });
  });
  afterEach(() => session.close());

  const commit = (rows: readonly DocumentWrite[], model = "Country", fence = claim.fence): Promise<Committed> =>
    documents.commit({ id: "unit", fence, batches: [{ model, field: "document", rows }] });
  const outcomes = async (rows: readonly DocumentWrite[], model?: string): Promise<readonly string[]> => {
    const result = await commit(rows, model);
    if (!result.committed) throw new Error(JSON.stringify(result.refusal));
    return result.outcomes[0]!.map(({ status }) => status);
  };
  const read = async (model = "Country"): Promise<Map<string, Row>> => {
    const rows = new Map<string, Row>();
    for await (const page of database.endpoints.get(model)!.scan({ fields: ["document"], pageSize: 100 })) for (const row of page.rows) rows.set(row.key[0]!, row);
    return rows;
  };
  const insert = (key: string, whole: string, inner: DocumentWrite["inner"] = []): DocumentWrite => ({ op: "insert", key: [key], whole, inner });

  test("many new records inside of documents are written as few are", async () => {
    // COPY is taken, where a driver has it, once round trips are known to be quick.
    for (let i = 0; i < 50; i += 1) await database.claim({ holder: "a test", runner: "one", seconds: 60 });
    const page = (prefix: string): DocumentWrite[] =>
      Array.from({ length: 20 }, (_empty, at) => {
        const key = `${prefix}${at}`;
        const regions = Array.from({ length: 200 }, (_none, n) => `{"code": "tab\\t back\\\\slash ${n}", "number": 9007199254740993.10}`);
        const inner = regions.map((_region, n) => ({ model: "Country.regions", key: [key, `it's "${n}"`], cloudId: `${key} ${n}` }));
        return insert(key, `{"code": "${key}", "regions": [${regions.join(", ")}]}`, [{ model: "Country", key: [key], cloudId: key }, ...inner]);
      });
    const counts = (): Promise<unknown> => session.rows("select count(*)::text, (select count(*) from sync_identity)::text from countries");
    expect(new Set(await outcomes(page("a")))).toEqual(new Set(["written"]));
    expect(await counts()).toEqual([["20", "4020"]]);
    const [row] = await session.rows("select document->'regions'->7->>'code', document->'regions'->7->>'number' from countries where id = 'a3'");
    expect(row).toEqual(["tab\t back\\slash 7", "9007199254740993.10"]);
    expect(await documents.identities("Country.regions", "cloudId", [["a3 7"]])).toEqual([{ key: ["a3", `it's "7"`], cloudId: "a3 7" }]);
    expect(await documents.identities("Country", "key", [["a3"]])).toEqual([{ key: ["a3"], cloudId: "a3" }]);
    // What stands in the way is said, and nothing is written.
    const taken = page("b");
    taken[19] = insert("b19", `{"code": "a3"}`);
    expect(await commit(taken)).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE", constraint: "countries_code" } });
    await expect(commit(page("b"), "Country", claim.fence + 1)).rejects.toMatchObject({ code: "LEASE.LOST" });
    expect(await counts()).toEqual([["20", "4020"]]);
    // An identity that was left behind gives way.
    await session.exec("delete from countries where id = 'a3'");
    expect(new Set(await outcomes([...page("b"), ...page("a").slice(3, 4)]))).toEqual(new Set(["written"]));
    expect(await counts()).toEqual([["40", "8040"]]);
  });

  test("documents are inserted with the identities inside them, numbers exact", async () => {
    const inner = [{ model: "Country", key: ["de"], cloudId: "c1" }, { model: "Country.regions", key: ["de", "BE"], cloudId: "c2" }];
    expect(await outcomes([insert("de", `{"code":"DE","big":9007199254740993.10,"odd":"it's \\"x\\" \\\\ é"}`, inner), insert("fr", `{"code":"FR"}`)])).toEqual(["written", "written"]);
    const rows = await read();
    expect(rows.get("de")).toMatchObject({ cloudId: "c1", values: [`{"big":9007199254740993.1,"code":"DE","odd":"it's \\"x\\" \\\\ é"}`] });
    expect(rows.get("fr")).toMatchObject({ cloudId: null, values: [`{"code":"FR"}`] });
    expect(await documents.identities("Country.regions", "key", [["de", "BE"], ["de", "BB"]])).toEqual([{ key: ["de", "BE"], cloudId: "c2" }]);
    expect(await documents.identities("Country", "cloudId", [["c1"], ["c9"]])).toEqual([{ key: ["de"], cloudId: "c1" }]);
  });

  test("long documents are inserted beside short ones, each with what it is, and as a trigger leaves it", async () => {
    const long = (n: number): string => `{"code":"L${n}","text":"${`it's \\"${n}\\" \\\\ é$1 `.repeat(500)}","big":9007199254740993.10}`;
    const rows = (first: number): DocumentWrite[] => [0, 1, 2, 3].map((n) =>
      insert(`${first + n}`, n === 1 ? `{"code":"S${first}"}` : long(first + n), [{ model: "Country", key: [`${first + n}`], cloudId: `c${first + n}` }]));
    expect(await outcomes(rows(0))).toEqual(["written", "written", "written", "written"]);
    await session.exec(`
      create function mark() returns trigger language plpgsql as $$ begin
        new.document = new.document || '{"marked":true}'; return new; end $$;
      create trigger mark before insert on countries for each row execute function mark();`);
    await database.inspect(["Country"]);
    const marked = await commit(rows(4));
    expect(marked.committed && marked.outcomes[0]!.map((outcome) => outcome.status === "written" && (outcome.after!.values[1]!.match(/"code":"(\w+)".*"marked":true/)?.[1] ?? "")))
      .toEqual(["L4", "S4", "L6", "L7"]);
    const found = await read();
    for (const n of [0, 2, 3]) expect(JSON.parse(found.get(`${n}`)!.values[0]!)).toEqual(JSON.parse(long(n)));
    expect(found.get("0")!.values[0]).toContain("9007199254740993.1");
    expect([found.get("1")!.values[0], found.get("3")!.cloudId, found.get("7")!.cloudId]).toEqual([`{"code":"S0"}`, "c3", "c7"]);
  });

  test("patches of different shapes change only what they name, each document by its own", async () => {
    await outcomes([
      insert("a", `{"code":"A","list":[{"n":1,"keep":true},{"n":2}],"gone":1}`),
      insert("b", `{"code":"B","list":[]}`),
      insert("c", `{"code":"C","we\\"ird, {key}":{"x":1}}`),
      insert("d", `{"code":"D"}`),
    ]);
    const rows = await read();
    const patch = (key: string, patches: (readonly [readonly (string | number)[], string | undefined])[], whole = "\"no\"".padEnd(200)): DocumentWrite =>
      ({ op: "patch", key: [key], revision: rows.get(key)!.revision, whole, inner: [], patches: patches.map(([path, value]) => ({ path, value })) });
    const many = Array.from({ length: 30 }, (_, i) => [[`f${i}`], String(i)] as const);
    expect(await outcomes([
      patch("a", [[["list", 0, "n"], "123456789012345678901234567890.5"], [["list", 1], undefined], [["gone"], undefined], [["list", 1], `{"n":null}`]]),
      patch("b", [[["list", 0], `{"n":1}`], [["list", 1], `[]`]]),
      patch("c", [[["we\"ird, {key}", "x"], "\"é\\\\\""]]),
      patch("d", many, `{"code":"D","whole":true}`),
    ])).toEqual(["written", "written", "written", "written"]);
    const after = await read();
    expect([...after.values()].map(({ values }) => values[0])).toEqual([
      `{"code":"A","list":[{"keep":true,"n":123456789012345678901234567890.5},{"n":null}]}`,
      `{"code":"B","list":[{"n":1},[]]}`,
      `{"code":"C","we\\"ird, {key}":{"x":"é\\\\"}}`,
      `{"code":"D","whole":true}`,
    ]);
  });

  test("a document that has changed since it was read is stale, and so are its identities", async () => {
    await outcomes([insert("a", `{"n":1}`), insert("b", `{"n":1}`), insert("c", `{"n":1}`), insert("d", `{"n":1}`)]);
    const rows = await read();
    await session.exec(`update countries set document = '{"n":2}' where id in ('a', 'c')`);
    const inner = (key: string): DocumentWrite["inner"] => [{ model: "Country", key: [key], cloudId: `of ${key}` }];
    const revision = (key: string): string => rows.get(key)!.revision;
    const patches = [{ path: ["n"], value: "3" }];
    expect(await outcomes([
      { op: "patch", key: ["a"], revision: revision("a"), patches, whole: `{"n":3}`, inner: inner("a") },
      { op: "patch", key: ["b"], revision: revision("b"), patches, whole: `{"n":3}`, inner: inner("b") },
      { op: "delete", key: ["c"], revision: revision("c"), inner: [] },
      { op: "patch", key: ["d"], revision: revision("d"), patches: [], whole: `{"n":1}`, inner: inner("d") },
    ])).toEqual(["stale", "written", "stale", "written"]);
    expect([...(await read()).values()].map(({ cloudId, values }) => [cloudId, values[0]])).toEqual([
      [null, `{"n":2}`], ["of b", `{"n":3}`], [null, `{"n":2}`], ["of d", `{"n":1}`],
    ]);
  });

  test("documents that let go of a unique value first exchange theirs; one that changed since keeps its own, and all stays as it was", async () => {
    await outcomes([insert("a", `{"code":"A"}`), insert("b", `{"code":"B"}`), insert("c", `{"code":"C"}`)]);
    const codes = async (): Promise<unknown[]> => [...(await read()).values()].map(({ values }) => values[0]);
    const pass = (rows: ReadonlyMap<string, Row>, key: string, to: string, parked?: string): DocumentWrite => ({
      op: "patch", key: [key], revision: rows.get(key)!.revision, patches: [{ path: ["code"], value: to }], whole: `{"code":${to}}`, inner: [],
      ...(parked === undefined ? {} : { first: [{ path: ["code"], value: parked }] }),
    });
    const rows = await read();
    const round = [pass(rows, "a", `"B"`, `"~a"`), pass(rows, "b", `"C"`), pass(rows, "c", `"A"`, `"~c"`)];
    expect(await outcomes(round)).toEqual(["written", "written", "written"]);
    expect(await codes()).toEqual([`{"code":"B"}`, `{"code":"C"}`, `{"code":"A"}`]);
    const later = await read();
    await session.exec(`update countries set document = '{"code":"B","more":1}' where id = 'a'`);
    expect(await commit([pass(later, "a", `"A"`, `"~a"`), pass(later, "c", `"B"`, `"~c"`)])).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
    expect(await codes()).toEqual([`{"code":"B","more":1}`, `{"code":"C"}`, `{"code":"A"}`]);
  });

  test("identities can be exchanged, moved and forgotten in one unit; a deleted document's own goes with it", async () => {
    const of = (key: string, cloudId: string | null): DocumentWrite["inner"][number] => ({ model: "Country.regions", key: ["a", key], cloudId });
    await outcomes([
      insert("a", `{"code":"1"}`, [{ model: "Country", key: ["a"], cloudId: "root" }, of("x", "1"), of("y", "2"), of("z", "3"), of("same", "5")]),
      insert("b", `{"code":"2"}`, [{ model: "Country", key: ["b"], cloudId: "other" }]),
    ]);
    const { revision } = (await read()).get("a")!;
    const inner = [of("x", "2"), of("y", "1"), of("z", null), of("w", "3"), of("same", "5")];
    expect(await outcomes([{ op: "patch", key: ["a"], revision, patches: [], whole: "{}", inner }])).toEqual(["written"]);
    const known = await documents.identities("Country.regions", "cloudId", [["1"], ["2"], ["3"], ["5"]]);
    expect(Object.fromEntries(known.map(({ key, cloudId }) => [cloudId, key[1]]))).toEqual({ 1: "y", 2: "x", 3: "w", 5: "same" });
    await outcomes([{ op: "delete", key: ["a"], revision, inner: [of("x", null)] }]);
    expect(await documents.identities("Country", "cloudId", [["root"], ["other"]])).toEqual([{ key: ["b"], cloudId: "other" }]);
    expect((await documents.identities("Country.regions", "key", [["a", "x"], ["a", "y"]])).map(({ key }) => key[1])).toEqual(["y"]);
  });

  test("a cloudId that another key has refuses the unit, unless that document is gone", async () => {
    const own = (key: string, cloudId: string): DocumentWrite["inner"] => [{ model: "Country", key: [key], cloudId }];
    await outcomes([insert("a", `{"code":"1"}`, own("a", "one")), insert("b", `{"code":"2"}`, own("b", "two"))]);
    expect(await commit([insert("c", `{"code":"3"}`, own("c", "one"))])).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE", constraint: "sync_identity_cloud_id" } });
    expect((await read()).has("c")).toBe(false);
    await session.exec("delete from countries where id = 'a'");
    expect(await outcomes([insert("c", `{"code":"3"}`, own("c", "one"))])).toEqual(["written"]);
    expect((await read()).get("c")!.cloudId).toBe("one");
  });

  test("a key that is taken, a natural key that is taken, and a text that jsonb refuses name their codes", async () => {
    await outcomes([insert("a", `{"code":"1"}`)]);
    expect(await commit([insert("a", `{"code":"2"}`)])).toMatchObject({ refusal: { code: "WRITE.UNIQUE", constraint: "countries_pkey", model: "Country" } });
    expect(await commit([insert("b", `{"code":"1"}`)])).toMatchObject({ refusal: { code: "WRITE.UNIQUE", constraint: "countries_code", model: "Country" } });
    expect(await commit([insert("b", `{"code":"\\u0000"}`)])).toMatchObject({ refusal: { code: "WRITE.VALUE" } });
    expect(await commit([insert("b", `{"code":`)])).toMatchObject({ refusal: { code: "WRITE.VALUE" } });
    const { revision } = (await read()).get("a")!;
    expect(await outcomes([{ op: "delete", key: ["a"], revision, inner: [] }, insert("c", `{"code":"1"}`)])).toEqual(["written", "written"]);
  });

  test("nothing is written after the lease was let go", async () => {
    await database.release(claim.fence, false);
    await expect(commit([insert("a", "{}")])).rejects.toMatchObject({ code: "LEASE.LOST" });
  });

  test("a lost lease writes nothing", async () => {
    await expect(commit([insert("a", "{}")], "Country", claim.fence + 1)).rejects.toMatchObject({ code: "LEASE.LOST" });
    expect((await read()).size).toBe(0);
  });

  test("kinds that share a table do not see each other, under the same keys", async () => {
    expect(await outcomes([insert("1", `{"o":1}`)], "Order")).toEqual(["written"]);
    expect(await outcomes([insert("1", `{"b":1}`)], "Bill")).toEqual(["written"]);
    const [order, bill] = [await read("Order"), await read("Bill")];
    expect([order.get("1")!.values, bill.get("1")!.values]).toEqual([[`{"o":1}`], [`{"b":1}`]]);
    await outcomes([{ op: "patch", key: ["1"], revision: bill.get("1")!.revision, patches: [{ path: ["b"], value: "2" }], whole: `{"b":2}`, inner: [] }], "Bill");
    expect((await read("Order")).get("1")!.values).toEqual([`{"o":1}`]);
    expect(await database.endpoints.get("Order")!.fetch({ fields: ["document"], by: "key", tuples: [["1"]] })).toHaveLength(1);
    expect(await database.endpoints.get("Order")!.changesSince!(undefined, [])).toMatchObject({ total: 1 });
    await outcomes([{ op: "delete", key: ["1"], revision: order.get("1")!.revision, inner: [] }], "Order");
    expect([(await read("Order")).size, (await read("Bill")).size]).toEqual([0, 1]);
    expect((await database.inspect(["Order", "Bill", "Country"])).findings).toEqual([]);
    const fields = ["id", "document"];
    expect(await database.commit({ id: "rows", fence: claim.fence, batches: [
      { op: "insert", model: "Order", fields, rows: [{ key: ["1"], cloudId: "one", values: ["1", "{}"] }] },
      { op: "delete", model: "Bill", rows: [{ key: ["1"], revision: (await read("Bill")).get("1")!.revision }] },
    ] })).toMatchObject({ committed: true });
    expect([(await read("Order")).get("1")!.cloudId, (await read("Bill")).size]).toEqual(["one", 0]);
  });

  test("elements are counted through arrays and objects; what is no array has none", async () => {
    await outcomes([
      insert("a", `{"code":"1","regions":[{"airports":[1,2]},{"airports":null},{},7,{"airports":[3]}],"deep":{"list":[1,2,3]}}`),
      insert("b", `{"code":"2","regions":"none","deep":null}`),
      insert("c", `{"code":"3"}`),
    ]);
    expect(await documents.countInside!("Country", [["regions"], ["regions", "airports"], ["deep", "list"]])).toEqual([5, 3, 3]);
    expect(await documents.countInside!("Order", [["x"]])).toEqual([0]);
  });

  test("of single values one that stands in an array twice counts once", async () => {
    await outcomes([insert("a", `{"code":"1","tags":["x","x",1,1.0,null,null,{},{},["x"],["x"]],"deep":[{"tags":["x","y"]},{"tags":["x"]},{"tags":"x"}]}`), insert("b", `{"code":"2","tags":["x"]}`)]);
    expect(await documents.countInside!("Country", [["tags"], ["deep", "tags"], ["none"]], true)).toEqual([9, 3, 0]);
  });

  test("documents that hold one of many values are found by the server, each once; numbers exact, other kinds left out", async () => {
    const element = (ident: string, n = "1"): string => `{"airports":[{"ident":"${ident}","deep":{"n":${n}}},{"ident":"also ${ident}"}]}`;
    await outcomes([
      insert("a", `{"code":"A","place":{"la\\"t.":"x"},"regions":[${element("one", "9007199254740993")},${element("two")}]}`),
      insert("b", `{"code":"B","regions":[${element("three", "2.50")}]}`),
      insert("c", `{"code":"C","regions":"none","tags":["x","y"]}`),
      insert("d", "[1]"),
    ]);
    await outcomes([insert("a", `{"code":"A"}`)], "Order");
    const held = async (...shapes: string[]): Promise<unknown> => [...(await documents.containing!("Country", shapes))].map(([key]) => key).sort();
    const airport = (ident: string): string => `{"regions":[{"airports":[{"ident":${JSON.stringify(ident)}}]}]}`;
    expect(await held(airport("two"), airport("one"), airport("also three"), airport("nobody"))).toEqual(["a", "b"]);
    expect(await held(`{"code":"C"}`, `{"code":"A"}`, `{"code":"it's"}`)).toEqual(["a", "c"]);
    expect(await held(`{"place":{"la\\"t.":"x"}}`)).toEqual(["a"]);
    expect(await held(`{"regions":[{"airports":[{"deep":{"n":9007199254740993}}]}]}`, `{"regions":[{"airports":[{"deep":{"n":2.5}}]}]}`)).toEqual(["a", "b"]);
    expect(await held(`{"regions":[{"airports":[{"deep":{"n":9007199254740992}}]}]}`)).toEqual([]);
    expect(await held(`{"regions":[{"airports":[{"ident":"three","deep":{"n":2.5}}]}]}`, `{"regions":[{"airports":[{"ident":"two","deep":{"n":2.5}}]}]}`)).toEqual(["b"]);
    expect(await held(`{"tags":["y"]}`, `{"tags":["z"]}`)).toEqual(["c"]);
    expect(await held(airport("\0"), airport("\ud800"), `{"code":"\\u0000"}`)).toEqual([]);
    expect(await documents.containing!("Order", [`{"code":"A"}`])).toEqual([["a"]]);
    expect(await documents.containing!("Bill", [`{"code":"A"}`])).toEqual([]);
  });

  test("the server takes single elements out of documents, with those above them and their places", async () => {
    await outcomes([
      insert("a", `{"code":"A","deep":{"er":[{"n":0},{"n":1.0,"list":[{"id":"it's \\"x\\" é","big":9007199254740993.10},5,[]],"more":[1]}]}}`, [{ model: "Country", key: ["a"], cloudId: "one" }]),
      insert("b", `{"code":"B","deep":{"er":[{"n":1,"list":[{"id":"x"},{"id":"x"}]},{"n":2,"list":{"id":"x"}},{"n":3,"list":[]}]}}`),
      insert("c", `{"code":"C","deep":[{"er":[{"n":1}]}]}`),
      insert("d", "[1]"),
      insert("e", "5"),
    ]);
    await outcomes([insert("a", `{"code":"other","deep":{"er":[]}}`)], "Order");
    const rows = await read();
    const inner: Way = { field: "document", arrays: [["deep", "er"], ["list"]], without: [[["deep", "er"]], [["list"]], []] };
    const outer: Way = { ...inner, arrays: inner.arrays.slice(0, 1), without: inner.without.slice(0, 2) };
    const at = (key: string, n: string, ...id: string[]): WantedElement => ({ key: [key], shapes: [`{"n":${n}}`, ...id.map((each) => JSON.stringify({ id: each }))] });
    expect(await documents.elements!("Country", inner, [at("a", "7", "x"), at("a", "1", `it's "x" é`), at("b", "1", "x"), at("b", "2", "x"), at("b", "3", "x"), at("c", "1", "x"), at("d", "1", "x"), at("z", "1", "x"), at("a", "1", "\0"), at("a", "1", "\ud800")])).toEqual([
      undefined,
      { key: ["a"], revision: rows.get("a")!.revision, cloudId: "one", positions: [1, 0],
        texts: [`{"code": "A", "deep": {}}`, `{"n": 1.0, "more": [1]}`, `{"id": "it's \\"x\\" é", "big": 9007199254740993.10}`] },
      ...Array.from({ length: 8 }, () => undefined),
    ]);
    expect((await documents.elements!("Country", outer, [at("b", "1"), at("b", "3"), at("b", "4"), at("c", "1"), at("d", "1"), at("e", "1")])).map((found) => found && [...found.texts, found.cloudId, found.positions])).toEqual([
      [`{"code": "B", "deep": {}}`, `{"n": 1}`, null, [0]], [`{"code": "B", "deep": {}}`, `{"n": 3}`, null, [2]], undefined, undefined, undefined, undefined,
    ]);
    expect(await documents.elements!("Order", outer, [at("a", "1")])).toEqual([undefined]);
    const [found] = await documents.elements!("Country", inner, [at("a", "1", `it's "x" é`)]);
    const many = Array.from({ length: 12 }, (_, i): JsonPatch => ({ path: ["deep", "er", ...found!.positions.flatMap((place, level) => (level > 0 ? ["list", place] : [place])), `f${i}`], value: String(i) }));
    // However many they are: where the whole text is not known, patches are what is written.
    expect(await outcomes([{ op: "patch", key: ["a"], revision: found!.revision, patches: many, inner: [] }])).toEqual(["written"]);
    expect(await session.rows("select document #>> '{deep,er,1,list,0,f11}', document #>> '{deep,er,1,list,0,big}' from countries where id = 'a'")).toEqual([["11", "9007199254740993.10"]]);
  });

  test("what a trigger changes comes back as it stands", async () => {
    await session.exec(`
      create function shout() returns trigger language plpgsql as $$ begin
        if new.document ? 'silent' then return null; end if;
        new.document = jsonb_set(new.document, '{name}', to_jsonb(upper(new.document->>'name'))); return new; end $$;
      create trigger shout before insert or update on countries for each row execute function shout();`);
    await database.inspect(["Country"]);
    const result = await commit([
      insert("a", `{"code":"1","name":"x"}`, [{ model: "Country", key: ["a"], cloudId: "one" }]),
      insert("b", `{"code":"2","silent":true}`, [{ model: "Country", key: ["b"], cloudId: "two" }]),
    ]);
    if (!result.committed) throw new Error("refused");
    const [first, second] = result.outcomes[0]!;
    expect(first).toMatchObject({ status: "written", after: { key: ["a"], cloudId: "one", values: ["a", `{"code":"1","name":"X"}`] } });
    expect(second).toEqual({ status: "stale" });
    expect(await documents.identities("Country", "cloudId", [["one"], ["two"]])).toHaveLength(1);
    const { revision } = (first as { after: Row }).after;
    expect(await outcomes([{ op: "patch", key: ["a"], revision, patches: [{ path: ["name"], value: "\"y\"" }], whole: `{"code":"1","name":"y"}`.padEnd(99), inner: [] }])).toEqual(["written"]);
    expect((await read()).get("a")!.values).toEqual([`{"code":"1","name":"Y"}`]);
  });
}

describe("pglite", () => documentsOn(engines.pglite));
onPostgres(import.meta.url, (engine) => documentsOn(engine));
