import { describe, expect, test } from "vitest";
import { collect, model, pairOf, reference, text, type Pair, type Tracking } from "./pairs.ts";
import type { MemoryDatabase } from "@sync/core/memory";

/** Records that bear a cloudId and are not on the other side: imported with it, or left by a run that died. */

const ownId = { ...text("cloudId", true), optional: true };
const inTheRow = { syncFields: { cloudId: "cloudId" } };
const node = model("Node", [text("code"), text("parentId", true), ownId], [reference("parentId", "Node")], inTheRow);
const cloudId = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** Runs, or makes a plan and applies it. */
const ways: Record<string, (sync: Pair["sync"]) => Promise<{ readonly models: ReadonlyMap<string, { readonly quarantined: number }> }>> = {
  "a run": (sync) => sync.run(),
  "a plan and its apply": async (sync) => {
    const result = await sync.apply(await sync.plan());
    expect(result.skipped).toEqual([]);
    return result;
  },
};

/** `code → code of the record it refers to`. */
function parents(database: MemoryDatabase, name: string, field: string, target: string): Record<string, unknown> {
  const codes = new Map(database.probe.rows(target).map(({ key, record }) => [key[0]!, record["code"]]));
  return Object.fromEntries(database.probe.rows(name).map(({ record }) => [record["code"], record[field] == null ? null : codes.get(record[field])]));
}

