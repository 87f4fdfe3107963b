import { ReferenceKind } from "@mikro-orm/core";
import type { EntityMetadata, EntityProperty } from "@mikro-orm/core";

/** A column of an entity's table. */
export interface EntityColumn {
  readonly field: string;
  readonly column: string;
  /** The type in the database. */
  readonly type: string;
  /** The property that it is there for. */
  readonly owner: EntityProperty;
  /** The scalar property whose values it holds: of a relation, one of the other side's key. */
  readonly property: EntityProperty;
  readonly nullable: boolean;
}

/** Properties that have columns of their own in the entity's table. */
function stored({ props }: EntityMetadata): EntityProperty[] {
  const isStored = ({ kind, owner, formula, through }: EntityProperty): boolean =>
    (kind === ReferenceKind.SCALAR && !formula) || ((kind === ReferenceKind.MANY_TO_ONE || (kind === ReferenceKind.ONE_TO_ONE && owner)) && !through);
  return props.filter((property) => property.persist !== false && isStored(property));
}

/** The relations whose foreign keys are in the entity's table. */
export function relationsOf(entity: EntityMetadata): EntityProperty[] {
  return stored(entity).filter(({ kind }) => kind !== ReferenceKind.SCALAR);
}

/** Each column once, as they stand in the entity. */
export function columnsOf(entity: EntityMetadata): EntityColumn[] {
  return [...new Set(stored(entity).flatMap(({ fieldNames }) => fieldNames))].map((column) => columnOf(entity, column));
}

/**
 * A relation with one column goes by its name, a column of several as `author.id`; one that is also a property of its own, or
 * a relation's of fewer columns, by that. The columns of a pivot table go by their own names.
 */
export function columnOf(entity: EntityMetadata, column: string): EntityColumn {
  const holders = stored(entity).filter(({ fieldNames }) => fieldNames.includes(column));
  const owner = holders.reduce((first, each) => (rank(each) < rank(first) ? each : first));
  const at = owner.fieldNames.indexOf(column);
  const own = { column, type: owner.columnTypes[at]!, owner, nullable: holders.every(({ nullable, primary }) => nullable && !primary) };
  if (owner.kind === ReferenceKind.SCALAR) return { ...own, field: owner.name, property: owner };
  const { field, property } = columnOf(owner.targetMeta!, owner.referencedColumnNames[at]!);
  const name = owner.fieldNames.length === 1 ? owner.name : `${owner.name}.${field}`;
  return { ...own, field: entity.pivotTable ? column : name, property };
}

const rank = ({ kind, fieldNames }: EntityProperty): number => (kind === ReferenceKind.SCALAR ? 0 : fieldNames.length);
