import type { Changes, Page, Row } from "../endpoint.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { Checkpoint, SideMark } from "../state.ts";
import type { ModelAnalysis } from "./analyse.ts";
import { keyText, quarantineId, type RunContext } from "./context.ts";
import { pagesOf } from "./pages.ts";
import type { Source } from "./source.ts";
import type { SideWrites, RunTracker } from "./tracker.ts";

/** What a run's own verify found: rows it wrote that do not stand as it left them. */
export interface WriteCheck {
  checked: number;
  /** Changed since by somebody else; the next run takes them up. */
  differing: number;
}

/** What is needed of a model's analysis to remember how far it is known. */
export type Marked = Pick<ModelAnalysis, "model" | "examiner" | "sources" | "staying"> & Partial<Pick<ModelAnalysis, "revisited" | "absent" | "searched">>;

/**
 * The last step for one model: reads again what this run wrote, and remembers how far each side is known. A row that
 * does not stand as agreed keeps its range unmarked, so that nobody's write is ever sealed in as seen.
 */
export async function settleModel(
  context: RunContext, tracker: RunTracker, analysis: Marked, finished: boolean, check: WriteCheck,
): Promise<Checkpoint | undefined> {
  const { model } = analysis;
  const stored = context.checkpoints.get(model.name);
  const links = finished ? await linksToHold(context, tracker, analysis) : undefined;
  const linked = links === undefined ? new Set<string>() : await linkedAndWaiting(context, model);
  const [left, right] = await Promise.all((["left", "right"] as const).map((side) =>
    withPending(tracker.of(side, model[side].name), analysis, stored?.[side], () =>
      markSide(context, tracker.of(side, model[side].name), analysis, side, stored?.[side], finished, check).then((mark) =>
        links !== undefined && expectedRows(context, tracker, analysis, side, links, linked) > (rowsKnown(mark) ?? Infinity) ? { ...mark, unsure: true } : mark))));
  const checkpoint: Checkpoint = {
    model: model.name, layouts: stored?.layouts ?? [model.signature],
    leftShape: context.shapes.get(`left ${model.name}`) ?? "", rightShape: context.shapes.get(`right ${model.name}`) ?? "",
    ...(stored?.way === undefined ? {} : { way: stored.way }), left: left!, right: right!, ...(stored?.openConflicts ? { openConflicts: true } : {}),
  };
  return JSON.stringify(checkpoint) === JSON.stringify(withoutId(stored)) ? undefined : checkpoint;
}

/** What could not be deleted stays in mind, though a mark may have moved past it. */
async function withPending(writes: SideWrites, analysis: Marked, stored: SideMark | undefined, settle: () => Promise<SideMark>): Promise<SideMark> {
  const { pending: before, ...mark } = await settle();
  const left = analysis.revisited ? [] : (stored?.pending ?? before ?? []);
  const pending = [...new Map([...left, ...writes.pending].map((key) => [keyText(key), key])).values()];
  return pending.length === 0 || (mark.mark === undefined && !mark.ranges) ? mark : { ...mark, pending };
}

/**
 * How many records are linked now, where there is reason to ask. A row that came after the mark, or after its page, and was
 * linked all the same makes up for a linked one that went: no page and no change since tells of the two, only this number.
 */
async function linksToHold(context: RunContext, tracker: RunTracker, { model, sources, searched }: Marked): Promise<number | undefined> {
  const { state, pair } = context.settings;
  const marked = (["left", "right"] as const).some((side) => sources[side].changes !== undefined || sources[side].side.model.endpoint.fingerprint);
  const looked = searched || (["left", "right"] as const).some((side) => sources[side].full || tracker.of(side, model[side].name).anyLinked);
  if (!marked || !looked) return undefined;
  return (await context.retrying(() => state.scanBases(pair, model.name, undefined, 0))).total;
}

