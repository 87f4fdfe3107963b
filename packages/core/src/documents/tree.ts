import type { Declaration } from "../declaration.ts";
import type { DocumentDatabase } from "./contract.ts";
import type { Finding } from "../endpoint.ts";
import { SyncError } from "../errors.ts";
import type { Kind } from "../value.ts";
import { hintFor } from "../names.ts";
import { nodeOf, problem, type Node } from "./node.ts";

/** One field of a record inside a document. */
export interface TreeField {
  readonly name: string;
  /** Keys of nested objects on the way to it, `location.lat`; as a list where a key holds a dot. @default the name */
  readonly path?: string | readonly string[];
  readonly kind: Kind;
  /** It may stand there as null. @default false */
  readonly nullable?: boolean;
  /** It may be absent; null is then written by leaving it out. @default false */
  readonly optional?: boolean;
  /** How numbers stand in the document. @default "number" */
  readonly numbers?: "number" | "text";
  /** The application stamps it by itself: not compared unless the mapping names it. @default false */
  readonly stamped?: boolean;
}

/** Fields that hold the key of a record of another unfolded model. Nobody but the application watches over it. */
export interface TreeReference {
  /** @default the field's name; needed where there are several */
  readonly name?: string;
  readonly fields: readonly string[];
  /** The other model's unfolded name; the fields hold its primary key. */
  readonly target: string;
}

/** What root and children have in common. */
export interface TreeRecord {
  readonly fields: readonly TreeField[];
  /** Fields that name one record, over all documents. Of the root: held by the database. Of a child: on your word. */
  readonly uniqueKeys?: readonly (readonly string[])[];
  /** A field that holds the record's cloudId. Without it the identity stands beside the documents. */
  readonly cloudId?: string;
  /** An instant and a text, written with every change of the record: when, and that it is `synced`. */
  readonly lastSyncedAt?: string;
  readonly syncStatus?: string;
  readonly references?: readonly TreeReference[];
  /** How the records are kept the same, where they say so themselves. */
  readonly declared?: Declaration;
  readonly children?: readonly TreeChild[];
}

/** Records in an array of the record above them. */
export interface TreeChild extends TreeRecord {
  /** The array, seen from the record above. */
  readonly path: string | readonly string[];
  /** Fields that tell the elements of one array apart. */
  readonly key: readonly string[];
  /**
   * The elements are no objects but single values, such as keys of other records. It has one field, which is the key; a value
   * that stands there twice is one record. @default false
   */
  readonly single?: boolean;
  /** The array is kept sorted by this field. Without it the order of the elements means nothing; new ones go to the end. */
  readonly orderBy?: string;
  /** The array is never absent: a new record gets an empty one. @default false */
  readonly required?: boolean;
  /** What the reference to the record above is called. @default "parent" */
  readonly parent?: string;
}

/** How documents of one model are unfolded into records. */
export interface DocumentTree extends TreeRecord {
  /** The model of the document database. */
  readonly documents: string;
  /** Its field that holds the document. */
  readonly json: string;
  /** What the root model is called; children are called by their paths behind it. @default the name of `documents` */
  readonly name?: string;
}

/** A tree that was found in order. */
export interface Tree {
  /** The document database's model. */
  readonly inner: string;
  readonly json: string;
  readonly root: Node;
  /** Root first, parents before children. */
  readonly nodes: readonly Node[];
}

/** @throws {SyncError} `OPTIONS.INVALID` with everything that is wrong with the trees */
export function compileTrees(database: DocumentDatabase, trees: readonly DocumentTree[]): readonly Tree[] {
  const findings: Finding[] = [];
  const compiled = trees.flatMap((tree) => compileTree(database, tree, findings) ?? []);
  const models = new Map(compiled.flatMap((tree) => tree.nodes.map((node) => [node.model.name, node] as const)));
  const names = compiled.flatMap((tree) => tree.nodes.map((node) => node.model.name));
  for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at))) {
    findings.push(problem(name, `Two trees give a model \`${name}\`. Give one of them another \`name\`.`));
  }
  for (const { documents } of trees.filter((each, at) => trees.findIndex((other) => other.documents === each.documents) !== at)) {
    findings.push(problem(documents, `Two trees unfold the documents of \`${documents}\`: what one writes the other would overwrite.`));
  }
  for (const node of models.values()) {
    for (const reference of node.model.references) {
      const target = models.get(reference.target);
      const say = (message: string): void => void findings.push(problem(node.model.name, `Reference \`${reference.name}\` ${message}`));
      if (!target) say(`leads to \`${reference.target}\`, which no tree has.${hintFor(reference.target, models.keys())}`);
      else if (target.model.primaryKey.length !== reference.fields.length) {
        say(`needs ${target.model.primaryKey.length} fields for the key of \`${reference.target}\` (${target.model.primaryKey.join(", ")}).`);
      }
    }
  }
  if (findings.length > 0) throw new SyncError("OPTIONS.INVALID", findings.map(({ message }) => message).join("\n"), { findings, database: database.name });
  // Only now every target's key is known.
  for (const node of models.values()) node.aim((target) => models.get(target)!.model.primaryKey);
  return compiled;
}

function compileTree(database: DocumentDatabase, tree: DocumentTree, findings: Finding[]): Tree | undefined {
  const inner = database.endpoints.get(tree.documents)?.model;
  if (!inner) {
    findings.push(problem(tree.documents, `${database.name} has no model \`${tree.documents}\`.${hintFor(tree.documents, database.endpoints.keys())}`));
    return undefined;
  }
  if (!inner.fields.some(({ name }) => name === tree.json)) {
    const hint = hintFor(tree.json, inner.fields.map(({ name }) => name));
    findings.push(problem(tree.documents, `\`${tree.documents}\` has no field \`${tree.json}\` for its documents.${hint}`));
  }
  const root = nodeOf({ name: tree.name ?? tree.documents, record: tree, inner, findings });
  const nodes: Node[] = [];
  const collect = (node: Node): void => {
    nodes.push(node);
    node.children.forEach(collect);
  };
  collect(root);
  return { inner: tree.documents, json: tree.json, root, nodes };
}
