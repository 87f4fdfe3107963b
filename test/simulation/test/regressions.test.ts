import { ask, cloudId, createSync, leftWins, naturalKey, SyncError, type Database, type Field, type Kind, type Model, type SyncOptions } from "@sync/core";
import { memoryDatabase, type MemoryDatabase, type MemoryDatabaseOptions, type MemoryState } from "@sync/core/memory";
import { describe, expect, test } from "vitest";

/** What the simulation found, each reduced to the few writes that show it. */

const text: Kind = { type: "text" };
const integer: Kind = { type: "integer" };
const field = (name: string, kind: Kind = text, nullable = true): Field => ({ name, kind, nullable, writable: true });

const contact: Model = {
  name: "Contact", fields: [field("id", integer, false), field("email", text, false), field("city")], primaryKey: ["id"], keySource: "allocated",
  uniqueKeys: [{ name: "email", fields: ["email"] }], references: [], syncFields: {},
};

const folder: Model = {
  name: "Folder", fields: [field("id", integer, false), field("name", text, false), field("size", integer), field("parent", integer)], primaryKey: ["id"], keySource: "allocated",
  uniqueKeys: [{ name: "name", fields: ["name"] }],
  references: [{ name: "parent_fk", fields: ["parent"], target: "Folder", targetFields: ["id"], onDelete: "cascade" }], syncFields: {},
};

function open(name: string, models: MemoryDatabaseOptions["models"], options: Partial<MemoryDatabaseOptions> = {}): MemoryDatabase & { state: MemoryState } {
  return memoryDatabase({ name, models, ...options }) as MemoryDatabase & { state: MemoryState };
}

function pair(left: MemoryDatabase, right: MemoryDatabase, models: SyncOptions["models"], options: Partial<SyncOptions> = {}): ReturnType<typeof createSync> {
  return createSync({ name: "pair", left, right, models, conflicts: leftWins(), firstLink: "left", ...options });
}

/** The same database as a plain object, some of whose methods a test may replace. */
function wrapped(database: MemoryDatabase): Database {
  return {
    name: database.name, endpoints: database.endpoints, claim: (request) => database.claim(request), release: (fence, wrote) => database.release(fence, wrote),
    inspect: (models) => database.inspect(models), commit: (unit) => database.commit(unit), close: () => database.close(), ...(database.state ? { state: database.state } : {}),
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
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
  expect((await collect(sync.conflicts())).length).toBe(0);
});

test("a record that is deleted leaves quarantine", async () => {
  for (const how of ["changes", "fingerprints", "none"] as const) {
    const right = open("right", [{ model: contact, checks: [{ name: "no_bad_city", test: (record) => record["city"] !== "bad" }] }]);
    const left = open("left", [contact], { tracking: how });
    const key = left.application.insert("Contact", { email: how, city: "bad" });
    const sync = pair(left, right, { Contact: { match: naturalKey("email") } });
    await sync.run();
    expect((await collect(sync.quarantine())).map((entry) => entry.code)).toEqual(["WRITE.CHECK"]);
    left.application.delete("Contact", key);
    await sync.run();
    expect(await collect(sync.quarantine())).toEqual([]);
  }
});

