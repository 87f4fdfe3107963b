import { createSync, leftWins, naturalKey, type Model, type Sync } from "@sync/core";
import { memoryDatabase, memoryState, type MemoryDatabase, type MemoryState } from "@sync/core/memory";
import { beforeEach, describe, expect, test } from "vitest";

/** Restored, copied and exchanged databases are recognised before anything is written (I12). */

const contact: Model = {
  name: "Contact", primaryKey: ["id"], keySource: "allocated", uniqueKeys: [{ name: "email", fields: ["email"] }], references: [], syncFields: {},
  fields: [
    { name: "id", kind: { type: "integer" }, nullable: false, writable: true },
    { name: "email", kind: { type: "text" }, nullable: false, writable: true },
    { name: "city", kind: { type: "text" }, nullable: true, writable: true },
  ],
};

type Side = "left" | "right";
const SIDES: readonly Side[] = ["left", "right"];
const open = (name: string): MemoryDatabase => memoryDatabase({ name, models: [contact] });
const dump = (database: MemoryDatabase): unknown[] => database.probe.rows("Contact").map(({ record, cloudId }) => [record["email"], record["city"], cloudId]);

describe.each(["in the left database", "in the right database", "elsewhere"])("with the state %s", (where) => {
  let databases: Record<Side, MemoryDatabase>;
  let state: MemoryState;
  let sync: Sync;

  beforeEach(async () => {
    databases = { left: open("left"), right: open("right") };
    state = where === "elsewhere" ? memoryState() : (databases[where === "in the left database" ? "left" : "right"].state as MemoryState);
    sync = make(databases.left, databases.right);
    for (const email of ["a", "b", "c"]) databases.left.application.insert("Contact", { email, city: "at first" });
    await sync.run();
  });

  const make = (left: MemoryDatabase, right: MemoryDatabase): Sync =>
    createSync({ name: "pair", left, right, state, models: { Contact: { match: naturalKey("email") } }, conflicts: leftWins(), firstLink: "left", deleteGuard: { count: 100, share: 1 } });

  const edit = (side: Side, email: string, city: string): void => {
    const { probe, application } = databases[side];
    application.update("Contact", probe.rows("Contact").find((row) => row.record["email"] === email)!.key, { city });
  };

  const together: readonly Side[] = SIDES.filter((side) => where === `in the ${side} database`);
  const apart: readonly Side[] = SIDES.filter((side) => !together.includes(side));

  test.each(apart)("a %s database from a backup stops the run before its first write", async (side) => {
    const backup = databases[side].snapshot();
    edit("left", "a", "later");
    databases.left.application.insert("Contact", { email: "d" });
    databases.right.application.insert("Contact", { email: "e" });
    await sync.run();
    databases[side].restore(backup);
    const before = [dump(databases.left), dump(databases.right), state.writes];
    await expect(sync.run()).rejects.toMatchObject({ code: "DATABASE.RESTORED" });
    await expect(sync.plan()).rejects.toMatchObject({ code: "DATABASE.RESTORED" });
    expect([dump(databases.left), dump(databases.right), state.writes]).toEqual(before);
    await sync.adopt();
    await sync.run();
    expect(databases.left.probe.rows("Contact").map((row) => row.record["email"]).sort()).toEqual(["a", "b", "c", "d", "e"]);
    expect((await sync.verify()).equal).toBe(true);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test.each(apart)("a backup of the %s database from before a run that only wrote the other side stops the run, too", async (side) => {
    const backup = databases[side].snapshot();
    edit(side, "a", "later");
    await sync.run();
    databases[side].restore(backup);
    await expect(sync.run()).rejects.toMatchObject({ code: "DATABASE.RESTORED" });
  });

  test.each(together)("a %s database that goes back together with the state loses nothing of the other side", async (side) => {
    const other: Side = side === "left" ? "right" : "left";
    const backup = databases[side].snapshot();
    databases[side].application.insert("Contact", { email: "d" });
    edit(other, "b", "from the other side");
    await sync.run();
    databases[side].restore(backup);
    await sync.run().catch(async () => {
      await sync.adopt();
      await sync.run();
    });
    const emails = databases[other].probe.rows("Contact").map((row) => row.record["email"]);
    expect(emails.sort()).toEqual(["a", "b", "c", "d"]);
    expect((await sync.verify()).equal).toBe(true);
  });

  test.each(SIDES)("a copy of the %s database on another server stops the run", async (side) => {
    databases[side].restore(databases[side].snapshot(), { serverIdentity: "another" });
    await expect(sync.run()).rejects.toMatchObject({ code: "DATABASE.MOVED" });
  });

  test("another database in its place stops the run", async () => {
    const exchanged = where === "in the right database" ? make(open("other"), databases.right) : make(databases.left, open("other"));
    await expect(exchanged.run()).rejects.toMatchObject({ code: "DATABASE.EXCHANGED" });
  });

  test("one database and a copy of it are no pair", async () => {
    const copy = open("copy");
    copy.restore(databases.left.snapshot(), { serverIdentity: "another" });
    await expect(make(databases.left, copy).run()).rejects.toMatchObject({ code: "DATABASE.SAME" });
  });

  test("an idle run after a backup was taken does not make the backup look old", async () => {
    const backup = databases.right.snapshot();
    await sync.run();
    databases.right.restore(backup);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});
