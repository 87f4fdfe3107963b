import { expect, it } from "vitest";
import { naturalKey } from "@sync/core";
import { collect, fieldsByCode, keyOf, model, pairOf, reference, text, withCommit } from "./pairs.ts";

const country = model("Country", [text("code"), text("name")]);
const checked = { model: country, checks: [{ name: "short", test: ({ name }: Readonly<Record<string, string | null>>) => (name ?? "").length < 10 }] };
const city = model("City", [text("code"), text("countryId")], [reference("countryId", "Country", "none")]);

it("without an enforced foreign key, a child of a refused parent waits with it and never dangles", async () => {
  const { left, right, sync } = pairOf([country, city], { rightModels: [checked, city], pageSize: 100 });
  const [bad] = left.application.insert("Country", { code: "bad", name: "much too long" });
  const [good] = left.application.insert("Country", { code: "good", name: "good" });
  left.application.insert("City", { code: "of bad", countryId: bad! });
  left.application.insert("City", { code: "of good", countryId: good! });
  await sync.run();
  expect(Object.keys(fieldsByCode(right, "City", "countryId"))).toEqual(["of good"]);
  expect((await collect(sync.quarantine())).map(({ model: name, code }) => `${name} ${code}`).sort()).toEqual(["City REFERENCE.PARENT_WAITS", "Country WRITE.CHECK"]);
  left.application.update("Country", [bad!], { name: "short" });
  await sync.run();
  await sync.run();
  expect(fieldsByCode(right, "City", "countryId")["of bad"]).toBe(keyOf(right, "Country", "bad")[0]);
  expect((await sync.verify()).equal).toBe(true);
});

it("without an enforced foreign key, a child of a parent that changed while it was linked never dangles", async () => {
  let during: (() => void) | undefined;
  const { left, right, sync } = pairOf([country, city], {
    pageSize: 100, wrap: (database, side) => (side === "right" ? database : withCommit(database, (unit, real) => {
      during?.();
      during = undefined;
      return real(unit);
    })),
  });
  const [c] = left.application.insert("Country", { code: "c", name: "c" });
  left.application.insert("City", { code: "x", countryId: c! });
  during = () => void left.application.delete("Country", [c!]);
  await sync.run();
  await sync.run();
  const countries = new Set(right.probe.rows("Country").map(({ key }) => key[0]));
  for (const { record } of right.probe.rows("City")) expect(countries.has(record["countryId"]!)).toBe(true);
});

it("a check that both sides can mend is tried again when the other side changed", async () => {
  const span = model("Span", [text("code"), text("from"), text("to")]);
  const { left, right, sync } = pairOf([span], { rightModels: [{ model: span, checks: [{ name: "ordered", test: ({ from, to }) => from! <= to! }] }] });
  left.application.insert("Span", { code: "s", from: "3", to: "5" });
  await sync.run();
  right.application.update("Span", keyOf(right, "Span", "s"), { from: "4" });
  await sync.run();
  left.application.update("Span", keyOf(left, "Span", "s"), { to: "2" });
  await sync.run();
  expect((await collect(sync.quarantine())).map(({ code }) => code)).toEqual(["WRITE.CHECK"]);
  right.application.update("Span", keyOf(right, "Span", "s"), { from: "1" });
  await sync.run();
  expect(right.probe.rows("Span")[0]!.record).toMatchObject({ from: "1", to: "2" });
  expect(await collect(sync.quarantine())).toEqual([]);
});

it.each([["none", 1], ["none", 2], ["fingerprints", 50], ["changes", 2]] as const)("parents whose keys move along in a chain keep their own children (%s, pages of %i)", async (leftTracking, pageSize) => {
  const byCode = model("Country", [text("code"), text("name")], [], { primaryKey: ["code"], keySource: "values", fields: [text("code"), text("name")], uniqueKeys: [] });
  const cityOf = (target: string): ReturnType<typeof model> =>
    model("City", [text("code"), text("country")], [{ name: "country", fields: ["country"], target: "Country", targetFields: [target], onDelete: "restrict" }]);
  const { left, right, sync } = pairOf([byCode, cityOf("code")], { rightModels: [model("Country", [text("code"), text("name")]), cityOf("id")], pageSize, leftTracking, rightTracking: "changes" });
  for (const code of ["A", "B"]) left.application.insert("Country", { code, name: code });
  for (const code of ["A", "B"]) left.application.insert("City", { code: `of ${code}`, country: code });
  await sync.run();
  right.application.update("Country", keyOf(right, "Country", "A"), { code: "C" });
  right.application.update("Country", keyOf(right, "Country", "B"), { code: "A" });
  const run = await sync.run();
  expect(run.models.get("City")!.updated).toEqual({ left: 0, right: 0 });
  expect(fieldsByCode(left, "City", "country")).toEqual({ "of A": "C", "of B": "A" });
  expect((await sync.verify()).equal).toBe(true);
});

it.each(["left", "right"] as const)("a column that foreign keys share is a value of its own where the other side keeps it apart (composite keys on the %s)", async (place) => {
  const order = model("Order", [text("tenant"), text("number")], [], { primaryKey: ["tenant", "number"], keySource: "values", fields: [text("tenant"), text("number")], uniqueKeys: [] });
  const byTenant = { name: "order", fields: ["tenant", "number"], target: "Order", targetFields: ["tenant", "number"], onDelete: "restrict" } as const;
  const composite = [order, model("Line", [text("code"), text("tenant"), text("number")], [byTenant])];
  const made = [
    model("Order", [text("tenant"), text("number")], [], { uniqueKeys: [{ name: "named", fields: ["tenant", "number"] }] }),
    model("Line", [text("code"), text("tenant"), text("orderId")], [reference("orderId", "Order")]),
  ];
  const fields: Record<string, string> = place === "left" ? { order: "orderId" } : { orderId: "order" };
  const pair = pairOf(place === "left" ? composite : made, {
    rightModels: place === "left" ? made : composite,
    models: { Order: { match: naturalKey(["tenant", "number"]) }, Line: { match: naturalKey("code"), fields } },
  });
  pair[place].application.insert("Order", { tenant: "red", number: "1" });
  pair[place].application.insert("Line", { code: "a", tenant: "red", number: "1" });
  await pair.sync.run();
  const other = place === "left" ? "right" : "left";
  const [red] = pair[other].application.insert("Order", { tenant: "blue", number: "2" });
  pair[other].application.insert("Line", { code: "b", tenant: "blue", orderId: red! });
  await pair.sync.run();
  expect(fieldsByCode(pair.left, "Line", "tenant")).toEqual({ a: "red", b: "blue" });
  expect(fieldsByCode(pair.right, "Line", "tenant")).toEqual({ a: "red", b: "blue" });
  expect(fieldsByCode(pair[place], "Line", "number")).toEqual({ a: "1", b: "2" });
  expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
  expect((await pair.sync.verify()).equal).toBe(true);
});
