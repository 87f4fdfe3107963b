import { describe, expect, test } from "vitest";
import { byCode, countries, edit, fillRows, patchesOf, type Airport, type Countries, type Country, type Region } from "./countries.ts";

const regions = (pair: Countries, country: string): Region[] => [...byCode(pair.inner)[country]!.regions].sort((a, b) => (a.code < b.code ? -1 : 1));
const region = (document: Country, code: string): Region => document.regions.find((each) => each.code === code)!;
const airport = (document: Country, ident: string): Airport => document.regions.flatMap((each) => each.airports).find((each) => each.ident === ident)!;
const rowOf = (pair: Countries, model: string, field: string, value: string): Record<string, string | null> =>
  pair.rows.probe.rows(model).find(({ record }) => record[field] === value)!.record;

async function copied(...options: Parameters<typeof countries>): Promise<Countries & { readonly keys: Record<string, readonly string[]> }> {
  const pair = countries(...options);
  const keys = fillRows(pair.rows);
  await pair.sync.run();
  return { ...pair, keys };
}

/** Two rows exchange a unique value in one transaction, by way of a third one. */
function exchange(rows: Countries["rows"], model: string, field: string, ...[[one, first], [two, second]]: readonly [readonly [key: readonly string[], value: string], readonly [key: readonly string[], value: string]]): void {
  const transaction = rows.begin();
  for (const [key, value] of [[one, "on its way"], [two, first], [one, second]] as const) transaction.update(model, key, { [field]: value });
  transaction.commit();
}

/** Nothing is left to do, and both sides are the same. */
async function settled(pair: Countries): Promise<void> {
  const before = [pair.inner.written.length, pair.rows.probe.unitWrites];
  const run = await pair.sync.run();
  expect([...run.models.values()].flatMap(({ created, updated, deleted }) => [created, updated, deleted]).every(({ left, right }) => left + right === 0)).toBe(true);
  expect([pair.inner.written.length, pair.rows.probe.unitWrites]).toEqual(before);
  expect(await pair.sync.verify()).toMatchObject({ equal: true });
}

