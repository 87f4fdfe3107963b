import { createSync, leftWins, naturalKey, type Finding, type ModelOptions, type SyncOptions } from "@sync/core";
import { memoryDatabase } from "@sync/core/memory";
import { describe, expect, test } from "vitest";
import { compileMapping, type Mapping } from "../src/mapping/compile.ts";
import { byCode, documents, edit, fillRows, names, rowModels, type Countries } from "./countries.ts";

/** How the place of an element is mapped to foreign keys, and the other way round. */

const rows = (): Countries["rows"] => memoryDatabase({ name: "rows", models: rowModels });
const code = naturalKey("code", { withoutUniqueKey: true });
const ident = naturalKey("ident");

function mappingOf(models: Record<string, ModelOptions & { right?: string }>, documentsLeft = false): Mapping {
  const [left, right] = documentsLeft ? [documents().database, rows()] : [rows(), documents().database];
  return compileMapping({ name: "pair", left, right, conflicts: leftWins(), firstLink: "left" }, models);
}
const references = (mapping: Mapping, model: string): Record<string, readonly string[]> =>
  Object.fromEntries(mapping.models.find(({ name }) => name === model)!.fields.flatMap(({ name, parent, right }) => (parent === undefined ? [] : [[name, right.names]])));
const said = (findings: readonly Finding[]): string[] => findings.map((finding) => `${finding.code} ${finding.field}`);

describe("the place of an element", () => {
  test("is found by itself where its record above is mapped, and so are the records further above", () => {
    const mapping = mappingOf({
      Country: { match: naturalKey("code") }, Region: { right: names.region, match: code }, Airport: { right: names.airport, match: ident },
    });
    expect(mapping.findings).toEqual([]);
    expect(references(mapping, "Region")).toEqual({ countryId: ["Country.id"] });
    expect(references(mapping, "Airport")).toEqual({ regionId: ["Country.id", "Country.regions.code"], countryId: ["Country.id"] });
  });

  test("can be named, and left out", () => {
    const mapping = mappingOf({
      Country: { match: naturalKey("code") }, Region: { right: names.region, match: code, fields: { countryId: "parent" } },
      Airport: { right: names.airport, match: ident, fields: { regionId: "parent" }, omit: ["countryId"] },
    });
    expect(said(mapping.findings)).toEqual(["MAPPING.REQUIRED countryId"]);
    expect(references(mapping, "Airport")).toEqual({ regionId: ["Country.id", "Country.regions.code"] });
  });

  test("has its name where documents are on the left", () => {
    const mapping = mappingOf({
      Country: { match: naturalKey("code") }, [names.region]: { right: "Region", match: naturalKey(["parent", "code"], { withoutUniqueKey: true }) },
      [names.airport]: { right: "Airport", match: ident, fields: { parent: "regionId" } },
    }, true);
    expect(mapping.findings).toEqual([]);
    expect(references(mapping, names.region)).toEqual({ parent: ["countryId"] });
    expect(references(mapping, names.airport)).toEqual({ parent: ["regionId"], Country: ["countryId"] });
  });

  test("is missed when new elements could get none", () => {
    const mapping = mappingOf({ Country: { match: naturalKey("code") }, Region: { right: names.region, match: code, omit: ["countryId"] } });
    expect(said(mapping.findings)).toEqual(["MAPPING.REQUIRED countryId", "MAPPING.KEY undefined"]);
    expect(said(mappingOf({ Region: { right: names.region, match: code } }).findings)).toContain("MAPPING.OUTSIDE countryId");
  });
});

describe("documents on the left", () => {
  const pairOf = (filled: boolean): Pick<Countries, "rows" | "inner" | "sync"> => {
    const { inner, database } = documents();
    const right = rows();
    inner.put("Country", "fr", '{"code":"FR","name":"France","regions":[{"code":"FR-A","name":"from the document","airports":[{"ident":"LFAA"},{"ident":"LFAC"}]}]}');
    if (filled) fillRows(right);
    const sync = createSync({
      name: "pair", left: database, right, conflicts: leftWins(), firstLink: "left", pageSize: 5,
      models: {
        Country: { match: naturalKey("code") }, [names.region]: { right: "Region", match: code }, [names.airport]: { right: "Airport", match: ident },
      },
    } as unknown as SyncOptions);
    return { inner, rows: right, sync };
  };
  const settled = async ({ sync, rows: right, inner }: ReturnType<typeof pairOf>): Promise<void> => {
    expect(await sync.verify()).toMatchObject({ equal: true });
    const before = [inner.written.length, right.probe.unitWrites];
    await sync.run();
    expect([inner.written.length, right.probe.unitWrites]).toEqual(before);
  };

  test("become rows with foreign keys", async () => {
    const pair = pairOf(false);
    await pair.sync.run();
    const [airport] = pair.rows.probe.rows("Airport");
    expect([airport!.record["countryId"], airport!.record["regionId"]]).toEqual([pair.rows.probe.rows("Country")[0]!.key[0], pair.rows.probe.rows("Region")[0]!.key[0]]);
    await settled(pair);
  });

  test("meet rows that are there already", async () => {
    const pair = pairOf(true);
    const run = await pair.sync.run();
    expect(run.models.get(names.airport)).toMatchObject({ created: { left: 3, right: 1 }, linked: 1 });
    expect(pair.rows.probe.rows("Region").map(({ record }) => record["name"]).sort()).toEqual(["CH-A", "FR-B", "from the document"]);
    expect(byCode(pair.inner)["CH"]!.regions.map((region) => region.airports.map((each) => each.ident))).toEqual([["LSAA"]]);
    await settled(pair);
    edit(pair.inner, "FR", (document) => {
      document.regions.find((each) => each.code === "FR-B")!.airports.push(...document.regions.find((each) => each.code === "FR-A")!.airports.splice(0, 1));
    });
    const moved = await pair.sync.run();
    expect(moved.models.get(names.airport)).toMatchObject({ quarantined: 0, created: { left: 0, right: 0 }, deleted: { left: 0, right: 0 }, updated: { left: 0, right: 1 } });
    await settled(pair);
  });
});
