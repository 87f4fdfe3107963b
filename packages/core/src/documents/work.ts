import type { InnerIdentity, JsonPatch } from "./contract.ts";
import type { Key } from "../endpoint.ts";
import type { DeleteBatch, IdentifyBatch, InsertBatch, Refusal, UpdateBatch } from "../unit.ts";
import { isValueError, type Value } from "../value.ts";
import { documentName, keyText, OpenDocument, revisionOf, type Place } from "./document.ts";
import { identityModel } from "./identity.ts";
import { setAt, Single, type Json, type JsonObject } from "./json.ts";
import { toJson } from "./kinds.ts";
import { read, REST, type Node, type NodeField } from "./node.ts";
import { arrange } from "./order.ts";
import { copyOf, patchesBetween, type Origins } from "./patches.ts";
import { fromRest, holds } from "./rest.ts";
import type { Tree } from "./tree.ts";

/** A data error: nothing of the unit is written. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** What was done to one row: where it stands now, and which documents have to be written for it. Undefined: it is stale. */
export type Done = { readonly key: Key; readonly documents: readonly string[] } | undefined;

/** The batches of one unit carried out on documents in memory. */
export class Work {
  /** A record has moved from one document to another: both have to be written, or neither. */
  together = false;
  readonly documents: Map<string, OpenDocument>;
  /** CloudIds given in this unit. */
  readonly given: Map<JsonObject, string> = new Map();
  /** Where records stood, in documents in which keys have changed. */
  readonly stood: Map<JsonObject, { readonly node: Node; readonly key: Key; readonly document: string }> = new Map();
  /** Identities of deleted records, by document. */
  readonly dropped: Map<string, InnerIdentity[]> = new Map();
  readonly #before = new Map<OpenDocument, { readonly json: JsonObject; readonly origins: Origins }>();
  /** Revisions before this unit. */
  readonly #first = new Map<JsonObject, string>();
  readonly #fresh = new Set<JsonObject>();
  readonly #captured = new Set<OpenDocument>();
  /** Arrays that are to be in order at the end of the batch, by the object above. */
  readonly #disturbed = new Map<JsonObject, Json[]>();
  readonly #trees: ReadonlyMap<Node, Tree>;
  readonly #known: ReadonlyMap<Node, ReadonlyMap<string, string>>;

  /** `known`: cloudIds of the rows that identify batches name, by the text of their key. */
  constructor(trees: ReadonlyMap<Node, Tree>, documents: Map<string, OpenDocument>, known: ReadonlyMap<Node, ReadonlyMap<string, string>>) {
    this.#trees = trees;
    this.documents = documents;
    this.#known = known;
    for (const document of documents.values()) {
      const origins: Origins = new Map();
      if (document.root) this.#before.set(document, { json: copyOf(document.root, origins), origins });
    }
  }

