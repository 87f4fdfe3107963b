import { expect } from "vitest";
import { keyAt } from "../dial.ts";
import { none, sums } from "../stage.ts";
import type { Case } from "../pairs.ts";
import { type CaseSchema, type KeyKind, decimal, flag, orNull, text, to, whole } from "../schema.ts";

/** Users with roles and permissions, products, customers, proposals and content, each side with keys of its own. */
export const shop = (key: KeyKind): CaseSchema => ({
  Role: { key, fields: { name: text, description: orNull(text) }, unique: [["name"]], named: ["name"] },
  User: { key, fields: { email: text, name: text, active: flag, roleId: to("Role") }, unique: [["email"]], named: ["email"] },
  Permission: {
    key, fields: { resource: text, action: text, scope: text, allowed: flag },
    unique: [["resource", "action", "scope"]], named: ["resource", "action", "scope"],
  },
  Product: { key, fields: { sku: text, name: text, price: decimal(10, 2) }, unique: [["sku"]], named: ["sku"] },
  Customer: { key, fields: { email: text, name: text, city: orNull(text), ownerId: orNull(to("User")) }, unique: [["email"]], named: ["email"] },
  Proposal: {
    key, fields: { title: text, quantity: whole, total: decimal(12, 2), customerId: to("Customer"), productId: to("Product") },
    unique: [["title", "customerId"]], named: ["title", "customerId"],
  },
  Content: { key, fields: { kind: text, title: text, body: text, authorId: to("User") }, unique: [["kind", "title"]], named: ["kind", "title"] },
});

export const sevenTables: Case = {
  title: "seven tables: what either side has the other gets, edits and deletes travel both ways, and then nothing is left to do",
  schema: (_, seat) => shop(keyAt(seat, "serial")),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Role", { name: "admin", description: null }, { name: "sales", description: "Sells" });
    await left.insert("User", { email: "ada@example.org", name: "Ada", active: "true", roleId: "admin" });
    await left.insert("User", { email: "bob@example.org", name: "Bob", active: "false", roleId: "sales" });
    await left.insert("Permission", { resource: "proposal", action: "write", scope: "own", allowed: "true" });
    await left.insert("Product", { sku: "P-1", name: "Lamp", price: "19.9" }, { sku: "P-2", name: "Desk", price: "250" });
    await left.insert("Customer", { email: "c@example.org", name: "Carl", city: "Graz", ownerId: "bob@example.org" });
    await left.insert("Proposal", { title: "Light", quantity: "3", total: "59.7", customerId: "c@example.org", productId: "P-1" });
    // The other side has some of it already, and more.
    await right.insert("Role", { name: "admin", description: null }, { name: "guest", description: null });
    await right.insert("User", { email: "eve@example.org", name: "Eve", active: "true", roleId: "guest" });
    await right.insert("Content", { kind: "page", title: "Welcome", body: "Hello", authorId: "eve@example.org" });

    expect((await stage.settles()).models.get(stage.opened.left.model("Role"))).toMatchObject({ linked: 1, created: { left: 1, right: 1 } });
    expect(await right.all("Proposal")).toEqual([{ title: "Light", quantity: "3", total: "59.7", customerId: "c@example.org", productId: "P-1" }]);
    expect(await left.all("Content")).toEqual([{ kind: "page", title: "Welcome", body: "Hello", authorId: "eve@example.org" }]);

    await left.update("Customer", "c@example.org", { city: "Wien" });
    await left.update("Product", "P-1", { price: "21.5" });
    await right.update("Customer", "c@example.org", { name: "Karl", ownerId: "eve@example.org" });
    await right.update("User", "bob@example.org", { roleId: "guest" });
    await right.insert("Proposal", { title: "Light", quantity: "1", total: "250", customerId: await other(stage), productId: "P-2" });
    expect(sums(await stage.settles())).toEqual({ created: { left: 2, right: 0 }, updated: { left: 2, right: 2 }, deleted: none });
    expect(await left.all("Customer")).toContainEqual({ email: "c@example.org", name: "Karl", city: "Wien", ownerId: "eve@example.org" });
    expect(await left.all("User")).toContainEqual({ email: "bob@example.org", name: "Bob", active: "false", roleId: "guest" });

    await left.delete("Proposal", ["Light", "c@example.org"]);
    await right.delete("Content", ["page", "Welcome"]);
    await left.delete("Permission", ["proposal", "write", "own"]);
    expect(sums(await stage.settles())).toEqual({ created: none, updated: none, deleted: { left: 1, right: 2 } });
    expect(await right.all("Proposal")).toHaveLength(1);
    expect(await left.all("Content")).toEqual([]);
  },
};

/** A second customer, so that only the customer tells two proposals apart. */
async function other({ right }: Parameters<Case["play"]>[0]): Promise<string> {
  await right.insert("Customer", { email: "d@example.org", name: "Dora", city: null, ownerId: null });
  return "d@example.org";
}
