import { ask, fieldMerge, rightWins } from "@sync/core";
import { expect } from "vitest";
import { keyAt, type Seat } from "../dial.ts";
import type { Case } from "../pairs.ts";
import { type CaseSchema, orNull, text, to, whole } from "../schema.ts";
import type { Stage } from "../stage.ts";

const shelf = (place: "left" | "right", seat: Seat): CaseSchema => {
  const key = keyAt(seat, place === "left" ? "serial" : "uuid");
  return {
    Shelf: { key, fields: { code: text, room: orNull(text) }, unique: [["code"]], named: ["code"] },
    Item: { key, fields: { sku: text, label: orNull(text), stock: whole, shelfId: to("Shelf") }, unique: [["sku"]], named: ["sku"] },
  };
};

async function agreed(stage: Stage): Promise<void> {
  const { left } = stage;
  await left.insert("Shelf", { code: "S-1", room: "hall" }, { code: "S-2", room: "hall" });
  for (const sku of ["A", "B", "C"]) await left.insert("Item", { sku, label: `Item ${sku}`, stock: "1", shelfId: "S-1" });
  await stage.settles();
}

export const fieldConflicts: Case = {
  title: "one field changed on both sides is decided by the policy and logged, other fields merge, the same change is none",
  schema: shelf,
  async play(stage) {
    const { left, right } = stage;
    await agreed(stage);
    await left.update("Item", "A", { label: "from the left", stock: "2" });
    await right.update("Item", "A", { label: "from the right", shelfId: "S-2" });
    for (const side of [left, right]) await side.update("Item", "B", { stock: "5" });
    const run = await stage.settles();
    expect(run.models.get(stage.opened.left.model("Item"))).toMatchObject({ conflicts: 1, settled: 1, updated: { left: 1, right: 1 } });
    expect(await left.all("Item")).toMatchObject([
      { sku: "A", label: "from the left", stock: "2", shelfId: "S-2" }, { sku: "B", stock: "5" }, { sku: "C", stock: "1" },
    ]);
    expect(await stage.conflicts()).toMatchObject([{ kind: "update-update", fields: ["label"], rule: "left wins", decision: "left" }]);

    await left.update("Item", "C", { label: "left again" });
    await right.update("Item", "C", { label: "right again" });
    await stage.settles({ conflicts: fieldMerge({ otherwise: rightWins() }) });
    expect(await left.all("Item")).toContainEqual({ sku: "C", label: "right again", stock: "1", shelfId: "S-1" });
  },
};

export const askedConflicts: Case = {
  title: "a conflict that waits for a person moves nothing of its field, and goes as it is decided",
  schema: shelf,
  sync: { conflicts: fieldMerge({ otherwise: ask() }) },
  async play(stage) {
    const { left, right } = stage;
    await agreed(stage);
    await left.update("Item", "A", { label: "mine", stock: "2" });
    await right.update("Item", "A", { label: "yours" });
    await stage.runs();
    expect(await right.all("Item")).toContainEqual({ sku: "A", label: "yours", stock: "2", shelfId: "S-1" });
    expect(await left.all("Item")).toContainEqual({ sku: "A", label: "mine", stock: "2", shelfId: "S-1" });
    await stage.rests();
    const [open] = await stage.conflicts({ open: true });
    expect(open).toMatchObject({ kind: "update-update", fields: ["label"], decision: "open" });
    await stage.sync().decide(open!.id, "right");
    await stage.settles();
    expect(await left.all("Item")).toContainEqual({ sku: "A", label: "yours", stock: "2", shelfId: "S-1" });
  },
};

export const editsAndDeletes: Case = {
  title: "an edit meets a delete: the delete stands and the edit is kept in the log, or the edit stands where that was said",
  schema: shelf,
  async play(stage) {
    const { left, right } = stage;
    await agreed(stage);
    await left.delete("Item", "A");
    await right.update("Item", "A", { label: "too late" });
    await stage.settles();
    expect((await right.all("Item")).map(({ sku }) => sku)).toEqual(["B", "C"]);
    expect(await stage.conflicts()).toMatchObject([{ kind: "update-delete" }]);

    await right.delete("Item", "B");
    await left.update("Item", "B", { label: "still needed" });
    await stage.settles({ onEditDelete: "edit" });
    expect(await right.all("Item")).toContainEqual({ sku: "B", label: "still needed", stock: "1", shelfId: "S-1" });

    for (const side of [left, right]) await side.delete("Item", "C");
    await stage.settles();

    // A parent whose child the other side has just made.
    await left.delete("Shelf", "S-2");
    await right.insert("Item", { sku: "D", label: null, stock: "1", shelfId: "S-2" });
    await stage.runs();
    expect(await stage.conflicts({ kind: "delete-parent" })).toMatchObject([{ decision: "open" }]);
    expect(await right.all("Item")).toContainEqual({ sku: "D", label: null, stock: "1", shelfId: "S-2" });
    await right.delete("Item", "D");
    await stage.settles();
    expect((await right.all("Shelf")).map(({ code }) => code)).toEqual(["S-1"]);
  },
};

export const firstMeeting: Case = {
  title: "two filled sides meet for the first time: what is equal is linked, what differs goes as firstLink says, and nothing is deleted",
  schema: shelf,
  async play(stage) {
    const { left, right } = stage;
    for (const side of [left, right]) await side.insert("Shelf", { code: "S-1", room: "hall" });
    await left.insert("Item", { sku: "A", label: "left", stock: "1", shelfId: "S-1" }, { sku: "B", label: "left", stock: "1", shelfId: "S-1" });
    await right.insert("Item", { sku: "A", label: "right", stock: "1", shelfId: "S-1" }, { sku: "C", label: "right", stock: "1", shelfId: "S-1" });
    const run = await stage.settles({ firstLink: "right" });
    expect(run.models.get(stage.opened.left.model("Item"))).toMatchObject({ linked: 1, created: { left: 1, right: 1 }, conflicts: 1 });
    expect((await left.all("Item")).map(({ sku, label }) => [sku, label])).toEqual([["A", "right"], ["B", "left"], ["C", "right"]]);
    expect(await stage.conflicts()).toMatchObject([{ kind: "first-link", fields: ["label"], decision: "right" }]);
  },
};

export const uniqueConflict: Case = {
  title: "two records that claim one unique value are a conflict, and cost nobody else",
  schema: (place, seat) => ({
    Room: { key: keyAt(seat, place === "left" ? "serial" : "uuid"), fields: { name: text, door: whole }, unique: [["name"], ["door"]], named: ["name"] },
  }),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Room", { name: "attic", door: "1" }, { name: "hall", door: "2" });
    await right.insert("Room", { name: "cellar", door: "1" }, { name: "kitchen", door: "3" });
    await stage.runs();
    expect(await stage.conflicts({ open: true })).toMatchObject([{ kind: "unique" }, { kind: "unique" }]);
    expect((await left.all("Room")).map(({ name }) => name)).toEqual(["attic", "hall", "kitchen"]);
    expect((await right.all("Room")).map(({ name }) => name)).toEqual(["cellar", "hall", "kitchen"]);
    await stage.rests();
    await right.update("Room", "cellar", { door: "4" });
    if (!stage.opened.right.remembersGivenUp) await stage.settles();
    else await stage.runs();
    expect(await left.all("Room")).toHaveLength(4);
  },
};