describe.each([["marks, a database that looks inside", {}], ["marks, all documents read", { looksInside: false }], ["no marks", { tracking: false }]])("rows and documents (%s)", (_, options) => {
  test("a first copy writes each document once, and a second run writes nothing", async () => {
    const pair = await copied(options);
    expect(pair.inner.written.flatMap((unit) => unit.batches.flatMap((batch) => batch.rows.map(({ op }) => op)))).toEqual(["insert", "insert"]);
    expect(regions(pair, "FR").map(({ code, airports }) => [code, airports.length])).toEqual([["FR-A", 2], ["FR-B", 1]]);
    expect(Object.values(pair.inner.all("Country")).join()).toContain('"population":9007199254740993');
    await settled(pair);
  });

  test("two airports of one document edited on two sides do not disturb each other", async () => {
    const pair = await copied(options);
    edit(pair.inner, "FR", (document) => {
      airport(document, "LFAA").name = "Alpha";
      airport(document, "LFAA")["elevation"] = 12;
    });
    pair.rows.application.update("Airport", pair.keys["LFAB"]!, { name: "Beta" });
    const run = await pair.sync.run();
    expect(run.models.get("Airport")).toMatchObject({ updated: { left: 1, right: 1 }, conflicts: 0, unsettled: 0 });
    expect(rowOf(pair, "Airport", "ident", "LFAA")["name"]).toBe("Alpha");
    expect(airport(byCode(pair.inner)["FR"]!, "LFAB").name).toBe("Beta");
    const last = pair.inner.written.at(-1)!.batches[0]!.rows[0]!;
    expect(patchesOf(last).map(({ path }) => path.at(-1))).toEqual(["name"]);
    await settled(pair);
  });

  test("an airport that moves to another region or document keeps its unmapped keys and its identity", async () => {
    const pair = await copied(options);
    edit(pair.inner, "FR", (document) => {
      for (const ident of ["LFAA", "LFAB"]) airport(document, ident)["runways"] = [{ length: 1.50 }];
    });
    pair.rows.application.update("Airport", pair.keys["LFAA"]!, { regionId: pair.keys["FR-B"]![0]! });
    pair.rows.application.update("Airport", pair.keys["LFAB"]!, { regionId: pair.keys["CH-A"]![0]!, countryId: pair.keys["CH"]![0]! });
    const run = await pair.sync.run();
    expect(run.models.get("Airport")).toMatchObject({ updated: { left: 0, right: 2 }, created: { left: 0, right: 0 }, deleted: { left: 0, right: 0 } });
    expect(region(byCode(pair.inner)["FR"]!, "FR-B").airports.map(({ ident }) => ident)).toContain("LFAA");
    expect(region(byCode(pair.inner)["FR"]!, "FR-A").airports).toEqual([]);
    expect(airport(byCode(pair.inner)["CH"]!, "LFAB")).toMatchObject({ name: "LFAB", runways: [{ length: 1.5 }] });
    await settled(pair);
  });

  test("what an application writes inside of a region that a run is to move goes along, and comes back to the rows", async () => {
    const pair = await copied(options);
    edit(pair.inner, "FR", (document) => {
      airport(document, "LFBA").name = "edited";
      region(document, "FR-B").airports.push({ ident: "LFBB", name: "new" });
    });
    pair.rows.application.update("Region", pair.keys["FR-B"]!, { countryId: pair.keys["CH"]![0]! });
    pair.rows.application.update("Airport", pair.keys["LFBA"]!, { countryId: pair.keys["CH"]![0]! });
    for (let run = 0; run < 2; run += 1) await pair.sync.run();
    expect(rowOf(pair, "Airport", "ident", "LFBA")).toMatchObject({ name: "edited", countryId: pair.keys["CH"]![0] });
    expect(rowOf(pair, "Airport", "ident", "LFBB")).toMatchObject({ name: "new", countryId: pair.keys["CH"]![0], regionId: pair.keys["FR-B"]![0] });
    await settled(pair);
  });

  test("what moves, comes and goes inside documents comes back to the rows with its foreign keys", async () => {
    const pair = await copied(options);
    edit(pair.inner, "FR", (document) => {
      region(document, "FR-A").airports.push({ ident: "LFAC", name: "New" });
      region(document, "FR-B").airports = [];
      document.regions.push({ code: "FR-C", airports: [{ ident: "LFCA" }] });
    });
    await pair.sync.run();
    const fresh = rowOf(pair, "Airport", "ident", "LFAC");
    expect([fresh["regionId"], fresh["countryId"]]).toEqual([pair.keys["FR-A"]![0], pair.keys["FR"]![0]]);
    expect(rowOf(pair, "Airport", "ident", "LFCA")["countryId"]).toBe(pair.keys["FR"]![0]);
    expect(pair.rows.probe.rows("Airport").map(({ record }) => record["ident"]).sort()).toEqual(["LFAA", "LFAB", "LFAC", "LFCA", "LSAA"]);
    await settled(pair);
  });

  test("an airport that an application moves is still the same one", async () => {
    const pair = await copied(options);
    edit(pair.inner, "FR", (document) => {
      const [moved] = region(document, "FR-A").airports.splice(0, 1);
      region(document, "FR-B").airports.push(moved!);
    });
    const run = await pair.sync.run();
    expect(run.models.get("Airport")).toMatchObject({ updated: { left: 1, right: 0 }, created: { left: 0, right: 0 }, deleted: { left: 0, right: 0 }, quarantined: 0 });
    await settled(pair);
  });

  test("a region whose code changes takes the identities below along", async () => {
    const pair = await copied(options);
    pair.rows.application.update("Region", pair.keys["FR-A"]!, { code: "FR-Z", name: "Renamed" });
    const run = await pair.sync.run();
    expect(run.models.get("Region")).toMatchObject({ updated: { left: 0, right: 1 } });
    expect(run.models.get("Airport")).toMatchObject({ created: { left: 0, right: 0 }, deleted: { left: 0, right: 0 }, quarantined: 0 });
    await settled(pair);
    pair.rows.application.update("Airport", pair.keys["LFAA"]!, { name: "still known" });
    await pair.sync.run();
    expect(airport(byCode(pair.inner)["FR"]!, "LFAA").name).toBe("still known");
    await settled(pair);
  });

  test.each([5, 1])("records of one array that exchange their keys go together, and each keeps what is its own (pages of %i)", async (pageSize) => {
    const pair = await copied(options, { pageSize });
    const id = Object.keys(pair.inner.all("Country")).find((key) => pair.inner.all("Country")[key]!.includes('"FR"'))!;
    const document = JSON.parse(pair.inner.all("Country")[id]!) as Country;
    for (const each of document.regions) Object.assign(each, { note: `own to ${each.code}` });
    pair.inner.put("Country", id, JSON.stringify(document));
    await pair.sync.run();
    const { keys, rows } = pair;
    exchange(rows, "Region", "code", [keys["FR-A"]!, "FR-A"], [keys["FR-B"]!, "FR-B"]);
    exchange(rows, "Airport", "ident", [keys["LFAA"]!, "LFAA"], [keys["LFAB"]!, "LFAB"]);
    const run = await pair.sync.run();
    expect([run.models.get("Region"), run.models.get("Airport")]).toMatchObject([{ updated: { right: 2 }, quarantined: 0, open: 0 }, { updated: { right: 2 }, quarantined: 0, open: 0 }]);
    expect(regions(pair, "FR").map(({ code, name, note }) => [code, name, note])).toEqual([["FR-A", "FR-B", "own to FR-B"], ["FR-B", "FR-A", "own to FR-A"]]);
    expect(region(byCode(pair.inner)["FR"]!, "FR-B").airports.map(({ ident, name }) => [ident, name]).sort()).toEqual([["LFAA", "LFAB"], ["LFAB", "LFAA"]]);
    await settled(pair);
    rows.application.update("Airport", keys["LFAA"]!, { name: "still known" });
    await pair.sync.run();
    expect(airport(byCode(pair.inner)["FR"]!, "LFAB").name).toBe("still known");
    await settled(pair);
  });

  test("records that move up by one place each go together", async () => {
    const pair = await copied(options);
    const { keys, rows } = pair;
    const extra = rows.application.insert("Region", { code: "FR-C", name: "FR-C", countryId: keys["FR"]![0]! });
    await pair.sync.run();
    const transaction = rows.begin();
    for (const [key, code] of [[extra, "FR-D"], [keys["FR-B"]!, "FR-C"], [keys["FR-A"]!, "FR-B"]] as const) transaction.update("Region", key, { code });
    transaction.commit();
    expect((await pair.sync.run()).models.get("Region")).toMatchObject({ updated: { right: 3 }, quarantined: 0 });
    expect(regions(pair, "FR").map(({ code, name }) => [code, name])).toEqual([["FR-B", "FR-A"], ["FR-C", "FR-B"], ["FR-D", "FR-C"]]);
    await settled(pair);
  });

  test("rows that are deleted leave their arrays, and the last one an empty array", async () => {
    const pair = await copied(options);
    pair.rows.application.delete("Airport", pair.keys["LSAA"]!);
    pair.rows.application.delete("Region", pair.keys["CH-A"]!);
    await pair.sync.run();
    expect(byCode(pair.inner)["CH"]!.regions).toEqual([]);
    await settled(pair);
    pair.rows.application.delete("Country", pair.keys["CH"]!);
    await pair.sync.run();
    expect(Object.keys(byCode(pair.inner))).toEqual(["FR"]);
    await settled(pair);
  });

  test("a document that goes takes its rows along", async () => {
    const pair = await copied(options);
    const [id] = Object.entries(pair.inner.all("Country")).find(([, each]) => each.includes("LSAA"))!;
    pair.inner.remove("Country", id);
    await pair.sync.run();
    expect(pair.rows.probe.rows("Country").map(({ record }) => record["code"])).toEqual(["FR"]);
    await settled(pair);
  });

  test("a write that comes between reading and writing a document is kept, and disturbs only its own record", async () => {
    let meanwhile: (() => void) | undefined;
    const pair = await copied({
      ...options,
      beforeCommit: () => {
        const once = meanwhile;
        meanwhile = undefined;
        once?.();
      },
    });
    pair.rows.application.update("Airport", pair.keys["LFAA"]!, { name: "from the left" });
    meanwhile = () => edit(pair.inner, "FR", (document) => (airport(document, "LFBA").name = "from the right"));
    const run = await pair.sync.run();
    expect(run.models.get("Airport")).toMatchObject({ updated: { right: 1 }, unsettled: 0 });
    expect([airport(byCode(pair.inner)["FR"]!, "LFAA").name, airport(byCode(pair.inner)["FR"]!, "LFBA").name]).toEqual(["from the left", "from the right"]);
    await pair.sync.run();
    expect(rowOf(pair, "Airport", "ident", "LFBA")["name"]).toBe("from the right");
    await settled(pair);
  });

  test("what an application changed in a document before a run wrote into it is seen by the next run", async () => {
    const pair = await copied(options);
    pair.rows.application.update("Airport", pair.keys["LFAA"]!, { name: "from the left" });
    let changed = false;
    await pair.sync.run({
      onEvent: (event) => {
        // The marks are taken, and nothing is written yet.
        if (changed || event.type !== "step" || event.step !== "analyse") return;
        changed = true;
        edit(pair.inner, "FR", (document) => {
          airport(document, "LFBA").name = "from the right";
          region(document, "FR-B").name = "its region too";
        });
      },
    });
    await pair.sync.run();
    expect(airport(byCode(pair.inner)["FR"]!, "LFAA").name).toBe("from the left");
    expect(rowOf(pair, "Airport", "ident", "LFBA")["name"]).toBe("from the right");
    expect(rowOf(pair, "Region", "code", "FR-B")["name"]).toBe("its region too");
    await settled(pair);
  });

  test("what has no place in the tree waits in quarantine, and the rest of its document goes on", async () => {
    const pair = await copied(options);
    edit(pair.inner, "FR", (document) => {
      region(document, "FR-A").airports.push({ name: "without a key" } as never, { ident: "LFAB", name: "twice" });
      region(document, "FR-B").name = 5;
      airport(document, "LFAA").name = "goes on";
    });
    const run = await pair.sync.run();
    expect(rowOf(pair, "Airport", "ident", "LFAA")["name"]).toBe("goes on");
    expect(pair.rows.probe.rows("Airport")).toHaveLength(4);
    expect(run.models.get("Airport")).toMatchObject({ quarantined: 3, deleted: { left: 0, right: 0 } });
    expect(run.models.get("Region")).toMatchObject({ quarantined: 1 });
  });

  test("an array that became something else deletes nobody", async () => {
    const pair = await copied(options);
    edit(pair.inner, "FR", (document) => Object.assign(document, { regions: "none" }));
    await pair.sync.run();
    expect([pair.rows.probe.rows("Region").length, pair.rows.probe.rows("Airport").length]).toEqual([3, 4]);
  });
});

test("what a run wrote into documents is not looked at again by the next one", async () => {
  const pair = await copied();
  const readBy = async (): Promise<number[]> => [...(await pair.sync.run()).models.values()].map(({ read }) => read.right);
  pair.rows.application.update("Airport", pair.keys["LFAA"]!, { name: "first" });
  await readBy();
  pair.rows.application.update("Airport", pair.keys["LFBA"]!, { name: "second" });
  expect(await readBy()).toEqual([0, 0, 0]);
  pair.rows.application.insert("Airport", { ident: "LFBB", name: "new", latitude: "1", regionId: pair.keys["FR-B"]![0]!, countryId: pair.keys["FR"]![0]! });
  expect(await readBy()).toEqual([0, 0, 0]);
  expect(await readBy()).toEqual([0, 0, 0]);
  // Somebody else's change brings the whole document back into sight.
  edit(pair.inner, "FR", (document) => (airport(document, "LFAA").name = "theirs"));
  expect(await readBy()).toEqual([1, 2, 4]);
  expect(rowOf(pair, "Airport", "ident", "LFAA")["name"]).toBe("theirs");
  await settled(pair);
});
