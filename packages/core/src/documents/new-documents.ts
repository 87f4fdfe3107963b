import type { DocumentBatch, DocumentUnit, DocumentWrite, InnerIdentity } from "./contract.ts";
import type { Key } from "../endpoint.ts";
import type { Committed, InsertBatch, Outcome, Unit } from "../unit.ts";
import { isValueError, ValueError, type Value } from "../value.ts";
import { documentName, keyText } from "./document.ts";
import { identityModel } from "./identity.ts";
import { jsonTextOf, refuseMisfit } from "./kinds.ts";
import { layoutOf } from "./layout.ts";
import type { Node, NodeField } from "./node.ts";
import { named, undisturbed } from "./own-units.ts";
import type { Tree } from "./tree.ts";
import type { Unfolded } from "./unfolded.ts";

type Row = InsertBatch["rows"][number];

/** What a record gives to one place in its document, as JSON; undefined for nothing. */
type TextOf = (row: Row, element: NewElement) => string | undefined;

/** What stands under the names of an object. */
type Members = Map<string, TextOf | Members>;

/** A record on its way into a document that is not there yet. */
interface NewElement {
  readonly textOf: TextOf;
  readonly row: Row;
  /** Those inside it, by level and own key. */
  inside: Map<Node, Map<string, NewElement>> | undefined;
}

const STALE: Outcome = { status: "stale" };
const WRITTEN: Outcome = { status: "written" };

/** Whole new documents in the hope that nothing stands in their way. Undefined, and nothing written: something does, or it is more than that. */
export async function commitNewDocuments(unfolded: Unfolded, unit: Unit): Promise<Committed | undefined> {
  const { database, readers } = unfolded;
  const exact = [...readers.keys()].every(({ inner }) => database.endpoints.get(inner)!.capabilities.exactWrites);
  const made = exact ? newDocuments(unfolded.trees, unfolded.nodes, unit) : undefined;
  if (!made) return undefined;
  const marks = await undisturbed(readers, made);
  const result = await database.documents.commit(made);
  if (!result.committed) return undefined;
  const transaction = named(result.transaction, marks, false);
  for (const { own } of readers.values()) own.written(transaction);
  const outcome = result.outcomes.flat().every(({ status }) => status === "written") ? WRITTEN : STALE;
  return { committed: true, transaction, outcomes: unit.batches.map((batch) => batch.rows.map(() => outcome)) };
}

/**
 * What a unit comes to that makes whole documents and does nothing else, as a first copy does: the same texts that the records put
 * together in memory would give. Undefined: it does more than that, or a record of it cannot be written, and
 * whoever looks at each record says which.
 */
function newDocuments(trees: ReadonlyMap<Node, Tree>, nodes: ReadonlyMap<string, Node>, unit: Unit): DocumentUnit | undefined {
  if (!unit.batches.every((batch): batch is InsertBatch => batch.op === "insert" && isPlain(nodes.get(batch.model)!))) return undefined;
  const documents = new Map<Tree, NewDocuments>();
  for (const batch of unit.batches) {
    const node = nodes.get(batch.model)!;
    const tree = trees.get(node)!;
    const textOf = textOfElements(node, batch);
    const all = documents.get(tree) ?? new NewDocuments(tree);
    documents.set(tree, all);
    if (!textOf || !batch.rows.every((row) => all.add(node, { textOf, row, inside: undefined }))) return undefined;
  }
  try {
    return { id: unit.id, fence: unit.fence, batches: [...documents.values()].map((all) => all.batch()) };
  } catch (error) {
    if (isValueError(error)) return undefined;
    throw error;
  }
}

/** Its elements are made of one row each, and stand in the order in which these come. */
function isPlain({ single, orderBy }: Node): boolean {
  return !single && !orderBy;
}

/** Undefined where rows bring something that no field says, or lack what each element has. */
function textOfElements(node: Node, batch: InsertBatch): TextOf | undefined {
  const { rest, given, missing } = layoutOf(node, batch);
  if (rest >= 0 || missing !== undefined) return undefined;
  const members: Members = new Map();
  for (const { at, field } of given) {
    const textOf = valueText(field);
    put(members, field.path, (row) => textOf(row.values[at] ?? null));
  }
  // The key and the cloudId have the last word.
  node.key.forEach((field, at) => {
    const textOf = valueText(field);
    put(members, field.path, ({ key }) => textOf(key[key.length - node.key.length + at]!));
  });
  if (node.cloudId) {
    const textOf = valueText(node.cloudId);
    put(members, node.cloudId.path, ({ cloudId }) => textOf(cloudId));
  }
  for (const child of node.children) put(members, child.path, (_, element) => arrayText(child, element));
  return textOfObject(members);
}