describe.each(Object.keys(ways))("%s", (way) => {
  test.each(["changes", "fingerprints", "none"] as readonly Tracking[])("writes a tree of records with cloudIds level by level, whatever the order of their keys (%s)", async (leftTracking) => {
    const { left, right, sync } = pairOf([node], { leftTracking });
    const keys = Array.from({ length: 13 }, (_, n) => left.application.insert("Node", { code: `n${n}`, parentId: null, cloudId: cloudId(n) })[0]!);
    for (let n = 0; n < 12; n++) left.application.update("Node", [keys[n]!], { parentId: keys[n + 1]! });
    const result = await ways[way]!(sync);
    expect(result.models.get("Node")).toMatchObject({ created: { right: 13 }, quarantined: 0 });
    expect(parents(right, "Node", "parentId", "Node")).toEqual(parents(left, "Node", "parentId", "Node"));
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("moves a record below one that has a cloudId and comes across with it", async () => {
    const { left, right, sync } = pairOf([node], { pageSize: 1 });
    const first = left.application.insert("Node", { code: "first", parentId: null, cloudId: cloudId(1) });
    await sync.run();
    const later = left.application.insert("Node", { code: "later", parentId: null, cloudId: cloudId(2) });
    left.application.update("Node", first, { parentId: later[0]! });
    expect((await ways[way]!(sync)).models.get("Node")).toMatchObject({ quarantined: 0 });
    expect(parents(right, "Node", "parentId", "Node")).toEqual({ first: "later", later: null });
  });

  test("breaks a cycle of records with cloudIds at a reference that may be null, and fills that at the end", async () => {
    const { left, right, sync } = pairOf([node]);
    const [a, b, c, below] = [1, 2, 3, 4].map((n) => left.application.insert("Node", { code: `n${n}`, parentId: null, cloudId: cloudId(n) })[0]!);
    for (const [child, parent] of [[a, b], [b, c], [c, a], [below, a]]) left.application.update("Node", [child!], { parentId: parent! });
    expect((await ways[way]!(sync)).models.get("Node")).toMatchObject({ quarantined: 0 });
    expect(parents(right, "Node", "parentId", "Node")).toEqual({ n1: "n2", n2: "n3", n3: "n1", n4: "n1" });
  });

  test("breaks a cycle of two models whose records have cloudIds", async () => {
    const team = model("Team", [text("code"), text("leadId", true), ownId], [reference("leadId", "Person")], inTheRow);
    const person = model("Person", [text("code"), text("teamId"), ownId], [reference("teamId", "Team")], inTheRow);
    const { left, right, sync } = pairOf([team, person]);
    for (const n of [1, 2]) {
      const [ours] = left.application.insert("Team", { code: `t${n}`, leadId: null, cloudId: cloudId(n) });
      const [lead] = left.application.insert("Person", { code: `p${n}`, teamId: ours!, cloudId: cloudId(10 + n) });
      left.application.update("Team", [ours!], { leadId: lead! });
    }
    const { models } = await ways[way]!(sync);
    expect([models.get("Team"), models.get("Person")]).toMatchObject([{ quarantined: 0 }, { quarantined: 0 }]);
    expect(parents(right, "Team", "leadId", "Person")).toEqual({ t1: "p1", t2: "p2" });
    expect(parents(right, "Person", "teamId", "Team")).toEqual({ p1: "t1", p2: "t2" });
  });
});

test.each([null, "of their own"])("who stands below a record that cannot come across waits with it, and is not written without its parent (cloudIds: %s)", async (own) => {
  const withCheck = { model: node, checks: [{ name: "no_bad", test: (record: Record<string, string | null>) => record["code"] !== "bad" }] };
  const { left, right, sync } = pairOf([node], { rightModels: [withCheck] });
  const insert = (code: string, parentId: string | null, n: number): string => left.application.insert("Node", { code, parentId, cloudId: own && cloudId(n) })[0]!;
  const bad = insert("bad", null, 1);
  const child = insert("child", bad, 2);
  const grandchild = insert("grandchild", child, 3);
  for (let run = 0; run < 3; run++) await sync.run();
  expect(right.probe.rows("Node")).toEqual([]);
  expect((await collect(sync.quarantine())).map(({ code }) => code).sort()).toEqual(["REFERENCE.PARENT_WAITS", "REFERENCE.PARENT_WAITS", "WRITE.CHECK"]);
  const young = insert("young", child, 4);
  insert("younger", young, 5);
  await sync.run();
  expect(right.probe.rows("Node")).toEqual([]);
  left.application.update("Node", [grandchild], { parentId: null });
  await sync.run();
  expect(parents(right, "Node", "parentId", "Node")).toEqual({ grandchild: null });
  left.application.update("Node", [bad], { code: "good" });
  await sync.run();
  expect(parents(right, "Node", "parentId", "Node")).toEqual({ grandchild: null, good: null, child: "good", young: "child", younger: "young" });
});

test.each([true, false])("a reference to a record that is not on the other side is an edit, where the other side deletes the record that bears it (both deleted there: %s)", async (both) => {
  const team = model("Team", [text("code"), text("leadId", true)], [reference("leadId", "Person", "set-null")]);
  const person = model("Person", [text("code"), text("teamId")], [reference("teamId", "Team", "cascade")]);
  const { left, right, sync } = pairOf([team, person], { onEditDelete: "edit" });
  const [ours] = left.application.insert("Team", { code: "t", leadId: null });
  const [other] = left.application.insert("Team", { code: "other", leadId: null });
  const [known] = both ? left.application.insert("Person", { code: "p", teamId: ours! }) : [];
  await sync.run();
  const lead = known ?? left.application.insert("Person", { code: "p", teamId: other! })[0];
  left.application.update("Team", [ours!], { leadId: lead! });
  right.application.delete("Team", right.probe.rows("Team").find(({ record }) => record["code"] === "t")!.key);
  for (let run = 0; run < 3; run++) await sync.run();
  expect(parents(left, "Team", "leadId", "Person")).toEqual({ other: null, t: "p" });
  expect(parents(right, "Team", "leadId", "Person")).toEqual({ other: null, t: both ? null : "p" });
  // Whether the person goes with the team that stays is nobody's to decide but somebody's.
  const open = (await collect(sync.conflicts())).filter(({ decision }) => decision === "open").map(({ kind, model: name }) => [kind, name]);
  expect(open).toEqual(both ? [["delete-parent", "Person"]] : []);
});