describe("deletes in a model that refers to itself", () => {
  test.each([1, 2, 50])("a parent whose grandchild stays is kept, and so is everything between (pages of %i)", async (pageSize) => {
    const [left, right] = [open("left", [folder]), open("right", [folder])];
    const root = left.application.insert("Folder", { name: "root" });
    const middle = left.application.insert("Folder", { name: "middle", parent: root[0]! });
    left.application.insert("Folder", { name: "leaf", size: "1", parent: middle[0]! });
    const sync = pair(left, right, { Folder: { match: naturalKey("name") } }, { onEditDelete: "edit", pageSize });
    await sync.run();
    left.application.delete("Folder", root);
    const leaf = right.probe.rows("Folder").find((row) => row.record["name"] === "leaf")!;
    right.application.update("Folder", leaf.key, { size: "2" });
    await sync.run();
    expect(right.probe.rows("Folder").map((row) => row.record["name"]).sort()).toEqual(["leaf", "middle", "root"]);
    expect((await collect(sync.conflicts())).map((conflict) => conflict.kind)).toContain("delete-parent");
  });

  test.each([1, 2, 50])("children go before their parents, each with its own pre-image (pages of %i)", async (pageSize) => {
    const [left, right] = [open("left", [folder]), open("right", [folder])];
    let parent: string | null = null;
    for (const name of ["a", "b", "c", "d"]) parent = left.application.insert("Folder", { name, parent })[0]!;
    const sync = pair(left, right, { Folder: { match: naturalKey("name") } }, { pageSize });
    await sync.run();
    left.application.delete("Folder", left.probe.rows("Folder")[0]!.key);
    const result = await sync.run();
    expect(result.models.get("Folder")!.deleted.right).toBe(4);
    expect(records(right, "Folder")).toEqual([]);
    expect(await left.state.read("pair", { collection: "preImage" })).toHaveLength(4);
  });
});

test("an open first meeting is an edit that a delete on the other side does not take away silently", async () => {
  const [left, right] = [open("left", [contact]), open("right", [contact])];
  left.application.insert("Contact", { email: "a", city: "here" });
  const key = right.application.insert("Contact", { email: "a", city: "there" });
  const sync = pair(left, right, { Contact: { match: naturalKey("email") } }, { firstLink: "ask" });
  await sync.run();
  left.application.update("Contact", left.probe.rows("Contact")[0]!.key, { city: "nowhere" });
  right.application.delete("Contact", key);
  await sync.run();
  const conflicts = await collect(sync.conflicts());
  expect(conflicts).toContainEqual(expect.objectContaining({ kind: "update-delete", left: expect.arrayContaining(["nowhere"]) }));
});

