import { expect, test } from "vitest";
import { memoryState } from "../src/memory/index.ts";
import type { Base, QuarantineRecord } from "../src/state.ts";

const base = (cloudId: string, hashes: string): Base => ({ model: "Country", cloudId, hashes });

const quarantined = (id: string, model = "Country"): QuarantineRecord => ({
  id, model, side: "left", key: ["1"], cloudId: null, code: "WRITE.CHECK", message: "", payload: "", attempts: 1, since: "", run: "1",
});

test("bases are found by cloudId and read in order, above a cloudId and up to a limit", async () => {
  const state = memoryState();
  await state.commit("pair", [{ op: "putBases", bases: ["c", "a", "d", "b"].map((id) => base(id, "1")) }]);
  expect((await state.bases("pair", "Country", ["d", "x", "a"])).map((each) => each.cloudId)).toEqual(["d", "a"]);
  expect(await state.scanBases("pair", "Country", "a", 2)).toEqual({ total: 4, bases: [base("b", "1"), base("c", "1")] });
  expect(await state.scanBases("pair", "Country", "d", 2)).toEqual({ total: 4, bases: [] });
});

test("bases are replaced, removed and cleared", async () => {
  const state = memoryState();
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "1"), base("b", "1")] }]);
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "2")] }, { op: "removeBases", model: "Country", cloudIds: ["b"] }]);
  expect(await state.scanBases("pair", "Country", undefined, 9)).toEqual({ total: 1, bases: [base("a", "2")] });
  await state.commit("pair", [{ op: "clearBases", model: "Country" }]);
  expect(await state.scanBases("pair", "Country", undefined, 9)).toEqual({ total: 0, bases: [] });
});

test("records are read by id, by model, above an id and up to a limit, in id order", async () => {
  const state = memoryState();
  const records = [quarantined("c"), quarantined("a"), quarantined("b", "Region")];
  await state.commit("pair", [{ op: "put", collection: "quarantine", records }]);
  const read = async (request: object): Promise<string[]> => (await state.read("pair", { collection: "quarantine", ...request })).map((each) => each.id);
  expect(await read({})).toEqual(["a", "b", "c"]);
  expect(await read({ model: "Country" })).toEqual(["a", "c"]);
  expect(await read({ after: "a", limit: 1 })).toEqual(["b"]);
  expect(await read({ ids: ["c", "x"] })).toEqual(["c"]);
  await state.commit("pair", [{ op: "remove", collection: "quarantine", ids: ["a", "x"] }]);
  expect(await read({})).toEqual(["b", "c"]);
});

test("pairs do not see one another's records", async () => {
  const state = memoryState();
  await state.commit("one", [{ op: "putBases", bases: [base("a", "1")] }, { op: "put", collection: "quarantine", records: [quarantined("a")] }]);
  expect(await state.bases("two", "Country", ["a"])).toEqual([]);
  expect(await state.read("two", { collection: "quarantine" })).toEqual([]);
});

test("nobody can change what is stored but by a commit", async () => {
  const state = memoryState();
  const record = { ...quarantined("a"), key: ["1"] };
  await state.commit("pair", [{ op: "put", collection: "quarantine", records: [record] }]);
  record.key.push("2");
  const [read] = await state.read("pair", { collection: "quarantine" });
  expect(read!.key).toEqual(["1"]);
});

test("a snapshot is not changed by later commits and brings everything back", async () => {
  const state = memoryState();
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "1")] }, { op: "put", collection: "quarantine", records: [quarantined("a")] }]);
  const snapshot = state.snapshot();
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "2"), base("b", "2")] }, { op: "remove", collection: "quarantine", ids: ["a"] }]);
  state.restore(snapshot);
  expect(await state.scanBases("pair", "Country", undefined, 9)).toEqual({ total: 1, bases: [base("a", "1")] });
  expect(await state.read("pair", { collection: "quarantine" })).toHaveLength(1);
});

test("state of a newer version is refused", async () => {
  const state = memoryState();
  await state.open();
  state.restore({ ...state.snapshot(), version: 99 });
  await expect(state.open()).rejects.toMatchObject({ code: "STATE.NEWER_VERSION" });
});

test("writes count record versions, not calls", async () => {
  const state = memoryState();
  await state.commit("pair", []);
  expect(state.writes).toBe(0);
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "1"), base("b", "1")] }]);
  expect(state.writes).toBe(2);
});

test("whoever comes with a lower fence than was seen stores nothing, until fences are set anew", async () => {
  const state = memoryState();
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "1")] }], { left: 3, right: 7 });
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "2")] }], { left: 4, right: 7 });
  for (const fences of [{ left: 3, right: 7 }, { left: 4, right: 6 }]) {
    await expect(state.commit("pair", [{ op: "putBases", bases: [base("a", "late")] }], fences)).rejects.toMatchObject({ code: "LEASE.LOST" });
  }
  expect(await state.bases("pair", "Country", ["a"])).toEqual([base("a", "2")]);
  await state.commit("pair", [{ op: "putBases", bases: [base("a", "3")] }], { left: 1, right: 1, anew: true });
  expect(await state.bases("pair", "Country", ["a"])).toEqual([base("a", "3")]);
});

test("fences are written when they rise, and else only looked at", async () => {
  const state = memoryState();
  for (let n = 0; n < 3; n += 1) await state.commit("pair", [{ op: "putBases", bases: [base("a", String(n))] }], { left: 1, right: 1 });
  expect(state.writes).toBe(4);
});
