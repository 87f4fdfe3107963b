import type { DocumentDatabase } from "./contract.ts";
import type { Patcher } from "../engines/patcher.ts";
import type { Node } from "./node.ts";
import type { Reader } from "./reader.ts";
import type { Tree } from "./tree.ts";

/** Where the records of a document database are unfolded. */
export interface Unfolded {
  readonly database: DocumentDatabase;
  readonly readers: ReadonlyMap<Tree, Reader>;
  readonly trees: ReadonlyMap<Node, Tree>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly patcher: Patcher;
}
