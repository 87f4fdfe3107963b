import { describe, expect, test } from "vitest";
import type { Endpoint, Key, Page, Row } from "../src/endpoint.ts";
import type { Batch, Committed, UpdateBatch } from "../src/unit.ts";
import { isSyncError } from "../src/errors.ts";
import { memoryDatabase, type MemoryDatabase, type MemoryDatabaseOptions, type MemoryModel } from "../src/memory/index.ts";
import type { Field, Model } from "../src/model.ts";
import type { Kind } from "../src/value.ts";

const text: Kind = { type: "text" };
const integer: Kind = { type: "integer" };

const field = (name: string, kind: Kind, nullable = false): Field => ({ name, kind, nullable, writable: true });

function model(name: string, changes: Partial<Model>): Model {
  return { name, fields: [], primaryKey: ["id"], keySource: "allocated", uniqueKeys: [], references: [], syncFields: {}, ...changes };
}

const country = model("Country", {
  fields: [field("id", integer), field("code", text), field("name", text, true)],
  uniqueKeys: [{ name: "country_code", fields: ["code"] }],
});
const region = model("Region", {
  fields: [field("id", integer), field("code", text), field("country", integer)],
  references: [{ name: "region_country", fields: ["country"], target: "Country", targetFields: ["id"], onDelete: "restrict" }],
});
const folder = model("Folder", {
  fields: [field("id", integer), field("name", text), field("parent", integer, true)],
  references: [{ name: "folder_parent", fields: ["parent"], target: "Folder", targetFields: ["id"], onDelete: "cascade" }],
});

function open(options: Partial<MemoryDatabaseOptions> = {}): MemoryDatabase {
  let time = 1_000_000;
  return memoryDatabase({
    name: "memory", models: [country, region, folder],
    runtime: { now: () => (time += 1), randomBytes: (length) => Uint8Array.from({ length }, (_, at) => at) },
    ...options,
  });
}

async function write(database: MemoryDatabase, ...batches: Batch[]): Promise<Committed> {
  const { fence } = await database.claim({ holder: "test", runner: "runner 1", seconds: 30 });
  return database.commit({ id: "unit", fence, batches });
}

async function pagesOf(endpoint: Endpoint, pageSize: number, fields: readonly string[] = ["code"]): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of endpoint.scan({ fields, pageSize })) pages.push(page);
  return pages;
}

async function rowOf(database: MemoryDatabase, name: string, key: Key, fields: readonly string[] = []): Promise<Row | undefined> {
  return (await database.endpoints.get(name)!.fetch({ fields, by: "key", tuples: [key] }))[0];
}

const insert = (name: string, id: string, cloudId: string, values: Record<string, string | null>): Batch => ({
  op: "insert", model: name, fields: Object.keys(values), rows: [{ key: [id], cloudId, values: Object.values(values) }],
});

const update = (name: string, id: string, revision: string, values: Record<string, string | null>): UpdateBatch => ({
  op: "update", model: name, fields: Object.keys(values), rows: [{ key: [id], revision, values: Object.values(values) }],
});

const written = { status: "written" };
const stale = { status: "stale" };

