import type { InnerIdentity, JsonPatch } from "./contract.ts";
import type { Key } from "../endpoint.ts";
import type { DeleteBatch, IdentifyBatch, InsertBatch, UpdateBatch } from "../unit.ts";
import { isValueError, type Value } from "../value.ts";
import { documentName, keyText, OpenDocument, revisionOf, type Place } from "./document.ts";
import { identityModel } from "./identity.ts";
import { setAt, Single, type Json, type JsonObject } from "./json.ts";
import { branchAt, type KeyBranch } from "./key-branch.ts";
import { refuseMisfit, toJson } from "./kinds.ts";
import { layoutOf, type Layout } from "./layout.ts";
import { read, type Node, type NodeField } from "./node.ts";
import { arrange } from "./order.ts";
import { copyOf, patchesBetween, type Origins } from "./patches.ts";
import { blocked, notNull, Refused, refused } from "./refused.ts";
import { fromRest, holds } from "./rest.ts";
import type { Tree } from "./tree.ts";

/** What was done to one row: where it stands now, and which documents have to be written for it. Undefined: it is stale. */
export type Done = { readonly key: Key; readonly documents: readonly string[] } | undefined;

/** A cloudId that was given to a record, and where that stood then. */
interface Given {
  readonly cloudId: string;
  readonly node: Node;
  readonly key: Key;
  readonly document: string;
}

/** The record that a new one goes into. */
interface PlaceAbove {
  readonly document: OpenDocument;
  readonly names: readonly string[];
  readonly above: JsonObject;
}

/** The batches of one unit carried out on documents in memory. */
export class Work {
  /** A record has moved from one document to another: both have to be written, or neither. */
  together = false;
  readonly documents: Map<string, OpenDocument>;
  /** Records have other keys than before, and so may those inside them. */
  moved = false;
  /** Given in this unit, to records that are still there. */
  readonly given: Map<JsonObject, Given> = new Map();
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
  readonly #layouts = new Map<InsertBatch, Layout>();
  /** Where new elements of each level went, by the parts of the key above: others may go there too. */
  readonly #places = new Map<Node, KeyBranch<PlaceAbove>>();
  readonly #trees: ReadonlyMap<Node, Tree>;
  readonly #known: ReadonlyMap<Node, ReadonlyMap<string, string>>;