/** CloudIds of linked records that wait in quarantine: their number is in that of the links. */
async function linkedAndWaiting(context: RunContext, model: PairModel): Promise<Set<string>> {
  const { state, pair } = context.settings;
  const waiting = [...context.quarantine.values()].flatMap((entry) => (entry.model === model.name ? [entry.cloudId] : []));
  const beside = (["left", "right"] as const).flatMap((side) => [...(context.beside[side].get(model.name)?.values() ?? [])]);
  const cloudIds = new Set([...waiting, ...beside].filter((cloudId) => cloudId !== null));
  if (cloudIds.size === 0) return new Set();
  return new Set((await context.retrying(() => state.bases(pair, model.name, [...cloudIds]))).map(({ cloudId }) => cloudId));
}

/** Rows that a side has if none is gone that nobody knows of: one per linked record, and those that are linked to none. */
function expectedRows(
  context: RunContext, tracker: RunTracker, { model, sources, staying, absent, revisited }: Marked, side: SideName, links: number, linked: ReadonlySet<string>,
): number {
  const held = context.settings.mirror ? 0 : tracker.of(otherSide(side), model[otherSide(side)].name).pending.length;
  const gone = revisited ? (absent?.[side].size ?? 0) + held : 0;
  if (!sources[side].full) return links - gone;
  const waiting = new Map(context.beside[side].get(model.name));
  for (const entry of context.quarantine.values()) if (entry.model === model.name && entry.side === side) waiting.set(entry.id, entry.cloudId);
  const unlinked = [...waiting.values()].filter((cloudId) => cloudId === null || !linked.has(cloudId));
  return links - gone + staying[side] + unlinked.length;
}

function rowsKnown({ known, ranges }: SideMark): number | undefined {
  return ranges ? ranges.reduce((sum, { count }) => sum + count, 0) : known;
}

async function markSide(
  context: RunContext, writes: SideWrites, analysis: Marked, side: SideName, stored: SideMark | undefined, finished: boolean, check: WriteCheck,
): Promise<SideMark> {
  const source = analysis.sources[side];
  const { endpoint } = source.side.model;
  if (finished && !source.changes && endpoint.fingerprint) return markRanges(context, writes, analysis, source, stored, check);
  // Not at once: all models do this side by side, and more statements than connections cost more than they save.
  await readBack(context, writes, analysis, side, check);
  if (!finished) return stored?.mark === undefined && source.changes ? {} : markThatStays(source, stored, writes);
  if (!source.changes) return {};
  const again = await lookAgain(context, writes, source);
  const moved = writes.inserted - writes.deleted;
  // Nothing seen and nothing done: the old mark is as good, and an idle run writes nothing. Inside of documents all is counted
  // anew behind a unit of ours, once.
  const counted = endpoint.model.within !== undefined && (stored?.ownUnits?.length ?? 0) > 0;
  const nothing = source.changes.keys !== "all" && source.changes.keys.length === 0 && writes.rows === 0 && writes.units.size === 0;
  const still = nothing && !counted && source.changes.total === stored?.known;
  if (still && stored && !stored.unsure) return stored;
  const unsure = writes.lost || youngerRowsLinked(writes, source);
  // Nobody but us has written since: the younger mark says as much, and our rows need not be told apart by every run.
  const quiet = again !== undefined && again.keys !== "all" && again.keys.length === 0 && again.total === source.changes.total + moved;
  if (quiet && !unsure) return { mark: again.next, known: again.total, ownUnits: [...writes.units] };
  return { mark: source.changes.next, known: source.changes.total + moved, ownUnits: [...writes.units], ...(unsure ? { unsure } : {}) };
}

/** Not everything was looked at: the next run begins where this one did, and looks at our own rows too, some of which may be half done. */
function markThatStays(source: Source, stored: SideMark | undefined, writes: SideWrites): SideMark {
  if (source.hinted) return countedOn(source.mark, writes);
  if (stored?.mark !== undefined) {
    const unsure = stored.unsure || writes.lost || stored.known === undefined || writes.anyLinked;
    const known = (stored.known ?? 0) + writes.inserted - writes.deleted;
    return { mark: stored.mark, known, ...(stored.ownUnits ? { ownUnits: stored.ownUnits } : {}), ...(unsure ? { unsure } : {}) };
  }
  const moved = writes.lost || writes.inserted + writes.deleted > 0 || writes.anyLinked;
  return stored?.ranges && moved ? { ...stored, unsure: true } : (stored ?? {});
}

