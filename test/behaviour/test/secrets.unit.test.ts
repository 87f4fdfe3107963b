import { SyncError } from "@sync/core";
import { beforeEach, expect, test } from "vitest";
import { hear, leaks, overheard, planted } from "../src/secrets.ts";
import type { Sync } from "@sync/core";

beforeEach(() => expect(leaks()).toEqual([]));

test("the lookout finds a planted value in a message, a property, a finding, an event and a result; a cause is the engine's own", async () => {
  hear("cause", new SyncError("A.B", "fine", { cause: new Error(planted.text) }));
  expect(leaks()).toEqual([]);
  hear("message", new Error(`no ${planted.password}`));
  hear("property", Object.assign(new Error("fine"), { params: [1, { two: planted.number }] }));
  hear("finding", new SyncError("A.B", "fine", { findings: [{ severity: "error", code: "A.B", message: planted.code.toUpperCase() }] }));
  const sync = { run: async (options: Parameters<Sync["run"]>[0]) => {
    options?.onEvent?.({ type: "finding", severity: "error", code: "A.B", message: planted.text });
    return new Map([["model", { field: planted.text }]]);
  } } as unknown as Sync;
  await overheard(sync).run();
  const places = new Set(leaks().map(({ where }) => where.replace(/ as .*/, "")));
  expect([...places]).toEqual(["message", "property", "finding", "event finding", "result of run"]);
});
