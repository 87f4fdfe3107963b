import { cloudId, createSync, leftWins, naturalKey, newest, rightWins, type Field, type Kind, type Model, type SyncOptions } from "@sync/core";
import { memoryDatabase, type MemoryDatabase, type MemoryDatabaseOptions } from "@sync/core/memory";
import { describe, expect, test } from "vitest";

/** What the simulation found, each reduced to the few writes that show it. */

const text: Kind = { type: "text" };
const integer: Kind = { type: "integer" };
const field = (name: string, kind: Kind = text, nullable = true): Field => ({ name, kind, nullable, writable: true });

const contact: Model = {
  name: "Contact", fields: [field("id", integer, false), field("email", text, false), field("city")], primaryKey: ["id"], keySource: "allocated",
  uniqueKeys: [{ name: "email", fields: ["email"] }], references: [], syncFields: {},
};

function open(name: string, models: MemoryDatabaseOptions["models"], options: Partial<MemoryDatabaseOptions> = {}): MemoryDatabase {
  return memoryDatabase({ name, models, ...options });
}

function pair(left: MemoryDatabase, right: MemoryDatabase, models: SyncOptions["models"], options: Partial<SyncOptions> = {}): ReturnType<typeof createSync> {
  return createSync({ name: "pair", left, right, models, conflicts: leftWins(), firstLink: "left", ...options });
}

const records = (database: MemoryDatabase, model: string): unknown[] => database.probe.rows(model).map((row) => row.record);

test("a row that this run created, and its database altered, is no first meeting in the pass over the right", async () => {
  const left = open("left", [contact], { tracking: "none" });
  const right = open("right", [{ model: contact, alter: (record) => ({ ...record, city: record["city"]?.toUpperCase() ?? null }) }], { tracking: "none" });
  for (const email of ["a", "b", "c"]) left.application.insert("Contact", { email, city: `city of ${email}` });
  right.application.insert("Contact", { email: "d", city: "elsewhere" });
  const sync = pair(left, right, { Contact: { match: naturalKey("email") } }, { firstLink: "right", pageSize: 1 });
  await sync.run();
  expect(records(left, "Contact")).toContainEqual(expect.objectContaining({ email: "a", city: "city of a" }));
  expect((await Array.fromAsync(sync.conflicts())).length).toBe(0);
});

test("a record that is deleted leaves quarantine", async () => {
  const right = open("right", [{ model: contact, checks: [{ name: "no_bad_city", test: (record) => record["city"] !== "bad" }] }]);
  for (const how of ["changes", "fingerprints", "none"] as const) {
    const left = open("left", [contact], { tracking: how });
    const key = left.application.insert("Contact", { email: how, city: "bad" });
    const sync = pair(left, right, { Contact: { match: naturalKey("email") } });
    await sync.run();
    expect((await Array.fromAsync(sync.quarantine())).map((entry) => entry.code)).toEqual(["WRITE.CHECK"]);
    left.application.delete("Contact", key);
    await sync.run();
    expect(await Array.fromAsync(sync.quarantine())).toEqual([]);
  }
});
