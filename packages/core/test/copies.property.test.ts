import fc from "fast-check";
import { expect, test } from "vitest";
import { naturalKey } from "@sync/core";
import { collect, model, pairOf, reference, text, type Pair, type Tracking } from "./pairs.ts";

/**
 * A first copy of records that bear their cloudIds goes in whole units, or record by record where anything is in the way. A plan and
 * its apply know only the second: both have to come to the same.
 */

const ownId = { ...text("cloudId", true), optional: true };
const named = { syncFields: { cloudId: "cloudId" } };
const country = model("Country", [text("code"), text("name", true), ownId], [], named);
const city = model("City", [text("code"), text("name", true), text("country", true), ownId], [reference("country", "Country")], { ...named, uniqueKeys: [] });
/** There some names are too long, and one code is refused. */
const narrow = [country, city].map((each) => ({
  model: { ...each, fields: each.fields.map((field) => (field.name === "name" ? { ...field, kind: { type: "text" as const, maxLength: 4 } } : field)) },
  checks: [{ name: "no x", test: (record: Record<string, string | null>) => record["code"] !== "x" }],
}));

const name = fc.option(fc.constantFrom("a", "b", "long", "longer"), { freq: 5 });
const worlds = fc.record({
  countries: fc.uniqueArray(fc.record({ code: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "x"), name, named: fc.constantFrom(true, true, true, true, false) }), { selector: ({ code }) => code, maxLength: 8 }),
  cities: fc.array(fc.record({ code: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "x"), name, country: fc.option(fc.nat(9)) }), { maxLength: 14 }),
  strict: fc.boolean(),
  from: fc.constantFrom("left" as const, "right" as const),
  tracking: fc.constantFrom<Tracking>("changes", "fingerprints", "none"),
  pageSize: fc.constantFrom(2, 3, 50),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

function pairFor({ countries, cities, strict, from, tracking, pageSize }: World): Pair {
  const models = strict ? narrow : [country, city];
  const pair = pairOf(from === "left" ? [country, city] : models, {
    rightModels: from === "left" ? models : [country, city], leftTracking: tracking, rightTracking: tracking, pageSize,
    match: { City: naturalKey("code", { withoutUniqueKey: true }) },
  });
  let id = 0;
  const next = (): string => `00000000-0000-7000-8000-${String(id++).padStart(12, "0")}`;
  const { application } = pair[from];
  const keys = countries.map((each) => application.insert("Country", { code: each.code, name: each.name, cloudId: each.named ? next() : null })[0]!);
  for (const each of cities) application.insert("City", { code: each.code, name: each.name, country: each.country === null ? null : (keys[each.country % keys.length] ?? null), cloudId: next() });
  return pair;
}

/** What stands on both sides, what waits, and what was agreed on. Where no cloudId was given before, each run makes its own. */
async function outcome({ left, right, sync }: Pair, { countries }: World): Promise<unknown> {
  const whole = countries.every((each) => each.named);
  const waiting = (await collect(sync.quarantine())).map(({ model: of, side, code, cloudId }) => [of, side, code, whole && cloudId].join(" ")).sort();
  const rows = [left, right].map(({ probe }) => ["Country", "City"].map((of) => {
    const codeOf = new Map(probe.rows("Country").map(({ key, record }) => [key[0]!, record["code"]]));
    return probe.rows(of).map(({ cloudId, record }) => JSON.stringify([record["code"], record["name"], codeOf.get(record["country"] ?? ""), whole && cloudId])).sort();
  }));
  const bases = await Promise.all(["Country", "City"].map(async (of) => {
    const { total, bases: some } = await left.state!.scanBases("pair", of, undefined, 100);
    return [total, whole && some.map(({ cloudId, hashes, rightHashes }) => [cloudId, hashes, rightHashes])];
  }));
  const { equal } = await sync.verify();
  return { waiting, rows, bases, equal };
}

test("whole units and single records come to the same", async () => {
  await fc.assert(fc.asyncProperty(worlds, async (world) => {
    const [together, apart] = [pairFor(world), pairFor(world)];
    const { models } = await together.sync.run();
    const applied = await apart.sync.apply(await apart.sync.plan());
    expect(await outcome(together, world)).toEqual(await outcome(apart, world));
    for (const [of, { created, linked, quarantined }] of models) expect(applied.models.get(of) ?? { created: { left: 0, right: 0 }, linked: 0, quarantined: 0 }).toMatchObject({ created, linked, quarantined });
    expect((await together.sync.run()).written).toEqual({ left: 0, right: 0 });
  }), { numRuns: 150 });
});
