import fc from "fast-check";
import { expect, test } from "vitest";
import { isSyncError, naturalKey, type Database, type Endpoint } from "@sync/core";
import { memoryState, type MemoryDatabase, type MemoryState } from "@sync/core/memory";
import { fieldsByCode, model, pairOf, text, type Pair } from "./pairs.ts";

/**
 * An idle run trusts a number: rows that were there at the mark, and came and went since. Whatever applications insert and
 * delete between any two calls of a run, no delete may hide behind an insert. The oracle: at rest both sides hold the same.
 */

const sides = ["left", "right"] as const;
const code = fc.constantFrom("a", "b", "c", "d", "e", "f");
const disturbance = fc.record({
  run: fc.nat(2), call: fc.nat(45), side: fc.constantFrom(...sides), op: fc.constantFrom("insert", "insert on both", "delete", "delete", "replace", "touch"), code,
});
type Disturbance = typeof disturbance extends fc.Arbitrary<infer T> ? T : never;

const course = fc.record({
  tracking: fc.record({ left: fc.constantFrom("changes", "changes", "fingerprints" as const), right: fc.constantFrom("changes", "changes", "fingerprints" as const) }),
  cloudIdField: fc.record({ left: fc.boolean(), right: fc.boolean() }),
  /** The code is the key: a row that comes back is the row that went. */
  keyed: fc.boolean(),
  pageSize: fc.constantFrom(1, 2, 3, 50),
  filled: fc.record({ left: fc.uniqueArray(code), right: fc.uniqueArray(code) }),
  disturbances: fc.array(disturbance, { maxLength: 5 }),
  keys: fc.nat(),
  /** Whether the second and the third run look only at what was hinted; and which hints get lost. */
  hinted: fc.tuple(fc.boolean(), fc.boolean()),
  lost: fc.oneof(fc.constant(0), fc.nat()),
});
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never;

const itemOf = (keyed: boolean, cloudIdField: boolean): ReturnType<typeof model> => {
  const fields = [text("code"), text("name"), ...(cloudIdField ? [text("cloudId", true)] : [])];
  const made = model("Item", fields, [], cloudIdField ? { syncFields: { cloudId: "cloudId" } } : {});
  return keyed ? { ...made, primaryKey: ["code"], keySource: "values", uniqueKeys: [], fields } : made;
};

/** Before and after each call of the contract something may happen. */
function between(database: MemoryDatabase, happen: () => void): Database {
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    happen();
    const answer = await work();
    happen();
    return answer;
  };
  const endpoint = (real: Endpoint): Endpoint => ({
    ...real,
    async *scan(request) {
      happen();
      for await (const page of real.scan(request)) {
        happen();
        yield page;
      }
    },
    fetch: (request) => around(() => real.fetch(request)),
    ...(real.changesSince && { changesSince: (mark, own) => around(() => real.changesSince!(mark, own)) }),
    ...(real.fingerprint && { fingerprint: (fields, ranges) => around(() => real.fingerprint!(fields, ranges)) }),
  });
  return {
    name: database.name, endpoints: new Map([...database.endpoints].map(([name, real]) => [name, endpoint(real)])),
    claim: (request) => database.claim(request), release: (fence, wrote) => database.release(fence, wrote), inspect: (models) => database.inspect(models),
    commit: (unit) => around(() => database.commit(unit)), close: () => database.close(), ...(database.state ? { state: database.state } : {}),
    ...(database.hints ? { hints: database.hints } : {}),
  };
}

function disturb(pair: Pair, { side, op, code: wanted, call }: Disturbance): void {
  const at = (where: "left" | "right"): readonly string[] | undefined => pair[where].probe.rows("Item").find(({ record }) => record["code"] === wanted)?.key;
  const insert = (where: "left" | "right"): unknown => pair[where].application.insert("Item", { code: wanted, name: `${wanted}${op === "insert on both" ? "" : call}` });
  try {
    const key = at(side);
    if (op === "insert") insert(side);
    else if (op === "insert on both") for (const each of sides) insert(each);
    else if (key && op === "touch") pair[side].application.update("Item", key, { name: `${wanted}${call}` });
    else if (key) {
      pair[side].application.delete("Item", key);
      if (op === "replace") insert(side);
    }
  } catch (error) {
    if (!isSyncError(error)) throw error; // users' writes are refused now and then
  }
}

const codeOf = (database: MemoryDatabase, key: readonly string[]): string | null | undefined =>
  database.probe.rows("Item").find((row) => row.key.join() === key.join())?.record["code"];

async function play({ tracking, cloudIdField, keyed, pageSize, filled, disturbances, keys, hinted, lost }: Course): Promise<Pair & { readonly state: MemoryState }> {
  let now = { run: 0, call: 0 };
  let random = keys;
  const randomBytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => (random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) >>> 24);
  const waiting = new Set(disturbances);
  const happen = (): void => {
    now.call += 1;
    for (const each of waiting) {
      if (each.run !== now.run || each.call > now.call) continue;
      waiting.delete(each);
      disturb(pair, each);
    }
  };
  const state = memoryState();
  const pair: Pair = pairOf([itemOf(keyed, cloudIdField.left)], {
    rightModels: [itemOf(keyed, cloudIdField.right)], leftTracking: tracking.left as "changes", rightTracking: tracking.right as "changes", pageSize, state,
    databaseRuntime: { now: () => 0, randomBytes }, hints: true,
    match: { Item: naturalKey("code") }, deleteGuard: { count: 100, share: 1 }, wrap: (database) => between(database, happen),
  });
  let told = 0;
  for (const side of sides) {
    const { hints } = pair[side];
    const add = hints!.add.bind(hints);
    hints!.add = (...hint) => void ((lost >> (told++ % 31)) % 2 === 1 || add(...hint));
  }
  for (const side of sides) for (const each of filled[side]) pair[side].application.insert("Item", { code: each, name: each });
  for (let run = 0; run < 3; run += 1) {
    now = { run, call: 0 };
    await pair.sync.run({ hinted: run > 0 && hinted[run - 1]! });
    // What was left over happens between two runs.
    now.call = Infinity;
    happen();
  }
  for (let quiet = 0; quiet < 5; quiet += 1) {
    const { written } = await pair.sync.run();
    if (quiet > 0 && written.left + written.right === 0) break;
  }
  return { ...pair, state };
}

test("no insert hides a delete, whenever the two happen", async () => {
  await fc.assert(fc.asyncProperty(course, async (each) => {
    const { left, right, sync, state } = await play(each);
    // One that came in the place of a linked one, before that was known to be gone, waits for a person: the pair says so.
    const waiting = (await state.read("pair", { collection: "quarantine" })).map(({ side, key }) => codeOf(side === "left" ? left : right, key));
    const told = (database: MemoryDatabase): Record<string, string | null> =>
      Object.fromEntries(Object.entries(fieldsByCode(database, "Item", "name")).filter(([name]) => !waiting.includes(name)));
    expect(told(left)).toEqual(told(right));
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  }), { numRuns: Number(process.env["MARKS_RUNS"] ?? 1000) });
}, 60_000);
