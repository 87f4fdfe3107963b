import type { Finding } from "../endpoint.ts";
import { fieldOf, type Field, type Model, type Reference, type SyncFields } from "../model.ts";
import { hintFor } from "../names.ts";
import { isValueError, type Kind, type Value } from "../value.ts";
import { Single, valueAt, type Json, type Paths } from "./json.ts";
import { fromJson, type NumberForm } from "./kinds.ts";
import type { TreeChild, TreeField, TreeRecord } from "./tree.ts";

/** A field as it stands in an element. */
export interface NodeField {
  readonly name: string;
  readonly path: readonly string[];
  readonly kind: Kind;
  readonly nullable: boolean;
  readonly optional: boolean;
  readonly numbers: NumberForm;
}

/** One level of a tree: the root, or the elements of one array. */
export interface Node {
  readonly model: Model;
  readonly parent: Node | undefined;
  /** From the element above to the array. */
  readonly path: readonly string[];
  /** From the document, arrays passed through. */
  readonly steps: readonly string[];
  /** What stands in the element; key parts of the levels above are not among them. */
  readonly fields: ReadonlyMap<string, NodeField>;
  /** The last parts of the primary key; empty for the root, whose key stands beside the document. */
  readonly key: readonly NodeField[];
  /** Which parts of the primary key are whole numbers. */
  readonly numeric: readonly boolean[];
  readonly cloudId: NodeField | undefined;
  readonly orderBy: NodeField | undefined;
  /** Its elements are single values. */
  readonly single: boolean;
  /** Its array stands in every element above. */
  readonly required: boolean;
  readonly children: readonly Node[];
  /** Where the children's arrays stand, and stamps, which move with them: no part of this record's revision. */
  readonly inside: Paths;
  /** Fills in the keys that references lead to. */
  aim(keyOf: (target: string) => readonly string[]): void;
}

interface Draft {
  readonly name: string;
  readonly record: TreeRecord;
  /** Of the root: the model whose rows hold the documents. */
  readonly inner?: Model;
  readonly parent?: Node;
  readonly findings: Finding[];
}

/** What the models of unfolded records call that which no field names. */
export const REST = "(rest)";

const noFields: readonly string[] = [];
const pathOf = (path: string | readonly string[]): readonly string[] => (typeof path === "string" ? path.split(".") : path);

export function problem(model: string, message: string): Finding {
  return { severity: "error", code: "DOCUMENT.TREE", model, message };
}

/** Makes a level and all below it. What is wrong with it goes to `findings`, and then the level is of no use. */
export function nodeOf(draft: Draft): Node {
  const { name, record, inner, parent, findings } = draft;
  const child = parent ? (record as TreeChild) : undefined;
  const path = child ? pathOf(child.path) : noFields;
  const single = child?.single ?? false;
  const fields = new Map(record.fields.map((field) => [field.name, single ? { ...nodeField(field), path: Single.path } : nodeField(field)]));
  const find = (wanted: string, use: string): NodeField | undefined => {
    const field = fields.get(wanted);
    if (!field) findings.push(problem(name, `${use} of \`${name}\` names \`${wanted}\`, which is not among its fields.${hintFor(wanted, fields.keys())}`));
    return field;
  };
  const key = (child?.key ?? noFields).flatMap((field) => find(field, "The key") ?? []);
  const cloudId = record.cloudId === undefined ? undefined : find(record.cloudId, "`cloudId`");
  const orderBy = child?.orderBy === undefined ? undefined : find(child.orderBy, "`orderBy`");
  const used = [...(record.uniqueKeys ?? []).flat(), ...(record.references ?? []).flatMap((reference) => reference.fields)];
  for (const field of used) find(field, "A unique key or reference");
  const above = parent ? keyFieldsBelow(parent) : inner!.fields.filter((field) => inner!.primaryKey.includes(field.name));
  const references: { -readonly [Part in keyof Reference]: Reference[Part] }[] = [
    ...ancestors(parent).map(({ model }, at): Reference => ({
      name: at === 0 ? (child!.parent ?? "parent") : model.name, fields: above.slice(0, model.primaryKey.length).map((field) => field.name),
      target: model.name, targetFields: model.primaryKey, onDelete: "restrict", ...(at === 0 ? {} : { implied: true }),
    })),
    ...(record.references ?? []).map((reference): Reference => ({
      name: reference.name ?? reference.fields.join("_"), fields: reference.fields, target: reference.target, targetFields: [], onDelete: "none",
    })),
  ];
  const model: Model = {
    name,
    fields: [...above, ...record.fields.map(modelField)],
    primaryKey: [...above.map((field) => field.name), ...key.map((field) => field.name)],
    keySource: inner ? inner.keySource : "values",
    uniqueKeys: (record.uniqueKeys ?? []).map((each) => ({ name: `${name} ${each.join(", ")}`, fields: each })),
    references,
    syncFields: syncFieldsOf(record),
    ...(record.declared ? { declared: record.declared } : {}),
    ...(child ? { within: child.parent ?? "parent" } : {}),
    ...(single ? {} : { rest: REST }),
  };
  const children: Node[] = [];
  const stamps = record.fields.flatMap(({ name: field, path: at, stamped }) => (stamped ? [pathOf(at ?? field)] : []));
  const inside: Paths = pathTree([...(record.children ?? []).map((each) => pathOf(each.path)), ...stamps]);
  const node: Node = {
    model, parent, path, steps: [...(parent?.steps ?? []), ...path], fields, key, cloudId, orderBy, single, required: child?.required ?? false, children, inside,
    numeric: model.primaryKey.map((part) => fieldOf(model, part)?.kind.type === "integer"),
    aim: (keyOf) => references.forEach((reference) => (reference.targetFields = keyOf(reference.target))),
  };
  check(node, record, findings);
  for (const each of record.children ?? []) {
    children.push(nodeOf({ name: `${name}.${pathOf(each.path).join(".")}`, record: each, parent: node, findings }));
  }
  return node;
}