describe("a reference that closes a cycle", () => {
  const team: Model = {
    name: "Team", fields: [field("id", integer, false), field("name", text, false), field("motto"), field("lead", integer)], primaryKey: ["id"], keySource: "allocated",
    uniqueKeys: [{ name: "name", fields: ["name"] }],
    references: [{ name: "lead_fk", fields: ["lead"], target: "Person", targetFields: ["id"], onDelete: "set-null" }], syncFields: {},
  };
  const person: Model = {
    name: "Person", fields: [field("id", integer, false), field("email", text, false), field("team", integer, false)], primaryKey: ["id"], keySource: "allocated",
    uniqueKeys: [{ name: "email", fields: ["email"] }],
    references: [{ name: "team_fk", fields: ["team"], target: "Team", targetFields: ["id"], onDelete: "restrict" }], syncFields: {},
  };
  const models = { Team: { match: naturalKey("name") }, Person: { match: naturalKey("email") } };

  test("whose parent has not come across yet is decided as a first meeting, once it has", async () => {
    const [left, right] = [open("left", [team, person]), open("right", [team, person])];
    left.application.insert("Team", { name: "a", motto: "same" });
    const key = right.application.insert("Team", { name: "a", motto: "same" });
    right.application.update("Team", key, { lead: right.application.insert("Person", { email: "p", team: key[0]! })[0]! });
    const sync = pair(left, right, models, { firstLink: "left" });
    await sync.run();
    expect([left, right].map((database) => database.probe.rows("Team")[0]!.record["lead"])).toEqual([null, null]);
    expect(await collect(sync.conflicts())).toMatchObject([{ kind: "first-link", fields: ["lead"], decision: "left" }]);
  });

  test.each(["changes", "fingerprints", "none"] as const)("to a new parent is filled in the same run, though nothing else changed (tracking: %s)", async (tracking) => {
    const [left, right] = [open("left", [team, person], { tracking }), open("right", [team, person], { tracking })];
    const key = left.application.insert("Team", { name: "a" });
    const sync = pair(left, right, models);
    await sync.run();
    left.application.update("Team", key, { lead: left.application.insert("Person", { email: "p", team: key[0]! })[0]! });
    await sync.run();
    expect(right.probe.rows("Team")[0]!.record["lead"]).toBe(right.probe.rows("Person")[0]!.key[0]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});

describe.each([["in the model's field", { cloudId: "cloudId" }], ["in a side table", {}]])("a cloudId %s", (_, syncFields) => {
  const synced: Model = { ...contact, fields: [...contact.fields, ...("cloudId" in syncFields ? [field("cloudId")] : [])], syncFields };

  test.each(["changes", "fingerprints", "none"] as const)("never hides a change that came between reading a row and linking it (tracking: %s)", async (tracking) => {
    const [left, right] = [open("left", [synced], { tracking }), open("right", [synced], { tracking })];
    left.application.insert("Contact", { email: "a", city: "here" });
    const key = right.application.insert("Contact", { email: "a", city: "here" });
    let edited = false;
    const racing = {
      ...wrapped(right),
      commit: (unit: Parameters<typeof right.commit>[0]) => {
        if (!edited) edited = right.application.update("Contact", key, { city: "there" });
        return right.commit(unit);
      },
    };
    const sync = createSync({ name: "pair", left, right: racing, models: { Contact: { match: naturalKey("email") } }, conflicts: leftWins(), firstLink: "left" });
    await sync.run();
    await sync.run();
    expect(edited).toBe(true);
    // Whoever wins, both sides are the same, and nothing is lost without a word.
    const [one, two] = [left, right].map((database) => database.probe.rows("Contact")[0]!.record["city"]);
    expect(one).toBe(two);
    if (one === "here") expect((await collect(sync.conflicts())).length).toBe(1);
  });
});

describe("values that unique keys guard", () => {
  const place: Model = {
    name: "Place", fields: [field("id", integer, false), field("code", text, false), field("iata"), field("name")], primaryKey: ["id"], keySource: "allocated",
    uniqueKeys: [{ name: "code", fields: ["code"] }, { name: "iata", fields: ["iata"] }], references: [], syncFields: {},
  };
  const models = { Place: { match: naturalKey("code") } };
  const byName = (database: MemoryDatabase): Record<string, unknown> => Object.fromEntries(database.probe.rows("Place").map(({ record }) => [record["name"], [record["code"], record["iata"]]]));

  async function rotate(unique: "code" | "iata", names: readonly string[], tracking: "changes" | "fingerprints"): Promise<void> {
    const [left, right] = [open("left", [place], { tracking }), open("right", [place], { tracking })];
    const keys = new Map(names.map((name) => [name, left.application.insert("Place", { code: `code ${name}`, iata: `iata ${name}`, name })]));
    const sync = pair(left, right, models);
    await sync.run();
    const transaction = left.begin();
    transaction.update("Place", keys.get(names[0]!)!, { [unique]: "on the way" });
    for (let at = 1; at < names.length; at += 1) transaction.update("Place", keys.get(names[at]!)!, { [unique]: `${unique} ${names[at - 1]!}` });
    transaction.update("Place", keys.get(names[0]!)!, { [unique]: `${unique} ${names.at(-1)!}` });
    transaction.commit();
    await sync.run();
    expect(byName(right)).toEqual(byName(left));
    expect(await collect(sync.conflicts())).toEqual([]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  }

  test.each([["code", 2], ["code", 5], ["iata", 2], ["iata", 5]] as const)("change places: %s among %i records", async (unique, count) => {
    const names = ["a", "b", "c", "d", "e"].slice(0, count);
    await rotate(unique, names, "changes");
    await rotate(unique, names, "fingerprints");
  });

  test.each(["changes", "fingerprints", "none"] as const)("wait for a value that stays taken without a write, and go on when it is free (tracking: %s)", async (tracking) => {
    const [left, right] = [open("left", [place], { tracking }), open("right", [place], { tracking })];
    left.application.insert("Place", { code: "a", iata: "X", name: "a" });
    const taken = right.application.insert("Place", { code: "b", iata: "X", name: "b" });
    const sync = pair(left, right, models);
    await sync.run();
    expect((await collect(sync.conflicts())).map((conflict) => conflict.kind)).toEqual(["unique", "unique"]);
    const writes = [left.probe.unitWrites, right.probe.unitWrites, left.state.writes];
    for (let idle = 0; idle < 2; idle += 1) await sync.run();
    expect([left.probe.unitWrites, right.probe.unitWrites, left.state.writes]).toEqual(writes);
    right.application.update("Place", taken, { iata: "Y" });
    await sync.run();
    expect(byName(left)).toEqual({ a: ["a", "X"], b: ["b", "Y"] });
    expect(byName(right)).toEqual(byName(left));
    expect(await collect(sync.quarantine())).toEqual([]);
  });
});

test("a record whose counterpart waits in quarantine crosses once that one is gone", async () => {
  const scaled = (scale: number): Model => ({ ...contact, fields: [...contact.fields, field("amount", { type: "decimal", precision: 9, scale })] });
  const [left, right] = [open("left", [scaled(4)]), open("right", [scaled(2)])];
  const key = left.application.insert("Contact", { email: "a", amount: "1.125" });
  right.application.insert("Contact", { email: "a", amount: "2" });
  const sync = pair(left, right, { Contact: { match: naturalKey("email") } });
  await sync.run();
  expect((await collect(sync.quarantine())).map((entry) => [entry.side, entry.code])).toEqual([["left", "VALUE.TOO_PRECISE"], ["right", "MATCH.COUNTERPART_WAITS"]]);
  expect((await sync.verify()).explained).toBe(true);
  left.application.delete("Contact", key);
  await sync.run();
  expect(left.probe.rows("Contact").map((row) => row.record["amount"])).toEqual(["2"]);
  expect(await collect(sync.quarantine())).toEqual([]);
});

test("a record that got its cloudId in a run that could not finish is taken up by the next one", async () => {
  const note: Model = { ...contact, uniqueKeys: [], fields: [...contact.fields, field("cloudId")], syncFields: { cloudId: "cloudId" } };
  const [left, right] = [open("left", [note]), open("right", [note])];
  const key = left.application.insert("Contact", { email: "a" });
  const runtime = { now: Date.now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)), sleep: async () => undefined, every: () => () => undefined };
  const sync = pair(left, right, { Contact: { match: cloudId() } }, { runtime });
  await sync.run();
  left.application.insert("Contact", { email: "b" });
  left.application.update("Contact", key, { city: "here" });
  const held = right.begin();
  held.update("Contact", right.probe.rows("Contact")[0]!.key, { city: "there" });
  await sync.run();
  held.rollback();
  await sync.run();
  expect(right.probe.rows("Contact").map((row) => [row.record["email"], row.record["city"]])).toEqual([["a", "here"], ["b", null]]);
});

test.each(["the same", "another"])("a child is not agreed on while the link of its parent could not be made (the parent holds %s value)", async (value) => {
  const country: Model = { ...contact, name: "Country" };
  const city: Model = {
    name: "City", fields: [field("id", integer, false), field("name", text, false), field("country", integer, false)], primaryKey: ["id"], keySource: "allocated",
    uniqueKeys: [{ name: "name", fields: ["name"] }],
    references: [{ name: "country_fk", fields: ["country"], target: "Country", targetFields: ["id"], onDelete: "restrict" }], syncFields: {},
  };
  const [left, right] = [open("left", [country, city]), open("right", [country, city])];
  const keys = [left, right].map((database) => database.application.insert("Country", { email: "c", city: value === "another" ? database.name : "here" }));
  right.application.insert("City", { name: "n", country: keys[1]![0]! });
  const runtime = { now: Date.now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)), sleep: async () => undefined, every: () => () => undefined };
  const sync = pair(left, right, { Country: { match: naturalKey("email") }, City: { match: naturalKey("name") } }, { runtime });
  const held = right.begin();
  held.update("Country", keys[1]!, { city: "there" });
  await sync.run().catch(() => undefined);
  held.rollback();
  left.application.update("Country", keys[0]!, { email: "other" });
  for (let run = 0; run < 3; run += 1) await sync.run();
  const countryOf = (database: MemoryDatabase): unknown => {
    const key = database.probe.rows("City")[0]!.record["country"]!;
    return database.probe.rows("Country").find((row) => row.key[0] === key)!.record["email"];
  };
  expect(countryOf(left)).toBe(countryOf(right));
});

