import { SyncError } from "../errors.ts";
import type { Mapping } from "../mapping/compile.ts";
import { RunContext, type Settings } from "../run/context.ts";
import { planSecret, readHeader, requireSignature, type PlanHeader } from "../run/plan-header.ts";
import type { PlanSummary, RunOptions } from "../run/run.ts";
import { withSession } from "../run/session.ts";
import type { StateChange } from "../state.ts";
import { LineReader, writeLines, type FileHeader } from "./format.ts";
import { pageIds, putPage, readPages, type PlanPlace } from "./pages.ts";

/** A stored plan as lines, read page by page while they are taken. */
export async function* planLines(place: PlanPlace, planId: string): AsyncGenerator<string> {
  const { id, at, pages, actions, signature, counts, deletesToConfirm, secret } = await readHeader(place, planId);
  yield* writeLines({ pair: place.pair, id, at, actions, signature, counts, deletesToConfirm }, secret, readPages(place, id, pages));
}

/**
 * Takes a plan from its lines into the state store. Its pages come first and its header last, once every line was found
 * as it was written: without a header nothing can be applied.
 */
export async function loadPlan(
  settings: Settings, mapping: Mapping, lines: AsyncIterable<string> | Iterable<string>, options: RunOptions,
): Promise<PlanSummary> {
  const context = new RunContext(settings, { dry: true, signal: options.signal, onEvent: options.onEvent });
  const reader = new LineReader(lines);
  try {
    const file = await reader.header();
    if (file.pair !== settings.pair) {
      const both = `it was made for the pair \`${file.pair}\`, and this is \`${settings.pair}\``;
      throw new SyncError("PLAN.OTHER_PAIR", `Line 1 of the plan: ${both}. Load it there.`, { stage: "check" });
    }
    return await withSession(context, mapping, options, async ({ findings }) => {
      requireSignature(context, mapping, file.signature, "Line 1 of the plan: ");
      const { id, counts, deletesToConfirm } = file;
      const pages = await storePages(context, reader, file);
      return { id, pages, models: new Map(Object.entries(counts)), deletesToConfirm, findings };
    });
  } finally {
    await reader.close();
  }
}

/** Stores what was read; where this very plan is stored already it is only checked. The number of stored pages. */
async function storePages(context: RunContext, reader: LineReader, file: FileHeader): Promise<number> {
  const { state, pair, pageSize } = context.settings;
  const commit = (change: StateChange): Promise<void> => context.retrying(() => state.commit(pair, [change]));
  const [stored] = (await context.retrying(() => state.read(pair, { collection: "plan", ids: [file.id] }))) as readonly PlanHeader[];
  const secret = planSecret(context);
  let pages = 0;
  try {
    for await (const actions of reader.pages(file, secret, pageSize)) {
      context.safePoint();
      if (!stored) await commit(putPage(file.id, pages++, actions));
    }
  } catch (error) {
    if (pages > 0) await commit({ op: "remove", collection: "plan", ids: pageIds(file.id, pages) });
    throw error;
  }
  if (stored) return stored.pages;
  const { id, at, actions, signature, counts, deletesToConfirm } = file;
  const header: PlanHeader = { id, pages, actions, at, signature, secret, counts, deletesToConfirm };
  await commit({ op: "put", collection: "plan", records: [header] });
  return pages;
}