/**
 * A hinted run knows by name what it has linked. These rows have come since the mark, or it counts one too many: then the next whole
 * run finds another number than it expects, and compares all keys. It never counts one too few, which could pass for a delete.
 */
function countedOn(mark: SideMark | undefined, writes: SideWrites): SideMark {
  if (mark?.mark === undefined && !mark?.ranges) return {};
  const before = mark.known ?? rowsKnown(mark);
  if (mark.unsure || writes.lost || before === undefined || !writes.linked) return { ...mark, unsure: true };
  const known = before + writes.inserted - writes.deleted + writes.linked.size;
  return known === before ? mark : { ...mark, known };
}

/** So many rows of ours behind a mark make each later run slower than reading another mark does now. */
const manyRows = 1_000;

/** What others have changed since the mark was read, where that is worth knowing. */
async function lookAgain(context: RunContext, writes: SideWrites, source: Source): Promise<Changes | undefined> {
  if (writes.rows <= manyRows) return undefined;
  const { endpoint } = source.side.model;
  return context.retrying(() => endpoint.changesSince!(source.changes!.next, [...writes.units]));
}

/**
 * Whether a row was linked that may have come after the mark was read. The next run would take it for a known one, and
 * so one delete for none. Where everything was read, `expectedRows` says it.
 */
function youngerRowsLinked({ linked }: SideWrites, source: Source): boolean {
  return !source.full && linked?.size !== 0;
}

/**
 * Reads what was written while its bases are being stored, where nothing else is on its way. Never fails: what could not be
 * read is read at the end, and so is everything on a side that is written to once more.
 */
export async function readBackEarly(tracker: RunTracker, models: Iterable<PairModel>): Promise<void> {
  await Promise.allSettled([...models].flatMap((model) => (["left", "right"] as const).map(async (side) => {
    const { endpoint, fields, name } = model[side];
    const writes = tracker.of(side, name);
    if (!endpoint.changesSince || !writes.keys || writes.keys.size === 0) return;
    writes.readBack = await endpoint.fetch({ fields, by: "key", tuples: [...writes.keys.values()] });
  })));
}

/** Reads written rows by key and holds them against their bases; above a few thousand the after-images have said it. */
async function readBack(context: RunContext, writes: SideWrites, analysis: Marked, side: SideName, check: WriteCheck): Promise<void> {
  if (!writes.keys || writes.keys.size === 0) return;
  const { endpoint, fields } = analysis.model[side];
  const rows = writes.readBack ?? await context.retrying(() => endpoint.fetch({ fields, by: "key", tuples: [...writes.keys!.values()] }));
  const clean = await cleanRows(context, analysis, side, rows);
  check.checked += rows.length;
  check.differing += rows.length - clean.length;
}

/** Rows that equal their base, or wait in quarantine. */
export async function cleanRows(context: RunContext, analysis: Pick<Marked, "model" | "examiner">, side: SideName, rows: readonly Row[]): Promise<readonly Row[]> {
  const { model, examiner } = analysis;
  const codec = context.codecOf(model);
  const bases = await examiner.latestBasesOf(rows.flatMap((row) => row.cloudId ?? []));
  const records = await examiner.sides[side].records(rows);
  return rows.filter((row, index) => {
    if (context.quarantine.has(quarantineId(side, model.name, row.key))) return true;
    const base = row.cloudId === null ? undefined : bases.get(row.cloudId);
    if (!base) return false;
    const hashes = codec.view(base)[side];
    const { meet, problem, waits } = records[index]!;
    return !problem && waits.length === 0 && model.fields.every((_, at) => hashes[at] === undefined || hashes[at] === codec.hash(meet[at]));
  });
}

async function markRanges(
  context: RunContext, writes: SideWrites, analysis: Marked, source: Source, stored: SideMark | undefined, check: WriteCheck,
): Promise<SideMark> {
  const ended = writes.ended === undefined || writes.ended.cloudIds.size + writes.ended.keys.size > 0;
  if (source.idle && writes.rows === 0 && stored && !stored.unsure && !ended) return stored;
  const mark = await rangesNow(context, writes, analysis, source, check, ended);
  // Behind the fingerprints: what they have in them is seen here. Its page may be as it was, so the next run reads them all.
  return ended && (await endedStands(context, writes, source)) ? { ranges: mark.ranges.map((range) => ({ ...range, fingerprint: null })), unsure: true } : mark;
}

