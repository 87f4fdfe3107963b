import { fieldOf, type Field, type Model, type Reference } from "../model.ts";
import { rightNameOf, sameList, type Draft } from "./draft.ts";
import type { SideName } from "./pair-model.ts";

/** A reference of the left model, and the fields that hold it on either side. */
export interface MappedReference {
  readonly name: string;
  /** The left model that it leads to. */
  readonly parent: string;
  readonly left: readonly Field[];
  readonly right: readonly Field[];
}

/** The references that travel, as the parents' cloudIds. */
export function mappedReferences(draft: Draft): MappedReference[] {
  const { only, omit, outside } = draft.entry;
  const found: MappedReference[] = [];
  for (const reference of draft.models.left.references) {
    const name = nameOfReference(draft.models.left, reference);
    const names = [name, reference.name];
    if (names.some((each) => omit?.includes(each) || outside?.[each]) || (only && !names.some((each) => only.includes(each)))) continue;
    const wanted = reference.fields.map((field) => rightNameOf(draft, field));
    const target = draft.rightNames.get(reference.target);
    const right = rightReference(draft, reference, wanted, target);
    if (!right && reference.implied) continue;
    if (target === undefined) {
      draft.error("MAPPING.OUTSIDE", `\`${name}\` refers to \`${reference.target}\`, which is not part of this sync. Add that model, or say \`outside: { ${name}: "omit" | "raw" }\`.`, name);
      continue;
    }
    if (!right) {
      if (fieldOf(draft.models.right, wanted[0]!)) {
        draft.error("MAPPING.REFERENCE", `\`${name}\` is a reference on the left, but \`${wanted.join(", ")}\` on the right is none. Declare the relation there, or omit the field.`, name);
      } else {
        draft.warn("MAPPING.NO_COUNTERPART", `Reference \`${name}\` has no counterpart on the right: it is not synced.`, name);
      }
      continue;
    }
    if (right.target !== target) {
      draft.error("MAPPING.REFERENCE", `\`${name}\` refers to \`${reference.target}\` on the left, which is \`${target}\` on the right, but there it refers to \`${right.target}\`.`, name);
      continue;
    }
    if (!isToPrimaryKey(draft, "left", reference, name) || !isToPrimaryKey(draft, "right", right, name)) continue;
    found.push({ name, parent: reference.target, left: fieldsOf(draft.models.left, reference), right: fieldsOf(draft.models.right, right) });
  }
  return found;
}

/**
 * Its counterpart: by its fields, by its name, or as the only one that leads from here to there on either side, so that
 * the key of a document or of an element in it need not be spelled out.
 */
function rightReference(draft: Draft, reference: Reference, wanted: readonly string[], target: string | undefined): Reference | undefined {
  const { left, right } = draft.models;
  const byFields = right.references.find((candidate) => sameList(candidate.fields, wanted));
  if (byFields) return byFields;
  const given = [nameOfReference(left, reference), reference.name].find((name) => Object.hasOwn(draft.entry.fields ?? {}, name));
  if (given !== undefined) {
    const named = rightNameOf(draft, given);
    return right.references.find((candidate) => candidate.name === named || sameList(candidate.fields, [named]));
  }
  if (target === undefined || fieldOf(right, wanted[0]!)) return undefined;
  const candidates = right.references.filter((candidate) => candidate.target === target);
  const rivals = left.references.filter((candidate) => candidate.target === reference.target);
  return candidates.length === 1 && rivals.length === 1 ? candidates[0] : undefined;
}

function isToPrimaryKey(draft: Draft, side: SideName, reference: Reference, name: string): boolean {
  const parent = draft.databases[side].endpoints.get(reference.target)?.model;
  if (!parent || sameList(parent.primaryKey, reference.targetFields)) return true;
  draft.error("MAPPING.REFERENCE", `\`${name}\` refers to \`${reference.targetFields.join(", ")}\` of \`${reference.target}\` on the ${side}, which is not its primary key.`, name);
  return false;
}

/** By its field where that is one of the record's own; where it stands for the place in a document, by its own name. */
const nameOfReference = (model: Model, reference: Reference): string =>
  (reference.fields.length === 1 && !reference.implied && reference.name !== model.within ? reference.fields[0]! : reference.name);
const fieldsOf = (model: Model, reference: Reference): Field[] => reference.fields.flatMap((name) => fieldOf(model, name) ?? []);
