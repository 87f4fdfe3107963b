import type { DocumentBatch, DocumentUnit, DocumentWrite, InnerIdentity, JsonPatch } from "./contract.ts";
import type { Key, Row } from "../endpoint.ts";
import { exactPatcher } from "../engines/patcher.ts";
import type { Batch, Committed, Outcome, Refusal, Unit, UpdateBatch } from "../unit.ts";
import { changedIdentities } from "./changed-identities.ts";
import { documentName, keyText, OpenDocument } from "./document.ts";
import { cloudIdsByKey, identityModel } from "./identity.ts";
import { jsonText } from "./json.ts";
import { commitNewDocuments } from "./new-documents.ts";
import { neededFor, type Needed } from "./needed.ts";
import type { Node } from "./node.ts";
import { patchesOf } from "./patches.ts";
import { named, undisturbed } from "./own-units.ts";
import { Refused } from "./refused.ts";
import { rowOf } from "./row.ts";
import type { Tree } from "./tree.ts";
import type { Unfolded } from "./unfolded.ts";
import { Work, type Done } from "./work.ts";

/** How often documents that somebody else wrote meanwhile are read and written again. */
const attempts = 5;

const STALE: Outcome = { status: "stale" };
const WRITTEN: Outcome = { status: "written" };

/** One row of one batch. */
interface Task {
  readonly batch: number;
  readonly row: number;
}

/** What came of it; `settled`: what became of each row whose documents were not stale. */
type Attempt = { readonly refusal: Refusal } | { readonly transaction: string; readonly settled: ReadonlyMap<Task, Outcome> };

/** Carries a unit out: everything that concerns one document becomes one write of it. */
export async function commitUnit(unfolded: Unfolded, unit: Unit): Promise<Committed> {
  const written = await commitNewDocuments(unfolded, unit);
  if (written) return written;
  const outcomes: Outcome[][] = unit.batches.map((batch) => batch.rows.map(() => STALE));
  let tasks: readonly Task[] = unit.batches.flatMap((batch, at) => batch.rows.map((_, row): Task => ({ batch: at, row })));
  let transaction = "";
  /** Identities whose record is gone: they give way. */
  let released: readonly InnerIdentity[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const commit = new UnitCommit(unfolded, unit, tasks);
    const result = await commit.attempt(released);
    if ("refusal" in result) {
      const more = released.length === 0 && result.refusal.code === "WRITE.UNIQUE" ? await commit.releasable() : [];
      if (more.length > 0) {
        released = more;
        continue;
      }
      // What is written already stays; the rest is looked at again by whoever asked for it.
      if (transaction !== "") break;
      return { committed: false, refusal: result.refusal };
    }
    if (result.transaction !== "") transaction = result.transaction;
    for (const [task, outcome] of result.settled) outcomes[task.batch]![task.row] = outcome;
    tasks = tasks.filter((task) => !result.settled.has(task));
    if (tasks.length === 0) break;
  }
  return { committed: true, transaction, outcomes };
}

/** Its text is made when somebody asks for it: of a large document a few patches are all that is needed. */
function patchOf(parts: Omit<DocumentWrite & { readonly op: "patch" }, "op" | "whole">, { root, partial }: OpenDocument): DocumentWrite {
  if (partial) return { op: "patch", ...parts };
  let text: string | undefined;
  return {
    op: "patch",
    ...parts,
    get whole() {
      return (text ??= jsonText(root!));
    },
  };
}

/** Of the same key, what is forgotten first may be somebody's later on. */
function withoutSpoken(identities: readonly InnerIdentity[]): readonly InnerIdentity[] {
  if (!identities.some(({ cloudId }) => cloudId === null)) return identities;
  const nameOf = ({ model, key }: InnerIdentity): string => JSON.stringify([model, ...key]);
  const spoken = new Set(identities.flatMap((each) => (each.cloudId === null ? [] : [nameOf(each)])));
  return identities.filter((each) => each.cloudId !== null || !spoken.has(nameOf(each)));
}

