import { readFileSync } from "node:fs";
import type { Database } from "@sync/core";
import { expect, test } from "vitest";
import { databaseConformance, type Harness, harnessProblems, laws, runLaw, type Law } from "../src/index.ts";
import { judge } from "../src/run.ts";
import { memoryHarness } from "./harness.ts";

const harness = memoryHarness("changes");
const waiving = (waive: NonNullable<Harness["waive"]>): string[] => harnessProblems({ ...harness, waive }, laws);
const sentence = "The database orders its keys by itself and nobody can change that.";

test("a waiver names a law that there is, and gives a reason that is a sentence", () => {
  expect(waiving({ "keys/tuples": sentence })).toEqual([]);
  expect(waiving({ "keys/tuple": sentence })).toEqual(["There is no law keys/tuple to waive."]);
  for (const reason of ["", "todo", "Not supported.", "it does not work here and now"]) {
    expect(waiving({ "keys/tuples": reason })).toEqual(["The waiver of keys/tuples needs a reason: a sentence."]);
  }
});

test("a law about a capability that is declared cannot be waived, one about a missing capability need not be", () => {
  expect(waiving({ "changes/late-commit": sentence })).toEqual([expect.stringContaining("changes/late-commit cannot be waived: changesSince, transactions")]);
  expect(waiving({ "changes/fingerprint-moves": sentence })).toEqual([expect.stringContaining("is not asked of this database")]);
});

test("a waived law is run all the same: broken it is waived, kept it is a failure", async () => {
  const law = (check: () => Promise<void>): Law => ({ id: "keys/some", says: "It holds or not.", check });
  const waived = { ...harness, waive: { "keys/some": sentence } };
  const broken = law(() => Promise.reject(new Error("broken")));
  expect(await judge(broken, waived, "one")).toMatchObject({ verdict: { waived: sentence } });
  await expect(judge(law(async () => {}), waived, "two")).rejects.toThrow("keys/some is waived, but kept: remove the waiver.");
  await expect(judge(broken, harness, "three")).rejects.toThrow("broken");
});

test("no laws are no conformance", () => {
  expect(harnessProblems(harness, [])).toEqual(["There are no laws."]);
});

test("a harness that cannot be used registers nothing", () => {
  expect(() => databaseConformance("with a wrong waiver", { ...harness, waive: { nothing: sentence } })).toThrow("There is no law nothing to waive.");
});

test("every law has an id of its own and says what it is in one sentence", () => {
  for (const { id, says } of laws) {
    expect(id).toMatch(/^[a-z]+\/[a-z-]+$/);
    expect(says).toMatch(/^[A-Z].+\.$/);
  }
  expect(new Set(laws.map(({ id }) => id)).size).toBe(laws.length);
});

test("a law works on the very database that the author opened, and the session is closed whatever happens", async () => {
  let opened: Database | undefined;
  let closed = 0;
  let seen: Database | undefined;
  const watched: Harness = {
    ...harness,
    async open(namespace) {
      const session = await harness.open(namespace);
      opened = session.database;
      return { ...session, close: async () => void (closed += 1) };
    },
  };
  const law: Law = {
    id: "keys/none", says: "It fails.", needs: [],
    async check(kit) {
      seen = kit.database;
      throw new Error("broken");
    },
  };
  await expect(runLaw(law, watched, "one")).rejects.toThrow("broken");
  expect(seen).toBe(opened);
  expect(closed).toBe(1);
});

test("the pages name no law that there is not", () => {
  const ids: readonly string[] = laws.map(({ id }) => id);
  const topics = new Set(ids.map((id) => id.split("/")[0]));
  for (const page of ["../README.md", "../../../docs/write-an-adapter.md"]) {
    const named = [...readFileSync(new URL(page, import.meta.url), "utf8").matchAll(/`([a-z]+)\/([a-z-]+)`/g)];
    expect(named.filter(([, topic]) => topics.has(topic)).map(([, topic, phrase]) => `${topic}/${phrase}`).filter((id) => !ids.includes(id))).toEqual([]);
  }
});
