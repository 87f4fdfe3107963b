import type { Finding } from "../endpoint.ts";
import type { PairField, PairModel } from "./pair-model.ts";

/**
 * Parents before children. A cycle is broken at a reference that may be null on both sides: that one is created empty
 * and filled at the end of the run. A cycle without such a reference is a finding.
 */
export function orderModels(drafts: readonly PairModel[], findings: Finding[]): PairModel[] {
  const waiting = new Map(drafts.map((model) => [model.name, model]));
  const ordered: PairModel[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter((model) => model.fields.every((field) => !holdsBack(field, model, waiting)));
    if (ready.length > 0) {
      for (const model of ready) {
        ordered.push(model);
        waiting.delete(model.name);
      }
      continue;
    }
    const inCycle = [...waiting.values()].filter((model) => reaches(model.name, model.name, waiting));
    const breakable = inCycle.find((model) => model.fields.some((field) => holdsBack(field, model, waiting) && mayBeEmpty(field)));
    if (breakable) {
      waiting.set(breakable.name, {
        ...breakable,
        fields: breakable.fields.map((field) => (holdsBack(field, breakable, waiting) && mayBeEmpty(field) ? { ...field, late: true } : field)),
      });
      continue;
    }
    const names = inCycle.map((model) => model.name);
    findings.push({
      severity: "error", code: "MODEL.CYCLE", model: names[0]!,
      message: `The models ${names.join(", ")} refer to each other in a cycle without a reference that may be null on both sides: none can be written first. Make one nullable, or omit one from the sync.`,
    });
    ordered.push(...waiting.values());
    break;
  }
  return ordered;
}

const mayBeEmpty = (field: PairField): boolean => field.left.nullable && field.right.nullable;

function holdsBack(field: PairField, model: PairModel, waiting: ReadonlyMap<string, PairModel>): boolean {
  return field.parent !== undefined && field.parent !== model.name && !field.late && waiting.has(field.parent);
}

function reaches(from: string, goal: string, waiting: ReadonlyMap<string, PairModel>): boolean {
  const seen = new Set<string>();
  const queue = [from];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const model = waiting.get(name);
    if (!model) continue;
    for (const field of model.fields) {
      if (!holdsBack(field, model, waiting)) continue;
      if (field.parent === goal) return true;
      if (!seen.has(field.parent!)) {
        seen.add(field.parent!);
        queue.push(field.parent!);
      }
    }
  }
  return false;
}