/** One attempt to carry out some rows of a unit. */
class UnitCommit {
  readonly #unfolded: Unfolded;
  readonly #unit: Unit;
  readonly #tasks: readonly Task[];
  readonly #done = new Map<Task, Done>();
  #work!: Work;
  /** By document: what an earlier batch makes of it that a later one writes again. */
  readonly #first = new Map<string, readonly JsonPatch[]>();
  #identities = new Map<string, InnerIdentity[]>();

  constructor(unfolded: Unfolded, unit: Unit, tasks: readonly Task[]) {
    this.#unfolded = unfolded;
    this.#unit = unit;
    this.#tasks = tasks;
  }

  async attempt(released: readonly InnerIdentity[]): Promise<Attempt> {
    const { database } = this.#unfolded;
    this.#work = new Work(this.#unfolded.trees, await this.#load(), await this.#known());
    try {
      this.#apply();
    } catch (error) {
      if (error instanceof Refused) return { refusal: error.refusal };
      throw error;
    }
    this.#identities = await changedIdentities(this.#unfolded, this.#work);
    const { unit, names } = this.#documentUnit(released);
    if (unit.batches.length === 0) return { transaction: "", settled: await this.#settle(new Set(), new Map()) };
    const marks = await undisturbed(this.#unfolded.readers, unit);
    const result = await database.documents.commit(unit);
    if (!result.committed) return { refusal: this.#translated(result.refusal) };
    const transaction = named(result.transaction, marks, this.#unit.batches.every(({ op }) => op === "update" || op === "identify"));
    const stale = new Set<string>();
    const images = new Map<string, OpenDocument>();
    unit.batches.forEach((batch, at) => result.outcomes[at]!.forEach((outcome, row) => {
      const name = names[at]![row]!;
      if (outcome.status === "stale") stale.add(name);
      else if (outcome.after) images.set(name, this.#opened(batch.model, outcome.after));
    }));
    if (unit.together && stale.size > 0) return { transaction, settled: new Map() };
    for (const { own } of this.#unfolded.readers.values()) own.written(transaction);
    return { transaction, settled: await this.#settle(stale, images) };
  }

  /** Identities that stand in the way of this unit, and whose record is gone. */
  async releasable(): Promise<InnerIdentity[]> {
    const released: InnerIdentity[] = [];
    const lists = [...this.#identities.values()].flat();
    for (const [node, tree] of this.#unfolded.trees) {
      const model = identityModel(tree, node);
      const wanted = lists.flatMap((each) => (each.model === model && each.cloudId !== null ? [each] : []));
      if (wanted.length === 0) continue;
      const spoken = new Set(lists.flatMap((each) => (each.model === model ? [keyText(each.key)] : [])));
      const held = await this.#unfolded.database.documents.identities(model, "cloudId", wanted.map((each) => [each.cloudId!]));
      const others = held.filter(({ key }) => !spoken.has(keyText(key)));
      const reader = this.#unfolded.readers.get(tree)!;
      const documents = await reader.load(others.map(({ key }) => reader.documentKey(key)));
      for (const { key } of others) {
        const place = documents.get(keyText(reader.documentKey(key)))?.find(node, key);
        if (place === undefined) released.push({ model, key, cloudId: null });
      }
    }
    return released;
  }

  #node(batch: Batch): Node {
    return this.#unfolded.nodes.get(batch.model)!;
  }

  /** The documents that these rows are in, or are to go to. */
  async #load(): Promise<Map<string, OpenDocument>> {
    const needed = new Map<Tree, Needed[]>();
    // What this unit makes is there only if it is refused.
    const born = new Set<string>();
    for (const { batch: at, row } of this.#tasks) {
      const batch = this.#unit.batches[at]!;
      const node = this.#node(batch);
      const tree = this.#unfolded.trees.get(node)!;
      if (batch.op === "insert") {
        const name = documentName(tree, batch.rows[row]!.key);
        if (!node.parent) born.add(name);
        if (born.has(name)) continue;
      }
      const list = needed.get(tree) ?? [];
      needed.set(tree, list);
      list.push(...neededFor(tree, node, batch, row, this.#unfolded.patcher !== exactPatcher));
    }
    const documents = new Map<string, OpenDocument>();
    await Promise.all([...needed].map(async ([tree, wanted]) => {
      for (const document of (await this.#unfolded.readers.get(tree)!.loadToWrite(wanted)).values()) documents.set(documentName(tree, document.key), document);
    }));
    return documents;
  }

  /** The cloudIds that rows have now which are there already and are given one. */
  async #known(): Promise<Map<Node, Map<string, string>>> {
    const keys = new Map<Node, Key[]>();
    for (const { batch: at, row } of this.#tasks) {
      const batch = this.#unit.batches[at]!;
      const node = this.#node(batch);
      const isGiven = batch.op === "identify" || (batch.op === "update" && batch.rows[row]!.cloudId !== undefined);
      if (!isGiven || !node.parent || node.cloudId) continue;
      const wanted = keys.get(node) ?? [];
      keys.set(node, wanted);
      wanted.push(batch.rows[row]!.key);
    }
    const known = new Map<Node, Map<string, string>>();
    for (const [node, wanted] of keys) known.set(node, await cloudIdsByKey(this.#unfolded.database, node.model.name, wanted));
    return known;
  }

  #apply(): void {
    this.#unit.batches.forEach((batch, at) => {
      const node = this.#node(batch);
      const tasks = this.#tasks.filter((task) => task.batch === at);
      if (batch.op === "update") this.#work.update(node, batch, tasks.map(({ row }) => batch.rows[row]!)).forEach((done, index) => this.#done.set(tasks[index]!, done));
      else for (const task of tasks) this.#done.set(task, this.#applied(node, batch, task.row));
      this.#work.endBatch(node);
      if (batch.op === "update" && !node.parent) this.#noteLeavers(node, batch, at);
    });
  }

  /** Documents that are written once more in this unit hold a value meanwhile that is in nobody's way. */
  #noteLeavers(node: Node, { model, rows }: UpdateBatch, at: number): void {
    const later = this.#unit.batches.slice(at + 1).flatMap((batch) => (batch.op === "update" && batch.model === model ? batch.rows : []));
    if (later.length === 0) return;
    const again = new Set(later.map(({ key }) => keyText(key)));
    for (const { key } of rows) {
      const name = documentName(this.#unfolded.trees.get(node)!, key);
      const document = again.has(keyText(key)) ? this.#work.documents.get(name) : undefined;
      if (document) this.#first.set(name, this.#work.patches(document));
    }
  }

  #applied(node: Node, batch: Exclude<Batch, UpdateBatch>, row: number): Done {
    switch (batch.op) {
      case "insert":
        return this.#work.insert(node, batch, batch.rows[row]!);
      case "delete":
        return this.#work.delete(node, batch.rows[row]!);
      case "identify":
        return this.#work.identify(node, batch.rows[row]!);
    }
  }

  #documentUnit(released: readonly InnerIdentity[]): { readonly unit: DocumentUnit; readonly names: readonly (readonly string[])[] } {
    const groups = new Map<Tree, { readonly batch: DocumentBatch & { readonly rows: DocumentWrite[] }; readonly names: string[] }>();
    let open = released;
    for (const [name, document] of this.#work.documents) {
      const { tree, key, revision, root, text } = document;
      const own = this.#identities.get(name) ?? [];
      const inner = withoutSpoken([...open, ...own]);
      const patches = this.#patches(document);
      let write: DocumentWrite | undefined;
      if (revision === undefined) write = root && { op: "insert", key, whole: jsonText(root), inner };
      else if (!root && document.code === undefined) write = { op: "delete", key, revision, inner };
      else if (patches.length > 0 || own.length > 0) {
        const first = this.#first.get(name);
        write = patches.length > 0 ? patchOf({ key, revision, patches, inner, ...(first ? { first } : {}) }, document) : { op: "patch", key, revision, patches, whole: text!, inner };
      }
      if (!write) continue;
      open = [];
      let group = groups.get(tree);
      if (!group) groups.set(tree, (group = { batch: { model: tree.inner, field: tree.json, rows: [] }, names: [] }));
      group.batch.rows.push(write);
      group.names.push(name);
    }
    const { id, fence } = this.#unit;
    const all = [...groups.values()];
    const unit: DocumentUnit = { id, fence, batches: all.map(({ batch }) => batch), ...(this.#work.together ? { together: true } : {}) };
    return { unit, names: all.map(({ names }) => names) };
  }

  #patches(document: OpenDocument): readonly JsonPatch[] | "whole" {
    const patches = this.#work.patches(document);
    const { root, text } = document;
    const { patcher } = this.#unfolded;
    if (patches.length === 0 || patcher === exactPatcher) return patches;
    return patchesOf(patcher, { model: document.tree.root.model.name, before: text!, after: jsonText(root!), patches });
  }

  async #settle(stale: ReadonlySet<string>, images: ReadonlyMap<string, OpenDocument>): Promise<Map<Task, Outcome>> {
    const settled = new Map<Task, Outcome>();
    for (const [task, done] of this.#done) {
      if (!done) settled.set(task, STALE);
      else if (stale.size === 0 || !done.documents.some((name) => stale.has(name))) settled.set(task, WRITTEN);
    }
    if (images.size > 0) await this.#afterImages(settled, images);
    return settled;
  }

  /** What the database made of the documents, record by record. */
  async #afterImages(settled: Map<Task, Outcome>, images: ReadonlyMap<string, OpenDocument>): Promise<void> {
    const standing = [...this.#done].flatMap(([task, done]) => {
      const batch = this.#unit.batches[task.batch]!;
      const node = this.#node(batch);
      if (!done || settled.get(task)?.status !== "written" || batch.op === "delete" || batch.op === "identify") return [];
      const image = images.get(documentName(this.#unfolded.trees.get(node)!, done.key));
      const place = image?.find(node, done.key);
      return image && place && place !== "unknown" ? [{ task, node, key: done.key, image, place, given: batch.rows[task.row]!.cloudId }] : [];
    });
    const known = new Map<Node, ReadonlyMap<string, string>>();
    for (const node of new Set(standing.map((each) => each.node))) {
      const asked = node.cloudId ? [] : standing.filter((each) => each.node === node && each.given === undefined);
      known.set(node, await cloudIdsByKey(this.#unfolded.database, identityModel(this.#unfolded.trees.get(node)!, node), asked.map(({ key }) => key)));
    }
    for (const { task, node, key, image, place, given } of standing) {
      const fields = node.model.fields.map((field) => field.name);
      const row = rowOf(node, image, place, fields, given ?? known.get(node)!.get(keyText(key)) ?? null);
      const cloudId = node.cloudId ? (row.values[fields.indexOf(node.cloudId.name)] ?? null) : row.cloudId;
      settled.set(task, { status: "written", after: { ...row, cloudId } });
    }
  }

  #opened(model: string, after: Row): OpenDocument {
    const tree = [...this.#unfolded.readers.keys()].find((each) => each.inner === model)!;
    const at = this.#unfolded.database.endpoints.get(model)!.model.fields.findIndex((field) => field.name === tree.json);
    return new OpenDocument(tree, after.key, { text: after.values[at] ?? null, revision: after.revision, cloudId: after.cloudId });
  }

  #translated(refusal: Refusal): Refusal {
    const tree = [...this.#unfolded.readers.keys()].find((each) => each.inner === refusal.model);
    return tree ? { ...refusal, model: tree.root.model.name } : refusal;
  }
}