describe("reading", () => {
  test("pages are disjoint, in numeric key order, and their ranges leave no gap", async () => {
    const database = open();
    for (let id = 1; id <= 12; id += 1) database.application.insert("Country", { id: String(id), code: `c${id}` });
    const pages = await pagesOf(database.endpoints.get("Country")!, 4);
    expect(pages.map((page) => page.rows.map((row) => row.key[0]))).toEqual([["1", "2", "3", "4"], ["5", "6", "7", "8"], ["9", "10", "11", "12"], []]);
    expect(pages.map((page) => page.range)).toEqual([
      { after: null, upTo: ["4"] }, { after: ["4"], upTo: ["8"] }, { after: ["8"], upTo: ["12"] }, { after: ["12"], upTo: null },
    ]);
  });

  test("an empty table is one page that covers everything", async () => {
    expect(await pagesOf(open().endpoints.get("Country")!, 4)).toEqual([{ rows: [], range: { after: null, upTo: null } }]);
  });

  test("a scan of ranges reads nothing else", async () => {
    const database = open();
    for (let id = 1; id <= 9; id += 1) database.application.insert("Country", { id: String(id), code: `c${id}` });
    const rows: string[] = [];
    const ranges = [{ after: ["2"], upTo: ["4"] }, { after: ["7"], upTo: null }];
    for await (const page of database.endpoints.get("Country")!.scan({ fields: ["code"], pageSize: 10, ranges })) rows.push(...page.rows.map((row) => row.values[0]!));
    expect(rows).toEqual(["c3", "c4", "c8", "c9"]);
  });

  test("a range that ends with a full page ends there", async () => {
    const database = open();
    for (let id = 1; id <= 4; id += 1) database.application.insert("Country", { id: String(id), code: `c${id}` });
    const ranges = [];
    for await (const page of database.endpoints.get("Country")!.scan({ fields: [], pageSize: 2, ranges: [{ after: null, upTo: ["4"] }] })) ranges.push(page.range);
    expect(ranges).toEqual([{ after: null, upTo: ["2"] }, { after: ["2"], upTo: ["4"] }]);
  });

  test("text keys are read in the database's own order", async () => {
    const codes = model("Code", { fields: [field("code", text)], primaryKey: ["code"], keySource: "values" });
    const compareTexts = (a: string, b: string): number => (a < b ? 1 : a > b ? -1 : 0);
    const database = open({ models: [codes], compareTexts });
    for (const code of ["a", "c", "b"]) database.application.insert("Code", { code });
    const pages = await pagesOf(database.endpoints.get("Code")!, 2);
    expect(pages.map((page) => page.rows.map((row) => row.key[0]))).toEqual([["c", "b"], ["a"]]);
  });

  test("rows are fetched by key, by cloudId, by a unique key and by a reference", async () => {
    const database = open();
    await write(database, insert("Country", "7", "cloud-7", { code: "de", name: "Germany" }), insert("Region", "1", "cloud-1", { code: "by", country: "7" }));
    const fetch = async (name: string, by: "key" | "cloudId" | string[], ...tuples: string[][]): Promise<unknown> =>
      (await database.endpoints.get(name)!.fetch({ fields: ["code"], by, tuples })).map((row) => [row.key, row.cloudId, row.values]);
    const found = [[["7"], "cloud-7", ["de"]]];
    expect(await fetch("Country", "key", ["7"], ["8"])).toEqual(found);
    expect(await fetch("Country", "cloudId", ["cloud-7"], ["cloud-8"])).toEqual(found);
    expect(await fetch("Country", ["code"], ["de"], ["at"])).toEqual(found);
    expect(await fetch("Region", ["country"], ["7"])).toEqual([[["1"], "cloud-1", ["by"]]]);
  });

  test("a value that is not of its field's kind is a fault, and its place in values is null", async () => {
    const database = open();
    database.application.insert("Country", { id: "1", code: "de" });
    database.application.insert("Region", { id: "1", code: "by\ud800", country: "1" });
    const row = await rowOf(database, "Region", ["1"], ["country", "code"]);
    expect(row).toMatchObject({ values: ["1", null], faults: [{ field: "code", code: "VALUE.LONE_SURROGATE" }] });
  });
});

