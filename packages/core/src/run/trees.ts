import type { Row } from "../endpoint.ts";
import { otherSide, type PairField, type SideName } from "../mapping/pair-model.ts";
import type { ModelAnalysis } from "./analyse.ts";
import type { RunContext } from "./context.ts";
import { readAhead } from "./pages.ts";
import { pagesTogether, type Sink } from "./writer.ts";

/** Models whose records one side stores inside one another, the outermost first. */
export interface Tree {
  readonly root: ModelAnalysis;
  readonly inner: readonly { readonly analysis: ModelAnalysis; readonly parent: ModelAnalysis; readonly field: PairField }[];
}

/** Read while earlier ones are looked at and written. */
const unitsAhead = 2;

/** How many records a run looks at first to learn how many a document has. */
const firstDocuments = 16;

/**
 * The models in order, those of one tree together where the last of them stood. A model outside the tree that stands
 * between two of it keeps them apart: it needs the one, and is needed by the other.
 */
export function inTrees(analyses: readonly ModelAnalysis[]): (ModelAnalysis | Tree)[] {
  const byName = new Map(analyses.map((analysis) => [analysis.model.name, analysis]));
  const within = (analysis: ModelAnalysis): PairField | undefined => withinField(analysis, byName);
  const rootOf = (analysis: ModelAnalysis): ModelAnalysis => {
    const field = within(analysis);
    return field ? rootOf(byName.get(field.parent!)!) : analysis;
  };
  const ordered: (ModelAnalysis | Tree)[] = [];
  for (const analysis of analyses) {
    const members = analyses.filter((each) => rootOf(each) === rootOf(analysis));
    const names = new Set(members.map(({ model }) => model.name));
    const between = analyses.slice(analyses.indexOf(members[0]!), analyses.indexOf(members[members.length - 1]!));
    const apart = between.some(({ model }) => !names.has(model.name) && model.parents.some((parent) => names.has(parent)));
    if (members.length === 1 || apart) ordered.push(analysis);
    else if (analysis === members[members.length - 1]) {
      const [root, ...rest] = members;
      ordered.push({ root: root!, inner: rest.map((each) => ({ analysis: each, parent: byName.get(within(each)!.parent!)!, field: within(each)! })) });
    }
  }
  return ordered;
}

/** The reference to the record that this model's records live inside of, on the side that stores them so. */
function withinField({ model }: ModelAnalysis, byName: ReadonlyMap<string, ModelAnalysis>): PairField | undefined {
  for (const side of ["left", "right"] as const) {
    const own = model[side].endpoint.model;
    const reference = own.references.find(({ name }) => name === own.within);
    const field = reference && model.fields.find((each) => each.parent !== undefined && each.parent !== model.name && each[side].names.join() === reference.fields.join());
    if (field && byName.has(field.parent!)) return field;
  }
  return undefined;
}

/**
 * The first copy of a tree onto an empty side, document by document: each is written whole, once, instead of once for
 * every page of each model. What this leaves open is looked at by the models' own passes.
 */
export async function copyTree(context: RunContext, { root, inner }: Tree, sink: Sink): Promise<void> {
  const members = [root, ...inner.map(({ analysis }) => analysis)];
  const side = (["left", "right"] as const).find((each) => members.every(({ sources, links }) =>
    sources[each].full && links === 0 && sources[otherSide(each)].side.knownEmpty));
  if (side === undefined) return;
  // A second look would plan what nobody has written meanwhile once more.
  if (context.dry && members.some(({ sources }) => sources[side].changes === undefined)) return;
  for await (const read of readAhead(wholeDocuments(context, side, root, inner), unitsAhead)) {
    context.safePoint();
    sink.hold();
    for (const [analysis, rows] of read) await analysis.ahead(side, rows);
    await sink.send();
  }
  await sink.flush();
  for (const each of members) each.endAhead(side, each === root);
}

/** The rows of some documents at a time, those of the outer models first: about as many as go into one unit. */
async function* wholeDocuments(
  context: RunContext, side: SideName, root: ModelAnalysis, inner: Tree["inner"],
): AsyncGenerator<ReadonlyMap<ModelAnalysis, readonly Row[]>> {
  let documents = firstDocuments;
  for await (const page of root.sources[side].rows()) {
    for (let at = 0; at < page.length;) {
      const rows = page.slice(at, at + documents);
      at += rows.length;
      const read = new Map<ModelAnalysis, readonly Row[]>([[root, rows]]);
      let records = rows.length;
      for (const { analysis, parent, field } of inner) {
        const children = await analysis.sources[side].side.fetchRows(field[side].names, read.get(parent)!.map((row) => row.key));
        read.set(analysis, children);
        records += children.length;
      }
      documents = Math.max(1, Math.floor((context.settings.pageSize * pagesTogether * rows.length) / records));
      yield read;
    }
  }
}
