import type { Collection, MikroORM } from "@mikro-orm/core";
import type { ModelTypes } from "@sync/core";
import { checkEntityOptions, libraryDatabase } from "@sync/sql";
import type { LibraryDatabase } from "@sync/sql";
import type { MikroOrmLike } from "./client.ts";
import { factsOf } from "./client.ts";
import { mapError } from "./errors.ts";
import { mikroOrmExecutor } from "./executor.ts";
import { subscribedHints } from "./hints.ts";
import { modelsOf } from "./models.ts";
import type { MikroOrmDatabaseOptions } from "./options.ts";
import { recordWriter } from "./records.ts";
import { droppedTables } from "./schema-generator.ts";

/** Of what `defineEntity` gave, or of a class that extends its `class`; any other class does not tell its name to the compiler. */
type NameOf<Entity> = Entity extends { readonly name: infer Name extends string; readonly "~entity": unknown }
  ? Name
  : Entity extends { readonly "~entityName"?: infer Name extends string } ? Name : string;
type InstanceOf<Entity> = Entity extends { readonly "~entity": infer Instance }
  ? Instance
  : Entity extends abstract new (...args: never) => infer Instance ? Instance : never;

/** `author.id`: a column of a relation with several. Collections are no fields. */
type FieldsOf<Instance> = {
  [Field in keyof Instance & string as Instance[Field] extends Collection<object> ? never : Field]: Instance[Field];
} & { [Column in `${keyof Instance & string}.${string}`]: unknown };

/** Pivot tables: an ORM's types do not tell their names. */
type Pivots = { [Table in `${string}_${string}`]: Record<string, unknown> };

/** Entity name → property → its TypeScript type; any name where one of the entities does not tell its own. */
export type MikroOrmTypes<Entities> = Entities extends readonly (infer Entity)[]
  ? string extends NameOf<Entity>
    ? ModelTypes
    : { [Each in Entity as NameOf<Each>]: FieldsOf<InstanceOf<Each>> } & Pivots
  : ModelTypes;

export type MikroOrmDatabase<Entities = unknown> = LibraryDatabase<MikroOrmTypes<Entities>>;

/**
 * The entities of a MikroORM as one side of a sync. All work goes through the ORM's own connection or pool; it is never
 * closed, and stays free for the application while a sync runs.
 */
export function mikroOrmDatabase<Entities = unknown>(
  orm: MikroOrmLike<Entities>,
  options: MikroOrmDatabaseOptions<keyof MikroOrmTypes<Entities> & string> = {},
): MikroOrmDatabase<Entities> {
  checkEntityOptions(options, "mikroOrmDatabase");
  const { syncFields = {}, kinds = {}, keys = {}, patience = 10_000, writes, hints = false } = options as MikroOrmDatabaseOptions;
  const facts = factsOf(orm);
  const models = modelsOf(orm.getMetadata().getAll().values(), { ...facts, syncFields, kinds, keys });
  const records = writes === "orm" ? { records: recordWriter(orm as MikroORM, models.models, patience) } : {};
  const executor = mikroOrmExecutor(facts, patience);
  const heard = hints ? subscribedHints(orm as MikroORM, models.models) : {};
  const findings = droppedTables(facts, options.sideTables?.schema);
  return libraryDatabase(models, options, { name: `mikro-orm/${facts.engine}`, executor, mapError, findings, ...records, ...heard });
}
