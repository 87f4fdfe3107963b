import type { Model, Reference } from "@sync/core";
import type { LibraryModel } from "@sync/sql";
import type { DmmfModel } from "./dmmf.ts";
import type { StorageContext } from "./values.ts";
import { storedField } from "./values.ts";

/** One end of an implicit many-to-many relation. */
interface End {
  readonly model: DmmfModel;
  readonly field: string;
}

interface Relation {
  /** As Prisma calls its table: no model's name begins like that. */
  readonly name: string;
  /** Which model stands in column A, and which in column B. */
  readonly ends: readonly [End, End];
}

/**
 * The tables of implicit many-to-many relations, `_PostToTag` with columns `A` and `B`, as models of their own. Prisma keeps
 * them without showing them as models. `taken`: models that take part.
 */
export function edgesOf(
  models: readonly DmmfModel[], taken: ReadonlySet<string>, withoutForeignKeys: boolean, storage: StorageContext, leftOut: Map<string, string>,
): LibraryModel[] {
  return relationsOf(models).flatMap((relation) => {
    const result = edgeOf(relation, taken, withoutForeignKeys, storage);
    if (typeof result !== "string") return [result];
    const mended = `${result}; declare the table of the relation as a model`;
    leftOut.set(relation.name, mended);
    for (const { model, field } of relation.ends) leftOut.set(`${model.name}.${field}`, `it is an implicit many-to-many relation: ${mended}`);
    return [];
  });
}

/** A list on both ends and no field on either. */
function relationsOf(models: readonly DmmfModel[]): Relation[] {
  const ends = models.flatMap((model) => model.fields.filter((field) => field.kind === "object" && field.isList).map((field) => ({ model, field })));
  return ends.flatMap((one, at) => ends.slice(at + 1).flatMap((other): Relation[] => {
    const { relationName } = one.field;
    const meet = relationName === other.field.relationName && one.field.type === other.model.name && other.field.type === one.model.name;
    if (!meet || relationName === undefined) return [];
    // The first by the models' names is A, or by the fields' where a model is related to itself.
    const rank = ({ model, field }: typeof one): string => `${model.name}.${field.name}`;
    const [a, b] = rank(one) < rank(other) ? [one, other] : [other, one];
    return [{ name: `_${relationName}`, ends: [{ model: a.model, field: a.field.name }, { model: b.model, field: b.field.name }] }];
  }));
}

/** Or why it cannot take part. */
function edgeOf({ name, ends }: Relation, taken: ReadonlySet<string>, withoutForeignKeys: boolean, storage: StorageContext): LibraryModel | string {
  const [a, b] = ends;
  const missing = ends.find(({ model }) => !taken.has(model.name));
  if (missing) return `its model \`${missing.model.name}\` cannot take part`;
  if (a.model.schema !== b.model.schema) return "its models are in two schemas, and Prisma does not say in which its table is";
  const parts = (["A", "B"] as const).map((column, at) => {
    const id = ends[at]!.model.fields.find((field) => field.isId)!; // Prisma asks for one on both ends
    return { column, id, stored: storedField({ ...id, name: column, dbName: null }, storage)! };
  });
  const model: Model = {
    name,
    fields: parts.map(({ column, stored }) => ({ name: column, kind: stored.kind, nullable: false, writable: true })),
    primaryKey: ["A", "B"],
    keySource: "values",
    uniqueKeys: [],
    references: parts.map(({ column, id }, at): Reference => ({
      name: column, fields: [column], target: ends[at]!.model.name, targetFields: [id.name], onDelete: withoutForeignKeys ? "none" : "cascade",
    })),
    syncFields: {},
  };
  return { model, table: { ...(a.model.schema ? { schema: a.model.schema } : {}), name }, columns: parts.map(({ stored }) => stored.column), fills: [] };
}
