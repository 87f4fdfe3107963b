import { hash64 } from "../hash.ts";
import { otherSide, type SideName } from "../mapping/pair-model.ts";
import type { QuarantineRecord, StateChange } from "../state.ts";
import { valuesOf } from "./conflicts.ts";
import { quarantineId, type RunContext } from "./context.ts";
import type { Examined } from "./examine.ts";
import type { Problem, ReadRecord } from "./records.ts";

/** Refusals whose cause lies in other rows: tried again in every run, though the record itself did not change. */
const dependsOnOthers = new Set(["WRITE.UNIQUE", "WRITE.FOREIGN_KEY"]);

/** Where records wait that cannot be written: who waits, who goes in, who may leave. What changes is handed to `keep`. */
export class Quarantine {
  readonly #context: RunContext;
  readonly #keep: (change: StateChange) => void;

  constructor(context: RunContext, keep: (change: StateChange) => void) {
    this.#context = context;
    this.#keep = keep;
  }

  /** Unchanged since a unique key refused it: whether its place is free now is asked at the end, without a write. */
  isHeldByOthers(examined: Examined): boolean {
    return this.isKnownToWait(examined, (code) => code === "WRITE.UNIQUE");
  }

  isKnownToWait(examined: Examined, because: (code: string) => boolean): boolean {
    if (this.#context.quarantine.size === 0 || examined.problem || this.#context.retryQuarantine) return false;
    return [examined.left, examined.right].some((record) => {
      const entry = record && this.#context.quarantine.get(quarantineId(record.side, examined.model.name, record.key));
      return record && entry && because(entry.code) && entry.payload === payloadOf(this.#context, examined, record);
    });
  }

  isWaiting(examined: Examined): boolean {
    if (this.#context.quarantine.size === 0) return false;
    for (const record of [examined.left, examined.right]) {
      if (!record) continue;
      const entry = this.#context.quarantine.get(quarantineId(record.side, examined.model.name, record.key));
      if (!entry || this.#context.retryQuarantine || !entry.code.startsWith("WRITE.") || dependsOnOthers.has(entry.code)) continue;
      if (entry.payload !== payloadOf(this.#context, examined, record)) continue;
      this.#noteBeside(examined, record.side);
      return true;
    }
    return false;
  }

  #noteBeside(examined: Examined, side: SideName): void {
    const other = examined[otherSide(side)];
    if (!other) return;
    const byModel = this.#context.beside[other.side];
    const ofModel = byModel.get(examined.model.name) ?? new Map<string, string | null>();
    byModel.set(examined.model.name, ofModel.set(quarantineId(other.side, examined.model.name, other.key), other.cloudId));
  }

  /** False: it waits there already, for the same reason. */
  put(examined: Examined): boolean {
    const { side, record, cause } = examined.problem!;
    this.#noteBeside(examined, side);
    const other = examined[otherSide(side)];
    // Not linked: once its counterpart is gone or goes by another name, nothing else would bring it up again.
    if (other && (other.cloudId === null || other.cloudId !== record.cloudId)) {
      this.#enter(examined, otherSide(side), other, { code: "MATCH.COUNTERPART_WAITS", message: `Its counterpart on the ${side} waits: ${cause.message}` });
    }
    return this.#enter(examined, side, record, cause);
  }

  #enter(examined: Examined, side: SideName, record: ReadRecord, cause: Problem): boolean {
    const context = this.#context;
    const counts = context.countsOf(examined.model.name);
    const id = quarantineId(side, examined.model.name, record.key);
    const payload = payloadOf(context, examined, record);
    const known = context.quarantine.get(id);
    if (known && known.payload === payload && known.code === cause.code && !context.retryQuarantine) {
      counts.waiting++;
      return false;
    }
    const { code, message, field, path, constraint, thrown, waitsFor } = cause;
    const entry: QuarantineRecord = {
      id, model: examined.model.name, side, key: record.key, cloudId: record.cloudId ?? (examined.cloudId || null), code, message, payload,
      ...(field === undefined ? {} : { field }), ...(path === undefined ? {} : { path }), ...(constraint === undefined ? {} : { constraint }), ...(waitsFor ? { waitsFor } : {}),
      ...(code.startsWith("WRITE.") ? valuesOf(examined, [...examined.plan.toLeft, ...examined.plan.toRight]) : {}),
      attempts: (known?.attempts ?? 0) + 1, since: known?.since ?? context.timestamp(), run: context.runId,
    };
    context.quarantine.set(id, entry);
    context.checkQuarantineLimit();
    counts.quarantined++;
    context.emit({ type: "quarantine", model: entry.model, side, code, ...(field === undefined ? {} : { field }), ...(constraint === undefined ? {} : { constraint }), ...(thrown === undefined ? {} : { cause: thrown }) });
    this.#keep({ op: "put", collection: "quarantine", records: [entry] });
    return true;
  }

  /** It is fine now: whatever waited in quarantine for it does so no more. */
  release(examined: Examined): void {
    if (this.#context.quarantine.size === 0) return;
    const ids = quarantineIdsOf(examined).filter((id) => this.#context.quarantine.delete(id));
    if (ids.length > 0) this.#keep({ op: "remove", collection: "quarantine", ids });
  }
}

/** What a quarantined record is remembered by: unchanged, it is not tried again. */
export function payloadOf(context: RunContext, { model, ...sides }: Pick<Examined, "model" | "left" | "right">, record: ReadRecord): string {
  return hash64(JSON.stringify([record.meet, sides[otherSide(record.side)]?.meet ?? null, record.row.faults ?? null, model.signature, context.shapes.get(`${otherSide(record.side)} ${model.name}`) ?? ""]), context.seed);
}

/** The entries a record may have in quarantine, from either side. */
function quarantineIdsOf(examined: Pick<Examined, "model" | "left" | "right">): string[] {
  return [examined.left, examined.right].flatMap((record) => (record ? [quarantineId(record.side, examined.model.name, record.key)] : []));
}
