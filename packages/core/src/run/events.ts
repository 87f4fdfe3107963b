import type { SideName } from "../mapping/pair-model.ts";

export type Step = "check" | "analyse" | "apply" | "delete" | "verify" | "undo";

/** What a listener is told while something runs. Names and counts, never row values. */
export type SyncEvent =
  | { readonly type: "step"; readonly step: Step; readonly model?: string }
  | {
      readonly type: "progress";
      readonly step: Step;
      readonly model: string;
      readonly side: SideName;
      readonly done: number;
      /** Where it is known beforehand. */
      readonly total?: number;
      readonly perSecond: number;
      readonly secondsLeft?: number;
    }
  | { readonly type: "retry"; readonly code: string; readonly attempt: number; readonly milliseconds: number }
  | { readonly type: "conflict"; readonly model: string; readonly id: string; readonly decision: string; readonly rule: string }
  /** What became of a person's word: `outdated`: the values it was bound to have moved, and it decides nothing. */
  | { readonly type: "decision"; readonly model: string; readonly id: string; readonly outcome: "carried-out" | "outdated" }
  | {
      readonly type: "quarantine";
      readonly model: string;
      readonly side: SideName;
      readonly code: string;
      readonly constraint?: string;
      readonly field?: string;
      /** What a hook or validator of the library threw, as it came: its words are not ours, and may hold values. */
      readonly cause?: unknown;
    }
  | { readonly type: "altered"; readonly model: string; readonly side: SideName; readonly fields: readonly string[] }
  | { readonly type: "finding"; readonly severity: "error" | "warning"; readonly code: string; readonly model?: string; readonly message: string };

/** Counts of one model in one run. */
export interface ModelCounts {
  /** Rows that crossed the wire, not those that a hash or a mark told of. */
  read: { left: number; right: number };
  created: { left: number; right: number };
  updated: { left: number; right: number };
  deleted: { left: number; right: number };
  /** Recognised as the same thing for the first time. */
  linked: number;
  /** Both sides agree now without a write: both made the same change, or both deleted. */
  settled: number;
  /** Conflicts that were decided, by a policy or a person. */
  conflicts: number;
  /** Conflicts that wait for a person. */
  open: number;
  /** Went into quarantine. */
  quarantined: number;
  /** Were in quarantine and are still. */
  waiting: number;
  /** Kept changing while they were looked at; the next run takes them up. */
  unsettled: number;
  /** Records in which a database or a hook stored something else than it was given. */
  altered: number;
  /** Records with an edit on the written side of a one-way pair. */
  drift: number;
}

export function emptyCounts(): ModelCounts {
  const both = (): { left: number; right: number } => ({ left: 0, right: 0 });
  return {
    read: both(), created: both(), updated: both(), deleted: both(),
    linked: 0, settled: 0, conflicts: 0, open: 0, quarantined: 0, waiting: 0, unsettled: 0, altered: 0, drift: 0,
  };
}
