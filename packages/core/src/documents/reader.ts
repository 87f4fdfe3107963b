import type { DocumentDatabase } from "./contract.ts";
import type { Endpoint, FetchRequest, Key, KeyRange, Page, Row, ScanRequest } from "../endpoint.ts";
import { fieldOf } from "../model.ts";
import { compareKeys, holdsRecord, inside, keyText, OpenDocument, type Place } from "./document.ts";
import { groupBy } from "./group.ts";
import { cloudIdsByKey, identityModel } from "./identity.ts";
import type { Needed } from "./needed.ts";
import { read, type Node, type NodeField } from "./node.ts";
import { OwnUnits } from "./own-units.ts";
import { fewRecords, partOf, wantedElement, wayTo } from "./parts.ts";
import { rowOf, valueOf } from "./row.ts";
import { shapesOf } from "./shape.ts";
import type { Tree } from "./tree.ts";

type DocumentPages = AsyncIterable<readonly OpenDocument[]> | readonly (readonly OpenDocument[])[];

/** Length of the documents that are kept from being read to being written. */
const lengthKept = 1 << 26;

/** More documents at once would cost memory, and save nothing worth it. */
const documentsPerPage = 200;

/** Reads documents of one tree and gives the records inside them. */
export class Reader {
  readonly tree: Tree;
  readonly own: OwnUnits;
  readonly #database: DocumentDatabase;
  readonly #inner: Endpoint;
  /** Those read last, while somebody may write: by key, the oldest first. */
  readonly #lately = new Map<string, OpenDocument>();
  #lengthLately = 0;
  #keeps = false;

