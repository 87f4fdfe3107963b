import type { Hints } from "@sync/core";
import { EntityHints } from "@sync/sql";
import type { LibraryModel } from "@sync/sql";
import type { DataSource, EntityMetadata, EntitySubscriberInterface, ObjectLiteral, QueryRunner } from "typeorm";
import { nameOf } from "./models.ts";

/** What TypeORM tells its subscribers: neither of both where a record was written by criteria. */
interface Told {
  readonly queryRunner: QueryRunner;
  readonly metadata: EntityMetadata;
  /** After an update by criteria, what was set: it names no record. */
  readonly entity?: ObjectLiteral | undefined;
  readonly databaseEntity?: ObjectLiteral;
  /** One value, or all of a composite key's; the rows of a join table are told by it alone. */
  readonly entityId?: unknown;
}

/** Hints from a subscriber of this data source, which `close` takes back. */
export function subscribedHints(dataSource: DataSource, models: readonly LibraryModel[]): Hints & { close(): void } {
  const hints = new EntityHints(models);

  function tell({ queryRunner, metadata, entityId }: Told, entity: ObjectLiteral | undefined, removed = false): void {
    const record = entity ?? (entityId === undefined ? undefined : metadata.ensureEntityIdMap(entityId));
    const read = (field: string): unknown => metadata.columns.find((column) => nameOf(column) === field)?.getEntityValue(record!);
    hints.tell(metadata.name, record && read, { removed, transaction: queryRunner.isTransactionActive ? queryRunner : undefined });
  }
  const changed = (event: Told): void => tell({ ...event, entityId: undefined }, event.databaseEntity);
  const subscriber: EntitySubscriberInterface<ObjectLiteral> = {
    afterInsert: (event: Told) => tell(event, event.entity),
    afterUpdate: changed,
    afterSoftRemove: changed,
    afterRecover: changed,
    afterRemove: (event: Told) => tell(event, event.databaseEntity, true),
    // A savepoint is told like a transaction; only behind the outermost one nothing is open any more.
    afterTransactionCommit: ({ queryRunner }) => void (queryRunner.isTransactionActive || hints.committed(queryRunner)),
    afterTransactionRollback: ({ queryRunner }) => void (queryRunner.isTransactionActive || hints.rolledBack(queryRunner)),
  };

  dataSource.subscribers.push(subscriber);
  return {
    get position() {
      // A data source that was initialised again has forgotten its subscribers, and nobody knows what was written meanwhile.
      if (!dataSource.subscribers.includes(subscriber)) {
        dataSource.subscribers.push(subscriber);
        hints.missed();
      }
      return hints.position;
    },
    since: (position) => hints.since(position),
    close: () => void dataSource.subscribers.splice(0, Infinity, ...dataSource.subscribers.filter((each) => each !== subscriber)),
  };
}
