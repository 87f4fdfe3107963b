import { deterministic, fallback, naturalKey } from "@sync/core";
import { describe, expect, it } from "vitest";
import { codes, fieldsByCode, keyOf, model, pairOf, reference, text, withCommit, connectionLost, type PairOptions, type Tracking } from "./pairs.ts";

const key = "a secret of the application";
const country = model("Country", [text("code"), text("name", true)]);
const city = model("City", [text("code"), text("name", true), text("countryId")], [reference("countryId", "Country")], {
  uniqueKeys: [{ name: "City_name", fields: ["name", "countryId"] }],
});
const cities = { Country: naturalKey("code"), City: naturalKey(["name", "countryId"]) };
const cloudIds = (database: ReturnType<typeof pairOf>["left"], name: string): Record<string, string | null> =>
  Object.fromEntries(database.probe.rows(name).map(({ record, cloudId }) => [record["code"]!, cloudId]));

describe("deterministic()", () => {
  const ids = deterministic(key);

  it("gives UUIDs of version 8 that model, natural key, generation and key decide, each of them", () => {
    const id = ids.idOf("Country", '["CH"]', 0);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(deterministic(key).idOf("Country", '["CH"]', 0)).toBe(id);
    const others = [ids.idOf("City", '["CH"]', 0), ids.idOf("Country", '["LI"]', 0), ids.idOf("Country", '["CH"]', 1), deterministic(`${key}!`).idOf("Country", '["CH"]', 0)];
    expect(new Set([id, ...others]).size).toBe(5);
  });

  it("stays what it was: stored cloudIds depend on it", () => {
    expect(ids.idOf("Country", '["CH"]', 0)).toMatchInlineSnapshot(`"f6609acd-75a1-81d1-937e-e78f7007aebd"`);
  });

  it.each(["", "too short", "x".repeat(65), "é".repeat(33)])("refuses a key that is too short or too long, without showing it", (bad) => {
    expect(() => deterministic(bad)).toThrow(/^The key of deterministic\(\) must be a text of 16 to 64 bytes\.$/);
  });
});

describe.each(["changes", "fingerprints", "none"] as readonly Tracking[])("deterministic cloudIds where databases track %s", (leftTracking) => {
  const open = (more: PairOptions = {}): ReturnType<typeof pairOf> => pairOf([country, city], { leftTracking, match: cities, cloudIds: deterministic(key), ...more });

  it("are the same in databases that have never met, references in natural keys included", async () => {
    const [one, two] = [open(), open()];
    for (const [database, first] of [[one.left, "CH"], [two.right, "LI"]] as const) {
      for (const code of [first, first === "CH" ? "LI" : "CH"]) {
        const [id] = database.application.insert("Country", { code });
        database.application.insert("City", { code: `${code} 1`, name: "capital", countryId: id! });
      }
    }
    await Promise.all([one.sync.run(), two.sync.run()]);
    for (const name of ["Country", "City"]) {
      expect(cloudIds(one.right, name)).toEqual(cloudIds(one.left, name));
      expect(cloudIds(two.left, name)).toEqual(cloudIds(one.left, name));
      expect(Object.values(cloudIds(one.left, name)).every((id) => /^.{14}8/.test(id!))).toBe(true);
    }
    expect(new Set(Object.values(cloudIds(one.left, "City"))).size).toBe(2);
    expect((await one.sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("go to the next generation where a renamed record keeps the first", async () => {
    const { left, right, sync } = open();
    left.application.insert("Country", { code: "a", name: "old" });
    await sync.run();
    const first = cloudIds(left, "Country")["a"];
    left.application.update("Country", keyOf(left, "Country", "a"), { code: "renamed" });
    right.application.update("Country", keyOf(right, "Country", "a"), { name: "edited" });
    left.application.insert("Country", { code: "a", name: "new" });
    for (let n = 0; n < 3; n++) await sync.run();
    expect(cloudIds(left, "Country")).toEqual({ renamed: first, a: deterministic(key).idOf("Country", '["a"]', 1) });
    expect(fieldsByCode(right, "Country", "name")).toEqual({ renamed: "edited", a: "new" });
    expect((await sync.verify()).equal).toBe(true);
  });

  it("are not those of a record that is being deleted on both sides", async () => {
    const { left, right, sync } = open({ deleteGuard: { count: 100, share: 1 } });
    left.application.insert("Country", { code: "a" });
    await sync.run();
    for (const database of [left, right]) database.application.delete("Country", keyOf(database, "Country", "a"));
    left.application.insert("Country", { code: "a", name: "another" });
    await sync.run();
    expect(cloudIds(left, "Country")).toEqual({ a: deterministic(key).idOf("Country", '["a"]', 1) });
    for (let n = 0; n < 2; n++) await sync.run();
    expect(fieldsByCode(right, "Country", "name")).toEqual({ a: "another" });
    expect((await sync.verify()).equal).toBe(true);
  });

  it("are the same again after a lost answer, and nothing is made twice", async () => {
    let lost = 0;
    const { left, right, sync } = open({ wrap: (database, side) => (side === "left" ? database : withCommit(database, async (unit, real) => {
      const answer = await real(unit);
      if (lost++ === 0) throw connectionLost();
      return answer;
    })) });
    for (const code of ["a", "b", "c"]) left.application.insert("Country", { code });
    await sync.run();
    expect(codes(right, "Country")).toEqual(["a", "b", "c"]);
    expect(cloudIds(right, "Country")).toEqual(cloudIds(left, "Country"));
    expect(cloudIds(left, "Country")["a"]).toBe(deterministic(key).idOf("Country", '["a"]', 0));
  });
});

it("a natural key with nothing in it gets a random cloudId", async () => {
  const { left, sync } = pairOf([model("Person", [text("code"), text("email", true)], [], { uniqueKeys: [{ name: "Person_email", fields: ["email"] }] })], {
    match: { Person: naturalKey("email") }, cloudIds: deterministic(key),
  });
  left.application.insert("Person", { code: "a", email: null });
  left.application.insert("Person", { code: "b", email: "b@example.org" });
  await sync.run();
  expect(Object.entries(cloudIds(left, "Person")).map(([code, id]) => `${code} ${id![14]}`).sort()).toEqual(["a 7", "b 8"]);
});

it("a model that no natural key names is warned about, and what makes no cloudIds is refused", async () => {
  const { sync } = pairOf([country], { match: { Country: fallback(["code", "name"]) }, cloudIds: deterministic(key) });
  const run = await sync.run();
  expect(run.findings.map(({ severity, code }) => `${severity} ${code}`)).toContain("warning IDENTITY.RANDOM");
  expect(() => pairOf([country], { cloudIds: key as never })).toThrow(/`cloudIds` must be "random", deterministic\(key\), or an object/);
});
