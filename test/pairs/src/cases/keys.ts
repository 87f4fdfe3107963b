import { keyAt } from "../dial.ts";
import type { Case } from "../pairs.ts";
import { type CaseModel, type CaseSchema, type KeyKind, orNull, text, to, whole } from "../schema.ts";

const KINDS: readonly KeyKind[] = ["serial", "bigint", "uuid", "cuid", "objectid"];

/** Two models for each kind of key that this side makes, against each that the other one makes: a parent and what refers to it. */
export const keysOfEveryKind: Case = {
  title: "keys of every kind meet keys of every other kind, and references follow them",
  schema(place, here, there) {
    const [own, others] = [here.side.keys, there.side.keys];
    const [lefts, rights] = place === "left" ? [own, others] : [others, own];
    const models = KINDS.filter((kind) => lefts.includes(kind)).flatMap((left) => KINDS.filter((kind) => rights.includes(kind)).flatMap((right) => {
      const key = place === "left" ? left : right;
      const [parent, child] = [`Parent_${left}_${right}`, `Child_${left}_${right}`];
      const two: [string, CaseModel][] = [
        [parent, { key, fields: { code: text, name: orNull(text) }, unique: [["code"]], named: ["code"] }],
        [child, { key, fields: { code: text, parentId: to(parent) }, unique: [["code"]], named: ["code"] }],
      ];
      return two;
    }));
    return Object.fromEntries(models);
  },
  async play(stage) {
    const { left, right } = stage;
    const parents = left.models.filter((model) => model.startsWith("Parent"));
    for (const parent of parents) {
      const child = parent.replace("Parent", "Child");
      await left.insert(parent, { code: "A", name: "left" }, { code: "B", name: null });
      await left.insert(child, { code: "A-1", parentId: "A" });
      await right.insert(parent, { code: "A", name: "left" }, { code: "C", name: "right" });
      await right.insert(child, { code: "C-1", parentId: "C" });
    }
    await stage.settles();
    for (const parent of parents) {
      const child = parent.replace("Parent", "Child");
      await right.update(child, "A-1", { parentId: "B" });
      await left.update(child, "C-1", { parentId: "A" });
      await left.delete(parent, "C");
    }
    await stage.settles();
  },
};

/** A key that comes with the record, of one field. */
const named = (key: "code" | KeyKind, prices: KeyKind): CaseSchema => ({
  Currency: key === "code"
    ? { key: ["code"], fields: { code: text, name: text }, named: ["code"] }
    : { key, fields: { code: text, name: text }, unique: [["code"]], named: ["code"] },
  Price: { key: prices, fields: { sku: text, amount: whole, currency: to("Currency") }, unique: [["sku"]], named: ["sku"] },
});

export const keysThatComeAlong: Case = {
  title: "a key that comes with the record meets one that the other side makes",
  schema: (place, seat) => named(place === "left" ? "code" : keyAt(seat, "serial"), keyAt(seat, "serial")),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Currency", { code: "EUR", name: "Euro" });
    await left.insert("Price", { sku: "P-1", amount: "10", currency: "EUR" });
    await right.insert("Currency", { code: "CHF", name: "Franc" });
    await right.insert("Price", { sku: "P-2", amount: "20", currency: "CHF" });
    await stage.settles();
    await left.update("Price", "P-2", { currency: "EUR" });
    await right.update("Currency", "EUR", { name: "The euro" });
    await stage.settles();
    await right.delete("Currency", "CHF");
    await left.delete("Price", "P-1");
    await stage.settles();
  },
};