describe("writing", () => {
  test("a unit is written whole and its outcomes come in order", async () => {
    const database = open();
    const committed = await write(database, insert("Country", "7", "cloud-7", { code: "de" }), insert("Region", "1", "cloud-1", { code: "by", country: "7" }));
    expect(committed).toMatchObject({ committed: true, outcomes: [[written], [written]] });
    expect(database.probe.rows("Country")).toEqual([{ key: ["7"], cloudId: "cloud-7", record: { id: "7", code: "de", name: null } }]);
  });

  test.each([
    ["a second row under a unique key", insert("Country", "2", "cloud-2", { code: "de" }), { code: "WRITE.UNIQUE", constraint: "country_code" }],
    ["a second row under a primary key", insert("Country", "1", "cloud-2", { code: "at" }), { code: "WRITE.UNIQUE", constraint: "primary key" }],
    ["a second row under a cloudId", insert("Country", "2", "cloud-1", { code: "at" }), { code: "WRITE.UNIQUE", constraint: "sync_identity" }],
    ["a missing parent", insert("Region", "1", "cloud-2", { code: "by", country: "9" }), { code: "WRITE.FOREIGN_KEY", constraint: "region_country" }],
    ["a null where there must be a value", insert("Country", "2", "cloud-2", { code: null }), { code: "WRITE.NOT_NULL", field: "code" }],
    ["a value of another kind", insert("Region", "1", "cloud-2", { code: "by", country: "one" }), { code: "WRITE.VALUE", field: "country" }],
  ])("%s refuses the whole unit", async (_, batch, refusal) => {
    const database = open();
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }));
    const before = database.snapshot();
    expect(await write(database, insert("Country", "3", "cloud-3", { code: "ch" }), batch)).toMatchObject({ committed: false, refusal });
    expect(database.snapshot().tables).toEqual(before.tables);
  });

  test("a failed check names its constraint", async () => {
    const checked: MemoryModel = { model: country, checks: [{ name: "short_code", test: (record) => record["code"]!.length === 2 }] };
    const database = open({ models: [checked] });
    const refusal = { code: "WRITE.CHECK", constraint: "short_code", model: "Country" };
    expect(await write(database, insert("Country", "1", "cloud-1", { code: "long" }))).toEqual({ committed: false, refusal });
  });

  test("an update whose revision has moved is stale and the rest of the unit is written", async () => {
    const database = open();
    await write(database, insert("Country", "1", "cloud-1", { code: "de", name: "a" }), insert("Country", "2", "cloud-2", { code: "at", name: "b" }));
    const [one, two] = [(await rowOf(database, "Country", ["1"]))!, (await rowOf(database, "Country", ["2"]))!];
    database.application.update("Country", ["1"], { name: "by hand" });
    const committed = await write(database, update("Country", "1", one.revision, { name: "x" }), update("Country", "2", two.revision, { name: "y" }));
    expect(committed).toMatchObject({ committed: true, outcomes: [[stale], [written]] });
    expect(database.probe.rows("Country").map((row) => row.record["name"])).toEqual(["by hand", "y"]);
  });

  test.each(["changes", "fingerprints", "none"] as const)("two rows swap a unique value, one of them parked in between (tracking: %s)", async (tracking) => {
    const database = open({ tracking });
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }), insert("Country", "2", "cloud-2", { code: "at" }));
    const [one, two] = [(await rowOf(database, "Country", ["1"]))!, (await rowOf(database, "Country", ["2"]))!];
    expect(await write(database, update("Country", "1", one.revision, { code: "at" }), update("Country", "2", two.revision, { code: "de" }))).toMatchObject({ committed: false });
    const swap = [update("Country", "1", one.revision, { code: "parked" }), update("Country", "2", two.revision, { code: "de" }), update("Country", "1", one.revision, { code: "at" })];
    expect(await write(database, ...swap)).toMatchObject({ outcomes: [[written], [written], [written]] });
    expect(database.probe.rows("Country").map((row) => row.record["code"])).toEqual(["at", "de"]);
    expect(await write(database, ...swap)).toMatchObject({ outcomes: [[stale], [stale], [stale]] });
  });

  test.each(["changes", "fingerprints", "none"] as const)("revisions move with every change (tracking: %s)", async (tracking) => {
    const database = open({ tracking });
    await write(database, insert("Country", "1", "cloud-1", { code: "de", name: "a" }));
    const first = (await rowOf(database, "Country", ["1"]))!.revision;
    expect((await rowOf(database, "Country", ["1"], ["name"]))!.revision).toBe(first);
    database.application.update("Country", ["1"], { name: "b" });
    expect((await rowOf(database, "Country", ["1"]))!.revision).not.toBe(first);
  });

  test("a field that is not supplied keeps its value", async () => {
    const database = open();
    await write(database, insert("Country", "1", "cloud-1", { code: "de", name: "a" }));
    const { revision } = (await rowOf(database, "Country", ["1"]))!;
    await write(database, { op: "update", model: "Country", fields: ["code", "name"], rows: [{ key: ["1"], revision, values: ["at", undefined] }] });
    expect(database.probe.rows("Country")[0]!.record).toEqual({ id: "1", code: "at", name: "a" });
  });

  test("a delete is guarded, frees the cloudId and is stale the second time", async () => {
    const database = open();
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }));
    const { revision } = (await rowOf(database, "Country", ["1"]))!;
    const batch: Batch = { op: "delete", model: "Country", rows: [{ key: ["1"], revision }] };
    expect(await write(database, batch)).toMatchObject({ outcomes: [[written]] });
    expect(await write(database, batch)).toMatchObject({ outcomes: [[stale]] });
    expect(await write(database, insert("Country", "2", "cloud-1", { code: "de" }))).toMatchObject({ committed: true });
  });

  test("a parent with children is refused, and its children go first", async () => {
    const database = open();
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }), insert("Region", "1", "cloud-2", { code: "by", country: "1" }));
    const parent: Batch = { op: "delete", model: "Country", rows: [{ key: ["1"], revision: (await rowOf(database, "Country", ["1"]))!.revision }] };
    const child: Batch = { op: "delete", model: "Region", rows: [{ key: ["1"], revision: (await rowOf(database, "Region", ["1"]))!.revision }] };
    expect(await write(database, parent)).toMatchObject({ committed: false, refusal: { code: "WRITE.FOREIGN_KEY" } });
    expect(await write(database, child, parent)).toMatchObject({ committed: true });
  });

  test("a cascade goes down every level", () => {
    const database = open();
    database.application.insert("Folder", { id: "1", name: "root" });
    database.application.insert("Folder", { id: "2", name: "child", parent: "1" });
    database.application.insert("Folder", { id: "3", name: "grandchild", parent: "2" });
    expect(database.application.delete("Folder", ["1"])).toBe(true);
    expect(database.probe.rows("Folder")).toEqual([]);
  });

  test("set null lets go of the parent and makes a new version of the child", async () => {
    const setNull = { ...folder, references: [{ ...folder.references[0]!, onDelete: "set-null" as const }] };
    const database = open({ models: [setNull] });
    database.application.insert("Folder", { id: "1", name: "root" });
    database.application.insert("Folder", { id: "2", name: "child", parent: "1" });
    const before = (await rowOf(database, "Folder", ["2"]))!.revision;
    database.application.delete("Folder", ["1"]);
    expect(database.probe.rows("Folder").map((row) => row.record["parent"])).toEqual([null]);
    expect((await rowOf(database, "Folder", ["2"]))!.revision).not.toBe(before);
  });

  test("children follow a parent whose key changes, and it stays one row", () => {
    const keyed = model("Country", { fields: [field("code", text)], primaryKey: ["code"], keySource: "values" });
    const child = model("Region", {
      fields: [field("id", integer), field("country", text)],
      references: [{ name: "fk", fields: ["country"], target: "Country", targetFields: ["code"], onDelete: "restrict" }],
    });
    const changes: unknown[] = [];
    const database = open({ models: [keyed, child], onCommit: (commit) => changes.push(...commit.changes.map((change) => [change.before?.key, change.after?.key])) });
    database.application.insert("Country", { code: "de" });
    database.application.insert("Region", { id: "1", country: "de" });
    changes.length = 0;
    database.application.update("Country", ["de"], { code: "dd" });
    expect(database.probe.rows("Region")[0]!.record["country"]).toBe("dd");
    expect(changes).toEqual([[["de"], ["dd"]], [["1"], ["1"]]]);
  });

  test("what the database makes of a row comes back as its after-image", async () => {
    const trimmed: MemoryModel = { model: country, alter: (record) => ({ ...record, name: record["name"]?.trim() ?? null }) };
    const database = open({ models: [trimmed] });
    expect(database.endpoints.get("Country")!.capabilities.exactWrites).toBe(false);
    const committed = await write(database, insert("Country", "1", "cloud-1", { code: "de", name: " a " }));
    expect(committed).toMatchObject({ outcomes: [[{ status: "written", after: { key: ["1"], cloudId: "cloud-1", values: ["1", "de", "a"] } }]] });
  });

  test("an insert gets the defaults of the fields that it leaves out", async () => {
    const database = open({ models: [{ model: country, defaults: { name: "unnamed" } }] });
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }), insert("Country", "2", "cloud-2", { code: "at", name: null }));
    expect(database.probe.rows("Country").map((row) => row.record["name"])).toEqual(["unnamed", null]);
  });

  test("allocated keys are never given twice", async () => {
    const database = open();
    const endpoint = database.endpoints.get("Country")!;
    const keys = [...(await endpoint.allocate(3)), ...(await endpoint.allocate(2))].map(String);
    expect(new Set(keys).size).toBe(5);
  });
});

