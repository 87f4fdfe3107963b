import { createSync, fieldMerge, leftWins, naturalKey, type Sync } from "@sync/core";
import { expect } from "vitest";
import { corpus, VALUE_KINDS, type ValueKind } from "./corpus/index.ts";
import { meaning } from "./meaning.ts";
import { modelOf, type StoredValue, type ValueColumn, type ValueSide } from "./side.ts";

/** What became of the values of one pair. */
export interface Tally {
  arrived: number;
  /** By code. */
  quarantined: Record<string, number>;
  /** Values that the left database itself cannot hold. */
  noPlace: number;
  /** Kinds that only one of the two libraries has a column for. */
  readonly apart: readonly ValueKind[];
}

type Rows = ReadonlyMap<string, StoredValue>;

/** Where a value has to be after a run: on the other side, or in quarantine under this code. */
type Fate = "arrived" | (string & {});

function fateOf({ spelled }: StoredValue, left: ValueColumn, right: ValueColumn): Fate {
  if (spelled === null) return "arrived";
  const taken = (): string | undefined => (left.range === right.range ? undefined : right.takes(spelled));
  return left.reads(spelled) ?? taken() ?? right.keeps?.(spelled) ?? "arrived";
}

/** One line of what became of them. */
export function told({ arrived, quarantined: codes, noPlace, apart }: Tally): string {
  const refused = Object.entries(codes).sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, count]) => `${count} ${code}`);
  const said = [`${arrived} arrived`, refused.length === 0 ? "none refused" : `refused: ${refused.join(", ")}`, `${noPlace} not held on the left`];
  return [...said, ...(apart.length === 0 ? [] : [`no column on both sides: ${apart.join(", ")}`])].join("; ");
}

/** What is finer on one side is compared as the coarser one has it. */
function meets(a: ValueColumn, b: ValueColumn): { digits: number; bits: 32 | 64 } {
  return { digits: Math.min(a.digits ?? 6, b.digits ?? 6), bits: Math.min(a.bits ?? 64, b.bits ?? 64) as 32 | 64 };
}

/**
 * Every value of the corpus, written on the left by the bare driver, arrives equal where both types meet, or is named in
 * quarantine under the code that its type and the other one foretell; then nothing is written again, and an edit of another
 * field of its record comes back without touching it.
 */
