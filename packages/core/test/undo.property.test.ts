import fc from "fast-check";
import { expect, test } from "vitest";
import { isSyncError } from "@sync/core";
import type { MemoryDatabase } from "@sync/core/memory";
import { model, pairOf, reference, text, type Pair, type Tracking } from "./pairs.ts";

const country = model("Country", [text("code"), text("name"), text("motto", true)]);
const city = model("City", [text("code"), text("name"), text("countryId"), text("twin", true)], [reference("countryId", "Country"), reference("twin", "City")]);

const word = fc.constantFrom("a", "b", "c", "d", "e");
const place = { side: fc.constantFrom("left" as const, "right" as const), table: fc.constantFrom("Country", "City") };
const edit = fc.oneof(
  { weight: 4, arbitrary: fc.record({ ...place, kind: fc.constant("update" as const), at: fc.nat(9), field: fc.constantFrom("name", "name", "motto", "code", "countryId", "twin"), value: word, to: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ ...place, kind: fc.constant("insert" as const), code: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), value: word, to: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ ...place, kind: fc.constant("delete" as const), at: fc.nat(9) }) },
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** What a user has done, as it must be found again. */
interface Done {
  readonly side: "left" | "right";
  readonly table: string;
  readonly key: readonly string[];
  /** Absent: the row was deleted. */
  readonly values?: Readonly<Record<string, string | null>>;
}

/** One edit, if it makes sense there and the database takes it. */
function apply(pair: Pair, change: Edit): Done | undefined {
  const { side, table } = change;
  const { application, probe } = pair[side];
  const pick = (name: string, at: number): readonly string[] | undefined => probe.rows(name)[at % Math.max(probe.rows(name).length, 1)]?.key;
  try {
    if (change.kind === "insert") {
      const parent = pick("Country", change.to)?.[0];
      if (table === "City" && parent === undefined) return undefined;
      const values = { code: change.code, name: change.value, ...(table === "City" ? { countryId: parent!, twin: pick("City", change.to)?.[0] ?? null } : {}) };
      return { side, table, key: application.insert(table, values), values };
    }
    const key = pick(table, change.at);
    if (!key) return undefined;
    if (change.kind === "delete") return application.delete(table, key) ? { side, table, key } : undefined;
    const value = change.field === "countryId" ? pick("Country", change.to)?.[0] : change.field === "twin" ? pick("City", change.to)?.[0] : change.value;
    const fields = table === "City" ? ["code", "name", "countryId", "twin"] : ["code", "name", "motto"];
    if (value === undefined || !fields.includes(change.field)) return undefined;
    if (probe.rows(table).find((row) => row.key === key)?.record[change.field] === value) return undefined;
    return application.update(table, key, { [change.field]: value }) ? { side, table, key, values: { [change.field]: value } } : undefined;
  } catch (error) {
    if (isSyncError(error) && error.code.startsWith("WRITE.")) return undefined;
    throw error;
  }
}

const rowsOf = (database: MemoryDatabase): unknown => ["Country", "City"].map((name) => database.probe.rows(name).map(({ key, record }) => ({ key, record })));

/** A pair after some history, then the edits that the run in question carries over. */
async function history(before: readonly (readonly Edit[])[], edits: readonly Edit[], leftTracking: Tracking): Promise<Pair & { readonly run: string | undefined; readonly rows: unknown }> {
  const pair = pairOf([country, city], { leftTracking, pageSize: 2 });
  for (const some of before) {
    for (const change of some) apply(pair, change);
    await pair.sync.run({ confirmDeletes: true });
  }
  for (const change of edits) apply(pair, change);
  const rows = [rowsOf(pair.left), rowsOf(pair.right)];
  const { id } = await pair.sync.run({ confirmDeletes: true });
  for await (const { id: run } of pair.sync.runs()) if (run === id) return { ...pair, run, rows };
  return { ...pair, run: undefined, rows };
}

const tracking = fc.constantFrom("changes" as const, "fingerprints" as const, "none" as const);
const someEdits = fc.array(edit, { minLength: 1, maxLength: 12 });
const histories = fc.array(someEdits, { minLength: 1, maxLength: 3 });

test("a run that is undone leaves every row as it was before", async () => {
  await fc.assert(fc.asyncProperty(histories, someEdits, tracking, async (before, edits, how) => {
    const { left, right, sync, run, rows } = await history(before, edits, how);
    if (run === undefined) return;
    const after = [rowsOf(left), rowsOf(right)];
    const planned = await sync.undo(run, { dryRun: true });
    expect([rowsOf(left), rowsOf(right)]).toEqual(after);
    const done = await sync.undo(run);
    expect(done.kept).toEqual([]);
    expect([rowsOf(left), rowsOf(right)]).toEqual(rows);
    expect(Object.fromEntries(planned.models)).toEqual(Object.fromEntries(done.models));
    await sync.release();
    await sync.run({ confirmDeletes: true });
  }), { numRuns: 150 });
});

test("what a user changed after the run is never overwritten by its undo", async () => {
  await fc.assert(fc.asyncProperty(histories, someEdits, someEdits, tracking, async (before, edits, since, how) => {
    const pair = await history(before, edits, how);
    if (pair.run === undefined) return;
    const done = new Map<string, Done>();
    const left = new Map((["left", "right"] as const).flatMap((side) => ["Country", "City"].flatMap((table) =>
      pair[side].probe.rows(table).map(({ key, record }) => [JSON.stringify([side, table, key]), record] as const))));
    for (const change of since) {
      const one = apply(pair, change);
      if (!one) continue;
      const name = JSON.stringify([one.side, one.table, one.key]);
      const earlier = done.get(name)?.values;
      done.set(name, one.values ? { ...one, values: { ...earlier, ...one.values } } : one);
    }
    const { kept } = await pair.sync.undo(pair.run);
    for (const { side, table, key, values } of done.values()) {
      const row = pair[side].probe.rows(table).find((each) => JSON.stringify(each.key) === JSON.stringify(key));
      // What was changed and is again as the run left it cannot be told from what was never changed.
      const run = left.get(JSON.stringify([side, table, key]));
      const changed = values && Object.fromEntries(Object.entries(values).filter(([field, value]) => run?.[field] !== value));
      if (!values) expect(row).toBeUndefined();
      else if (Object.keys(changed!).length > 0) expect(row?.record, JSON.stringify(kept)).toMatchObject(changed!);
    }
  }), { numRuns: 150 });
});