/** A row stands that was gone when its link was ended, or that this run has deleted: nobody has looked at it since. */
async function endedStands(context: RunContext, { ended }: SideWrites, { side: { model: { endpoint } } }: Source): Promise<boolean> {
  if (!ended) return true;
  const standing = async (by: "cloudId" | "key", tuples: readonly (readonly string[])[]): Promise<boolean> =>
    tuples.length > 0 && (await context.retrying(() => endpoint.fetch({ fields: [], by, tuples }))).length > 0;
  return (await standing("cloudId", [...ended.cloudIds].map((cloudId) => [cloudId]))) || standing("key", [...ended.keys.values()]);
}

/** `ended`: links were, so that ranges read before are held against what stands now, though nothing was written here. */
async function rangesNow(
  context: RunContext, writes: SideWrites, analysis: Marked, source: Source, check: WriteCheck, ended: boolean,
): Promise<SideMark & { readonly ranges: NonNullable<SideMark["ranges"]> }> {
  const { endpoint, fields } = source.side.model;
  const side = source.side.name;
  const expected = source.ranges.reduce((sum, { count }) => sum + count, 0) + writes.inserted - writes.deleted;
  const ranges = source.ranges.length > 0 ? inKeyOrder(source) : [{ after: null, upTo: null, count: -1, fingerprint: null }];
  // A row that came after its page was read and was linked all the same would make up for one that went.
  const linkedLater = writes.linked !== undefined && [...writes.linked].some((key) => source.stoodOnPage(key) === false);
  if (writes.rows === 0 && !ended) return { ranges, ...(writes.lost || linkedLater ? { unsure: true } : {}) };
  const now = await context.retrying(() => endpoint.fingerprint!(fields, ranges));
  const settled: NonNullable<SideMark["ranges"]>[number][] = [];
  for (const [at, range] of ranges.entries()) {
    if (range.fingerprint !== null && now[at]!.fingerprint === range.fingerprint && now[at]!.count === range.count) {
      settled.push(range);
      continue;
    }
    for await (const page of pagesOf(context, endpoint, { fields, pageSize: context.settings.pageSize, ranges: [range] })) {
      const clean = await cleanRows(context, analysis, side, page.rows);
      const touched = writes.keys ? page.rows.filter((row) => writes.keys!.has(keyText(row.key))).length : page.rows.length;
      check.checked += touched;
      check.differing += page.rows.length - clean.length;
      settled.push(rangeOf(page, clean.length === page.rows.length));
    }
  }
  // Another number: somebody's row came or went since it was looked at, and may have been sealed in.
  const unsure = writes.lost || linkedLater || settled.reduce((sum, { count }) => sum + count, 0) !== expected;
  return { ranges: settled, ...(unsure ? { unsure } : {}) };
}

const rangeOf = (page: Page, clean: boolean): NonNullable<SideMark["ranges"]>[number] =>
  ({ ...page.range, count: page.rows.length, fingerprint: clean ? (page.fingerprint ?? null) : null });

/** Kept and newly read ranges in key order: each begins where another ends. */
function inKeyOrder(source: Source): NonNullable<SideMark["ranges"]> {
  const byStart = new Map(source.ranges.map((range) => [JSON.stringify(range.after), range]));
  const ordered: NonNullable<SideMark["ranges"]>[number][] = [];
  for (let range = byStart.get("null"); range; range = range.upTo === null ? undefined : byStart.get(JSON.stringify(range.upTo))) ordered.push(range);
  return ordered;
}

const withoutId = (stored: (Checkpoint & { id?: string }) | undefined): Checkpoint | undefined => {
  if (!stored) return undefined;
  const { model, layouts, leftShape, rightShape, way, left, right, openConflicts } = stored;
  return { model, layouts, leftShape, rightShape, ...(way === undefined ? {} : { way }), left, right, ...(openConflicts ? { openConflicts } : {}) };
};

