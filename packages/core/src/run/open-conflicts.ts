import { isHeldUp } from "../log/settle-decisions.ts";
import type { ConflictRecord, StateChange, StateRecords } from "../state.ts";
import { conflictId, nameInLog } from "./conflicts.ts";
import { quarantineId, type RunContext } from "./context.ts";
import type { Examined } from "./examine.ts";

/** What is known of one record's open conflicts, by id. */
interface Known {
  readonly model: string;
  readonly cloudId: string;
  /** From earlier runs. */
  readonly before: readonly string[];
  /** Met in this run: open still, or again. */
  readonly met: Set<string>;
}

/**
 * Closes open conflicts whose cause has gone: of a record that a run has looked at, those that it did not meet again. Which
 * are open stands under the record's own name, so that nobody has to search the log; models without any are never asked.
 */
export class OpenConflicts {
  readonly #context: RunContext;
  readonly #known = new Map<string, Known>();
  /** Closed along with the end of their records. */
  readonly #ended: Known[] = [];
  readonly #had = new Map<string, boolean>();

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** These records were looked at: finds what is open about them, and notes what is met again. */
  async look(examined: readonly Examined[]): Promise<void> {
    if (this.#context.dry) return;
    const open = examined.filter(({ model, cloudId }) => cloudId !== "" && this.hadSome(model.name));
    await this.#find(open.map((record) => ({ model: record.model.name, cloudId: nameInLog(this.#context, record) })));
    for (const { model, cloudId, plan, left, right } of open) {
      for (const { decision, fields } of plan.conflicts) {
        if (decision === "open") this.#entry(model.name, cloudId).met.add(conflictId(this.#context, model, cloudId, fields, left, right));
      }
    }
  }

  /** What is to be remembered along with these entries of the log. */
  meet(conflicts: readonly ConflictRecord[]): StateChange[] {
    const touched = new Map<string, Known>();
    const models = new Set<string>();
    for (const { model, cloudId, id, decision } of conflicts) {
      if (decision !== "open") continue;
      this.hadSome(model);
      const entry = this.#entry(model, cloudId);
      if (!entry.before.includes(id)) touched.set(nameOf(entry), entry);
      entry.met.add(id);
      models.add(model);
    }
    const records = [...touched].map(([id, { model, cloudId, before, met }]) => ({ id, model, cloudId, conflicts: [...new Set([...before, ...met])] }));
    return records.length === 0 ? [] : [{ op: "put", collection: "openConflict", records }, ...this.#mark(models, true)];
  }

  /**
   * These records are on no side any more: what is open about them is closed together with their bases, since nobody will look
   * at them again.
   */
  async end(model: string, cloudIds: readonly string[]): Promise<StateChange[]> {
    const entries = cloudIds.flatMap((cloudId) => this.#known.get(nameOf({ model, cloudId })) ?? []).filter(({ before }) => before.length > 0);
    if (entries.length === 0) return [];
    const { changes, removed } = await this.#closed(entries);
    for (const entry of removed) this.#known.delete(nameOf(entry));
    this.#ended.push(...removed);
    return [...changes];
  }

  /** The log's entries as they are closed. `finished`: models of which everything was looked at; `gone`: left quarantine without a look. */
  async close(finished: ReadonlySet<string>, gone: readonly { readonly model: string; readonly cloudId: string | null }[]): Promise<StateChange[]> {
    await this.#find(gone.flatMap(({ model, cloudId }) => (cloudId !== null && this.hadSome(model) ? [{ model, cloudId }] : [])));
    const { changes, removed } = await this.#closed([...this.#known.values()].filter(({ model, before }) => before.length > 0 && finished.has(model)));
    return [...changes, ...this.#mark(await this.#cleared([...removed, ...this.#ended]), false)];
  }

  /** `removed`: records about which nothing is open then. */
  async #closed(entries: readonly Known[]): Promise<{ readonly changes: readonly StateChange[]; readonly removed: readonly Known[] }> {
    const ids = entries.flatMap(({ before, met }) => before.filter((id) => !met.has(id)));
    if (ids.length === 0) return { changes: [], removed: [] };
    const { state, pair } = this.#context.settings;
    const logged = new Map((await this.#context.retrying(() => state.read(pair, { collection: "conflict", ids }))).map((conflict) => [conflict.id, conflict]));
    const closed: ConflictRecord[] = [];
    const kept: StateRecords["openConflict"][] = [];
    const removed: Known[] = [];
    for (const entry of entries) {
      const still = entry.before.filter((id) => entry.met.has(id) || this.#waits(logged.get(id), entry.met));
      const replaced = entry.met.size > 0;
      for (const id of entry.before) {
        const conflict = still.includes(id) ? undefined : logged.get(id);
        // One that was decided meanwhile stands in the log as that.
        if (conflict?.decision === "open") closed.push({ ...conflict, ...this.#closing(replaced) });
      }
      const open = [...new Set([...still, ...entry.met])];
      if (open.length === 0) removed.push(entry);
      else if (open.length < new Set([...entry.before, ...entry.met]).size) kept.push({ id: nameOf(entry), model: entry.model, cloudId: entry.cloudId, conflicts: open });
    }
    for (const { id, model, decision, rule } of closed) this.#context.emit({ type: "conflict", model, id, decision, rule });
    const changes: StateChange[] = [
      ...(closed.length > 0 ? [{ op: "put", collection: "conflict", records: closed } as const] : []),
      ...(kept.length > 0 ? [{ op: "put", collection: "openConflict", records: kept } as const] : []),
      ...(removed.length > 0 ? [{ op: "remove", collection: "openConflict", ids: removed.map(nameOf) } as const] : []),
    ];
    return { changes, removed };
  }

  /** The pair forgets what it knew: what is still in conflict is met anew, under another name. */
  async supersedeAll(models: readonly string[]): Promise<void> {
    const { state, pair } = this.#context.settings;
    for (const model of models) {
      for (;;) {
        const open = await this.#context.retrying(() => state.read(pair, { collection: "openConflict", model, limit: 500 }));
        if (open.length === 0) break;
        const logged = await this.#context.retrying(() => state.read(pair, { collection: "conflict", ids: open.flatMap(({ conflicts }) => conflicts) }));
        const closed = logged.filter(({ decision }) => decision === "open").map((conflict) => ({ ...conflict, ...this.#closing(true), rule: "both sides were adopted" }));
        await this.#context.retrying(() => state.commit(pair, [
          { op: "put", collection: "conflict", records: closed }, { op: "remove", collection: "openConflict", ids: open.map(({ id }) => id) },
        ]));
      }
    }
  }

  #closing(replaced: boolean): Pick<ConflictRecord, "decision" | "rule" | "run" | "at"> {
    const how = replaced ? { decision: "superseded", rule: "values changed again" } as const : { decision: "settled", rule: "nothing is left to decide" } as const;
    return { ...how, run: this.#context.runId, at: this.#context.timestamp() };
  }

  /** A unique value is still somebody else's as long as the record waits in quarantine for it; so does a word that was given. */
  #waits(conflict: ConflictRecord | undefined, met: ReadonlySet<string>): boolean {
    if (conflict && this.#context.decisions.has(conflict.id) && isHeldUp(this.#context, conflict)) return true;
    if (conflict?.kind !== "unique" || met.size > 0) return false;
    const { model, leftKey, rightKey } = conflict;
    const ids = [...(leftKey ? [quarantineId("left", model, leftKey)] : []), ...(rightKey ? [quarantineId("right", model, rightKey)] : [])];
    return ids.some((id) => this.#context.quarantine.get(id)?.code === "WRITE.UNIQUE");
  }

  async #find(records: readonly { readonly model: string; readonly cloudId: string }[]): Promise<void> {
    const ids = records.map(nameOf).filter((id) => !this.#known.has(id));
    if (ids.length === 0) return;
    const { state, pair } = this.#context.settings;
    const found = await this.#context.retrying(() => state.read(pair, { collection: "openConflict", ids }));
    for (const { id, model, cloudId, conflicts } of found) this.#known.set(id, { model, cloudId, before: conflicts, met: new Set() });
  }

  /** Models without an open conflict, once these are closed. */
  async #cleared(removed: readonly Known[]): Promise<ReadonlySet<string>> {
    const cleared = new Set<string>();
    const { state, pair } = this.#context.settings;
    for (const model of new Set(removed.map((entry) => entry.model))) {
      const going = new Set(removed.filter((entry) => entry.model === model).map(nameOf));
      const some = await this.#context.retrying(() => state.read(pair, { collection: "openConflict", model, limit: going.size + 1 }));
      if (some.every(({ id }) => going.has(id))) cleared.add(model);
    }
    return cleared;
  }

  /** Whether a model had open conflicts before this run. */
  hadSome(model: string): boolean {
    const had = this.#had.get(model) ?? this.#context.checkpoints.get(model)?.openConflicts === true;
    this.#had.set(model, had);
    return had;
  }

  #entry(model: string, cloudId: string): Known {
    const id = nameOf({ model, cloudId });
    const entry = this.#known.get(id) ?? { model, cloudId, before: [], met: new Set() };
    this.#known.set(id, entry);
    return entry;
  }

  /** Says in the checkpoints whether these models have open conflicts. */
  #mark(models: ReadonlySet<string>, open: boolean): StateChange[] {
    const { checkpoints } = this.#context;
    const records = [...models].flatMap((model) => {
      const { openConflicts, ...checkpoint } = checkpoints.get(model)!;
      if ((openConflicts === true) === open) return [];
      checkpoints.set(model, { ...checkpoint, ...(open ? { openConflicts: true } : {}) });
      return [{ ...checkpoints.get(model)!, id: model }];
    });
    return records.length === 0 ? [] : [{ op: "put", collection: "checkpoint", records }];
  }
}

const nameOf = ({ model, cloudId }: { readonly model: string; readonly cloudId: string }): string => `${model}/${cloudId}`;