function put(members: Members, [name, ...rest]: readonly string[], textOf: TextOf): void {
  if (rest.length === 0) return void members.set(name!, textOf);
  let deeper = members.get(name!);
  if (!(deeper instanceof Map)) members.set(name!, (deeper = new Map()));
  put(deeper, rest, textOf);
}

/** Names in their order; undefined where nothing stands under any of them. */
function textOfObject(members: Members): TextOf {
  const inOrder = [...members].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => {
    const before = `${JSON.stringify(name)}:`;
    return { first: `{${before}`, next: `,${before}`, textOf: member instanceof Map ? textOfObject(member) : member };
  });
  return (row, element) => {
    let text: string | undefined;
    for (let at = 0; at < inOrder.length; at++) {
      const { first, next, textOf } = inOrder[at]!;
      const value = textOf(row, element);
      if (value !== undefined) text = text === undefined ? first + value : text + next + value;
    }
    return text === undefined ? undefined : text + "}";
  };
}

function valueText({ kind, nullable, optional, numbers }: NodeField): (value: Value) => string | undefined {
  const textOf = jsonTextOf(kind, numbers);
  return (value) => {
    if (value === null) {
      if (!nullable && !optional) throw new ValueError("VALUE.MALFORMED");
      return optional || kind.type === "json" ? undefined : "null";
    }
    refuseMisfit(kind, value);
    return textOf(value);
  };
}

function arrayText(child: Node, { inside }: NewElement): string | undefined {
  const elements = inside?.get(child);
  if (!elements) return child.required ? "[]" : undefined;
  let text = "";
  for (const element of elements.values()) text += text === "" ? elementText(element) : `,${elementText(element)}`;
  return `[${text}]`;
}

function elementText(element: NewElement): string {
  return element.textOf(element.row, element) ?? "{}";
}

/** The documents of one tree that a unit makes. */
class NewDocuments {
  readonly #tree: Tree;
  readonly #documents = new Map<string, { readonly root: NewElement; readonly inner: InnerIdentity[] }>();
  /** Where the last record went; most come one after the other into the same array. */
  #last: { readonly node: Node; readonly key: Key; readonly siblings: Map<string, NewElement> } | undefined;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** Puts a record where its key says. False: that is taken, or in a record that this unit does not make. */
  add(node: Node, element: NewElement): boolean {
    const { key, cloudId } = element.row;
    if (node.parent) {
      const siblings = this.#siblings(node, node.parent, key);
      const own = node.key.length === 1 ? key[key.length - 1]! : keyText(key.slice(-node.key.length));
      if (!siblings || siblings.has(own)) return false;
      siblings.set(own, element);
    } else {
      const name = documentName(this.#tree, key);
      if (this.#documents.has(name)) return false;
      this.#documents.set(name, { root: element, inner: [] });
    }
    if (!node.cloudId) this.#documents.get(documentName(this.#tree, key))!.inner.push({ model: identityModel(this.#tree, node), key, cloudId });
    return true;
  }

  #siblings(node: Node, parent: Node, key: Key): Map<string, NewElement> | undefined {
    const last = this.#last;
    const above = key.length - node.key.length;
    if (last?.node === node && isBelow(last.key, key, above)) return last.siblings;
    const document = this.#documents.get(documentName(this.#tree, key));
    const element = document && elementAt(document.root, parent, key.slice(0, above));
    if (!element) return undefined;
    element.inside ??= new Map();
    let siblings = element.inside.get(node);
    if (!siblings) element.inside.set(node, (siblings = new Map()));
    this.#last = { node, key, siblings };
    return siblings;
  }

  /** @throws {ValueError} for a value that its field does not hold */
  batch(): DocumentBatch {
    const rows = [...this.#documents.values()].map(({ root, inner }): DocumentWrite => ({ op: "insert", key: root.row.key, whole: elementText(root), inner }));
    return { model: this.#tree.inner, field: this.#tree.json, rows };
  }
}

function isBelow(other: Key, key: Key, above: number): boolean {
  for (let at = 0; at < above; at++) if (key[at] !== other[at]) return false;
  return true;
}

function elementAt(root: NewElement, node: Node, key: Key): NewElement | undefined {
  if (!node.parent) return root;
  const above = elementAt(root, node.parent, key.slice(0, -node.key.length));
  return above?.inside?.get(node)?.get(keyText(key.slice(-node.key.length)));
}
