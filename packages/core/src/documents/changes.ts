import type { DocumentDatabase } from "./contract.ts";
import type { Changes, Endpoint } from "../endpoint.ts";
import type { Node } from "./node.ts";
import type { Reader } from "./reader.ts";

/** The mark of a child model: the documents' own, how many of them there were, and how many records after that. */
interface ChildMark {
  readonly inner: string;
  readonly documents: number;
  readonly total: number;
}

/**
 * Records of one level that may differ since a mark: all those of changed documents. The documents' mark is taken before
 * anything is counted. What comes between stands in a document that the next call names, so that a delete is found then
 * at the latest; one that is not there is never made up, since records are only counted here and looked for by the runner.
 *
 * Own transactions are left out as far as they hide nothing. Records that they added or took are not in the mark's total, so
 * that behind those that did all is counted anew.
 */
export async function changesInside(
  database: DocumentDatabase, reader: Reader, inner: Endpoint, node: Node, mark: string | undefined, ownUnits: readonly string[],
): Promise<Changes> {
  const known = mark === undefined ? undefined : (JSON.parse(mark) as ChildMark);
  const own = known ? reader.own.since(known.inner, ownUnits) : [];
  const changes = await inner.changesSince!(known?.inner, own);
  reader.own.given(changes.next);
  const still = known !== undefined && reader.own.keepNumbers(known.inner, ownUnits) && changes.keys !== "all" && changes.keys.length === 0 && changes.total === known.documents;
  const documents = changes.keys === "all" ? undefined : await reader.load(changes.keys);
  const total = still ? known.total : await count(database, reader, node);
  const next: ChildMark = { inner: changes.next, documents: changes.total, total };
  const keys = documents && [...documents.values()].flatMap((document) => document.places(node).map(({ key }) => key));
  return { next: JSON.stringify(next), total, keys: keys ?? "all" };
}

async function count(database: DocumentDatabase, reader: Reader, node: Node): Promise<number> {
  const { documents } = database;
  if (!documents.countInside) return reader.count(node);
  const [total] = await documents.countInside(reader.tree.inner, [node.steps], node.single);
  return total!;
}

/** The same for the documents themselves. */
export async function changedDocuments(reader: Reader, inner: Endpoint, mark: string | undefined, ownUnits: readonly string[]): Promise<Changes> {
  const changes = await inner.changesSince!(mark, mark === undefined ? [] : reader.own.since(mark, ownUnits));
  reader.own.given(changes.next);
  return changes;
}