test.each([1, 2, 3, 50])("trees on both sides are linked once, whatever page a parent stands on (pages of %i)", async (pageSize) => {
  const [left, right] = [open("left", [folder]), open("right", [folder])];
  // Parents have higher keys than their children on one side and lower ones on the other.
  const names = ["a", "b", "c", "d", "e"];
  const keys = new Map<string, string>();
  for (const [at, name] of names.entries()) keys.set(name, left.application.insert("Folder", { name, parent: at === 0 ? null : keys.get(names[at - 1]!)! })[0]!);
  const made = names.map((name, at) => [name, right.application.insert("Folder", { id: String(100 - at), name })[0]!] as const);
  for (const [at, [, key]] of made.entries()) right.application.update("Folder", [key], { parent: at === 0 ? null : made[at - 1]![1] });
  const sync = pair(left, right, { Folder: { match: naturalKey("name") } }, { pageSize });
  await sync.run();
  const ids = (database: MemoryDatabase): Record<string, unknown> => Object.fromEntries(database.probe.rows("Folder").map((row) => [row.record["name"], row.cloudId]));
  expect(ids(right)).toEqual(ids(left));
  expect((await sync.verify()).equal).toBe(true);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

describe("a lease is renewed", () => {
  test("never after it was let go, however late the renewal is", async () => {
    const [left, right] = [open("left", [contact]), open("right", [contact])];
    left.application.insert("Contact", { email: "a" });
    let renew: () => void = () => undefined;
    let claims = 0;
    const slow = {
      ...wrapped(right),
      async claim(request: Parameters<typeof right.claim>[0]) {
        if (request.meets) return right.claim(request);
        claims += 1;
        if (claims > 1) await new Promise((resolve) => void setTimeout(resolve, 20));
        return right.claim(request);
      },
      async commit(unit: Parameters<typeof right.commit>[0]) {
        renew();
        return right.commit(unit);
      },
    };
    const runtime = {
      now: Date.now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)), sleep: async () => undefined,
      every: (_: number, task: () => void) => ((renew = task), () => undefined),
    };
    const sync = createSync({ name: "pair", left, right: slow, models: { Contact: { match: naturalKey("email") } }, conflicts: leftWins(), firstLink: "left", runtime });
    await sync.run();
    await new Promise((resolve) => void setTimeout(resolve, 40));
    expect(claims).toBe(2);
    expect(right.probe.lease.holder).toBe("");
  });
});

