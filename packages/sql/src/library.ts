import type { Batch, Database, Field, Finding, ModelTypes, StateStore, SyncFields, UniqueKey } from "@sync/core";
import { checkNames, hintFor, SyncError } from "@sync/core";
import type { SqlDatabaseOptions } from "./database.ts";
import { sqlDatabase } from "./database.ts";
import type { Executor } from "./executor.ts";
import type { SqlModel } from "./model.ts";

/** Fields of your own models that belong to the sync: another name, or `false` for "not that field". */
export interface SyncFieldNames {
  /** A unique text or uuid field. @default "cloudId" */
  readonly cloudId?: string | false;
  /** @default "lastSyncedAt" */
  readonly lastSyncedAt?: string | false;
  /** @default "syncStatus" */
  readonly syncStatus?: string | false;
}

/** Options that every adapter of a database with SQL has. */
export interface ConnectionOptions {
  /**
   * Where the sync's own tables go on PostgreSQL; the schema is made if it is missing.
   * @default the connection's current schema
   */
  readonly sideTables?: { readonly schema?: string };
  /**
   * How many milliseconds to wait for the application to end a transaction of its own, where both share one connection.
   * @default 10000
   */
  readonly patience?: number;
  /**
   * A name for where this database lives, such as the host, that a snapshot of a whole PostgreSQL server would not bring along.
   * @default what the database can tell: on PostgreSQL the system identifier, which such a snapshot has as well
   */
  readonly serverIdentity?: string;
}

/** Options that every adapter of an object-relational library has. */
export interface LibraryOptions<Model extends string = string> extends ConnectionOptions {
  /**
   * Only these models, all of which must be able to take part.
   * @default every model that can take part
   */
  readonly models?: readonly Model[];
  /** @default fields with these names, in models that have them */
  readonly syncFields?: SyncFieldNames;
  /**
   * `"bulk"`: rows in bulk. `"orm"`: records through the library itself, so that what it does with them runs.
   * @default "bulk"
   */
  readonly writes?: "bulk" | "orm";
}

const connectionNames: Readonly<Record<keyof ConnectionOptions, true>> = { sideTables: true, patience: true, serverIdentity: true };
const libraryNames: Readonly<Record<Exclude<keyof LibraryOptions, keyof ConnectionOptions>, true>> = { models: true, syncFields: true, writes: true };
const syncFieldRoles = ["cloudId", "lastSyncedAt", "syncStatus"] as const satisfies readonly (keyof SyncFieldNames)[];

/** Refuses options that nobody knows; `own` are those that only this adapter has. */
export function checkConnectionOptions(options: ConnectionOptions, factory: string, own: readonly string[]): void {
  checkNames(options, [...own, ...Object.keys(connectionNames)], factory);
  if (options.sideTables) checkNames(options.sideTables, ["schema"], "`sideTables`");
  if (options.patience !== undefined && !(options.patience >= 0)) throw new SyncError("OPTIONS.INVALID", "`patience` is a number of milliseconds.");
}

/** The same for an adapter of a library. */
export function checkLibraryOptions(options: LibraryOptions, factory: string, own: readonly string[]): void {
  checkConnectionOptions(options, factory, [...own, ...Object.keys(libraryNames)]);
  if (options.syncFields) checkNames(options.syncFields, syncFieldRoles, "`syncFields`");
  if (!["bulk", "orm", undefined].includes(options.writes)) throw new SyncError("OPTIONS.VALUE", '`writes` is "bulk" or "orm".');
}

/** For libraries that have a connection to themselves on PostgreSQL only. */
export function checkOwnConnection({ writes }: LibraryOptions, engine: Executor["dialect"], library: string): void {
  if (writes !== "orm" || engine === "postgres") return;
  throw new SyncError("OPTIONS.ENGINE", `\`writes: "orm"\` needs a transaction on a connection of its own, which ${library} has on PostgreSQL only.`);
}

/** What the sync's fields are for, and what they are called; not those that a model is said not to have. */
export function namedSyncFields(names: SyncFieldNames): [keyof SyncFieldNames, string][] {
  return syncFieldRoles.flatMap((role) => {
    const name = names[role] ?? role;
    return name === false ? [] : [[role, name] satisfies [string, string]];
  });
}

