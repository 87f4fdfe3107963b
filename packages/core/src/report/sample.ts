import type { PlannedAction } from "../run/plan-sink.ts";
import type { Plan } from "../sync.ts";

/** What is read of a plan to report on it. */
export type Reported = Pick<Plan, "models" | "deletesToConfirm" | "findings" | "actions" | "look">;

/** Why an action stands out among those of its model: what a reader looks for. */
export function kindOf({ action, conflicts }: PlannedAction): string {
  if (action === "quarantine" || conflicts.length === 0) return action;
  return conflicts.some(({ decision }) => decision === "open") ? "open conflict" : "conflict";
}

/**
 * The first `limit` actions of each kind in each model, and how many there are of each: a limit over the whole plan would
 * hide the deletes, which stand at its end.
 */
export class Sampler {
  readonly #limit: number;
  readonly #counts = new Map<string, { readonly model: string; readonly kind: string; total: number }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(actions: readonly PlannedAction[]): PlannedAction[] {
    return actions.filter((action) => {
      const kind = kindOf(action);
      const name = JSON.stringify([action.model, kind]);
      const entry = this.#counts.get(name) ?? { model: action.model, kind, total: 0 };
      this.#counts.set(name, entry);
      return ++entry.total <= this.#limit;
    });
  }

  /** In the order in which they were met. */
  get kinds(): readonly { readonly model: string; readonly kind: string; readonly total: number; readonly left: number }[] {
    return [...this.#counts.values()].map((entry) => ({ ...entry, left: Math.max(0, entry.total - this.#limit) }));
  }
}

/** `1` or `1 / 2` for a key of several fields; a record that exists on both sides is named by both keys where they differ. */
export function keysOf({ leftKey, rightKey, cloudId }: PlannedAction): string {
  const [left, right] = [leftKey?.join(" / "), rightKey?.join(" / ")];
  if (left !== undefined && right !== undefined) return left === right ? left : `${left} = ${right}`;
  return left ?? right ?? cloudId ?? "";
}

/** Where it writes: `right`, or fields with an arrow for the side they go to. */
export function targetOf({ side, toLeft, toRight }: PlannedAction): string {
  const fields = [...(toLeft.length > 0 ? [`← ${toLeft.join(", ")}`] : []), ...(toRight.length > 0 ? [`→ ${toRight.join(", ")}`] : [])];
  return [...(side ? [side] : []), ...fields].join(" ");
}

/** The reason; it names what was decided about fields, and here what was about a whole record. */
export function reasonsOf({ reason, conflicts, quarantine }: PlannedAction): string {
  const decided = conflicts.filter(({ fields }) => fields.length === 0)
    .map(({ rule, decision }) => (decision === "open" ? "waits for a person" : `${decision} stands (${rule})`));
  return [...(quarantine ? [`${quarantine.code}${quarantine.field === undefined ? "" : ` (${quarantine.field})`}`] : []), reason, ...decided].join("; ");
}

/** What a reader wants to know of each model, and nothing that is zero everywhere. */
export function countRows(models: Reported["models"]): { readonly head: readonly string[]; readonly rows: readonly (readonly (string | number)[])[] } {
  const columns: readonly [string, (counts: Counts) => number][] = [
    ["read left", ({ read }) => read.left], ["read right", ({ read }) => read.right],
    ["create left", ({ created }) => created.left], ["create right", ({ created }) => created.right],
    ["update left", ({ updated }) => updated.left], ["update right", ({ updated }) => updated.right],
    ["delete left", ({ deleted }) => deleted.left], ["delete right", ({ deleted }) => deleted.right],
    ["link", ({ linked }) => linked], ["settle", ({ settled }) => settled], ["conflicts", ({ conflicts }) => conflicts], ["open conflicts", ({ open }) => open],
    ["quarantine", ({ quarantined }) => quarantined], ["wait", ({ waiting }) => waiting], ["drift", ({ drift }) => drift],
  ];
  const used = columns.filter(([, value]) => [...models.values()].some((counts) => value(counts) > 0));
  return { head: ["model", ...used.map(([name]) => name)], rows: [...models].map(([name, counts]) => [name, ...used.map(([, value]) => value(counts))]) };
}

type Counts = Parameters<Parameters<Reported["models"]["forEach"]>[0]>[0];
