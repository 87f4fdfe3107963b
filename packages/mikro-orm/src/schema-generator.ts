import type { Finding } from "@sync/core";
import { sideTableNames } from "@sync/sql";
import type { Facts } from "./client.ts";

/** For `schemaGenerator: { skipTables: syncTables }` of an ORM's configuration: else its migrations drop the sync's own tables. */
export const syncTables: string[] = [...sideTableNames];

/** MikroORM looks at all schemas of a database but those that it is told to ignore. */
export function droppedTables({ option }: Facts, schema = ""): Finding[] {
  const { skipTables, ignoreSchema } = option("schemaGenerator") as Readonly<Record<"skipTables", (string | RegExp)[]> & Record<"ignoreSchema", string[]>>;
  const isSkipped = (name: string): boolean => skipTables.some((each) => (typeof each === "string" ? each.toLowerCase() === name : each.test(name)));
  if (ignoreSchema.includes(schema) || syncTables.every(isSkipped)) return [];
  const message = "Migrations of MikroORM would drop the tables of the sync: say `schemaGenerator: { skipTables: syncTables }` in its configuration.";
  return [{ severity: "warning", code: "SCHEMA.SIDE_TABLES", message }];
}