describe("identity", () => {
  const withField = { ...country, fields: [...country.fields, field("cloudId", text, true)], syncFields: { cloudId: "cloudId" } };

  test.each([["in a side table", country], ["in the model's field", withField]])("%s: a row gets a cloudId once", async (_, one) => {
    const database = open({ models: [one] });
    const key = database.application.insert("Country", { code: "de" });
    const identify = (was: string | null, cloudId: string): Batch => ({ op: "identify", model: "Country", rows: [{ key, cloudId, was }] });
    expect(await write(database, identify(null, "cloud-1"))).toMatchObject({ outcomes: [[written]] });
    expect(await write(database, identify(null, "cloud-2"))).toMatchObject({ outcomes: [[stale]] });
    expect(await write(database, identify("cloud-1", "cloud-3"))).toMatchObject({ outcomes: [[written]] });
    expect(database.probe.rows("Country")[0]!.cloudId).toBe("cloud-3");
  });

  test.each([["in a side table", country], ["in the model's field", withField]])("%s: a guarded update gives it together with the values", async (_, one) => {
    const database = open({ models: [one] });
    const key = database.application.insert("Country", { code: "de", name: "a" });
    const { revision } = (await rowOf(database, "Country", key))!;
    const batch: UpdateBatch = { op: "update", model: "Country", fields: [], rows: [{ key, revision, values: [], cloudId: "cloud-1" }] };
    expect(await write(database, batch)).toMatchObject({ outcomes: [[written]] });
    expect(database.probe.rows("Country")[0]).toMatchObject({ cloudId: "cloud-1", record: { name: "a" } });
    const late = { ...batch, rows: [{ ...batch.rows[0]!, revision: "other", cloudId: "cloud-2" }] };
    expect(await write(database, late)).toMatchObject({ outcomes: [[stale]] });
  });

  test("a side table keeps the identity of a row that an application deleted and made again", async () => {
    const database = open();
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }));
    database.application.delete("Country", ["1"]);
    expect(await rowOf(database, "Country", ["1"])).toBeUndefined();
    database.application.insert("Country", { id: "1", code: "de" });
    expect((await rowOf(database, "Country", ["1"]))!.cloudId).toBe("cloud-1");
  });
});

