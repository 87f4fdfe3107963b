import type { DocumentDatabase } from "./contract.ts";
import type { Database, Endpoint, Finding, Inspection, ModelTypes } from "../endpoint.ts";
import { exactPatcher, type Patcher } from "../engines/patcher.ts";
import { SyncError } from "../errors.ts";
import { hash64 } from "../hash.ts";
import { changedDocuments, changesInside } from "./changes.ts";
import { commitUnit } from "./commit.ts";
import type { Node } from "./node.ts";
import { Reader } from "./reader.ts";
import { compileTrees, type DocumentTree, type Tree } from "./tree.ts";
import type { Unfolded } from "./unfolded.ts";

export interface UnfoldOptions {
  /** How changes of documents are written. @default exactPatcher */
  readonly patcher?: Patcher;
}

/**
 * A document database as an ordinary one: its endpoints are the records inside the documents, each level a model of its own
 * (`Country`, `Country.regions`, `Country.regions.airports`) whose parent is a reference like any other.
 *
 * Everything that a unit does to one document becomes one write of that document, guarded by its revision. A record's own
 * revision is that of its own part, so that two records of one document never disturb each other.
 *
 * @throws {SyncError} `OPTIONS.INVALID` with everything that is wrong with the trees, or a patcher that is none
 */
export function unfold<Types extends ModelTypes = ModelTypes>(
  database: DocumentDatabase, trees: readonly DocumentTree[], { patcher = exactPatcher }: UnfoldOptions = {},
): Database<Types> {
  if (typeof patcher?.patch !== "function") throw new SyncError("OPTIONS.INVALID", "`patcher` is an object with `name` and `patch`.");
  const compiled = compileTrees(database, trees);
  const readers = new Map(compiled.map((tree) => [tree, new Reader(database, tree)]));
  const all = compiled.flatMap((tree) => tree.nodes.map((node) => [node, tree] as const));
  const unfolded: Unfolded = { database, readers, trees: new Map(all), nodes: new Map(all.map(([node]) => [node.model.name, node])), patcher };
  return {
    name: database.name,
    endpoints: new Map(all.map(([node, tree]) => [node.model.name, endpointOf(database, readers.get(tree)!, node)])),
    async claim(request) {
      const claim = await database.claim(request);
      for (const reader of readers.values()) reader.keep(true);
      return claim;
    },
    release(fence, wrote) {
      for (const reader of readers.values()) reader.keep(false);
      return database.release(fence, wrote);
    },
    inspect: (models) => inspect(database, all.filter(([node]) => models.includes(node.model.name))),
    commit: (unit) => commitUnit(unfolded, unit),
    close: () => database.close(),
    ...(database.state ? { state: database.state } : {}),
    ...(database.leftOut ? { leftOut: database.leftOut } : {}),
    ...(database.inTransaction ? { inTransaction: true } : {}),
  };
}

function endpointOf(database: DocumentDatabase, reader: Reader, node: Node): Endpoint {
  const inner = database.endpoints.get(reader.tree.inner)!;
  return {
    model: node.model,
    // Read when they are asked for: the inner ones are final only after `inspect`.
    get capabilities() {
      return { changesSince: inner.capabilities.changesSince, fingerprints: false, exactWrites: inner.capabilities.exactWrites };
    },
    scan: (request) => reader.scan(node, request),
    fetch: (request) => reader.fetch(node, request),
    allocate: (count) => inner.allocate(count),
    get changesSince() {
      if (!inner.changesSince) return undefined;
      return node.parent
        ? (mark: string | undefined, ownUnits: readonly string[]) => changesInside(database, reader, inner, node, mark, ownUnits)
        : (mark: string | undefined, ownUnits: readonly string[]) => changedDocuments(reader, inner, mark, ownUnits);
    },
  };
}

async function inspect(database: DocumentDatabase, nodes: readonly (readonly [Node, Tree])[]): Promise<Inspection> {
  const inner = await database.inspect([...new Set(nodes.map(([, tree]) => tree.inner))]);
  const names = new Map(nodes.map(([, tree]) => [tree.inner, tree.root.model.name]));
  const findings = inner.findings.map((finding): Finding =>
    finding.model === undefined ? finding : { ...finding, model: names.get(finding.model) ?? finding.model });
  const shapes = nodes.map(([node, tree]): [string, string] =>
    [node.model.name, hash64(JSON.stringify([inner.shapes.get(tree.inner) ?? "", shapeOf(node)]), 1)]);
  return { findings, shapes: new Map(shapes) };
}

function shapeOf(node: Node): unknown {
  return [node.model, node.steps, [...node.fields.values()], node.orderBy?.name ?? null];
}
