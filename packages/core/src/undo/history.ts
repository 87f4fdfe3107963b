import type { RunContext } from "../run/context.ts";
import type { PreImage, Touched } from "../state.ts";
import type { RunRecord } from "./run-log.ts";

const pageSize = 500;
/** Each holds a page of cloudIds. */
const touchedPageSize = 20;

/** Everything one run overwrote in one record. */
export interface Overwritten {
  readonly model: string;
  readonly cloudId: string;
  /** In the order of the attempts. */
  readonly images: readonly PreImage[];
}

export const recordName = (model: string, cloudId: string): string => `${model}/${cloudId}`;

/** What a run overwrote in one model, record by record; at most a page at a time. */
export async function* overwrittenIn(context: RunContext, run: string, model: string): AsyncGenerator<readonly Overwritten[]> {
  let open: PreImage[] = [];
  for await (const page of pages(context, "preImage", `${run}/`, model)) {
    const own = page.filter((image) => image.run === run);
    const groups = new Map<string, PreImage[]>();
    for (const image of [...open, ...own]) {
      const group = groups.get(image.cloudId);
      if (group) group.push(image);
      else groups.set(image.cloudId, [image]);
    }
    const records = [...groups].map(([cloudId, images]): Overwritten => ({ model, cloudId, images }));
    // The last one may go on on the next page.
    open = own.length === page.length ? [...(records.pop()?.images ?? [])] : [];
    if (records.length > 0) yield records;
    if (own.length < page.length) return;
  }
  if (open.length > 0) yield [{ model, cloudId: open[0]!.cloudId, images: open }];
}

/** What a run created and agreed on, in the order in which it did. */
export async function* touchedIn(context: RunContext, run: string): AsyncGenerator<Touched> {
  for await (const page of pages(context, "touched", `${run}/`)) {
    for (const touched of page) {
      if (touched.run !== run) return;
      yield touched;
    }
  }
}

/** One page of `touchedIn`. */
export async function touchedById(context: RunContext, id: string): Promise<Touched | undefined> {
  const { state, pair } = context.settings;
  const [touched] = await context.retrying(() => state.read(pair, { collection: "touched", ids: [id] }));
  return touched;
}

/**
 * Records that runs have written since, undone ones aside. What they left there is not this run's to take back. Ids of runs
 * are in the order of their time.
 */
export async function touchedSince(context: RunContext, run: string, history: ReadonlyMap<string, RunRecord>): Promise<Set<string>> {
  const since = new Set<string>();
  const counts = (other: string): boolean => other !== run && history.get(other)?.kind !== "undo" && history.get(other)?.undoneBy === undefined;
  for await (const page of pages(context, "preImage", `${run}/`)) {
    for (const { run: other, model, cloudId } of page) if (counts(other)) since.add(recordName(model, cloudId));
  }
  for await (const page of pages(context, "touched", `${run}/`)) {
    for (const { run: other, created, bases } of page) {
      if (!counts(other)) continue;
      for (const { model, cloudIds } of created) for (const cloudId of cloudIds) since.add(recordName(model, cloudId));
      for (const { model, cloudId } of bases) since.add(recordName(model, cloudId));
    }
  }
  return since;
}

async function* pages<C extends "preImage" | "touched">(
  context: RunContext, collection: C, from: string, model?: string,
): AsyncGenerator<readonly (C extends "preImage" ? PreImage : Touched)[]> {
  const { state, pair } = context.settings;
  const limit = collection === "touched" ? touchedPageSize : pageSize;
  for (let after = from; ;) {
    context.safePoint();
    const page = await context.retrying(() => state.read(pair, { collection, after, limit, ...(model === undefined ? {} : { model }) }));
    if (page.length > 0) yield page as readonly (C extends "preImage" ? PreImage : Touched)[];
    if (page.length < limit) return;
    after = page[page.length - 1]!.id;
  }
}