describe("a changed key", () => {
  const keyed = model("Country", { fields: [field("code", text)], primaryKey: ["code"], keySource: "values" });
  const rename = async (database: MemoryDatabase, to: string): Promise<Committed> => {
    const { revision } = (await rowOf(database, "Country", ["de"]))!;
    return write(database, { op: "update", model: "Country", fields: ["code"], rows: [{ key: ["de"], revision, values: [to] }] });
  };

  test("a unit takes the row's identity along", async () => {
    const database = open({ models: [keyed] });
    await write(database, { op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["de"], cloudId: "cloud-1", values: ["de"] }] });
    expect(await rename(database, "dd")).toMatchObject({ outcomes: [[written]] });
    expect(database.probe.rows("Country")).toMatchObject([{ key: ["dd"], cloudId: "cloud-1" }]);
  });

  test("a refused unit leaves it where it was", async () => {
    const database = open({ models: [keyed] });
    await write(database, { op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["de"], cloudId: "cloud-1", values: ["de"] }] });
    database.application.insert("Country", { code: "at" });
    expect(await rename(database, "at")).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
    expect(database.probe.rows("Country")).toMatchObject([{ key: ["at"], cloudId: null }, { key: ["de"], cloudId: "cloud-1" }]);
  });

  test("an application that changes it leaves the side table's identity behind", async () => {
    const database = open({ models: [keyed] });
    await write(database, { op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["de"], cloudId: "cloud-1", values: ["de"] }] });
    database.application.update("Country", ["de"], { code: "dd" });
    expect(database.probe.rows("Country")).toMatchObject([{ key: ["dd"], cloudId: null }]);
  });
});