function check(node: Node, record: TreeRecord, findings: Finding[]): void {
  const { name, fields } = node.model;
  const say = (message: string): void => void findings.push(problem(name, message));
  if (node.parent && (record as TreeChild).key.length === 0) say(`\`${name}\` has no \`key\`: nothing tells its elements apart.`);
  for (const field of node.key) {
    if (field.nullable || field.optional) say(`\`${field.name}\` is part of the key of \`${name}\`, but may be null or absent.`);
  }
  if (node.cloudId && !node.cloudId.nullable && !node.cloudId.optional) {
    say(`\`${node.cloudId.name}\` holds the cloudId of \`${name}\`: records without one exist, so it has to be nullable or optional.`);
  }
  const names = fields.map((field) => field.name);
  for (const twice of new Set(names.filter((each, at) => names.indexOf(each) !== at))) say(`\`${name}\` has two fields called \`${twice}\`.`);
  const called = node.model.references.map((reference) => reference.name);
  for (const twice of new Set(called.filter((each, at) => called.indexOf(each) !== at))) say(`\`${name}\` has two references called \`${twice}\`.`);
  const parent = node.model.within;
  if (parent !== undefined && names.includes(parent)) {
    say(`\`${name}\` has a field called \`${parent}\`, as its reference to the record above: give that another name with \`parent\`.`);
  }
  if (node.single) {
    if (fields.length !== node.model.primaryKey.length || node.fields.size !== 1 || node.key.length !== 1) {
      say(`The elements of \`${name}\` are single values: it has one field, which is its key.`);
    }
    if (node.cloudId || (record.children ?? []).length > 0) say(`The elements of \`${name}\` are single values: they hold neither a cloudId nor records of their own.`);
    return;
  }
  const paths = [...record.fields.map((field) => pathOf(field.path ?? field.name)), ...(record.children ?? []).map((each) => pathOf(each.path))];
  paths.forEach((path, at) => {
    const leadsTo = (candidate: readonly string[]): boolean => candidate.length <= path.length && candidate.every((step, part) => step === path[part]);
    const other = paths.findIndex((candidate, index) => index !== at && leadsTo(candidate));
    if (path.length === 0 || path.includes("")) say(`\`${name}\` has a field or child without a path.`);
    // Equal paths meet each other twice.
    else if (other >= 0 && (other < at || paths[other]!.length < path.length)) {
      say(`Two fields or children of \`${name}\` stand at one path, or one inside the other: \`${path.join(".")}\`.`);
    }
  });
}

function syncFieldsOf({ cloudId, lastSyncedAt, syncStatus }: TreeRecord): SyncFields {
  return { ...(cloudId === undefined ? {} : { cloudId }), ...(lastSyncedAt === undefined ? {} : { lastSyncedAt }), ...(syncStatus === undefined ? {} : { syncStatus }) };
}

function modelField({ name, kind, nullable, optional, stamped, numbers }: TreeField): Field {
  return { name, kind: stored(kind, numbers), nullable: (nullable ?? false) || (optional ?? false), writable: true, ...(stamped ? { stamped } : {}) };
}

/** JSON has no number for NaN and infinities. */
function stored(kind: Kind, numbers: NumberForm | undefined): Kind {
  if (kind.type === "list") return { ...kind, of: stored(kind.of, numbers) };
  return kind.type === "float" && numbers !== "text" ? { ...kind, noNaN: true, noInfinity: true } : kind;
}

function nodeField({ name, path, kind, nullable, optional, numbers }: TreeField): NodeField {
  const may = { nullable: nullable ?? false, optional: optional ?? false };
  return { name, path: pathOf(path ?? name), kind: stored(kind, numbers), ...may, numbers: numbers ?? "number" };
}

/** The fields in which records below hold this record's key. */
function keyFieldsBelow({ model, parent, key }: Node): Field[] {
  const own = parent ? key : model.primaryKey.map((name) => ({ name, kind: fieldOf(model, name)!.kind }));
  const above = parent ? keyFieldsBelow(parent) : [];
  return [...above, ...own.map(({ name, kind }): Field => ({ name: `${model.name}.${name}`, kind, nullable: false, writable: true }))];
}

/** The nearest first. */
function ancestors(node: Node | undefined): Node[] {
  return node ? [node, ...ancestors(node.parent)] : [];
}

function pathTree(paths: readonly (readonly string[])[]): Paths {
  const firsts = new Set(paths.map((path) => path[0]!));
  return new Map([...firsts].map((first) => {
    const deeper = paths.flatMap((path) => (path[0] === first && path.length > 1 ? [path.slice(1)] : []));
    return [first, deeper.length > 0 ? pathTree(deeper) : null];
  }));
}

/** What a field of an element holds; a code where that is not of its kind. */
export function read(field: NodeField, element: Json): { readonly value: Value; readonly code?: string } {
  const found = element instanceof Map ? valueAt(element, field.path) : ("blocked" as const);
  if (found === "blocked") return { value: null, code: "DOCUMENT.PATH" };
  const { value } = found;
  if (value === undefined || (value === null && field.kind.type !== "json")) {
    return field.nullable || field.optional ? { value: null } : { value: null, code: "DOCUMENT.MISSING" };
  }
  try {
    return { value: fromJson(field.kind, value, field.numbers) };
  } catch (error) {
    if (isValueError(error)) return { value: null, code: error.code };
    throw error;
  }
}