  /** `known`: cloudIds of the rows that are given one, by the text of their key. */
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
    let layout = this.#layouts.get(batch);
    if (!layout) this.#layouts.set(batch, (layout = layoutOf(node, batch)));
    const { rest, given, missing } = layout;
    const element: JsonObject = node.single ? new Single() : rest < 0 ? new Map() : fromRest(row.values[rest]);
    const documents = node.parent ? this.#put(node, row.key, element) : this.#open(node, row.key, element);
    this.#fresh.add(element);
    for (const { at, field } of given) {
      const value = row.values[at] ?? null;
      // A null that stood there is in the rest.
      if (value !== null || !holds(element, field.path)) setField(node, element, field, value);
    }
    for (let at = 0; at < node.key.length; at++) setField(node, element, node.key[at]!, row.key[row.key.length - node.key.length + at]!);
    if (missing !== undefined) throw notNull(node, missing);
    for (const child of node.children) if (child.required && !holds(element, child.path) && !setAt(element, child.path, [])) throw blocked(child, child.path);
    this.#give(node, element, { cloudId: row.cloudId, node, key: row.key, document: documents[0]! });
    return { key: row.key, documents };
  }

  /** All that get another key leave their places before anybody comes: records of one batch may exchange theirs. */
  update(node: Node, batch: UpdateBatch, rows: readonly UpdateBatch["rows"][number][]): Done[] {
    this.#places.clear();
    const found = rows.map((row) => {
      const element = this.#guarded(node, row.key, row.revision);
      const has = element && row.cloudId !== undefined ? this.#cloudIdOf(node, row.key, element) : null;
      if (has !== null && has !== row.cloudId) return undefined;
      return element && { row, element, key: this.#keyAfter(node, batch, row) };
    });
    for (const each of found) {
      if (!each) continue;
      this.#first.set(each.element, each.row.revision);
      if (keyText(each.key) !== keyText(each.row.key)) this.#leave(node, each.row.key, each.key, each.element);
    }
    return found.map((each) => each && this.#updated(node, batch, each));
  }

  #keyAfter(node: Node, batch: UpdateBatch, row: UpdateBatch["rows"][number]): Key {
    const key = [...row.key];
    batch.fields.forEach((name, at) => {
      const part = node.model.primaryKey.indexOf(name);
      const value = row.values[at];
      if (part < 0 || value === undefined) return;
      if (value === null) throw notNull(node, name);
      key[part] = value;
    });
    return key;
  }

  #updated(node: Node, batch: UpdateBatch, { row, element, key }: { readonly row: UpdateBatch["rows"][number]; readonly element: JsonObject; readonly key: Key }): Done {
    if (keyText(key) !== keyText(row.key)) this.#put(node, key, element);
    batch.fields.forEach((name, at) => {
      const field = node.fields.get(name);
      const value = row.values[at];
      if (field && value !== undefined) setField(node, element, field, value);
    });
    if (node.orderBy && batch.fields.includes(node.orderBy.name)) {
      const above = this.#element(node.parent!, key.slice(0, -node.key.length))!;
      this.#disturbed.set(above, this.documents.get(this.#documentText(node, key))!.elements(node, above).array!);
    }
    const document = this.#documentText(node, key);
    if (row.cloudId !== undefined) this.#give(node, element, { cloudId: row.cloudId, node, key, document });
    return { key, documents: [...new Set([this.#documentText(node, row.key), document])] };
  }

  delete(node: Node, row: DeleteBatch["rows"][number]): Done {
    const found = this.#guarded(node, row.key, row.revision);
    if (!found) return undefined;
    this.#places.clear();
    const text = this.#documentText(node, row.key);
    const document = this.documents.get(text)!;
    for (const child of node.children) {
      if ((document.elements(child, found).array?.length ?? 0) > 0) throw refused(child, "WRITE.FOREIGN_KEY", child.model.within!);
    }
    if (node.parent) this.#take(node, row.key, found);
    else document.root = undefined;
    this.given.delete(found);
    if (!node.cloudId) {
      const gone = { model: identityModel(document.tree, node), key: row.key, cloudId: null };
      this.dropped.set(text, [...(this.dropped.get(text) ?? []), gone]);
    }
    return { key: row.key, documents: [text] };
  }

  identify(node: Node, row: IdentifyBatch["rows"][number]): Done {
    const text = this.#documentText(node, row.key);
    const document = this.documents.get(text);
    const element = this.#named(node, row.key);
    if (!document || !element) return undefined;
    if (this.#cloudIdOf(node, row.key, element) !== row.was) return undefined;
    this.#first.set(element, this.#first.get(element) ?? revisionOf(node, element));
    this.#give(node, element, { cloudId: row.cloudId, node, key: row.key, document: text });
    return { key: row.key, documents: [text] };
  }

  /** The one it has by now, in this unit too. */
  #cloudIdOf(node: Node, key: Key, element: JsonObject): string | null {
    const given = this.given.get(element)?.cloudId;
    if (given !== undefined) return given;
    if (node.cloudId) return read(node.cloudId, element).value;
    if (node.parent) return this.#known.get(node)?.get(keyText(key)) ?? null;
    return this.documents.get(this.#documentText(node, key))?.cloudId ?? null;
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

  /** The record that bore this key before the unit, where it still bears it: where keys have moved, another one may by now. */
  #named(node: Node, key: Key): JsonObject | undefined {
    const element = this.#element(node, key);
    const before = element && this.stood.get(element);
    return before && keyText(before.key) !== keyText(key) ? undefined : element;
  }

  /** The record, if it is still the one that was read. */
  #guarded(node: Node, key: Key, revision: string): JsonObject | undefined {
    const element = this.#named(node, key);
    return element && (this.#first.get(element) ?? revisionOf(node, element)) === revision ? element : undefined;
  }

  /** Makes an element a document of its own; gives its name. */
  #open(node: Node, key: Key, element: JsonObject): readonly string[] {
    const text = this.#documentText(node, key);
    let document = this.documents.get(text);
    if (document && (document.root || document.code !== undefined)) throw refused(node, "WRITE.UNIQUE", "document key");
    if (!document) this.documents.set(text, (document = new OpenDocument(this.#trees.get(node)!, key)));
    document.root = element;
    return [text];
  }

  /** Puts an element into the array that its key says; gives the name of its document. */
  #put(node: Node, key: Key, element: JsonObject): readonly string[] {
    const { document, above, names } = this.#above(node, key);
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
    return names;
  }

  #above(node: Node, key: Key): PlaceAbove {
    let places = this.#places.get(node);
    if (!places) this.#places.set(node, (places = {}));
    const branch = branchAt(places, key, key.length - node.key.length);
    if (branch.found) return branch.found;
    const name = this.#documentText(node, key);
    const document = this.documents.get(name);
    const above = this.#place(node.parent!, key.slice(0, -node.key.length))?.element;
    if (!document || !(above instanceof Map)) throw refused(node, "WRITE.FOREIGN_KEY", node.model.within!);
    return (branch.found = { document, names: [name], above });
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

  /** The whole element goes, with everything in it, on its way to where its new key says. */
  #leave(node: Node, from: Key, to: Key, element: JsonObject): void {
    if (!node.parent) throw refused(node, "WRITE.REFUSED", "document key");
    this.moved = true;
    const [source, target] = [this.#documentText(node, from), this.#documentText(node, to)];
    this.#capture(source);
    this.#take(node, from, element);
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

  #give(node: Node, element: JsonObject, given: Given): void {
    if (node.cloudId) setField(node, element, node.cloudId, given.cloudId);
    else this.given.set(element, given);
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
      refuseMisfit(field.kind, value);
      json = toJson(field.kind, value, field.numbers);
    } catch (error) {
      if (!isValueError(error)) throw error;
      throw new Refused({ code: "WRITE.VALUE", field: field.name, model: node.model.name });
    }
  } else if (!field.nullable && !field.optional) throw notNull(node, field.name);
  else json = field.optional || field.kind.type === "json" ? undefined : null;
  if (!setAt(element, field.path, json)) throw blocked(node, field.path);
}
