import { ChangeSetType, Reference } from "@mikro-orm/core";
import type { EntityManager, EntityMetadata, EventSubscriber, MikroORM } from "@mikro-orm/core";
import type { Hints } from "@sync/core";
import { EntityHints } from "@sync/sql";
import type { LibraryModel } from "@sync/sql";
import { columnOf } from "./columns.ts";

/** Hints from a subscriber of this ORM: what its entity managers flush. MikroORM takes no subscriber back: `close` makes it deaf. */
export function subscribedHints(orm: MikroORM, models: readonly LibraryModel[]): { readonly hints: Hints; close(): Promise<void> } {
  const hints = new EntityHints(models);
  const columns = new Map(models.map((each) => [each.model.name, new Map(each.columns.map(({ field, column }) => [field, column]))]));
  const starting = new WeakMap<object, object>();
  let isDeaf = false;
  function tell(em: EntityManager, meta: EntityMetadata, entity: object | undefined, removed = false): void {
    const read = (field: string): unknown => valueOf(meta, entity!, columns.get(meta.className)!.get(field)!);
    if (!isDeaf) hints.tell(meta.className, entity && read, { removed, transaction: em.getTransactionContext<object>() });
  }

  const subscriber: EventSubscriber = {
    afterFlush({ em, uow }) {
      for (const { meta, entity, type } of uow.getChangeSets()) tell(em, meta, entity, type === ChangeSetType.DELETE || type === ChangeSetType.DELETE_EARLY);
      for (const { property } of uow.getCollectionUpdates()) tell(em, orm.getMetadata().get(property.pivotEntity), undefined);
    },
    afterUpsert: ({ em, meta, entity }) => tell(em, meta, entity as object),
    beforeTransactionStart: ({ em, transaction }) => void (transaction && starting.set(em, transaction)),
    afterTransactionStart({ em, transaction }) {
      const around = starting.get(em);
      starting.delete(em);
      if (around && transaction) hints.begun(transaction, around);
    },
    afterTransactionCommit: ({ transaction }) => void (transaction && hints.committed(transaction)),
    afterTransactionRollback: ({ transaction }) => void (transaction && hints.rolledBack(transaction)),
  };
  orm.em.getEventManager().registerSubscriber(subscriber);
  return { hints, close: async () => void (isDeaf = true) };
}

/** What an entity has in a column: of a relation, what the other entity's key has there. */
function valueOf(meta: EntityMetadata, entity: object, column: string): unknown {
  const { owner } = columnOf(meta, column);
  const value = Reference.unwrapReference(Reflect.get(entity, owner.name) as object);
  const referenced = owner.targetMeta && owner.referencedColumnNames[owner.fieldNames.indexOf(column)];
  return referenced === undefined || typeof value !== "object" || value === null ? value : valueOf(owner.targetMeta!, value, referenced);
}
