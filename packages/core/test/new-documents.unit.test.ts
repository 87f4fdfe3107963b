import { describe, expect, test } from "vitest";
import { unfold, type Database, type DocumentDatabase, type DocumentTree, type DocumentUnit, type InsertBatch, type Unit, type Value } from "@sync/core";
import { memoryDocuments, type MemoryDocuments } from "@sync/core/memory";
import { commit, names, tree } from "./countries.ts";

const insert = (model: string, fields: readonly string[], ...rows: readonly (readonly [key: string, ...values: Value[]])[]): InsertBatch => ({
  op: "insert", model, fields,
  rows: rows.map(([key, ...values]) => ({ key: key.split("/"), cloudId: `id of ${key}`, values })),
});

const france: readonly InsertBatch[] = [
  insert(names.country, ["code", "name", "population"], ["fr", "FR", "France \"la belle\"", "68000000"], ["ch", "CH", null, null]),
  insert(names.region, ["code", "name"], ["fr/A", "A", "Alsace"], ["fr/B", "B", null], ["ch/A", "A", "Aargau"]),
  insert(names.airport, ["ident", "name", "latitude"], ["fr/A/y", "y", "Y", "48.5"], ["fr/A/x", "x", null, null], ["ch/A/z", "z", "Z\u0001", "-0.00001"]),
];

/** The same tree with its cloudIds in the records. */
const bearing = ({ children, ...record }: DocumentTree | NonNullable<DocumentTree["children"]>[number]): DocumentTree => ({
  ...record, cloudId: "cloudId", fields: [...record.fields, { name: "cloudId", kind: { type: "text" }, optional: true }],
  ...(children ? { children: children.map((child) => bearing(child)) } : {}),
}) as DocumentTree;

interface Watched {
  readonly inner: MemoryDocuments;
  readonly database: Database;
  readonly sent: DocumentUnit[];
}

/** `record by record`: it says that it may store something else than it is sent, so that each record has to be looked at. */
function watched(of: DocumentTree, how: "in one go" | "record by record"): Watched {
  const inner = memoryDocuments({ name: "documents", models: [of.documents] });
  const sent: DocumentUnit[] = [];
  const exactWrites = how === "in one go";
  const endpoints = new Map([...inner.endpoints].map(([name, endpoint]) =>
    [name, new Proxy(endpoint, { get: (target, property) => (property === "capabilities" ? { ...target.capabilities, exactWrites } : Reflect.get(target, property, target)) })]));
  const contract: DocumentDatabase = {
    name: inner.name, endpoints, claim: (request) => inner.claim(request), release: (fence, wrote) => inner.release(fence, wrote),
    inspect: (models) => inner.inspect(models), commit: (unit) => inner.commit(unit), close: () => inner.close(),
    documents: { ...inner.documents, commit: (unit) => (sent.push(unit), inner.documents.commit(unit)) },
  };
  return { inner, database: unfold(contract, [of]), sent };
}

async function sentBy(of: DocumentTree, how: Parameters<typeof watched>[1], batches: Unit["batches"]): Promise<DocumentUnit["batches"][]> {
  const { database, sent } = watched(of, how);
  expect(await commit(database, batches)).toMatchObject({ committed: true, outcomes: batches.map(({ rows }) => rows.map(() => ({ status: "written" }))) });
  return sent.map((unit) => unit.batches);
}

describe("whole new documents", () => {
  test("are the same texts and identities as record by record", async () => {
    for (const of of [tree, bearing(tree)]) {
      const inOneGo = await sentBy(of, "in one go", france);
      expect(inOneGo).toEqual(await sentBy(of, "record by record", france));
      expect(inOneGo).toHaveLength(1);
    }
    expect((await sentBy(tree, "in one go", france))[0]![0]!.rows[0]).toMatchObject({
      whole: `{"code":"FR","facts":{"population":68000000},"name":"France \\"la belle\\"","regions":[{"airports":[{"ident":"y","location":{"lat":48.5},"name":"Y"},{"ident":"x"}],"code":"A","name":"Alsace"},{"code":"B"}]}`,
    });
  });

  test("have an empty list where one is required", async () => {
    const required: DocumentTree = { ...tree, children: tree.children!.map((child) => ({ ...child, required: true })) };
    const country = insert(names.country, ["code"], ["li", "LI"]);
    expect((await sentBy(required, "in one go", [country]))[0]![0]!.rows).toMatchObject([{ whole: '{"code":"LI","regions":[]}' }]);
    expect(await sentBy(required, "in one go", [country])).toEqual(await sentBy(required, "record by record", [country]));
  });

  const [country, regions, airports] = france as [InsertBatch, InsertBatch, InsertBatch];
  const refusals: Readonly<Record<string, readonly InsertBatch[]>> = {
    "two records of one key": [country, insert(names.region, ["code"], ["fr/A", "A"], ["fr/A", "A"])],
    "two documents of one key": [country, country],
    "a record whose parent is nowhere": [country, airports],
    "a value that does not fit": [insert(names.country, ["code", "population"], ["fr", "FR", "many"])],
    "a value that is missing": [insert(names.country, ["name"], ["fr", "France"])],
  };
  for (const [what, batches] of Object.entries(refusals)) {
    test(`${what}: refused as if each record had been looked at, and nothing is written`, async () => {
      const [one, other] = [watched(tree, "in one go"), watched(tree, "record by record")];
      const refused = await commit(one.database, batches);
      expect(refused).toMatchObject({ committed: false });
      expect(refused).toEqual(await commit(other.database, batches));
      expect(one.inner.all("Country")).toEqual({});
    });
  }

  test("a document that is there already is refused by its name", async () => {
    const { inner, database } = watched(tree, "in one go");
    inner.put("Country", "fr", '{"code":"FR"}');
    expect(await commit(database, [country, regions, airports])).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
    expect(Object.keys(inner.all("Country"))).toEqual(["fr"]);
  });

  test("a record that goes into a document that was there goes by itself", async () => {
    const { inner, database } = watched(tree, "in one go");
    inner.put("Country", "fr", '{"code":"FR","anthem":"…"}');
    expect(await commit(database, [insert(names.region, ["code"], ["fr/A", "A"])])).toMatchObject({ committed: true });
    expect(JSON.parse(inner.all("Country")["fr"]!)).toEqual({ code: "FR", anthem: "…", regions: [{ code: "A" }] });
  });
});
