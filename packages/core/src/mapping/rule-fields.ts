import type { ConflictPolicy } from "../engines/conflict-policy.ts";
import { describeKind } from "./describe-kind.ts";
import type { PairField, PairModel } from "./pair-model.ts";

/** Tells what is wrong with a field. */
type Refuse = (code: string, message: string, field: string) => void;

/** What a policy brings together itself must be of its kind on both sides, and written. */
export function checkMerges(model: string, policies: readonly unknown[], fields: readonly PairField[], refuse: Refuse): void {
  const merges = policies.flatMap((each) => (typeof each === "object" && each !== null ? Object.entries((each as ConflictPolicy).merges ?? {}) : []));
  for (const [name, kind] of new Map(merges)) {
    const field = fields.find((candidate) => candidate.name === name);
    const kinds = field && [...field.left.kinds, ...field.right.kinds];
    if (kinds?.every(({ type }) => type === kind)) continue;
    const why = kinds ? `it is ${kinds.map(describeKind).join(" and ")}` : "it is none of the mapped fields";
    refuse("OPTIONS.POLICY_FIELD", `The policy of \`${model}\` needs \`${name}\` to be ${kind} on both sides: ${why}.`, name);
  }
}

/** The field that makes tombstones, where it can: mapped, and able to say that a record is not deleted. */
export function softDeleteOf(model: string, name: string, fields: readonly PairField[], refuse: Refuse): Pick<PairModel, "softDelete"> {
  const at = fields.findIndex((field) => field.name === name);
  const field = fields[at];
  if (!field || field.parent !== undefined) {
    refuse("MAPPING.SOFT_DELETE", `\`softDelete\` of \`${model}\` names \`${name}\`, which is no mapped field: the other side would never learn of it.`, name);
    return {};
  }
  // Converted values are compared as the right side has them.
  const flag = field.right.kinds[0]!.type === "boolean";
  const nullable = field.right.nullable && (field.left.nullable || field.toRight !== undefined);
  if (flag || nullable) return { softDelete: { at, flag } };
  refuse("MAPPING.SOFT_DELETE", `\`softDelete\` of \`${model}\` names \`${name}\`, which must be true or false, or null for what is not deleted, on both sides.`, name);
  return {};
}
