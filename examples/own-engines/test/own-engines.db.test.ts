import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { open, type Opened } from "../src/sync.ts";

let opened: Opened;
beforeEach(async () => {
  opened = await open();
  await opened.sync.run();
});
afterEach(() => opened.documents.close());

const documentOf = async (number: string): Promise<unknown> =>
  (await opened.documents.query<{ document: unknown }>("select document from products where document->>'number' = $1", [number])).rows[0]?.document;
const edit = (number: string, change: object): Promise<unknown> =>
  opened.documents.query("update products set document = document || $2 where document->>'number' = $1", [number, change]);
const rowOf = (number: string): unknown => opened.rows.prepare("select name, price from product where number = ?").get(number);

test("a record's cloudId is the article number that it has anyway", async () => {
  expect(await documentOf("A-100")).toMatchObject({ cloudId: "A-100" });
  await edit("A-100", { number: "A-101" });
  await opened.sync.run();
  expect(rowOf("A-101")).toMatchObject({ name: "Lamp" }); // renamed, and still the same record
  opened.rows.exec("insert into product (number, name) values ('A-100', 'Another lamp')");
  await opened.sync.run();
  expect(await documentOf("A-100")).toMatchObject({ name: "Another lamp", cloudId: expect.stringMatching(/^.{14}7/) as unknown });
});

test("amounts are cents on one side and decimals on the other, both ways", async () => {
  expect([await documentOf("A-200"), await documentOf("B-001")]).toEqual([
    { cloudId: "A-200", number: "A-200", name: "Chair", price: "129.05" }, { cloudId: "B-001", number: "B-001", name: "Desk" },
  ]);
  await edit("A-200", { price: "99.90" });
  await opened.sync.run();
  expect(rowOf("A-200")).toEqual({ name: "Chair", price: 9990 });
  expect(await opened.sync.verify()).toMatchObject({ equal: true });
});

test("blanks are no difference, and texts are written as they are", async () => {
  await edit("A-200", { name: "  Chair " });
  expect((await opened.sync.run()).written).toEqual({ left: 0, right: 0 });
  expect(await opened.sync.verify()).toMatchObject({ equal: true });
  await edit("A-200", { name: " Arm  chair" });
  await opened.sync.run();
  expect(rowOf("A-200")).toMatchObject({ name: " Arm  chair" });
});

test("a document is written whole, what the sync does not know included", async () => {
  await edit("A-100", { color: "green" });
  await opened.sync.run();
  const query = vi.spyOn(opened.documents, "query");
  opened.rows.exec("update product set price = 2090 where number = 'A-100'");
  await opened.sync.run();
  const statements = query.mock.calls.map(([sql]) => sql).join("\n");
  expect(statements).toContain("update");
  expect(statements).not.toContain("jsonb_set");
  expect(await documentOf("A-100")).toEqual({ cloudId: "A-100", number: "A-100", name: "Lamp", price: "20.9", color: "green" });
});

test("the longer text stands, whichever side wrote it", async () => {
  opened.rows.exec("update product set name = 'Desk of oak' where number = 'B-001'; update product set name = 'Seat' where number = 'A-200'");
  await edit("B-001", { name: "Oak desk" });
  await edit("A-200", { name: "Armchair" });
  await opened.sync.run();
  expect([rowOf("B-001"), rowOf("A-200")]).toMatchObject([{ name: "Desk of oak" }, { name: "Armchair" }]);
  const rules: string[] = [];
  for await (const { rule } of opened.sync.conflicts()) rules.push(rule);
  expect(rules).toEqual(["longer text", "longer text"]);
});
