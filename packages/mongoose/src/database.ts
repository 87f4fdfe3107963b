import type { ModelTypes } from "@sync/core";
import { mongoDatabase, type MongoDatabase } from "@sync/mongodb";
import type { Connection } from "mongoose";
import { checkConnection, handleOf } from "./client.ts";
import { modelsOf } from "./models.ts";
import { checkOptions, type MongooseDatabaseOptions } from "./options.ts";
import { mongooseRecords } from "./records.ts";

export type MongooseDatabase<Types extends ModelTypes = ModelTypes> = MongoDatabase<Types>;

/**
 * The models of a Mongoose connection as one side of a sync: each schema a model, and each array of subdocuments that its
 * schema tells apart a model of its own (`Country`, `Country.regions`). All work goes through the connection, which is never
 * closed and stays free for the application.
 */
export function mongooseDatabase<Types extends ModelTypes = ModelTypes>(
  connection: Connection,
  options: MongooseDatabaseOptions = {},
): MongooseDatabase<Types> {
  checkConnection(connection);
  checkOptions(options);
  const { prefix, patcher, writes } = options;
  return mongoDatabase<Types>({
    name: "mongoose/mongodb",
    handle: handleOf(connection),
    ...modelsOf(connection, options),
    howToIndex: (model) => `declare it in the schema and call \`${model}.syncIndexes()\``,
    ...(prefix === undefined ? {} : { prefix }),
    ...(patcher ? { patcher } : {}),
    ...(writes === "orm" ? { records: mongooseRecords(connection) } : {}),
  });
}
