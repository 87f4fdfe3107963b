import { expect, it } from "vitest";
import { naturalKey, newest, type Field, type Runtime, type SyncEvent } from "@sync/core";
import { collect, keyOf, model, pairOf, text } from "./pairs.ts";

const country = model("Country", [text("code"), text("name"), text("motto")]);
const checked = { model: country, checks: [{ name: "short", test: ({ name }: Readonly<Record<string, string | null>>) => (name ?? "").length < 10 }] };

it("a refused update waits with its fields as they were agreed on and as both sides have them", async () => {
  const { left, sync } = pairOf([country], { rightModels: [checked], models: { Country: { match: naturalKey("code"), keepBase: "values" } } });
  left.application.insert("Country", { code: "a", name: "old", motto: "same" });
  await sync.run();
  left.application.update("Country", keyOf(left, "Country", "a"), { name: "much too long" });
  await sync.run();
  expect(await collect(sync.quarantine())).toMatchObject([{ code: "WRITE.CHECK", constraint: "short", fields: ["name"], base: ["old"], left: ["much too long"], right: ["old"] }]);
});

it("a refused new record waits with all its values, and nothing for the side that has none", async () => {
  const { left, sync } = pairOf([country], { rightModels: [checked] });
  left.application.insert("Country", { code: "a", name: "much too long", motto: "m" });
  await sync.run();
  const [entry] = await collect(sync.quarantine());
  expect(entry).toMatchObject({ fields: ["code", "name", "motto"], left: ["a", "much too long", "m"] });
  expect(entry).not.toHaveProperty("right");
  expect(entry).not.toHaveProperty("base");
});

it("the rate of a first page counts the time it took to read it", async () => {
  let now = 1_000;
  const runtime: Runtime = { now: () => (now += 10), randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)), sleep: async () => {}, every: () => () => {} };
  const { left, sync } = pairOf([country], { runtime });
  for (let n = 0; n < 5; n++) left.application.insert("Country", { code: String(n), name: "n", motto: "m" });
  const events: SyncEvent[] = [];
  await sync.run({ onEvent: (event) => void events.push(event) });
  const first = events.find((event) => event.type === "progress");
  expect(first).toMatchObject({ type: "progress", done: 5 });
  expect((first as { perSecond: number }).perSecond).toBeLessThanOrEqual(5 / 0.01);
});

it("times of unequal precision are a finding where they are compared, not where only a policy reads them", async () => {
  const stamp = (digits: 3 | 6, stamped: boolean): Field => ({ name: "at", kind: { type: "instant", digits }, nullable: true, writable: true, ...(stamped ? { stamped } : {}) });
  const findings = async (stamped: boolean): Promise<string[]> => {
    const [left, right] = ([3, 6] as const).map((digits) => model("Country", [text("code"), stamp(digits, stamped)]));
    const { sync } = pairOf([left!], { rightModels: [right!], conflicts: newest("at") });
    return (await sync.run()).findings.map(({ code, field }) => `${code} ${field}`);
  };
  expect(await findings(false)).toEqual(["MAPPING.NARROWS at"]);
  expect(await findings(true)).toEqual([]);
});
