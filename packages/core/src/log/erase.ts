import type { Key } from "../endpoint.ts";
import { SyncError } from "../errors.ts";
import type { Mapping } from "../mapping/compile.ts";
import type { SideName } from "../mapping/pair-model.ts";
import { keyText, RunContext, type Settings } from "../run/context.ts";
import type { RunOptions } from "../run/run.ts";
import { withSession } from "../run/session.ts";
import type { Base, StateChange } from "../state.ts";
import { recordsIn } from "./pages.ts";

/** One record, by its cloudId or by its key on one side. `model` is the left model's name. */
export type RecordName = { readonly model: string } & ({ readonly cloudId: string } | { readonly left: Key } | { readonly right: Key });

/** Entries whose values are gone. */
export interface Erased {
  readonly conflicts: number;
  readonly quarantine: number;
  readonly preImages: number;
  readonly bases: number;
}

/**
 * Removes the values of one record from all that is kept of it. What remains says that something happened, never what it
 * was; a run that overwrote the record can no longer be taken back for it.
 */
export async function erase(settings: Settings, mapping: Mapping, name: RecordName, options: Pick<RunOptions, "takeOver">): Promise<Erased> {
  const model = mapping.models.find((each) => each.name === name.model);
  if (!model) throw new SyncError("OPTIONS.UNKNOWN_MODEL", "`erase` names a model that this pair does not have: models go by the left one's name.");
  const context = new RunContext(settings, { dry: false });
  return withSession(context, mapping, options, async () => {
    const { state, pair } = context.settings;
    const place: { side: SideName; key: Key } | undefined =
      "left" in name ? { side: "left", key: name.left } : "right" in name ? { side: "right", key: name.right } : undefined;
    const cloudIds = new Set<string>("cloudId" in name ? [name.cloudId] : []);
    if (place) {
      const rows = await context.retrying(() => model[place.side].endpoint.fetch({ fields: [], by: "key", tuples: [place.key] }));
      for (const { cloudId } of rows) if (cloudId !== null) cloudIds.add(cloudId);
    }
    const isPlace = (side: SideName, key: Key | undefined): boolean => place !== undefined && key !== undefined && place.side === side && keyText(place.key) === keyText(key);
    const own = { model: model.name };
    // A row that is gone has its cloudId in the log alone.
    for await (const page of recordsIn(state, pair, "preImage", own)) {
      for (const { side, key, cloudId } of page) if (isPlace(side, key)) cloudIds.add(cloudId);
    }
    for await (const page of recordsIn(state, pair, "conflict", own)) {
      for (const { leftKey, rightKey, cloudId } of page) if (isPlace("left", leftKey) || isPlace("right", rightKey)) cloudIds.add(cloudId);
    }
    const counts = { conflicts: 0, quarantine: 0, preImages: 0, bases: 0 };
    type Records = Extract<StateChange, { op: "put" }>["records"];
    const store = async (count: keyof Erased, collection: "conflict" | "quarantine" | "preImage", records: Records): Promise<void> => {
      if (records.length === 0) return;
      counts[count] += records.length;
      await context.retrying(() => state.commit(pair, [{ op: "put", collection, records }]));
    };
    for await (const page of recordsIn(state, pair, "conflict", own)) {
      const found = page.filter((each) => cloudIds.has(each.cloudId) && !each.erased);
      await store("conflicts", "conflict", found.map(({ base: _base, left: _left, right: _right, ...rest }) => ({ ...rest, erased: true as const })));
    }
    for await (const page of recordsIn(state, pair, "quarantine", own)) {
      const found = page.filter((each) => (each.left ?? each.right ?? each.base) !== undefined
        && ((each.cloudId !== null && cloudIds.has(each.cloudId)) || isPlace(each.side, each.key)));
      await store("quarantine", "quarantine", found.map(({ base: _base, left: _left, right: _right, ...rest }) => rest));
    }
    for await (const page of recordsIn(state, pair, "preImage", own)) {
      const found = page.filter((each) => cloudIds.has(each.cloudId) && !each.erased);
      await store("preImages", "preImage", found.map(({ wrote: _wrote, base, ...rest }) =>
        ({ ...rest, fields: [], values: [], ...(base ? { base: withoutValues(base) } : {}), erased: true as const })));
    }
    const isOwn = (base: Base): boolean => base.model === model.name && cloudIds.has(base.cloudId) && base.values !== undefined;
    for await (const page of recordsIn(state, pair, "touched", {}, 20)) {
      const found = page.filter(({ bases }) => bases.some(isOwn));
      const records = found.map((each) => ({ ...each, bases: each.bases.map((base) => (isOwn(base) ? withoutValues(base) : base)) }));
      if (records.length > 0) await context.retrying(() => state.commit(pair, [{ op: "put", collection: "touched", records }]));
    }
    const bases = (await context.retrying(() => state.bases(pair, model.name, [...cloudIds]))).filter(isOwn);
    if (bases.length > 0) await context.retrying(() => state.commit(pair, [{ op: "putBases", bases: bases.map(withoutValues) }]));
    counts.bases = bases.length;
    return counts;
  });
}

const withoutValues = ({ values: _values, ...base }: Base): Base => base;
