import { expect, test } from "vitest";
import { documentStore } from "../src/forest/document-store.ts";
import type { ForestPair } from "../src/forest/forest.ts";
import { judge } from "../src/forest/judge.ts";
import { rowStore, type StoreOptions, type Thing } from "../src/forest/stores.ts";
import { Users } from "../src/forest/users.ts";
import { Random } from "../src/random.ts";

const country: Thing = { kind: "Country", code: "c1", name: "n1", tag: null, country: null };
const city: Thing = { kind: "City", code: "t1", name: "n2", tag: "tag 1", country: "c1" };
const gifted: Thing = { kind: "City", code: "t2", name: "n3", tag: "tag 1", country: "c1" };

/** A row and its copy in a document, beside which a second city bears the same tag; without the engine. */
function broken(oneWay: ForestPair["oneWay"], touched: readonly string[]): string[] {
  const nothing = (): void => undefined;
  const options = (name: string): StoreOptions => ({ name, random: new Random(1), now: () => 0, onRenamed: nothing, onSwept: nothing, bearer: "City" });
  const [left, right] = [rowStore(options("a")), documentStore(options("b"))];
  const users = new Users(new Random(1), [left, right], "City", nothing);
  for (const store of [left, right]) for (const thing of [country, city]) store.insert(thing);
  right.insert(gifted);
  for (const { name, kind, code } of [country, city, gifted]) users.written.set(name, { store: name === gifted.name ? right : left, kind, code });
  for (const each of touched) users.touched.get(right)!.add(each);
  const pair: ForestPair = { name: "ab", left, right, ...(oneWay ? { oneWay } : {}) };
  const { violations } = judge([left, right], [{ pair, conflicts: [], quarantine: [], preImages: [] }], users, [], "City", false);
  return violations.map(({ rule, message }) => `${rule}: ${message}`);
}

const TWICE = "I9: tag 1 stands twice in b";

test.each(["report", "keep", "overwrite"] as const)("a tag that users of a one-way pair's documents gave to a record of their own may stand there twice (%s)", (drift) => {
  expect(broken({ drift, mirror: false }, ["City t2"])).toEqual([]);
});

test("a tag that no user gave to a second record may not stand twice", () => {
  expect(broken({ drift: "overwrite", mirror: false }, [])).toContain(TWICE);
  expect(broken({ drift: "overwrite", mirror: false }, ["City t1"])).toContain(TWICE);
});

test("a tag may not stand twice where records go both ways", () => {
  expect(broken(undefined, ["City t2"])).toContain(TWICE);
});
