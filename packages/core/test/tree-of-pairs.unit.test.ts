import { createSync, leftWins, naturalKey, type ClaimRequest, type Database, type Sync, type SyncError, type SyncOptions } from "@sync/core";
import { memoryDatabase, type MemoryDatabase } from "@sync/core/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { model, text } from "./pairs.ts";

/** Rule 16: pairs form a tree. */

const shop = model("Shop", [text("code"), text("name")]);

let claims: ClaimRequest[] = [];
beforeEach(() => {
  claims = [];
});

function open(name: string): MemoryDatabase {
  const database = memoryDatabase({ name, models: [shop] });
  const claim = database.claim.bind(database);
  return Object.assign(database, { claim: (request: ClaimRequest) => (claims.push(request), claim(request)) });
}

function pair(left: Database, right: Database, name: string, more: Partial<SyncOptions> = {}): Sync {
  return createSync({
    name, left, right, conflicts: leftWins(), firstLink: "left", models: { Shop: { match: naturalKey("code") } }, retry: { firstDelay: 1 }, ...more,
  } as unknown as SyncOptions);
}

const refusal = async (work: Promise<unknown>): Promise<SyncError> => {
  try {
    await work;
  } catch (error) {
    return error as SyncError;
  }
  throw new Error("it was let through");
};

const codesIn = (database: MemoryDatabase): unknown[] => database.probe.rows("Shop").map(({ record }) => record["code"]).sort();
const notes = (database: MemoryDatabase): readonly string[] => [...database.snapshot().pairs.values()].flatMap(({ name, times }) => (times % 2 === 1 ? [name] : [])).sort();
const ringsIn = (result: { findings: readonly { code: string; severity: string; message: string }[] }): string[] =>
  result.findings.flatMap(({ code, severity, message }) => (code === "PAIR.RING" && severity === "warning" ? [message] : []));

describe("what is a tree", () => {
  test("a chain is one, and its ends learn of each other's pairs", async () => {
    const [a, b, c] = [open("a"), open("b"), open("c")];
    a.application.insert("Shop", { code: "1", name: "one" });
    await pair(a, b, "ab").run();
    await pair(b, c, "bc").run();
    expect(notes(c)).toEqual(["ab", "bc"]);
    expect(notes(a)).toEqual(["ab"]);
    await pair(a, b, "ab").run();
    expect(notes(a)).toEqual(["ab", "bc"]);
    expect(codesIn(c)).toEqual(["1"]);
  });

  test("a star is one", async () => {
    const centre = open("centre");
    for (const each of ["a", "b", "c"]) expect(ringsIn(await pair(centre, open(each), each).run())).toEqual([]);
    expect(notes(centre)).toEqual(["a", "b", "c"]);
  });

  test("two databases may be several pairs, and either may be left", async () => {
    const [a, b] = [open("a"), open("b")];
    await pair(a, b, "one").run();
    expect(ringsIn(await pair(b, a, "two").run())).toEqual([]);
    expect(ringsIn(await pair(a, b, "one").run())).toEqual([]);
  });

  test("a run that learns nothing new claims once on each side, and notes nothing", async () => {
    const [a, b, c] = [open("a"), open("b"), open("c")];
    await pair(a, b, "ab").run();
    await pair(b, c, "bc").run();
    await pair(a, b, "ab").run();
    const before = [a, b, c].map((each) => each.snapshot().pairs);
    claims = [];
    await pair(a, b, "ab").run();
    await pair(b, c, "bc").run();
    expect(claims).toHaveLength(4);
    expect(claims.flatMap(({ pairs, meets }) => [pairs, meets].filter((each) => each !== undefined))).toEqual([]);
    expect([a, b, c].map((each) => each.snapshot().pairs)).toEqual(before);
  });

  test("a plan passes nothing on", async () => {
    const [a, b, c] = [open("a"), open("b"), open("c")];
    await pair(a, b, "ab").run();
    await pair(b, c, "bc").run();
    await pair(a, b, "ab").plan();
    expect(notes(a)).toEqual(["ab"]);
  });
});

