import { SyncError } from "@sync/core";
import { checkOwnConnection, libraryDatabase, type LibraryDatabase } from "@sync/sql";
import { factsOf, type PrismaClientLike, type PrismaTypes } from "./client.ts";
import { declarationsOf } from "./declarations.ts";
import { readSchema } from "./dmmf.ts";
import { mapError } from "./errors.ts";
import { prismaExecutor } from "./executor.ts";
import { modelsOf } from "./models.ts";
import { checkOptions, type PrismaDatabaseOptions } from "./options.ts";
import { recordWriter } from "./records.ts";

export type PrismaDatabase<Client> = LibraryDatabase<PrismaTypes<Client>>;

/**
 * The models of a Prisma client as one side of a sync. All work goes through this client's own connection; the client is
 * never closed, and stays free for the application while a sync runs.
 */
export function prismaDatabase<Client extends PrismaClientLike>(
  client: Client,
  options: PrismaDatabaseOptions<keyof PrismaTypes<Client> & string> = {},
): PrismaDatabase<Client> {
  checkOptions(options);
  const { base, engine, schema: generatedFrom, schemaName } = factsOf(client);
  const source = options.schema ?? generatedFrom;
  if (source === undefined) throw new SyncError("OPTIONS.SCHEMA", "This client does not tell its schema: give `schema`, its text or path.");
  const { timestampFormat = "iso8601", syncFields = {}, patience = 10_000, writes } = options;
  checkOwnConnection(options, engine, "Prisma");
  const prismaSchema = readSchema(source);
  const declarations = declarationsOf(prismaSchema.models, client);
  const models = modelsOf(prismaSchema, { engine, schemaName, timestampFormat, syncFields, declarations });
  const records = writes === "orm" ? { records: recordWriter(client, prismaSchema.models, models.models, patience) } : {};
  return libraryDatabase(models, options, { name: `prisma/${engine}`, executor: prismaExecutor(base, engine, patience), mapError, ...records });
}