  insert(node: Node, batch: InsertBatch, row: InsertBatch["rows"][number]): Done {
    const element: JsonObject = node.single ? new Single() : fromRest(row.values[batch.fields.indexOf(REST)]);
    const text = this.#documentText(node, row.key);
    if (node.parent) this.#put(node, row.key, element);
    else {
      let document = this.documents.get(text);
      if (document && (document.root || document.code !== undefined)) throw refused(node, "WRITE.UNIQUE", "document key");
      if (!document) this.documents.set(text, (document = new OpenDocument(this.#trees.get(node)!, row.key)));
      document.root = element;
    }
    this.#fresh.add(element);
    batch.fields.forEach((name, at) => {
      const field = node.fields.get(name);
      const value = row.values[at] ?? null;
      // A null that stood there is in the rest.
      if (field && (value !== null || !holds(element, field.path))) setField(node, element, field, value);
    });
    node.key.forEach((field, at) => setField(node, element, field, row.key[row.key.length - node.key.length + at]!));
    for (const field of node.fields.values()) {
      if (!field.nullable && !field.optional && !batch.fields.includes(field.name) && !node.key.includes(field)) throw notNull(node, field.name);
    }
    for (const child of node.children) if (child.required && !holds(element, child.path) && !setAt(element, child.path, [])) throw blocked(child, child.path);
    this.#give(node, element, row.cloudId);
    return { key: row.key, documents: [text] };
  }

  update(node: Node, batch: UpdateBatch, row: UpdateBatch["rows"][number]): Done {
    const found = this.#guarded(node, row.key, row.revision);
    if (!found) return undefined;
    const key = [...row.key];
    batch.fields.forEach((name, at) => {
      const part = node.model.primaryKey.indexOf(name);
      const value = row.values[at];
      if (part < 0 || value === undefined) return;
      if (value === null) throw notNull(node, name);
      key[part] = value;
    });
    const texts = new Set([this.#documentText(node, row.key), this.#documentText(node, key)]);
    this.#first.set(found, this.#first.get(found) ?? revisionOf(node, found));
    if (keyText(key) !== keyText(row.key)) this.#move(node, row.key, key, found);
    batch.fields.forEach((name, at) => {
      const field = node.fields.get(name);
      const value = row.values[at];
      if (field && value !== undefined) setField(node, found, field, value);
    });
    if (node.orderBy && batch.fields.includes(node.orderBy.name)) {
      const above = this.#element(node.parent!, key.slice(0, -node.key.length))!;
      this.#disturbed.set(above, this.documents.get(this.#documentText(node, key))!.elements(node, above).array!);
    }
    if (row.cloudId !== undefined) this.#give(node, found, row.cloudId);
    return { key, documents: [...texts] };
  }

  delete(node: Node, row: DeleteBatch["rows"][number]): Done {
    const found = this.#guarded(node, row.key, row.revision);
    if (!found) return undefined;
    const text = this.#documentText(node, row.key);
    const document = this.documents.get(text)!;
    for (const child of node.children) {
      if ((document.elements(child, found).array?.length ?? 0) > 0) throw refused(child, "WRITE.FOREIGN_KEY", child.model.within!);
    }
    if (node.parent) this.#take(node, row.key, found);
    else document.root = undefined;
    if (!node.cloudId) {
      const gone = { model: identityModel(document.tree, node), key: row.key, cloudId: null };
      this.dropped.set(text, [...(this.dropped.get(text) ?? []), gone]);
    }
    return { key: row.key, documents: [text] };
  }

  identify(node: Node, row: IdentifyBatch["rows"][number]): Done {
    const document = this.documents.get(this.#documentText(node, row.key));
    const element = this.#element(node, row.key);
    if (!document || !element) return undefined;
    const stored = node.cloudId ? read(node.cloudId, element).value : node.parent ? (this.#known.get(node)?.get(keyText(row.key)) ?? null) : document.cloudId;
    if ((this.given.get(element) ?? stored) !== row.was) return undefined;
    this.#first.set(element, this.#first.get(element) ?? revisionOf(node, element));
    this.#give(node, element, row.cloudId);
    return { key: row.key, documents: [this.#documentText(node, row.key)] };
  }

  /** Arrays whose order counts are in order again. */
  endBatch(node: Node): void {
    for (const array of this.#disturbed.values()) arrange(node, array);
    this.#disturbed.clear();
  }

  patches(document: OpenDocument): JsonPatch[] {
    const before = this.#before.get(document);
    return before && document.root ? patchesBetween(before.json, document.root, before.origins) : [];
  }

  #documentText(node: Node, key: Key): string {
    return documentName(this.#trees.get(node)!, key);
  }

  #place(node: Node, key: Key): Place | undefined {
    const place = this.documents.get(this.#documentText(node, key))?.find(node, key);
    return place === "unknown" ? undefined : place;
  }

  #element(node: Node, key: Key): JsonObject | undefined {
    const place = this.#place(node, key);
    return place?.code === undefined && place?.element instanceof Map ? place.element : undefined;
  }

  /** The record, if it is still the one that was read. */
  #guarded(node: Node, key: Key, revision: string): JsonObject | undefined {
    const element = this.#element(node, key);
    return element && (this.#first.get(element) ?? revisionOf(node, element)) === revision ? element : undefined;
  }

  /** Puts an element into the array that its key says. */
  #put(node: Node, key: Key, element: JsonObject): void {
    const document = this.documents.get(this.#documentText(node, key));
    const above = this.#place(node.parent!, key.slice(0, -node.key.length))?.element;
    if (!document || !(above instanceof Map)) throw refused(node, "WRITE.FOREIGN_KEY", node.model.within!);
    const own = key.slice(-node.key.length);
    let { array, byKey, odd } = document.elements(node, above);
    if (byKey.has(keyText(own))) throw refused(node, "WRITE.UNIQUE", "element key");
    if (!array) {
      array = [];
      if (odd.length > 0 || !setAt(above, node.path, array)) throw blocked(node, node.path);
      document.forget(node, above);
      ({ byKey, odd } = document.elements(node, above));
    }
    array.push(element);
    byKey.set(keyText(own), { own, element });
    if (node.orderBy) this.#disturbed.set(above, array);
  }

  /** Takes an element out of its array. */
  #take(node: Node, key: Key, element: JsonObject): void {
    const document = this.documents.get(this.#documentText(node, key))!;
    const above = this.#place(node.parent!, key.slice(0, -node.key.length))!.element as JsonObject;
    const { array, byKey, odd } = document.elements(node, above);
    for (const each of node.single ? sayingTheSame(node, array!, element) : [element]) array!.splice(array!.indexOf(each), 1);
    byKey.delete(keyText(key.slice(-node.key.length)));
    if (odd.length > 0) document.forget(node, above);
  }

  /** The whole element goes, with everything in it, to where its new key says. */
  #move(node: Node, from: Key, to: Key, element: JsonObject): void {
    if (!node.parent) throw refused(node, "WRITE.REFUSED", "document key");
    const [source, target] = [this.#documentText(node, from), this.#documentText(node, to)];
    this.#capture(source);
    this.#take(node, from, element);
    this.#put(node, to, element);
    if (source !== target) this.together = true;
  }

  /** Remembers where every record of a document stands, before keys change. */
  #capture(text: string): void {
    const document = this.documents.get(text)!;
    if (this.#captured.has(document)) return;
    this.#captured.add(document);
    for (const node of document.tree.nodes) {
      for (const { key, element } of document.places(node)) {
        if (element instanceof Map && !this.#fresh.has(element) && !this.stood.has(element)) this.stood.set(element, { node, key, document: text });
      }
    }
  }

  #give(node: Node, element: JsonObject, cloudId: string): void {
    if (node.cloudId) setField(node, element, node.cloudId, cloudId);
    else this.given.set(element, cloudId);
  }
}

/** A single value that stands there twice goes as one. */
function sayingTheSame(node: Node, array: readonly Json[], element: JsonObject): Json[] {
  const [field] = node.key;
  const { value } = read(field!, element);
  return array.filter((each) => each instanceof Single && read(field!, each).value === value);
}

/** Writes one value; null as the field says: absent where it may be, else null. */
function setField(node: Node, element: JsonObject, field: NodeField, value: Value): void {
  let json: Json | undefined;
  if (value !== null) {
    try {
      json = toJson(field.kind, value, field.numbers);
    } catch (error) {
      if (!isValueError(error)) throw error;
      throw new Refused({ code: "WRITE.VALUE", field: field.name, model: node.model.name });
    }
  } else if (!field.nullable && !field.optional) throw notNull(node, field.name);
  else json = field.optional || field.kind.type === "json" ? undefined : null;
  if (!setAt(element, field.path, json)) throw blocked(node, field.path);
}

function refused(node: Node, code: Refusal["code"], constraint: string): Refused {
  return new Refused({ code, constraint, model: node.model.name });
}

function notNull(node: Node, field: string): Refused {
  return new Refused({ code: "WRITE.NOT_NULL", field, model: node.model.name });
}

function blocked(node: Node, path: readonly string[]): Refused {
  return refused(node, "WRITE.REFUSED", path.join("."));
}
