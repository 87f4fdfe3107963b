import { createSync, leftWins, naturalKey, unfold, type DocumentTree, type SyncOptions } from "@sync/core";
import { memoryDatabase, memoryDocuments, type MemoryDatabase, type MemoryDocuments } from "@sync/core/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { collect, model, reference, text } from "./pairs.ts";

/** Elements that bear their cloudId themselves, and are copied together with it. */

const value = (name: string): DocumentTree["fields"][number] => ({ name, kind: { type: "text" } });
const optional = (name: string): DocumentTree["fields"][number] => ({ ...value(name), optional: true });
const tree: DocumentTree = {
  documents: "Order", json: "body", fields: [value("code")], uniqueKeys: [["code"]],
  children: [{
    path: "lines", key: ["sku"], cloudId: "cloudId", fields: [value("sku"), optional("note"), optional("cloudId")],
    children: [{ path: "parts", key: ["name"], fields: [value("name")] }],
  }],
};
const rowModels = [
  model("Order", [text("code")]),
  model("Line", [text("sku"), text("note", true), text("orderId")], [reference("orderId", "Order", "cascade")], { uniqueKeys: [{ name: "line", fields: ["orderId", "sku"] }] }),
  model("Part", [text("name"), text("lineId")], [reference("lineId", "Line", "cascade")], { uniqueKeys: [{ name: "part", fields: ["lineId", "name"] }] }),
];

interface Line { sku: string; note?: string; cloudId?: string; parts?: { name: string }[] }
interface Order { code: string; lines: Line[] }

describe.each([[true, "changes", true], [true, "changes", false], [false, "none", true]] as const)("a line with its cloudId (marks: %s, rows: %s, documents on the right: %s)", (tracking, rowTracking, documentsRight) => {
  let rows: MemoryDatabase;
  let inner: MemoryDocuments;
  let sync: ReturnType<typeof createSync>;

  beforeEach(async () => {
    rows = memoryDatabase({ name: "rows", models: rowModels, tracking: rowTracking });
    inner = memoryDocuments({ name: "documents", models: ["Order"], tracking });
    const database = unfold(inner, [tree]);
    const names = { Order: "Order", Line: "Order.lines", Part: "Order.lines.parts" } as const;
    const match = (...keys: string[]): unknown => naturalKey(keys, { withoutUniqueKey: true });
    const models = documentsRight
      ? { Order: { match: naturalKey("code") }, Line: { right: names.Line, match: match("sku", "orderId"), fields: { orderId: "parent" } }, Part: { right: names.Part, match: match("name", "lineId"), fields: { lineId: "parent" } } }
      : { Order: { match: naturalKey("code") }, [names.Line]: { right: "Line", match: match("sku", "parent"), fields: { parent: "orderId" } }, [names.Part]: { right: "Part", match: match("name", "parent"), fields: { parent: "lineId" } } };
    const [left, right] = documentsRight ? [rows, database] : [database, rows];
    sync = createSync({ name: "pair", left, right, models, conflicts: leftWins(), firstLink: "left", pageSize: 2 } as unknown as SyncOptions);
    const keys = ["A", "B"].map((code) => rows.application.insert("Order", { code })[0]!);
    for (const sku of ["1", "2"]) rows.application.insert("Line", { sku, note: `line ${sku}`, orderId: keys[0]! });
    await sync.run();
    await sync.run();
  });

  const order = (code: string): [id: string, order: Order] => Object.entries(inner.all("Order")).map(([id, body]): [string, Order] => [id, JSON.parse(body) as Order]).find(([, each]) => each.code === code)!;
  const edit = (code: string, change: (lines: Line[]) => void): void => {
    const [id, document] = order(code);
    document.lines ??= [];
    change(document.lines);
    inner.put("Order", id, JSON.stringify(document));
  };
  const lineOf = (code: string, sku: string): Line => order(code)[1].lines.find((line) => line.sku === sku)!;
  const stored = (): string[] => {
    const codes = new Map(rows.probe.rows("Order").map(({ key, record }) => [key[0], record["code"]]));
    return rows.probe.rows("Line").map(({ record }) => `${codes.get(record["orderId"]!)} ${record["sku"]} ${record["note"]}`).sort();
  };
  const waiting = async (): Promise<unknown[]> => (await collect(sync.quarantine())).map(({ key, code, path }) => [key.slice(1).join("/"), code, path]).sort();

  test("that is copied into another document is nobody's move: both wait, each with its document and its path", async () => {
    const [id] = order("B");
    edit("B", (lines) => lines.push({ ...lineOf("A", "1"), parts: [{ name: "of the copy" }] }));
    for (let run = 0; run < 3; run++) {
      await sync.run();
      expect(stored()).toEqual(["A 1 line 1", "A 2 line 2"]);
      expect(rows.probe.rows("Part")).toEqual([]);
    }
    const entries = (await collect(sync.quarantine())).map(({ key: [document, ...key], code, path }) => [document, key.join("/"), code, path]);
    const at = order("A")[1].lines.findIndex(({ sku }) => sku === "1");
    const both = [[order("A")[0], "1", "DOCUMENT.DUPLICATE_CLOUD_ID", `lines[${at}].cloudId`], [id, "1", "DOCUMENT.DUPLICATE_CLOUD_ID", "lines[0].cloudId"]];
    expect(entries.sort()).toEqual([...both, [id, "1/of the copy", "REFERENCE.PARENT_WAITS", undefined]].sort());
    edit("B", ([copy]) => delete copy!.cloudId);
    await sync.run();
    await sync.run();
    expect(stored()).toEqual(["A 1 line 1", "A 2 line 2", "B 1 line 1"]);
    expect(rows.probe.rows("Part").map(({ record }) => record["name"])).toEqual(["of the copy"]);
    expect(await waiting()).toEqual([]);
  });

  test("that is copied within its document is not mistaken for the copy", async () => {
    edit("A", (lines) => lines.unshift({ ...lineOf("A", "1"), sku: "3", note: "copy" }));
    for (let run = 0; run < 2; run++) {
      await sync.run();
      expect(stored()).toEqual(["A 1 line 1", "A 2 line 2"]);
    }
    expect(await waiting()).toContainEqual(["3", "DOCUMENT.DUPLICATE_CLOUD_ID", "lines[0].cloudId"]);
    edit("A", (lines) => void lines.shift());
    await sync.run();
    expect(await waiting()).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("takes no edit from the other side while nobody can tell which one is meant", async () => {
    edit("B", (lines) => lines.push(lineOf("A", "1")));
    const { key } = rows.probe.rows("Line").find(({ record }) => record["sku"] === "1")!;
    rows.application.update("Line", key, { note: "edited" });
    for (let run = 0; run < 2; run++) await sync.run();
    expect([lineOf("A", "1").note, lineOf("B", "1").note]).toEqual(["line 1", "line 1"]);
    expect(await sync.verify()).toMatchObject({ equal: false, explained: true });
    edit("B", (lines) => void lines.pop());
    await sync.run();
    expect(lineOf("A", "1").note).toBe("edited");
    expect(await waiting()).toEqual([]);
  });

  test("that goes on in its copy alone has moved there", async () => {
    edit("B", (lines) => lines.push(lineOf("A", "1")));
    await sync.run();
    edit("A", (lines) => void lines.splice(lines.findIndex(({ sku }) => sku === "1"), 1));
    await sync.run();
    expect(stored()).toEqual(["A 2 line 2", "B 1 line 1"]);
    expect(await waiting()).toEqual([]);
  });
});
