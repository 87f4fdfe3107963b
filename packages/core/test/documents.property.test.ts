import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unfold, type Batch, type Database, type DocumentTree, type Key, type Row, type TreeRecord, type Unit } from "../src/index.ts";
import { memoryDatabase, memoryDocuments, type MemoryDatabase, type MemoryDocuments } from "../src/memory/index.ts";
import { commit, names, tree as countries } from "./countries.ts";
import { collect } from "./pairs.ts";

/** Whatever is written: records inside documents behave as the same records in tables of their own. */

/** Nobody holds what is unique over all documents. */
const withoutUniqueKeys = <Part extends TreeRecord>(part: Part): Part => ({ ...part, uniqueKeys: [], children: part.children?.map(withoutUniqueKeys) ?? [] });
const tree: DocumentTree = withoutUniqueKeys(countries);
const levels = [names.country, names.region, names.airport];
const letters = ["a", "b", "c"];

/** A write in terms that mean the same on both sides; revisions are looked up when it is made. */
interface Step {
  readonly level: number;
  readonly op: Batch["op"] | "application";
  /** Where it stands, and where it goes. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly change: "name" | "key" | "both";
  readonly name: string | null;
  readonly stale: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  level: fc.constantFrom(0, 1, 1, 2, 2, 2), op: fc.constantFrom("insert", "insert", "insert", "update", "update", "delete", "identify", "application"),
  from: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), to: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
  change: fc.constantFrom("name", "key", "both"), name: fc.constantFrom("x", "y", null), stale: fc.nat(9).map((each) => each === 0),
});

interface Twin {
  readonly inner: MemoryDocuments;
  readonly unfolded: Database;
  readonly plain: MemoryDatabase;
}

function twin(): Twin {
  const inner = memoryDocuments({ name: "documents", models: [tree.documents] });
  const unfolded = unfold(inner, [tree]);
  return { inner, unfolded, plain: memoryDatabase({ name: "plain", models: levels.map((level) => unfolded.endpoints.get(level)!.model) }) };
}

const keyOf = (level: number, letter: readonly number[]): Key => letter.slice(0, level + 1).map((each) => letters[each]!);

/** Two of three places are taken at every level. */
async function fill({ unfolded, plain }: Twin): Promise<void> {
  const taken = [0, 1];
  const rows = taken.flatMap((country) => [[country], ...taken.flatMap((region) => [[country, region], ...taken.map((airport) => [country, region, airport])])]);
  for (const database of [unfolded, plain]) {
    const steps = rows.map((from): Step => ({ level: from.length - 1, op: "insert", from, to: [], change: "name", name: "first", stale: false }));
    const batches = await Promise.all(steps.sort((a, b) => a.level - b.level).map((each) => batchOf(database, each, `first ${each.from.join("/")}`)));
    expect(await commit(database, batches)).toMatchObject({ committed: true });
  }
}

async function rowAt(database: Database, level: number, key: Key): Promise<Row | undefined> {
  return (await database.endpoints.get(levels[level]!)!.fetch({ fields: [], by: "key", tuples: [key] }))[0];
}

let ids = 0;

/** The same batch for one of the databases. */
async function batchOf(database: Database, { level, op, from, to, change, name, stale }: Step, cloudId: string): Promise<Batch> {
  const model = levels[level]!;
  const { primaryKey } = database.endpoints.get(model)!.model;
  const key = keyOf(level, from);
  const row = await rowAt(database, level, key);
  const revision = stale ? "stale" : (row?.revision ?? "none");
  if (op === "insert") return { op, model, fields: level === 0 ? ["code", "name"] : [...primaryKey, "name"], rows: [{ key, cloudId, values: level === 0 ? [key[0]!, name] : [...key, name] }] };
  if (op === "delete") return { op, model, rows: [{ key, revision }] };
  if (op === "identify") return { op, model, rows: [{ key, cloudId, was: stale ? "other" : (row?.cloudId ?? null) }] };
  const moves = level > 0 && change !== "name";
  const fields = [...(moves ? primaryKey : []), ...(change === "key" ? [] : ["name"])];
  return { op: "update", model, fields, rows: [{ key, revision, values: [...(moves ? keyOf(level, to) : []), ...(change === "key" ? [] : [name])] }] };
}

/** What an application does to a record, on both sides; a change of key is one that only the database notices. */
function application({ inner, plain }: Twin, { level, from, name, change }: Step): void {
  const key = keyOf(level, from);
  const model = levels[level]!;
  const held = plain.probe.rows(model).find((row) => JSON.stringify(row.key) === JSON.stringify(key));
  const id = key[0]!;
  const body = inner.all(tree.documents)[id];
  if (!held || body === undefined) return;
  const hasChildren = level < 2 && plain.probe.rows(levels[level + 1]!).some((row) => JSON.stringify(row.key.slice(0, level + 1)) === JSON.stringify(key));
  const document = JSON.parse(body);
  const array = level === 0 ? [] : level === 1 ? document.regions : document.regions.find((each: { code: string }) => each.code === key[1]).airports;
  const at = array.findIndex((each: { code?: string; ident?: string }) => (each.code ?? each.ident) === key[level]);
  if (change === "key" && hasChildren) return;
  if (change === "key" && level === 0) inner.remove(tree.documents, id);
  else {
    if (change === "key") array.splice(at, 1);
    else (level === 0 ? document : array[at]).name = name ?? undefined;
    inner.put(tree.documents, id, JSON.stringify(document));
  }
  if (change === "key") plain.application.delete(model, key);
  else plain.application.update(model, key, { name });
}

/** In tables, what a foreign key does to the rows below leaves their identities where they were: here they go along. */
async function carryIdentities({ plain }: Twin, { level, from, to }: Step, before: readonly (readonly { key: Key; cloudId: string | null }[])[]): Promise<void> {
  const [was, is] = [keyOf(level, from), keyOf(level, to)];
  const batches: Batch[] = [];
  for (let below = level + 1; below < levels.length; below++) {
    const known = new Map(before[below]!.map(({ key, cloudId }) => [JSON.stringify(key), cloudId]));
    for (const { key, cloudId } of plain.probe.rows(levels[below]!)) {
      const carried = JSON.stringify(key.slice(0, is.length)) === JSON.stringify(is) ? known.get(JSON.stringify([...was, ...key.slice(is.length)])) : undefined;
      if (cloudId === null && typeof carried === "string") batches.push({ op: "identify", model: levels[below]!, rows: [{ key, cloudId: carried, was: null }] });
    }
  }
  await commit(plain, batches);
}

async function everything(database: Database): Promise<unknown> {
  const all: unknown[] = [];
  for (const level of levels) {
    const endpoint = database.endpoints.get(level)!;
    const fields = endpoint.model.fields.map((field) => field.name);
    const pages = await collect(endpoint.scan({ fields, pageSize: 2 }));
    expect(pages[0]?.range.after ?? null).toBeNull();
    expect(pages.at(-1)?.range.upTo ?? null).toBeNull();
    const rows = pages.flatMap((page) => page.rows).map(({ key, cloudId, values, faults }) => ({ key, cloudId, values, faults }));
    // Page by page it is the same again.
    const again = pages.length === 0 ? [] : await collect(endpoint.scan({ fields, pageSize: 100, ranges: pages.map((page) => page.range) }));
    expect(again.flatMap((page) => page.rows.map((row) => row.key))).toEqual(rows.map((row) => row.key));
    all.push(rows);
  }
  return all;
}

describe("records inside documents", () => {
  test("are written, moved, named and refused as records in tables of their own", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof({ weight: 3, arbitrary: fc.tuple(step) }, { weight: 1, arbitrary: fc.array(step, { minLength: 2, maxLength: 4 }) }), { minLength: 1, maxLength: 20 }), async (units: readonly (readonly Step[])[]) => {
        const both = twin();
        await fill(both);
        const marks = new Map<string, string>();
        for (const steps of units) {
          const first = steps[0]!;
          if (first.op === "application") application(both, first);
          else {
            const cloudIds = steps.map((each) => (each.stale ? `id${Math.max(1, ids - 3)}` : `id${++ids}`));
            const several = steps.length > 1;
            const writes = steps.filter((each) => each.op !== "application").map((each): Step => (several && each.level < 2 ? { ...each, change: "name" } : each));
            const before = levels.map((level) => both.plain.probe.rows(level));
            const batches = (database: Database): Promise<Unit["batches"]> => Promise.all(writes.map((each, at) => batchOf(database, each, cloudIds[at]!)));
            const [unfoldedBatches, plainBatches] = [await batches(both.unfolded), await batches(both.plain)];
            const [ours, theirs] = [await commit(both.unfolded, unfoldedBatches), await commit(both.plain, plainBatches)];
            expect(ours.committed).toBe(theirs.committed);
            if (ours.committed && theirs.committed) expect(ours.outcomes).toEqual(theirs.outcomes);
            if (theirs.committed && theirs.outcomes[0]?.[0]?.status === "written" && first.op === "update" && !several && first.level > 0 && first.change !== "name") await carryIdentities(both, first, before);
          }
          expect(await everything(both.unfolded)).toEqual(await everything(both.plain));
          for (const level of levels) {
            const endpoint = both.unfolded.endpoints.get(level)!;
            const changes = await endpoint.changesSince!(marks.get(level), []);
            expect(changes.total).toBe(both.plain.probe.rows(level).length);
            marks.set(level, changes.next);
          }
        }
      }),
      { numRuns: 120, seed: 1 },
    );
  });
});