describe("the application's transactions", () => {
  test("nobody sees their rows before they commit", async () => {
    const database = open();
    const transaction = database.begin();
    transaction.insert("Country", { code: "de" });
    expect(await pagesOf(database.endpoints.get("Country")!, 4)).toMatchObject([{ rows: [] }]);
    transaction.commit();
    expect(await pagesOf(database.endpoints.get("Country")!, 4)).toMatchObject([{ rows: [{ values: ["de"] }] }]);
  });

  test("what is rolled back never was", () => {
    const database = open();
    const transaction = database.begin();
    transaction.insert("Country", { code: "de" });
    transaction.rollback();
    expect(database.probe.rows("Country")).toEqual([]);
  });

  test("a unit that needs a row of theirs fails and is worth trying again", async () => {
    const database = open();
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }));
    const { revision } = (await rowOf(database, "Country", ["1"]))!;
    const transaction = database.begin();
    transaction.update("Country", ["1"], { name: "late" });
    await expect(write(database, update("Country", "1", revision, { name: "x" }))).rejects.toMatchObject({ code: "ENDPOINT.LOCKED", retryable: true });
    transaction.commit();
    expect(await write(database, update("Country", "1", revision, { name: "x" }))).toMatchObject({ outcomes: [[stale]] });
  });

  test("one refused write takes the whole transaction back", () => {
    const database = open();
    const transaction = database.begin();
    transaction.insert("Country", { code: "de" });
    transaction.insert("Country", { code: "de" });
    expect(() => transaction.commit()).toThrow(expect.objectContaining({ code: "WRITE.UNIQUE" }));
    expect(database.probe.rows("Country")).toEqual([]);
  });
});

describe("finding what changed", () => {
  test("a mark reports later rows, leaves out our own units, and counts", async () => {
    const database = open();
    const endpoint = database.endpoints.get("Country")!;
    await write(database, insert("Country", "1", "cloud-1", { code: "de" }), insert("Country", "2", "cloud-2", { code: "at" }));
    const first = await endpoint.changesSince!(undefined, []);
    expect(first).toMatchObject({ total: 2, keys: "all" });
    expect(await endpoint.changesSince!(first.next, [])).toMatchObject({ total: 2, keys: [] });
    database.application.update("Country", ["1"], { name: "x" });
    const own = await write(database, insert("Country", "3", "cloud-3", { code: "ch" }));
    const units = own.committed ? [own.transaction] : [];
    expect(await endpoint.changesSince!(first.next, units)).toMatchObject({ total: 3, keys: [["1"]] });
    expect(await endpoint.changesSince!(first.next, [])).toMatchObject({ total: 3, keys: [["1"], ["3"]] });
  });

  test("a row that commits late is reported by the mark taken before", async () => {
    const database = open();
    const endpoint = database.endpoints.get("Country")!;
    const transaction = database.begin();
    transaction.insert("Country", { id: "1", code: "de" });
    database.application.insert("Country", { id: "2", code: "at" });
    const first = await endpoint.changesSince!(undefined, []);
    transaction.commit();
    expect(await endpoint.changesSince!(first.next, [])).toMatchObject({ keys: expect.arrayContaining([["1"]]) });
    const second = await endpoint.changesSince!(first.next, []);
    expect(await endpoint.changesSince!(second.next, [])).toMatchObject({ keys: [] });
  });

  test("a mark of another server or of the future is not trusted", async () => {
    const database = open();
    const endpoint = database.endpoints.get("Country")!;
    const backup = database.snapshot();
    database.application.insert("Country", { code: "de" });
    const { next } = await endpoint.changesSince!(undefined, []);
    database.restore(backup);
    expect(await endpoint.changesSince!(next, [])).toMatchObject({ keys: "all" });
    const other = await endpoint.changesSince!(undefined, []);
    database.restore(backup, { serverIdentity: "another" });
    expect(await endpoint.changesSince!(other.next, [])).toMatchObject({ keys: "all" });
  });

  test("a fingerprint is the page's own until a value of its range changes", async () => {
    const database = open({ tracking: "fingerprints" });
    const endpoint = database.endpoints.get("Country")!;
    expect(endpoint.changesSince).toBeUndefined();
    for (let id = 1; id <= 4; id += 1) database.application.insert("Country", { id: String(id), code: `c${id}` });
    const pages = await pagesOf(endpoint, 2);
    const read = async (): Promise<string[]> => (await endpoint.fingerprint!(["code"], pages.map((page) => page.range))).map((each) => each.fingerprint);
    expect(await read()).toEqual(pages.map((page) => page.fingerprint));
    database.application.update("Country", ["3"], { name: "not among the fields" });
    expect(await read()).toEqual(pages.map((page) => page.fingerprint));
    database.application.update("Country", ["3"], { code: "x" });
    const now = await read();
    expect(now[0]).toBe(pages[0]!.fingerprint);
    expect(now[1]).not.toBe(pages[1]!.fingerprint);
  });

  test("an optional method is there exactly when its capability says so", () => {
    for (const tracking of ["changes", "fingerprints", "none"] as const) {
      const endpoint = open({ tracking }).endpoints.get("Country")!;
      expect("changesSince" in endpoint).toBe(endpoint.capabilities.changesSince);
      expect("fingerprint" in endpoint).toBe(endpoint.capabilities.fingerprints);
    }
  });
});