test("a row that is looked at again, because its counterpart waits in quarantine, hides no delete", async () => {
  const right = open("right", [contact], { tracking: "changes" });
  const left = open("left", [{ model: contact, checks: [{ name: "no_bad_city", test: (record) => record["city"] !== "bad" }] }], { tracking: "none" });
  const keys = ["a", "b", "c"].map((email) => left.application.insert("Contact", { email }));
  const sync = pair(left, right, { Contact: { match: naturalKey("email") } });
  await sync.run();
  right.application.update("Contact", right.probe.rows("Contact")[0]!.key, { city: "bad" });
  await sync.run();
  left.application.delete("Contact", keys[2]!);
  await sync.run();
  expect(right.probe.rows("Contact").map((row) => row.record["email"])).toEqual(["a", "b"]);
});

test.each(["changes", "fingerprints"] as const)("a record whose insert was written but never acknowledged hides no later delete (tracking: %s)", async (tracking) => {
  const [left, right] = [open("left", [contact], { tracking }), open("right", [contact], { tracking })];
  for (const email of ["a", "b", "c"]) left.application.insert("Contact", { email });
  const runtime = { now: Date.now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)), sleep: async () => undefined, every: () => () => undefined };
  let loses = false;
  const unsure = {
    ...wrapped(right),
    async commit(unit: Parameters<typeof right.commit>[0]) {
      const committed = await right.commit(unit);
      if (loses) throw new SyncError("ENDPOINT.UNREACHABLE", "The answer was lost.", { retryable: true });
      return committed;
    },
  };
  const sync = createSync({ name: "pair", left, right: unsure, models: { Contact: { match: naturalKey("email") } }, conflicts: leftWins(), firstLink: "left", runtime });
  await sync.run();
  left.application.insert("Contact", { email: "d" });
  loses = true;
  await sync.run();
  loses = false;
  right.application.delete("Contact", right.probe.rows("Contact")[0]!.key);
  right.application.insert("Contact", { email: "e" });
  await sync.run();
  expect(left.probe.rows("Contact").map((row) => row.record["email"])).toEqual(["b", "c", "d", "e"]);
});