/** Fields of the user's own that belong to the sync, by their names; a cloudId has to be able to identify. */
export function syncFieldsOf(model: string, fields: readonly Field[], uniqueKeys: readonly UniqueKey[], names: SyncFieldNames = {}): SyncFields {
  const found: { -readonly [Role in keyof SyncFields]: SyncFields[Role] } = {};
  for (const [role, name] of namedSyncFields(names)) if (fields.some((field) => field.name === name)) found[role] = name;
  const cloudId = fields.find((field) => field.name === found.cloudId);
  if (cloudId) {
    const carries = cloudId.kind.type === "uuid" || cloudId.kind.type === "text";
    if (!carries || !uniqueKeys.some((key) => key.fields.join() === cloudId.name)) {
      throw new SyncError(
        "MODEL.CLOUD_ID",
        `\`${model}.${cloudId.name}\` must be a unique ${carries ? "field" : "text or uuid"} to hold the cloudId. If it is something else, say \`syncFields: { cloudId: false }\`.`,
        { model, field: cloudId.name },
      );
    }
  }
  return found;
}

/** A field that the library's client fills in by itself when a write leaves it out. */
export interface Fill {
  readonly field: string;
  /** With new rows, with changes to rows there are, or with both. */
  readonly on: "insert" | "update" | "write";
  /** As canonical text. */
  value(): string;
}

export interface LibraryModel extends SqlModel {
  /** Done here too: rows of a unit do not go through the library's client. */
  readonly fills: readonly Fill[];
}

/** What a library's metadata gave. */
export interface LibraryModels {
  readonly models: readonly LibraryModel[];
  /** `Model` or `Model.field` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
}

export interface LibraryDatabase<Types extends ModelTypes = ModelTypes> extends Database<Types> {
  readonly state: StateStore;
  /** `Model` or `Model.field` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Removes everything that the sync has ever made in this database. */
  uninstall(): Promise<void>;
}

/** `sqlDatabase` over what a library's metadata gave. `findings`: what there is to say of the library's configuration. */
export function libraryDatabase<Types extends ModelTypes>(
  { models, leftOut }: LibraryModels,
  options: LibraryOptions,
  rest: Pick<SqlDatabaseOptions, "name" | "executor" | "mapError" | "records" | "hints" | "inTransaction" | "close"> & { readonly findings?: readonly Finding[] },
): LibraryDatabase<Types> {
  const chosen = options.models?.map((name) => modelNamed(name, models, leftOut)) ?? models;
  const fills = new Map(chosen.map((each) => [each.model.name, each.fills]));
  const { sideTables, serverIdentity } = options;
  const fill = (batch: Batch): Batch => filledBatch(batch, fills.get(batch.model) ?? []);
  const database = sqlDatabase({ ...rest, models: chosen, fill, ...(sideTables ? { sideTables } : {}), ...(serverIdentity === undefined ? {} : { serverIdentity }) });
  return {
    ...database,
    types: undefined,
    leftOut,
    async inspect(names) {
      const inspection = await database.inspect(names);
      return { ...inspection, findings: [...inspection.findings, ...leftOutFindings(names, leftOut), ...(rest.findings ?? [])] };
    },
  };
}

function modelNamed(name: string, models: readonly LibraryModel[], leftOut: ReadonlyMap<string, string>): LibraryModel {
  const found = models.find((each) => each.model.name === name);
  if (found) return found;
  const reason = leftOut.get(name);
  if (reason !== undefined) throw new SyncError("OPTIONS.MODEL", `The model \`${name}\` cannot take part: ${reason}.`, { model: name });
  throw new SyncError("OPTIONS.UNKNOWN_MODEL", `There is no model \`${name}\`.${hintFor(name, models.map((each) => each.model.name))}`, { model: name });
}

function leftOutFindings(names: readonly string[], leftOut: ReadonlyMap<string, string>): Finding[] {
  return [...leftOut].flatMap(([name, reason]): Finding[] => {
    const [model = "", field] = name.split(".");
    if (field === undefined || !names.includes(model)) return [];
    return [{ severity: "warning", code: "MODEL.FIELD_LEFT_OUT", model, field, message: `\`${name}\` takes no part: ${reason}.` }];
  });
}

function filledBatch(batch: Batch, fills: readonly Fill[]): Batch {
  if (batch.op !== "insert" && batch.op !== "update") return batch;
  const missing = fills.filter(({ field, on }) => (on === "write" || on === batch.op) && !batch.fields.includes(field));
  if (missing.length === 0) return batch;
  const fields = [...batch.fields, ...missing.map(({ field }) => field)];
  const values = (): string[] => missing.map((fill) => fill.value());
  if (batch.op === "insert") return { ...batch, fields, rows: batch.rows.map((row) => ({ ...row, values: [...row.values, ...values()] })) };
  return { ...batch, fields, rows: batch.rows.map((row) => ({ ...row, values: [...row.values, ...values()] })) };
}