describe("the lease", () => {
  const request = { holder: "here", runner: "runner 1", seconds: 30 };
  const other = { holder: "there", runner: "runner 2", seconds: 30 };

  test("a second runner is refused, naming the holder", async () => {
    const database = open();
    await database.claim(request);
    await expect(database.claim(other)).rejects.toSatisfy((error) => isSyncError(error) && error.code === "LEASE.HELD" && /in use by here since 1970/.test(error.message));
  });

  test("the same runner renews and keeps its fence", async () => {
    const database = open();
    expect((await database.claim(request)).fence).toBe((await database.claim(request)).fence);
  });

  test.each(["falls after its time", "is taken over"])("a lease that %s fences its runner off", async (how) => {
    let time = 0;
    const database = open({ runtime: { now: () => time, randomBytes: (length) => new Uint8Array(length) } });
    const { fence } = await database.claim(request);
    if (how === "falls after its time") time = 30_001;
    const second = await database.claim({ ...other, takeOver: how === "is taken over" });
    expect(second.fence).toBeGreaterThan(fence);
    await expect(database.commit({ id: "late", fence, batches: [insert("Country", "1", "cloud-1", { code: "de" })] })).rejects.toMatchObject({ code: "LEASE.LOST" });
    expect(database.probe.rows("Country")).toEqual([]);
    await database.release(fence, true);
    expect(database.probe.lease).toMatchObject({ holder: "there", runCounter: 0 });
  });

  test("a run that wrote raises the counter, and a backup brings the old one back", async () => {
    const database = open();
    const backup = database.snapshot();
    const claim = await database.claim(request);
    await database.release(claim.fence, true);
    const next = await database.claim(other);
    expect(next).toMatchObject({ runCounter: 1, databaseId: claim.databaseId, serverIdentity: claim.serverIdentity });
    await database.release(next.fence, false);
    database.restore(backup, { serverIdentity: "another" });
    expect(await database.claim(request)).toMatchObject({ runCounter: 0, databaseId: claim.databaseId, serverIdentity: "another" });
  });
});

test("nothing is written after the lease was let go", async () => {
  const database = open();
  const { fence } = await database.claim({ holder: "test", runner: "runner 1", seconds: 30 });
  await database.release(fence, false);
  await expect(database.commit({ id: "unit", fence, batches: [] })).rejects.toMatchObject({ code: "LEASE.LOST" });
});

test("an update that gives a cloudId to a row that has another one meanwhile is stale", async () => {
  const database = open();
  const key = database.application.insert("Country", { code: "DE", name: null });
  const { revision } = (await rowOf(database, "Country", key))!;
  await write(database, { op: "identify", model: "Country", rows: [{ key, cloudId: "first", was: null }] });
  const result = await write(database, { op: "update", model: "Country", fields: ["code"], rows: [{ key, revision, values: ["FR"], cloudId: "second" }] });
  expect(result).toMatchObject({ outcomes: [[{ status: "stale" }]] });
  expect(await rowOf(database, "Country", key, ["code"])).toMatchObject({ cloudId: "first", values: ["DE"] });
});

test("keys that are values are not allocated", async () => {
  const database = open({ models: [model("Code", { fields: [field("code", text)], primaryKey: ["code"], keySource: "values" })] });
  await expect(database.endpoints.get("Code")!.allocate(1)).rejects.toMatchObject({ code: "ENDPOINT.NO_KEYS" });
});
