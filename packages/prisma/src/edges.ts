import type { Reference } from "@sync/core";
import type { LibraryModel, LibraryTable } from "@sync/sql";
import type { DmmfModel, PrismaSchema } from "./dmmf.ts";

/** One end of an implicit many-to-many relation. */
interface End {
  readonly model: DmmfModel;
  readonly field: DmmfModel["fields"][number];
}

/**
 * The tables of implicit many-to-many relations, `_PostToTag` with columns `A` and `B`: Prisma keeps them without showing them as
 * models. `taken`: models that take part. A table is declared to be synced when both of them are.
 */
export function edgesOf({ dmmf, withoutForeignKeys }: PrismaSchema, taken: ReadonlyMap<string, LibraryModel>, leftOut: Map<string, string>): LibraryTable[] {
  return relationsOf(dmmf.datamodel.models).flatMap((ends) => {
    const name = `_${ends[0].field.relationName}`; // no model's name begins like that
    const reason = unsupported(ends, taken);
    if (reason === undefined) return [edgeOf(name, ends, taken, withoutForeignKeys ? "none" : "cascade")];
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
    one.field.relationName === other.field.relationName && one.field.type === other.model.name && other.field.type === one.model.name;
  const pairs = ends.flatMap((one, at) => ends.slice(at + 1).filter((other) => meet(one, other)).map((other) => [one, other] as const));
  return pairs.map(([one, other]) => (rank(one) < rank(other) ? [one, other] : [other, one]));
}

function unsupported([a, b]: readonly [End, End], taken: ReadonlyMap<string, LibraryModel>): string | undefined {
  const missing = [a, b].find(({ model }) => !taken.has(model.name));
  if (missing) return `its model \`${missing.model.name}\` cannot take part`;
  return a.model.schema === b.model.schema ? undefined : "its models are in two schemas, and Prisma does not say in which its table is";
}

function edgeOf(name: string, ends: readonly [End, End], taken: ReadonlyMap<string, LibraryModel>, onDelete: Reference["onDelete"]): LibraryTable {
  const sides = ends.map(({ model }, at) => {
    const { model: target, columns, table } = taken.get(model.name)!;
    const id = target.fields.findIndex((field) => field.name === target.primaryKey[0]); // Prisma asks for an `@id` on both ends
    return { target, column: at === 0 ? "A" : "B", kind: target.fields[id]!.kind, stored: columns[id]!, schema: table.schema };
  });
  const schema = sides[0]!.schema;
  return {
    name,
    table: { ...(schema === undefined ? {} : { schema }), name },
    columns: sides.map(({ column, kind, stored }) => ({
      field: column, column, stored: { kind, column: { ...stored, field: column, column } }, nullable: false, writable: true, fills: [],
    })),
    primaryKey: ["A", "B"],
    uniques: [],
    references: sides.map(({ column, target }) => ({ name: column, columns: [column], target: target.name, targetFields: [target.primaryKey[0]!], onDelete })),
    declared: sides.every(({ target }) => target.declared) ? {} : undefined,
  };
}
