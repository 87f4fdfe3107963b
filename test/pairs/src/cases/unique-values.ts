import { expect } from "vitest";
import { keyAt } from "../dial.ts";
import type { Case } from "../pairs.ts";
import { orNull, text, whole } from "../schema.ts";
import { none, sums } from "../stage.ts";

export const swappedUniqueValues: Case = {
  title: "records that exchange a unique value, two and three at a time",
  schema: (place, seat) => ({
    Guest: { key: keyAt(seat, place === "left" ? "serial" : "uuid"), fields: { name: text, seat: whole }, unique: [["name"], ["seat"]], named: ["name"] },
  }),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Guest", { name: "Ada", seat: "1" }, { name: "Bob", seat: "2" }, { name: "Eve", seat: "3" }, { name: "Dan", seat: "4" });
    await stage.settles();
    const swap = async (side: typeof left, seats: Readonly<Record<string, string>>): Promise<void> => {
      for (const name of Object.keys(seats)) await side.update("Guest", name, { seat: `10${seats[name]}` });
      for (const [name, seat] of Object.entries(seats)) await side.update("Guest", name, { seat });
    };
    await swap(left, { Ada: "2", Bob: "1" });
    expect(sums(await stage.settles()).updated).toEqual({ left: 0, right: 2 });
    await swap(right, { Bob: "3", Eve: "4", Dan: "1" });
    expect(sums(await stage.settles()).updated).toEqual({ left: 3, right: 0 });
    expect(await left.all("Guest")).toEqual([{ name: "Ada", seat: "2" }, { name: "Bob", seat: "3" }, { name: "Dan", seat: "1" }, { name: "Eve", seat: "4" }]);
  },
};

export const renamed: Case = {
  title: "a record that gets another natural key is the same record, on whichever side",
  schema: (place, seat) => ({
    Country: { key: keyAt(seat, place === "left" ? "uuid" : "serial"), fields: { code: text, name: orNull(text) }, unique: [["code"]], named: ["code"] },
  }),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Country", { code: "UK", name: "Great Britain" }, { code: "FR", name: "France" });
    await stage.settles();
    await left.update("Country", "UK", { code: "GB" });
    await right.update("Country", "FR", { code: "FX", name: "La France" });
    expect(sums(await stage.settles())).toEqual({ created: none, updated: { left: 1, right: 1 }, deleted: none });
    expect(await right.all("Country")).toEqual([{ code: "FX", name: "La France" }, { code: "GB", name: "Great Britain" }]);
    // Another record may have the name that became free.
    const wrong = { code: "UK", name: "Ukraine, wrongly" };
    if (stage.opened.right.remembersGivenUp) return await expect(right.insert("Country", wrong)).rejects.toThrow("duplicate key");
    await right.insert("Country", wrong);
    if (!stage.opened.left.remembersGivenUp) return expect(sums(await stage.settles()).created).toEqual({ left: 1, right: 0 });
    await stage.runs();
    expect(await stage.conflicts({ open: true })).toMatchObject([{ kind: "unique" }]);
    await stage.rests();
  },
};

export const changedKey: Case = {
  title: "a key that comes with the record changes: its record follows, or is refused by name where the law keys/changed is waived",
  schema: () => ({ Currency: { key: ["code"], fields: { code: text, number: whole }, unique: [["number"]], named: ["number"] } }),
  async play(stage) {
    const before = [{ code: "DM", number: "276" }, { code: "EUR", number: "978" }];
    await stage.left.insert("Currency", ...before);
    await stage.settles();
    const holds = (place: "left" | "right"): boolean => stage.seats[place].side.waived["keys/changed"] === undefined;
    // No application writes the key of a document again.
    const from = holds("left") ? "left" : "right";
    const into = from === "left" ? "right" : "left";
    if (!holds(from)) return;
    await stage[from].update("Currency", "276", { code: "DEM" });
    if (holds(into)) {
      expect(sums(await stage.settles())).toEqual({ created: none, updated: { ...none, [into]: 1 }, deleted: none });
    } else {
      await stage.runs();
      const waiting = (await stage.waiting()).map(({ side, code }) => [side, code]);
      expect(waiting.find(([side]) => side === from)).toEqual([from, "WRITE.REFUSED"]);
      expect(waiting.find(([side]) => side === into)).toEqual([into, "MATCH.COUNTERPART_WAITS"]);
      await stage.rests();
    }
    expect(await stage[into].all("Currency")).toEqual(holds(into) ? [{ code: "DEM", number: "276" }, before[1]] : before);
  },
};