  constructor(database: DocumentDatabase, tree: Tree) {
    this.tree = tree;
    this.#database = database;
    this.#inner = database.endpoints.get(tree.inner)!;
    this.own = new OwnUnits(this.#inner);
  }

  async *scan(node: Node, request: ScanRequest): AsyncGenerator<Page> {
    for (const range of request.ranges ?? [{ after: null, upTo: null }]) {
      let { after } = range;
      for await (const { documents, last } of this.#documents(node, range, request.pageSize)) {
        const places = documents.flatMap((document) => within(node, document, range).map((place) => ({ document, place })));
        // A page ends with its documents: all its rows are of one snapshot.
        for (let at = 0; at === 0 || at < places.length; at += request.pageSize) {
          const part = places.slice(at, at + request.pageSize);
          const end = last && at + request.pageSize >= places.length;
          if (part.length === 0 && !end) continue;
          const upTo = end ? range.upTo : part[part.length - 1]!.place.key;
          yield { rows: await this.rows(node, part, request.fields), range: { after, upTo } };
          after = upTo;
        }
      }
    }
  }

  async fetch(node: Node, request: FetchRequest): Promise<readonly Row[]> {
    const { by, tuples, fields } = request;
    if (tuples.length === 0) return [];
    if (by === "key") return this.#byKey(node, tuples, fields);
    if (by !== "cloudId") return this.#byFields(node, by, tuples, fields);
    if (node.cloudId) return this.#byOwnCloudId(node, node.cloudId, tuples, fields);
    if (!node.parent) return this.rows(node, (await this.#load({ fields: [], by, tuples })).flatMap((document) => placesOf(node, document)), fields);
    const known = await this.#database.documents.identities(identityModel(this.tree, node), "cloudId", tuples);
    return this.#byKey(node, known.map(({ key }) => key), fields, new Map(known.map(({ key, cloudId }) => [keyText(key), cloudId])));
  }

  /** The documents of these keys; those that do not exist are absent. */
  async load(keys: readonly Key[]): Promise<Map<string, OpenDocument>> {
    const tuples = [...new Map(keys.map((key) => [keyText(key), key])).values()];
    const found = tuples.length === 0 ? [] : await this.#load({ fields: [], by: "key", tuples });
    return new Map(found.map((document) => [keyText(document.key), document]));
  }

  /**
   * The same for somebody who changes them and writes them under their revision: those that were read just now are taken as they
   * were. Each is given once, for what is changed is nobody else's.
   */
  async loadToWrite(needed: readonly Needed[]): Promise<Map<string, OpenDocument>> {
    const taken = new Map<string, OpenDocument>();
    for (const [text, needs] of groupBy(needed, ({ document }) => keyText(document))) {
      const document = this.#lately.get(text);
      if (document && needs.every(({ only }) => !document.partial || (only && holdsRecord(document, only.node, only.key)))) taken.set(text, document);
    }
    this.forget();
    const missing = needed.flatMap(({ document }) => (taken.has(keyText(document)) ? [] : [document]));
    for (const [text, document] of await this.load(missing)) taken.set(text, document);
    this.forget();
    return taken;
  }

  /** From now on documents that are read may be written to, or no longer. */
  keep(keeps: boolean): void {
    this.#keeps = keeps;
    this.forget();
  }

  forget(): void {
    this.#lately.clear();
    this.#lengthLately = 0;
  }

  documentKey(key: Key): Key {
    return key.slice(0, this.tree.root.model.primaryKey.length);
  }

  async rows(
    node: Node, places: readonly { readonly document: OpenDocument; readonly place: Place }[], fields: readonly string[], known?: ReadonlyMap<string, string>,
  ): Promise<Row[]> {
    const cloudIds = await this.#cloudIds(node, places, known);
    return places.map(({ document, place }, at) => rowOf(node, document, place, fields, cloudIds[at]!));
  }

  /** `cloudIds`: those that are known already, where no element holds its own. */
  async #byKey(node: Node, keys: readonly Key[], fields: readonly string[], cloudIds?: ReadonlyMap<string, string>): Promise<readonly Row[]> {
    const unique = new Map(keys.map((key) => [keyText(key), key]));
    const documents = await this.#holdingKeys(node, [...unique.values()], fields);
    const doubtful: { document: OpenDocument; place: Place }[] = [];
    const places = [...unique.values()].flatMap((key) => {
      const document = documents.get(keyText(this.documentKey(key)));
      const place = document?.find(node, key);
      if (!document || !place) return [];
      if (place !== "unknown") return [{ document, place }];
      doubtful.push({ document, place: { key, element: undefined, code: "DOCUMENT.UNKNOWN_PLACE" } });
      return [];
    });
    const rows = await this.rows(node, places, fields, cloudIds);
    // Who is known by a cloudId may still stand in the array that nobody can read: that is no delete.
    const known = node.cloudId || doubtful.length === 0 ? [] : (await this.rows(node, doubtful, fields, cloudIds)).filter((row) => row.cloudId !== null);
    return [...rows, ...known];
  }

  /** What says all about the records of these keys: parts of documents in which each was found, else the whole ones. */
  async #holdingKeys(node: Node, keys: readonly Key[], fields: readonly string[]): Promise<Map<string, OpenDocument>> {
    const documents = new Map<string, OpenDocument>();
    const open = groupBy(keys, (key) => keyText(this.documentKey(key)));
    const take = (text: string, document: OpenDocument | undefined): void => {
      if (document && open.get(text)!.every((key) => holdsRecord(document, node, key)) && open.delete(text)) documents.set(text, document);
    };
    // Who is there, and no more, may be told by what was read a moment ago.
    if (fields.length === 0) for (const text of open.keys()) take(text, this.#lately.get(text));
    for (const [text, document] of await this.#parts(node, [...open.values()].filter(({ length }) => length <= fewRecords).flat(), fields)) take(text, document);
    if (this.#keeps) for (const document of documents.values()) if (document.partial) this.#keep(document);
    for (const [text, document] of await this.load([...open.values()].map(([key]) => this.documentKey(key!)))) documents.set(text, document);
    return documents;
  }

  async #parts(node: Node, keys: readonly Key[], fields: readonly string[]): Promise<Map<string, OpenDocument>> {
    const { documents } = this.#database;
    const way = documents.elements && wayTo(this.tree, node, fields);
    const wanted = way ? keys.flatMap((key) => wantedElement(this.tree, node, key) ?? []) : [];
    if (!way || wanted.length === 0) return new Map();
    const found = (await documents.elements!(this.tree.inner, way, wanted)).flatMap((element) => element ?? []);
    return new Map([...groupBy(found, ({ key }) => keyText(key))].flatMap(([text, elements]) => {
      const part = partOf(this.tree, node, elements);
      return part ? [[text, part] as const] : [];
    }));
  }

  async #byFields(node: Node, by: readonly string[], tuples: readonly (readonly string[])[], fields: readonly string[]): Promise<readonly Row[]> {
    return this.rows(node, await this.#placesBy(node, by, tuples), fields);
  }

  /** No database keeps two elements from bearing one cloudId: whoever does is faulty. */
  async #byOwnCloudId(node: Node, cloudId: NodeField, tuples: readonly (readonly string[])[], fields: readonly string[]): Promise<readonly Row[]> {
    const places = await this.#placesBy(node, [cloudId.name], tuples);
    const rows = await this.rows(node, places, fields);
    const holders = groupBy(rows, (row) => row.cloudId!);
    return rows.map((row, at) => {
      if (holders.get(row.cloudId!)!.length === 1) return row;
      const { document, place } = places[at]!;
      const fault = { field: cloudId.name, code: "DOCUMENT.DUPLICATE_CLOUD_ID", path: inside(document.pathTo(node, place.key), cloudId.path) };
      return { ...row, faults: [fault, ...(row.faults ?? [])] };
    });
  }

  async #placesBy(node: Node, by: readonly string[], tuples: readonly (readonly string[])[]): Promise<{ readonly document: OpenDocument; readonly place: Place }[]> {
    const wanted = new Set(tuples.map(keyText));
    const keyAt = node.model.primaryKey.slice(0, this.tree.root.model.primaryKey.length).map((name) => by.indexOf(name));
    let documents: DocumentPages;
    if (keyAt.every((at) => at >= 0)) documents = [[...(await this.load(tuples.map((tuple) => keyAt.map((at) => tuple[at]!)))).values()]];
    else if (!node.parent && by.every((name) => fieldOf(this.#inner.model, name))) documents = [await this.#load({ fields: [], by, tuples })];
    else documents = await this.#holding(node, by, tuples);
    const places: { readonly document: OpenDocument; readonly place: Place }[] = [];
    for await (const page of documents) {
      places.push(...page.flatMap((document) => placesOf(node, document)).filter(({ place }) => {
        const values = place.code === undefined ? by.map((name) => valueOf(node, place, name).value) : [];
        return values.length > 0 && !values.includes(null) && wanted.has(keyText(values as string[]));
      }));
    }
    return places;
  }

  /** Documents that may hold records with these values: those that the database finds, or else all of them. */
  async #holding(node: Node, by: readonly string[], tuples: readonly (readonly string[])[]): Promise<DocumentPages> {
    const { documents } = this.#database;
    const shapes = documents.containing && shapesOf(node, by, tuples);
    if (!shapes) return this.#all();
    return [[...(await this.load(await documents.containing!(this.tree.inner, shapes))).values()]];
  }

  /** Every document, page by page. */
  async *#all(): AsyncGenerator<readonly OpenDocument[]> {
    for await (const { documents } of this.#documents(this.tree.root, { after: null, upTo: null }, documentsPerPage)) yield documents;
  }

  /** How many records of this level there are, by reading all documents. */
  async count(node: Node): Promise<number> {
    let count = 0;
    for await (const documents of this.#all()) for (const document of documents) count += document.places(node).length;
    return count;
  }

  /** Documents that hold keys of this range, the last page marked. */
  async *#documents(node: Node, range: KeyRange, pageSize: number): AsyncGenerator<{ readonly documents: readonly OpenDocument[]; readonly last: boolean }> {
    const after = range.after && this.documentKey(range.after);
    const upTo = range.upTo && this.documentKey(range.upTo);
    const onlyOne = after !== null && upTo !== null && keyText(after) === keyText(upTo);
    // The document of the key it goes on behind may hold more.
    if (after && node.parent) yield { documents: [...(await this.load([after])).values()], last: onlyOne };
    if (onlyOne && node.parent) return;
    const request = { fields: [this.tree.json], pageSize: node.parent ? Math.min(pageSize, documentsPerPage) : pageSize, ranges: [{ after, upTo }] };
    let ahead: Page | undefined;
    for await (const page of this.#inner.scan(request)) {
      if (ahead) yield { documents: ahead.rows.map((row) => this.#open(row)), last: false };
      ahead = page;
    }
    yield { documents: (ahead?.rows ?? []).map((row) => this.#open(row)), last: true };
  }

  async #load(request: FetchRequest): Promise<OpenDocument[]> {
    const rows = await this.#inner.fetch({ ...request, fields: [this.tree.json] });
    const documents = rows.map((row) => this.#open(row));
    if (this.#keeps) for (const document of documents) this.#keep(document);
    return documents;
  }

  #keep(document: OpenDocument): void {
    const text = keyText(document.key);
    this.#lengthLately += document.size - (this.#lately.get(text)?.size ?? 0);
    this.#lately.delete(text);
    this.#lately.set(text, document);
    for (const [oldest, { size }] of this.#lately) {
      if (this.#lengthLately <= lengthKept) return;
      this.#lately.delete(oldest);
      this.#lengthLately -= size;
    }
  }

  #open(row: Row): OpenDocument {
    return new OpenDocument(this.tree, row.key, { text: row.values[0] ?? null, revision: row.revision, cloudId: row.cloudId });
  }

  async #cloudIds(
    node: Node, places: readonly { readonly document: OpenDocument; readonly place: Place }[], already?: ReadonlyMap<string, string>,
  ): Promise<readonly (string | null)[]> {
    const { cloudId } = node;
    if (cloudId) return places.map(({ place }) => (place.element === undefined || place.code !== undefined ? null : read(cloudId, place.element).value));
    if (!node.parent) return places.map(({ document }) => document.cloudId);
    const known = already ?? await cloudIdsByKey(this.#database, identityModel(this.tree, node), places.map(({ place }) => place.key));
    return places.map(({ place }) => known.get(keyText(place.key)) ?? null);
  }
}

function placesOf(node: Node, document: OpenDocument): { document: OpenDocument; place: Place }[] {
  return document.places(node).map((place) => ({ document, place }));
}

/** The records of a document whose keys lie in the range; between documents their own database has seen to that. */
function within(node: Node, document: OpenDocument, range: KeyRange): Place[] {
  const length = document.key.length;
  const ownPart = (limit: Key | null): Key | undefined =>
    (limit !== null && node.parent && keyText(limit.slice(0, length)) === keyText(document.key) ? limit.slice(length) : undefined);
  const [after, upTo] = [ownPart(range.after), ownPart(range.upTo)];
  return document.places(node).filter(({ key }) => {
    const own = key.slice(length);
    return (after === undefined || compareKeys(node, own, after) > 0) && (upTo === undefined || compareKeys(node, own, upTo) <= 0);
  });
}
