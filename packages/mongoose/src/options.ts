import { checkNames, SyncError } from "@sync/core";
import type { Declaration, Patcher } from "@sync/core";
import type { Schema } from "mongoose";
import { noSession } from "./client.ts";

/** What documents and the records inside them have in common; names are those of the schema's paths. */
export interface RecordOptions extends Declaration {
  /**
   * The path that holds the record's cloudId, not required. Absent: the identity stands in a collection beside.
   * @default "cloudId" where the schema has it
   */
  readonly cloudId?: string | false;
  /**
   * Arrays whose elements are records of their own, by path. Those of subdocuments that are `synced` by a natural key are
   * children anyway, and so are those of references to other models; `false` makes one value of such an array.
   */
  readonly children?: Readonly<Record<string, ChildOptions | false>>;
}

export interface ChildOptions extends RecordOptions {
  /** The path, or paths, that tell the elements of one array apart. Of references: what to call the one. @default the natural key */
  readonly key?: string | readonly string[];
  /** The array is kept sorted by this path. @default order means nothing, new elements go to the end */
  readonly orderBy?: string;
  /** What the reference to the record above is called. @default "parent" */
  readonly parent?: string;
}

export interface MongooseDatabaseOptions {
  /** By model, over what its schema declares with `schema.plugin(synced, …)`. */
  readonly models?: Readonly<Record<string, RecordOptions>>;
  /** How the names of the sync's own collections begin. @default "sync_" */
  readonly prefix?: string;
  /**
   * `"bulk"`: documents as they are to be. `"orm"`: documents are made, changed and saved by Mongoose, so that
   * defaults, setters, validators and middleware run; on a server that has transactions.
   * @default "bulk"
   */
  readonly writes?: "bulk" | "orm";
  /** How changes of documents are written. @default exactPatcher: the paths that change */
  readonly patcher?: Patcher;
}

const DECLARATION = ["as", "match", "omit", "together", "softDelete", "keepBase"] as const satisfies readonly (keyof Declaration)[];
const RECORD = [...DECLARATION, "cloudId", "children"] as const satisfies readonly (keyof RecordOptions)[];
const CHILD = [...RECORD, "key", "orderBy", "parent"] as const satisfies readonly (keyof ChildOptions)[];
const DATABASE = ["models", "prefix", "writes", "patcher"] as const satisfies readonly (keyof MongooseDatabaseOptions)[];

/** Copies of this package know one another's plugin by it. */
const BRAND = Symbol.for("@sync/mongoose synced");

/**
 * Says in a schema how its documents, or subdocuments, are kept the same: `schema.plugin(synced, { match: naturalKey("code") })`.
 * It changes nothing about the schema.
 */
export const synced: (schema: Schema, options?: ChildOptions) => void = Object.assign(
  (_: Schema, options: ChildOptions = {}): void => checkRecord(options, CHILD, "`synced`"),
  { [BRAND]: true },
);

/** What was declared with `synced`; undefined where nothing was. */
export function declaredBy(schema: Schema): ChildOptions | undefined {
  const { plugins } = schema as unknown as { plugins: readonly { readonly fn: object; readonly opts?: ChildOptions }[] };
  const found = plugins.findLast(({ fn }) => BRAND in fn);
  return found && (found.opts ?? {});
}

export function checkOptions(options: MongooseDatabaseOptions): void {
  if (Object.hasOwn(options, "session")) throw noSession();
  checkNames(options, DATABASE, "mongooseDatabase");
  if (!["bulk", "orm", undefined].includes(options.writes)) throw new SyncError("OPTIONS.VALUE", '`writes` is "bulk" or "orm".');
  if (options.patcher !== undefined && typeof options.patcher?.patch !== "function") {
    throw new SyncError("OPTIONS.INVALID", "`patcher` is an object with `name` and `patch`.");
  }
  for (const [name, record] of Object.entries(options.models ?? {})) checkRecord(record, RECORD, `\`${name}\``);
}

function checkRecord(record: RecordOptions, known: readonly string[], where: string): void {
  checkNames(record, known, where);
  for (const [path, child] of Object.entries(record.children ?? {})) if (child !== false) checkRecord(child, CHILD, `\`${path}\` of ${where}`);
}

/** What core reads of it. */
export function declarationOf(record: RecordOptions): Declaration | undefined {
  const said = DECLARATION.filter((name) => record[name] !== undefined).map((name) => [name, record[name]] as const);
  return said.length === 0 ? undefined : (Object.fromEntries(said) as Declaration);
}
