import { expect } from "vitest";
import { keyAt, type Seat } from "../dial.ts";
import type { Case } from "../pairs.ts";
import type { Name, NamedRecord } from "../records.ts";
import { type CaseSchema, type KeyKind, orNull, text, to, whole } from "../schema.ts";
import { type CaseModels, none, sums } from "../stage.ts";

/** Keys of several columns; an order and a product of a line are of one tenant, whose column both foreign keys share. */
const composite: CaseSchema = {
  Order: { key: ["tenant", "number"], fields: { tenant: text, number: whole, note: orNull(text) }, named: ["tenant", "number"] },
  Product: { key: ["tenant", "sku"], fields: { tenant: text, sku: text, name: text }, named: ["tenant", "sku"] },
  Line: {
    key: ["code"], fields: { code: text, tenant: text, orderNumber: whole, productSku: text, quantity: whole }, named: ["code"],
    references: [
      { name: "order", fields: ["tenant", "orderNumber"], to: "Order", targetFields: ["tenant", "number"] },
      { name: "product", fields: ["tenant", "productSku"], to: "Product", targetFields: ["tenant", "sku"] },
    ],
  },
};

/** The same with keys that somebody makes. */
const made = (key: KeyKind): CaseSchema => ({
  Order: { key, fields: { tenant: text, number: whole, note: orNull(text) }, unique: [["tenant", "number"]], named: ["tenant", "number"] },
  Product: { key, fields: { tenant: text, sku: text, name: text }, unique: [["tenant", "sku"]], named: ["tenant", "sku"] },
  Line: {
    key: ["code"], fields: { code: text, tenant: text, orderId: to("Order"), productId: to("Product"), quantity: whole }, named: ["code"],
  },
});

/** A line in the words of both schemas. */
const line = (isComposite: boolean, code: string, tenant: string, number: string, sku: string, quantity: string): NamedRecord =>
  (isComposite
    ? { code, tenant, orderNumber: number, productSku: sku, quantity }
    : { code, tenant, orderId: [tenant, number], productId: [tenant, sku], quantity });

const told = (_: string, record: NamedRecord): NamedRecord => {
  const { orderNumber, productSku, ...rest } = record;
  return orderNumber === undefined ? record : { ...rest, orderId: [rest["tenant"], orderNumber] as Name, productId: [rest["tenant"], productSku] as Name };
};

/** `left`, `right`: whether that side has composite keys, where it can. */
function tenants(title: string, wanted: { readonly left: boolean; readonly right: boolean }): Case {
  const isComposite = (place: "left" | "right", { side }: Seat): boolean => wanted[place] && !side.documents;
  return {
    title,
    told,
    schema: (place, seat) => (isComposite(place, seat) ? composite : made(keyAt(seat, place === "left" ? "uuid" : "serial"))),
    models({ left, right }): CaseModels {
      const [from, into] = [isComposite("left", left), isComposite("right", right)];
      if (from === into) return {};
      const fields: Readonly<Record<string, string>> = from ? { order: "orderId", product: "productId" } : { orderId: "order", productId: "product" };
      return { Line: { fields } };
    },
    async play(stage, seats) {
      const { left, right } = stage;
      const [from, into] = [isComposite("left", seats.left), isComposite("right", seats.right)];
      await left.insert("Order", { tenant: "red", number: "1", note: "first" }, { tenant: "blue", number: "1", note: null });
      await left.insert("Product", { tenant: "red", sku: "P", name: "Lamp" }, { tenant: "blue", sku: "P", name: "Desk" });
      await left.insert("Line", line(from, "L-1", "red", "1", "P", "2"), line(from, "L-2", "blue", "1", "P", "1"));
      await right.insert("Order", { tenant: "red", number: "2", note: null });
      await right.insert("Product", { tenant: "red", sku: "Q", name: "Chair" });
      await right.insert("Line", line(into, "L-3", "red", "2", "Q", "4"));
      expect(sums(await stage.settles())).toEqual({ created: { left: 3, right: 6 }, updated: none, deleted: none });

      const { orderNumber, orderId } = line(into, "", "red", "2", "", "");
      await right.update("Line", "L-1", orderNumber === undefined ? { orderId: orderId ?? null, quantity: "3" } : { orderNumber, quantity: "3" });
      await left.update("Order", ["blue", "1"], { note: "noted" });
      expect(sums(await stage.settles())).toEqual({ created: none, updated: { left: 1, right: 1 }, deleted: none });
      expect((await left.all("Line")).map((record) => told("Line", record))[0]).toMatchObject({ code: "L-1", orderId: ["red", "2"], productId: ["red", "P"] });

      await left.delete("Line", "L-2");
      await left.delete("Product", ["blue", "P"]);
      await right.delete("Order", ["red", "1"]);
      expect(sums(await stage.settles()).deleted).toEqual({ left: 1, right: 2 });
    },
  };
}

export const tenantsOnBothSides = tenants("composite foreign keys that share a tenant's column", { left: true, right: true });
export const tenantsAgainstMadeKeys = tenants("keys of several columns meet keys that somebody makes", { left: true, right: false });
export const madeKeysAgainstTenants = tenants("keys that somebody makes meet keys of several columns", { left: false, right: true });
