import { SyncError } from "../errors.ts";
import type { PlannedAction } from "../run/plan-sink.ts";
import type { StateChange, StateRecords, StateStore } from "../state.ts";

/** An action without what is empty: most of a large plan is. */
export type PackedAction = Pick<PlannedAction, "model" | "action" | "reason"> & Partial<PlannedAction>;

/** One stored page of a plan. */
type PlanPage = StateRecords["plan"] & { readonly actions: readonly PackedAction[] };

/** Where a plan is kept. */
export interface PlanPlace {
  readonly state: StateStore;
  readonly pair: string;
}

export const pageId = (planId: string, page: number): string => `${planId}/${String(page).padStart(8, "0")}`;

export const pageIds = (planId: string, pages: number): string[] => Array.from({ length: pages }, (_, page) => pageId(planId, page));

export function packed({ cloudId, toLeft, toRight, conflicts, ...rest }: PlannedAction): PackedAction {
  return {
    ...rest, ...(cloudId === null ? {} : { cloudId }),
    ...(toLeft.length > 0 ? { toLeft } : {}), ...(toRight.length > 0 ? { toRight } : {}), ...(conflicts.length > 0 ? { conflicts } : {}),
  };
}

export function unpacked(action: PackedAction): PlannedAction {
  return { cloudId: null, toLeft: [], toRight: [], conflicts: [], ...action };
}

export function putPage(planId: string, page: number, actions: readonly PlannedAction[]): StateChange {
  const record: PlanPage = { id: pageId(planId, page), actions: actions.map(packed) };
  return { op: "put", collection: "plan", records: [record] };
}

/** A stored page, or the word that it is no longer there. */
export async function readPage({ state, pair }: PlanPlace, planId: string, page: number): Promise<readonly PlannedAction[]> {
  const [stored] = (await state.read(pair, { collection: "plan", ids: [pageId(planId, page)] })) as readonly PlanPage[];
  if (!stored) {
    throw new SyncError("PLAN.INCOMPLETE", "A page of this plan is not in the state store: it was applied meanwhile, or lost. What was applied stays; make a new plan for the rest.");
  }
  return stored.actions.map(unpacked);
}

/** A stored plan, page by page: one page is in memory at a time. */
export async function* readPages(place: PlanPlace, planId: string, pages: number): AsyncGenerator<readonly PlannedAction[]> {
  for (let page = 0; page < pages; page++) yield await readPage(place, planId, page);
}
