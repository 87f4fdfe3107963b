import { describe, expect, it } from "vitest";
import { createSync, fieldMerge, leftWins, naturalKey, newest, type Model, type SyncOptions } from "@sync/core";
import { memoryDatabase, type MemoryDatabase } from "@sync/core/memory";

const country = (key: "id" | "no"): Model => ({
  name: "Country", primaryKey: [key], keySource: "allocated", syncFields: {},
  fields: [
    { name: key, kind: { type: "text" }, nullable: false, writable: true },
    { name: "code", kind: { type: "text" }, nullable: false, writable: true },
    { name: "name", kind: { type: "text" }, nullable: false, writable: true },
    { name: "motto", kind: { type: "text" }, nullable: true, writable: true },
  ],
  uniqueKeys: [{ name: "Country_code", fields: ["code"] }], references: [],
});
const region = (key: "id" | "no", parent: string): Model => ({
  name: "Region", primaryKey: [key], keySource: "allocated", syncFields: {},
  fields: [
    { name: key, kind: { type: "text" }, nullable: false, writable: true },
    { name: "code", kind: { type: "text" }, nullable: false, writable: true },
    { name: "name", kind: { type: "text" }, nullable: false, writable: true },
    { name: parent, kind: { type: "text" }, nullable: false, writable: true },
  ],
  uniqueKeys: [{ name: "Region_code", fields: ["code"] }],
  references: [{ name: "country", fields: [parent], target: "Country", targetFields: [key], onDelete: "restrict" }],
});

function databases(tracking: "changes" | "fingerprints" | "none"): { left: MemoryDatabase; right: MemoryDatabase } {
  return {
    left: memoryDatabase({ name: "left", models: [country("id"), region("id", "countryId")], tracking }),
    right: memoryDatabase({ name: "right", models: [country("no"), region("no", "land")], tracking }),
  };
}

function syncOf(pair: { left: MemoryDatabase; right: MemoryDatabase }, more: Partial<SyncOptions> = {}): ReturnType<typeof createSync> {
  return createSync({
    name: "pair", left: pair.left, right: pair.right,
    models: { Country: { match: naturalKey("code") }, Region: { match: naturalKey("code"), fields: { countryId: "land" } } },
    conflicts: fieldMerge({ otherwise: leftWins() }), firstLink: "left", ...more,
  });
}

const values = (database: MemoryDatabase, model: string): unknown[] =>
  database.probe.rows(model).map(({ record }) => ({ code: record["code"], name: record["name"] })).sort((a, b) => (a.code! < b.code! ? -1 : 1));

describe.each(["changes", "fingerprints", "none"] as const)("a pair whose databases track %s", (tracking) => {
  it("copies to an empty side, then has nothing to do", async () => {
    const pair = databases(tracking);
    for (const code of ["FR", "DE", "IT"]) {
      const key = pair.left.application.insert("Country", { code, name: `name of ${code}` });
      for (const n of [1, 2]) pair.left.application.insert("Region", { code: `${code}-${n}`, name: "region", countryId: key[0]! });
    }
    const sync = syncOf(pair);
    const first = await sync.run();
    expect(first.models.get("Country")!.created.right).toBe(3);
    expect(first.models.get("Region")!.created.right).toBe(6);
    expect(first.check.differing).toBe(0);
    expect(values(pair.right, "Country")).toEqual(values(pair.left, "Country"));
    const keys = new Map(pair.right.probe.rows("Country").map(({ key, record }) => [key[0], record["code"]]));
    for (const { record } of pair.right.probe.rows("Region")) expect(keys.get(record["land"]!)).toBe(record["code"]!.slice(0, 2));
    const before = [pair.left.probe.unitWrites, pair.right.probe.unitWrites];
    const second = await sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
    expect([pair.left.probe.unitWrites, pair.right.probe.unitWrites]).toEqual(before);
    expect((await sync.verify()).equal).toBe(true);
  });

  it("merges different fields, decides the same one by the policy, and carries creates and deletes both ways", async () => {
    const pair = databases(tracking);
    for (const code of ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"]) pair.left.application.insert("Country", { code, name: code });
    const sync = syncOf(pair);
    await sync.run();
    const at = (database: MemoryDatabase, code: string): readonly string[] => database.probe.rows("Country").find(({ record }) => record["code"] === code)!.key;
    pair.left.application.update("Country", at(pair.left, "A"), { name: "left name" });
    pair.right.application.update("Country", at(pair.right, "A"), { motto: "right motto" });
    pair.left.application.update("Country", at(pair.left, "B"), { name: "left B" });
    pair.right.application.update("Country", at(pair.right, "B"), { name: "right B" });
    pair.left.application.delete("Country", at(pair.left, "C"));
    pair.right.application.delete("Country", at(pair.right, "D"));
    pair.right.application.insert("Country", { code: "NEW", name: "from the right" });
    pair.right.application.update("Country", at(pair.right, "E"), { code: "E2" });
    const plan = await sync.plan();
    const actions: string[] = [];
    for await (const page of plan.actions()) for (const action of page) actions.push(`${action.action}${action.side ? ` ${action.side}` : ""}: ${action.reason}`);
    expect(actions.sort()).toMatchInlineSnapshot(`
      [
        "create left: only on the right",
        "delete left: deleted on the right",
        "delete right: deleted on the left",
        "update: changed on the left: name; changed on the right: motto",
        "update: changed on the right: code",
        "update: name changed on both sides: left stands (left wins)",
      ]
    `);
    const result = await sync.apply(plan);
    expect(result.skipped).toEqual([]);
    expect(values(pair.right, "Country")).toEqual(values(pair.left, "Country"));
    expect(pair.left.probe.rows("Country").find(({ record }) => record["code"] === "A")!.record).toMatchObject({ name: "left name", motto: "right motto" });
    expect(pair.right.probe.rows("Country").find(({ record }) => record["code"] === "B")!.record).toMatchObject({ name: "left B" });
    const conflicts = [];
    for await (const conflict of sync.conflicts()) conflicts.push(conflict);
    expect(conflicts).toMatchObject([{ kind: "update-update", fields: ["name"], left: ["left B"], right: ["right B"], decision: "left" }]);
    const third = await sync.run();
    expect(third.written).toEqual({ left: 0, right: 0 });
    expect((await sync.verify()).equal).toBe(true);
  });
});

it("refuses two filled sides without firstLink, with counts", async () => {
  const pair = databases("none");
  for (const code of ["A", "B"]) pair.left.application.insert("Country", { code, name: code });
  for (const code of ["B", "C"]) pair.right.application.insert("Country", { code, name: `${code}!` });
  await expect(syncOf(pair, { firstLink: undefined, conflicts: newest("name") }).run()).rejects.toThrow("0 equal, 1 different, 1 only on the left, 1 only on the right");
});