export async function valuesLaw(left: ValueSide, right: ValueSide): Promise<Tally> {
  const kinds = VALUE_KINDS.filter((kind) => left.columns[kind] !== undefined && right.columns[kind] !== undefined);
  const tally: Tally = { arrived: 0, quarantined: {}, noPlace: 0, apart: VALUE_KINDS.filter((kind) => !kinds.includes(kind)) };
  const before = new Map<ValueKind, Rows>();
  for (const kind of kinds) {
    const held = corpus[kind].filter((value) => left.holds(value));
    tally.noPlace += corpus[kind].length - held.length;
    await left.insert(kind, held);
    const rows = await left.rows(kind);
    expect([...rows.keys()].sort(), `${kind}: the left side has what was written to it`).toEqual(held.map(({ id }) => id).sort());
    before.set(kind, rows);
  }
  const sync = createSync({
    name: "values", left: left.database, right: right.database,
    models: Object.fromEntries(kinds.map((kind) => [modelOf(kind), { match: naturalKey("code") }])),
    conflicts: fieldMerge({ otherwise: leftWins() }), pageSize: 500,
  });

  await sync.run();
  const quarantine = await quarantined(sync);
  const arrivals = new Map<ValueKind, string[]>();
  const wrong: string[] = [];
  for (const kind of kinds) {
    const there = await right.rows(kind);
    const found = outcome(kind, before.get(kind)!, there, quarantine.get(modelOf(kind)) ?? new Map(), left.columns[kind]!, right.columns[kind]!);
    wrong.push(...found.wrong);
    if (there.size !== found.arrived.length) wrong.push(`${kind}: ${there.size} records on the right, ${found.arrived.length} of them expected`);
    expect(await left.rows(kind), `${kind}: the left side is as it was`).toEqual(before.get(kind));
    arrivals.set(kind, found.arrived);
    tally.arrived += found.arrived.length;
    for (const code of found.refused) tally.quarantined[code] = (tally.quarantined[code] ?? 0) + 1;
  }
  if (wrong.length > 0) throw new Error([`${left.database.name} to ${right.database.name}:`, ...wrong].join("\n"));
  const refused = Object.values(tally.quarantined).reduce((sum, count) => sum + count, 0);
  const placed = kinds.reduce((sum, kind) => sum + before.get(kind)!.size, 0);
  const waiting = [...quarantine.values()].reduce((sum, { size }) => sum + size, 0);
  expect({ accounted: tally.arrived + refused, waiting }).toEqual({ accounted: placed, waiting: refused });

  expect((await sync.run()).written, "a second run writes nothing").toEqual({ left: 0, right: 0 });
  for (const kind of kinds) await right.note(kind, arrivals.get(kind)!, "edited");
  expect((await sync.run()).written, "the edits come back").toEqual({ left: tally.arrived, right: 0 });
  for (const kind of kinds) {
    const edited = new Set(arrivals.get(kind));
    const wanted = new Map([...before.get(kind)!].map(([code, row]) => [code, edited.has(code) ? { ...row, note: "edited" } : row]));
    expect(await left.rows(kind), `${kind}: nothing but the note has changed on the left`).toEqual(wanted);
  }
  expect((await sync.run()).written, "a run after the edits writes nothing").toEqual({ left: 0, right: 0 });
  expect(await sync.verify()).toMatchObject(refused === 0 ? { equal: true } : { equal: false, explained: true });
  return tally;
}

/** Model → key on the left → code. */
async function quarantined(sync: Sync): Promise<Map<string, Map<string, string>>> {
  const found = new Map<string, Map<string, string>>();
  for await (const { model, side, key, code, field } of sync.quarantine()) {
    const ofModel = found.get(model) ?? new Map<string, string>();
    // A database does not always say which column it refused, and a document may be too deep for any field of it to be read.
    const named = field === "value" || code.startsWith("WRITE.") || code === "VALUE.TOO_DEEP";
    ofModel.set(key.join(), side === "left" && named ? code : `${code} of ${side} ${field}`);
    found.set(model, ofModel);
  }
  return found;
}

function outcome(
  kind: ValueKind, before: Rows, there: Rows, quarantine: ReadonlyMap<string, string>, left: ValueColumn, right: ValueColumn,
): { arrived: string[]; refused: string[]; wrong: string[] } {
  const arrived: string[] = [];
  const refused: string[] = [];
  const wrong: string[] = [];
  const coarse = meets(left, right);
  const none = left.none ?? right.none ?? null;
  const shownAs = ({ spelled }: StoredValue): string | null => meaning(kind, spelled ?? none, coarse);
  for (const [id, row] of before) {
    const fate = fateOf(row, left, right);
    const code = quarantine.get(row.key);
    const copy = there.get(id);
    const seen = code ?? (copy ? "arrived" : "lost");
    if (code !== undefined && copy) wrong.push(`${id}: in quarantine as ${code}, and on the right`);
    else if (seen !== fate) wrong.push(`${id} (${shown(row.spelled)}): ${seen} instead of ${fate}`);
    else if (copy && shownAs(copy) !== shownAs(row)) wrong.push(`${id}: ${shown(row.spelled)} became ${shown(copy.spelled)}`);
    if (code !== undefined) refused.push(code);
    else if (copy) arrived.push(id);
  }
  return { arrived, refused, wrong };
}

function shown(spelled: string | null): string {
  return spelled === null ? "null" : JSON.stringify(spelled.length > 60 ? `${spelled.slice(0, 40)}… (${spelled.length})` : spelled);
}