describe("what would close a ring", () => {
  test("of three: the third pair is refused before any write, and the message names the way", async () => {
    const [a, b, c] = [open("a"), open("b"), open("c")];
    a.application.insert("Shop", { code: "1", name: "one" });
    await pair(a, b, "ab").run();
    await pair(b, c, "bc").run();
    c.application.insert("Shop", { code: "2", name: "two" });
    const stored = (each: MemoryDatabase): unknown => {
      const { tables, met, pairs, runCounter, state } = each.snapshot();
      const ofPair = state?.pairs.get("ca");
      return { tables, met, pairs, runCounter, records: ofPair?.records.size ?? 0, bases: ofPair?.bases.size ?? 0 };
    };
    const before = [a, c].map(stored);
    const { databaseId } = b.snapshot();
    for (const work of ["run", "plan", "verify", "adopt"] as const) {
      const error = await refusal(pair(a, c, "ca")[work]());
      expect(error).toMatchObject({ code: "PAIR.RING", stage: "check", retryable: false });
      expect(error.message).toContain(`left – \`ab\` – database ${databaseId} – \`bc\` – right`);
      expect(error.message).toMatch(/chain or a star.*forget/);
    }
    expect([a, c].map(stored)).toEqual(before);
    expect(ringsIn(await pair(b, c, "bc").run())).toEqual([]);
    await pair(a, b, "ab").run();
    expect(codesIn(a)).toEqual(["1", "2"]);
  });

  test("of four: what both ends know together is enough", async () => {
    const [a, b, c, d] = [open("a"), open("b"), open("c"), open("d")];
    await pair(a, b, "ab").run();
    await pair(b, c, "bc").run();
    await pair(d, c, "cd").run();
    expect(notes(a)).toEqual(["ab"]);
    expect(await refusal(pair(d, a, "da").run())).toMatchObject({ code: "PAIR.RING" });
  });

  test("a star whose leaves meet", async () => {
    const [centre, one, two] = [open("centre"), open("one"), open("two")];
    await pair(centre, one, "one").run();
    await pair(centre, two, "two").run();
    expect(await refusal(pair(one, two, "both").run())).toMatchObject({ code: "PAIR.RING" });
  });

  test("that was closed where nobody knew yet is told by the next run, and the pairs go on", async () => {
    const [a, b, c, d] = [open("a"), open("b"), open("c"), open("d")];
    await pair(a, b, "ab").run();
    await pair(c, d, "cd").run();
    await pair(b, c, "bc").run();
    // Neither end has met anybody since: nothing says that they are joined.
    expect(ringsIn(await pair(a, d, "ad").run())).toEqual([]);
    a.application.insert("Shop", { code: "1", name: "one" });
    const told = [];
    for (let round = 0; round < 2; round += 1) {
      for (const [left, right, name] of [[a, b, "ab"], [c, d, "cd"], [b, c, "bc"], [a, d, "ad"]] as const) {
        const result = await pair(left, right, name).run();
        if (round === 1) told.push(...ringsIn(result));
      }
    }
    expect(told).toHaveLength(4);
    expect(told[3]).toMatch(/^This pair is part of a ring: left – `ab` – database .* – `bc` – database .* – `cd` – right/);
    expect(codesIn(d)).toEqual(["1"]);
  });
});

describe("what is no longer there", () => {
  test("a pair that was forgotten closes no ring; from where it is known it goes round", async () => {
    const [a, b, c] = [open("a"), open("b"), open("c")];
    await pair(a, b, "ab").run();
    await pair(b, c, "bc").run();
    await pair(a, b, "ab").run();
    expect(await pair(b, c, "bc").forget()).toBe(1);
    expect(await pair(b, c, "bc").forget()).toBe(0);
    expect([b, c].map(notes)).toEqual([["ab"], ["ab"]]);
    await pair(a, c, "ac").run();
    expect(notes(a)).toEqual(["ab", "ac"]);
    expect(ringsIn(await pair(a, b, "ab").run())).toEqual([]);
    expect(notes(b)).toEqual(["ab", "ac"]);
  });

  test("it can be named from any pair, when its databases are gone", async () => {
    const [a, gone, c] = [open("a"), open("gone"), open("c")];
    await pair(a, gone, "first").run();
    await pair(gone, c, "second").run();
    const sync = pair(a, c, "anew");
    expect(await refusal(sync.run())).toMatchObject({ code: "PAIR.RING" });
    expect(await sync.forget({ pair: "second" })).toBe(1);
    expect(await sync.forget({ pair: "nobody knows" })).toBe(0);
    await sync.run();
    expect(notes(c)).toEqual(["anew", "first"]);
  });

  test("forgetting lets go of both leases, and is refused where another runner holds one", async () => {
    const [a, b] = [open("a"), open("b")];
    await pair(a, b, "ab").run();
    await b.claim({ holder: "somebody", runner: "somebody", seconds: 60 });
    expect(await refusal(pair(a, b, "ab").forget())).toMatchObject({ code: "LEASE.HELD" });
    expect(await pair(a, b, "ab").forget({ takeOver: true })).toBe(1);
    expect([a.probe.lease.holder, b.probe.lease.holder]).toEqual(["", ""]);
  });

  test("a pair that runs all the same is one again", async () => {
    const [a, b] = [open("a"), open("b")];
    await pair(a, b, "ab").run();
    await pair(a, b, "ab").forget();
    await pair(a, b, "ab").run();
    expect([a, b].map(notes)).toEqual([["ab"], ["ab"]]);
  });

  test("a centre that was lost and made anew is adopted by each leaf, and joins them again", async () => {
    const [old, one, two] = [open("old"), open("one"), open("two")];
    const state = open("state").state!;
    await pair(old, one, "one", { state }).run();
    await pair(old, two, "two", { state }).run();
    await pair(old, one, "one", { state }).run();
    const anew = open("anew");
    for (const [leaf, name] of [[one, "one"], [two, "two"]] as const) {
      expect(await refusal(pair(anew, leaf, name, { state }).run())).toMatchObject({ code: "DATABASE.EXCHANGED" });
      await pair(anew, leaf, name, { state }).adopt();
      expect(ringsIn(await pair(anew, leaf, name, { state }).run())).toEqual([]);
    }
    expect(await refusal(pair(one, two, "both").run())).toMatchObject({ code: "PAIR.RING" });
  });

  test("two devices of one name, one of them adopted, know of each other and stay a tree", async () => {
    const [server, phone, tablet] = [open("server"), open("phone"), open("tablet")];
    await pair(phone, server, "device").run();
    await pair(tablet, server, "device").adopt();
    await pair(tablet, server, "device").run();
    expect(ringsIn(await pair(phone, server, "device").run())).toEqual([]);
    expect(await refusal(pair(phone, tablet, "both").run())).toMatchObject({ code: "PAIR.RING" });
  });
});
