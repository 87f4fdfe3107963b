import type { LibraryModels } from "@sync/sql";
import type { DmmfField, DmmfModel } from "./dmmf.ts";

/** One end of an implicit many-to-many relation. */
interface End {
  readonly model: DmmfModel;
  readonly field: DmmfField;
}

/**
 * The tables of implicit many-to-many relations, `_PostToTag` with columns `A` and `B`, as if they were declared: Prisma keeps them
 * without showing them as models. `taken`: models that take part.
 */
export function edgesOf(models: readonly DmmfModel[], { models: taken }: LibraryModels, leftOut: Map<string, string>): DmmfModel[] {
  return relationsOf(models).flatMap((ends) => {
    const name = `_${ends[0].field.relationName}`; // no model's name begins like that
    const reason = unsupported(ends, new Set(taken.map(({ model }) => model.name)));
    if (reason === undefined) return [edgeOf(name, ends)];
    const mended = `${reason}; declare the table of the relation as a model`;
    leftOut.set(name, mended);
    for (const { model, field } of ends) leftOut.set(`${model.name}.${field.name}`, `it is an implicit many-to-many relation: ${mended}`);
    return [];
  });
}

/** What stands in column A and what in column B of each relation that has a list on both ends. */
function relationsOf(models: readonly DmmfModel[]): (readonly [End, End])[] {
  const ends = models.flatMap((model) => model.fields.filter((field) => field.kind === "object" && field.isList).map((field): End => ({ model, field })));
  // The first by the models' names is A, or by the fields' where a model is related to itself.
  const rank = ({ model, field }: End): string => `${model.name}.${field.name}`;
  const meet = (one: End, other: End): boolean =>
    rank(one) < rank(other) && one.field.relationName === other.field.relationName
    && one.field.type === other.model.name && other.field.type === one.model.name;
  return ends.flatMap((one) => ends.filter((other) => meet(one, other)).map((other) => [one, other] as const));
}

function unsupported([a, b]: readonly [End, End], taken: ReadonlySet<string>): string | undefined {
  const missing = [a, b].find(({ model }) => !taken.has(model.name));
  if (missing) return `its model \`${missing.model.name}\` cannot take part`;
  return a.model.schema === b.model.schema ? undefined : "its models are in two schemas, and Prisma does not say in which its table is";
}

function edgeOf(name: string, ends: readonly [End, End]): DmmfModel {
  const fields = ends.map(({ model, field }, at): DmmfField[] => {
    const id = model.fields.find(({ isId }) => isId)!; // Prisma asks for one on both ends
    const own = { name: "AB"[at]!, dbName: null, isList: false, isRequired: true, isUnique: false };
    return [
      { ...id, ...own, isId: false, default: undefined },
      { ...field, ...own, type: model.name, relationFromFields: [own.name], relationToFields: [id.name], relationOnDelete: "Cascade" },
    ];
  });
  const primaryKey = { name: null, fields: ["A", "B"] };
  return { ...ends[0].model, name, dbName: null, fields: fields.flat(), primaryKey, uniqueFields: [], uniqueIndexes: [] };
}