test("a parent is not deleted in one unit with a child that was edited meanwhile", async () => {
  const [left, right] = [open("left", [folder]), open("right", [folder])];
  const root = left.application.insert("Folder", { name: "root" });
  left.application.insert("Folder", { name: "leaf", parent: root[0]! });
  await pair(left, right, { Folder: { match: naturalKey("name") } }).run();
  left.application.delete("Folder", root);
  const leaf = right.probe.rows("Folder").find((row) => row.record["name"] === "leaf")!;
  let edited = false;
  const racing = {
    ...wrapped(right),
    commit: (unit: Parameters<typeof right.commit>[0]) => {
      if (!edited && unit.batches.some((batch) => batch.op === "delete")) edited = right.application.update("Folder", leaf.key, { size: "2" });
      return right.commit(unit);
    },
  };
  await createSync({ name: "pair", left, right: racing, models: { Folder: { match: naturalKey("name") } }, conflicts: leftWins(), onEditDelete: "edit" }).run();
  expect(edited).toBe(true);
  expect(right.probe.rows("Folder").map((row) => [row.record["name"], row.record["size"]])).toEqual([["root", null], ["leaf", "2"]]);
});

test("a row that was inserted and never counted, since its unit was delivered twice, hides no delete", async () => {
  const [left, right] = [open("left", [contact], { tracking: "fingerprints" }), open("right", [contact], { tracking: "fingerprints" })];
  const keys = ["a", "b"].map((email) => left.application.insert("Contact", { email }));
  const twice = {
    ...wrapped(left),
    async commit(unit: Parameters<typeof left.commit>[0]) {
      await left.commit(unit);
      if (unit.batches.some((batch) => batch.op === "insert")) left.application.delete("Contact", keys[0]!);
      return left.commit(unit);
    },
  };
  await pair(left, right, { Contact: { match: naturalKey("email") } }).run();
  right.application.insert("Contact", { email: "c" });
  await createSync({ name: "pair", left: twice, right, models: { Contact: { match: naturalKey("email") } }, conflicts: leftWins() }).run();
  expect(left.probe.rows("Contact").map((row) => row.record["email"])).toEqual(["b", "c"]);
  await pair(left, right, { Contact: { match: naturalKey("email") } }).run();
  expect(right.probe.rows("Contact").map((row) => row.record["email"])).toEqual(["b", "c"]);
});

test.each([1, 2, 3])("a record that came before its parent, and is met again from the other side, is linked once (pages of %i)", async (pageSize) => {
  const [left, right] = [open("left", [folder]), open("right", [folder])];
  for (const database of [left, right]) {
    const [leaf, , , root] = ["leaf", "x", "y", "root", "z"].map((name) => database.application.insert("Folder", { name }));
    database.application.update("Folder", leaf!, { parent: root![0]! });
  }
  const sync = pair(left, right, { Folder: { match: naturalKey("name") } }, { pageSize });
  await sync.run();
  expect(await collect(sync.quarantine())).toEqual([]);
  expect(left.probe.rows("Folder").map((row) => row.cloudId)).toEqual(right.probe.rows("Folder").map((row) => row.cloudId));
});

