import type { Database, Finding, StateStore } from "@sync/core";
import { hintFor, SyncError } from "@sync/core";
import { sqlDatabase } from "@sync/sql";
import type { PrismaClientLike, PrismaTypes } from "./client.ts";
import { factsOf } from "./client.ts";
import { readSchema } from "./dmmf.ts";
import { mapError } from "./errors.ts";
import { prismaExecutor } from "./executor.ts";
import { filled } from "./fills.ts";
import { modelsOf } from "./models.ts";
import type { Models } from "./models.ts";
import type { PrismaDatabaseOptions } from "./options.ts";
import { checkOptions } from "./options.ts";

export interface PrismaDatabase<Client> extends Database<PrismaTypes<Client>> {
  readonly state: StateStore;
  /** `Model` or `Model.field` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Removes everything that the sync has ever made in this database. */
  uninstall(): Promise<void>;
}

/**
 * The models of a Prisma client as one side of a sync. All work goes through this client's own connection; the client is
 * never closed, and stays free for the application while a sync runs.
 */
export function prismaDatabase<Client extends PrismaClientLike>(client: Client, options: PrismaDatabaseOptions = {}): PrismaDatabase<Client> {
  checkOptions(options);
  const { engine, schema: generatedFrom } = factsOf(client);
  const source = options.schema ?? generatedFrom;
  if (source === undefined) {
    throw new SyncError("OPTIONS.SCHEMA", "This client does not tell its schema: give `schema`, its text or path.");
  }
  const all = modelsOf(readSchema(source), {
    engine,
    timestampFormat: options.timestampFormat ?? "iso8601",
    syncFields: options.syncFields ?? {},
  });
  const models = chosen(all, options.models);
  const fills = new Map(models.map((each) => [each.model.name, each.fills]));
  const database = sqlDatabase({
    name: `prisma/${engine}`,
    executor: prismaExecutor(client, engine, options.patience ?? 10_000),
    models,
    mapError,
    ...(options.sideTables ? { sideTables: options.sideTables } : {}),
  });
  return {
    ...database,
    types: undefined,
    leftOut: all.leftOut,
    commit: (unit) => database.commit(filled(unit, fills)),
    async inspect(names) {
      const inspection = await database.inspect(names);
      return { ...inspection, findings: [...inspection.findings, ...leftOutFindings(names, all.leftOut)] };
    },
  };
}

function chosen({ models, leftOut }: Models, names: readonly string[] | undefined): Models["models"] {
  if (names === undefined) return models;
  return names.map((name) => {
    const found = models.find((each) => each.model.name === name);
    if (found) return found;
    const reason = leftOut.get(name);
    throw reason === undefined
      ? new SyncError("OPTIONS.UNKNOWN_MODEL", `The Prisma schema has no model \`${name}\`.${hintFor(name, models.map((each) => each.model.name))}`, { model: name })
      : new SyncError("OPTIONS.MODEL", `The model \`${name}\` cannot take part: ${reason}.`, { model: name });
  });
}

function leftOutFindings(names: readonly string[], leftOut: ReadonlyMap<string, string>): Finding[] {
  return [...leftOut].flatMap(([name, reason]): Finding[] => {
    const [model = "", field] = name.split(".");
    if (field === undefined || !names.includes(model)) return [];
    return [{ severity: "warning", code: "MODEL.FIELD_LEFT_OUT", model, field, message: `\`${name}\` takes no part: ${reason}.` }];
  });
}
