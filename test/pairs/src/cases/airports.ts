import { expect } from "vitest";
import { keyAt } from "../dial.ts";
import type { Case } from "../pairs.ts";
import { type CaseSchema, type KeyKind, decimal, orNull, text, to, whole } from "../schema.ts";
import { none, sums } from "../stage.ts";

/** Countries with regions with airports: three tables, or one document per country with all that it holds. */
const airports = (key: KeyKind): CaseSchema => ({
  Country: { key, fields: { code: text, name: text }, unique: [["code"]], named: ["code"] },
  Region: { key, fields: { code: text, name: orNull(text), countryId: to("Country") }, unique: [["code"]], named: ["code"], within: "countryId" },
  Airport: {
    key, fields: { ident: text, name: text, elevation: orNull(whole), latitude: decimal(8, 4), regionId: to("Region") },
    unique: [["ident"]], named: ["ident"], within: "regionId",
  },
});

const airport = (ident: string, regionId: string) => ({ ident, name: `Airport ${ident}`, elevation: "12", latitude: "47.5125", regionId });

export const foldedAirports: Case = {
  title: "airports go into documents or tables and back, edits at every depth, moved ones and deleted ones too",
  schema: (place, seat) => airports(keyAt(seat, place === "left" ? "uuid" : "serial")),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Country", { code: "AT", name: "Austria" }, { code: "CH", name: "Switzerland" });
    await left.insert("Region", { code: "AT-9", name: "Wien", countryId: "AT" }, { code: "AT-6", name: null, countryId: "AT" });
    await left.insert("Region", { code: "CH-ZH", name: "Zürich", countryId: "CH" });
    await left.insert("Airport", airport("LOWW", "AT-9"), airport("LOWG", "AT-6"), airport("LSZH", "CH-ZH"));
    expect(sums(await stage.settles())).toEqual({ created: { left: 0, right: 8 }, updated: none, deleted: none });

    await right.insert("Country", { code: "DE", name: "Germany" });
    await right.insert("Region", { code: "DE-BY", name: "Bayern", countryId: "DE" });
    await right.insert("Airport", airport("EDDM", "DE-BY"));
    await right.update("Airport", "LOWG", { name: "Graz", elevation: null });
    await right.update("Region", "AT-6", { name: "Steiermark" });
    await left.update("Airport", "LOWG", { latitude: "46.9911" });
    await left.update("Country", "CH", { name: "Schweiz" });
    expect(sums(await stage.settles())).toEqual({ created: { left: 3, right: 0 }, updated: { left: 2, right: 2 }, deleted: none });
    expect(await left.all("Airport")).toContainEqual({ ident: "LOWG", name: "Graz", elevation: null, latitude: "46.9911", regionId: "AT-6" });

    await left.update("Airport", "LSZH", { regionId: "AT-9" });
    await right.delete("Airport", "LOWW");
    await right.delete("Airport", "EDDM");
    await stage.settles();
    expect(await right.all("Airport")).toMatchObject([{ ident: "LOWG", regionId: "AT-6" }, { ident: "LSZH", regionId: "AT-9" }]);
    expect(await left.all("Airport")).toMatchObject([{ ident: "LOWG", regionId: "AT-6" }, { ident: "LSZH", regionId: "AT-9" }]);
  },
};