test("a row that was read before a run renames its parent refers to the same parent, whoever has the old key by then", async () => {
  const keyed: Model = {
    name: "Country", fields: [field("code", text, false), field("name")], primaryKey: ["code"], keySource: "values", uniqueKeys: [], references: [], syncFields: {},
  };
  const numbered: Model = {
    name: "Country", fields: [field("id", integer, false), field("code", text, false), field("name")], primaryKey: ["id"], keySource: "allocated",
    uniqueKeys: [{ name: "code", fields: ["code"] }], references: [], syncFields: {},
  };
  const city = (kind: Kind, target: string): Model => ({
    name: "City", fields: [field("id", integer, false), field("name", text, false), field("people", integer), field("country", kind, false)], primaryKey: ["id"], keySource: "allocated",
    uniqueKeys: [{ name: "name", fields: ["name"] }],
    references: [{ name: "country_fk", fields: ["country"], target: "Country", targetFields: [target], onDelete: "restrict" }], syncFields: {},
  });
  const left = open("left", [{ model: keyed, alter: (record) => ({ ...record, name: record["name"]?.trim() ?? null }) }, city(text, "code")], { tracking: "none" });
  const right = open("right", [numbered, city(integer, "id")], { tracking: "none" });
  for (const code of ["c1", "c2"]) left.application.insert("Country", { code });
  const key = left.application.insert("City", { name: "n", country: "c1" });
  const models = { Country: { match: naturalKey("code") }, City: { match: naturalKey("name") } };
  const sync = pair(left, right, models, { pageSize: 2 });
  await sync.run();
  const country = right.probe.rows("City")[0]!.record["country"];
  const [first, second] = right.probe.rows("Country");
  right.application.update("Country", first!.key, { code: "c0" });
  right.application.update("Country", second!.key, { code: "c1" });
  left.application.update("City", key, { people: "7" });
  await sync.run();
  expect(records(right, "City")).toEqual([expect.objectContaining({ people: "7", country })]);
  expect(records(left, "City")).toEqual([expect.objectContaining({ people: "7", country: "c0" })]);
});

test("a record that was made again under another key is linked, even while its conflict waits for a person", async () => {
  const [left, right] = [open("left", [contact]), open("right", [contact])];
  const key = left.application.insert("Contact", { email: "a", city: "here" });
  const sync = pair(left, right, { Contact: { match: naturalKey("email") } }, { conflicts: ask() });
  await sync.run();
  left.application.update("Contact", key, { city: "there" });
  right.application.delete("Contact", right.probe.rows("Contact")[0]!.key);
  right.application.insert("Contact", { email: "a", city: "nowhere" });
  await sync.run();
  expect(await collect(sync.conflicts())).toMatchObject([{ kind: "update-update", left: ["there"], right: ["nowhere"] }]);
  expect(right.probe.rows("Contact").map((row) => row.cloudId)).toEqual(left.probe.rows("Contact").map((row) => row.cloudId));
  expect((await sync.verify()).explained).toBe(true);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

test("a record that is linked, but was never agreed on, is recognised by no second one", async () => {
  const [left, right] = [open("left", [contact]), open("right", [contact])];
  const key = left.application.insert("Contact", { email: "a" });
  const sync = pair(left, right, { Contact: { match: naturalKey("email") } });
  await sync.run();
  await left.state.commit("pair", [{ op: "removeBases", model: "Contact", cloudIds: [left.probe.rows("Contact")[0]!.cloudId!] }]);
  left.application.update("Contact", key, { email: "b" });
  right.application.insert("Contact", { email: "b" });
  await sync.run();
  await sync.run();
  const waiting = await collect(sync.quarantine());
  expect(waiting.map((entry) => [entry.side, entry.code])).toEqual([["left", "WRITE.UNIQUE"], ["right", "MATCH.TAKEN"]]);
  await sync.run();
  expect(await collect(sync.quarantine())).toEqual(waiting);
});
