import { SyncError, unfold } from "@sync/core";
import type { Database, DocumentDatabase, ModelTypes, Patcher, StateStore } from "@sync/core";
import { Client } from "./client.ts";
import { Codec } from "./codec.ts";
import { commitDocuments } from "./commit.ts";
import { Documents } from "./documents.ts";
import type { MongoHandle } from "./driver.ts";
import { endpointOf } from "./endpoint.ts";
import { Identities } from "./identities.ts";
import { inspect } from "./inspect.ts";
import { claim, release, sidesOf } from "./lease.ts";
import { treeOf, type MongoModel } from "./model.ts";
import type { RecordWriter } from "./records.ts";
import { MongoState } from "./state.ts";

export interface MongoDatabaseOptions {
  /** For messages: library and database, such as `mongoose/mongodb`. No URL. */
  readonly name: string;
  readonly handle: MongoHandle;
  readonly models: readonly MongoModel[];
  /** `Model` or `Model.path` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** How the names of the sync's own collections begin. @default "sync_" */
  readonly prefix?: string;
  /** How changes of documents are written. @default exactPatcher: the paths that change */
  readonly patcher?: Patcher;
  /** Writes documents through the library's own models, on a server that has transactions. @default documents in bulk */
  readonly records?: RecordWriter;
  /** For messages: what has to be done for a unique index that is missing. */
  howToIndex(model: string): string;
}

export interface MongoDatabase<Types extends ModelTypes = ModelTypes> extends Database<Types> {
  readonly state: StateStore;
  /** `Model` or `Model.path` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Removes everything that the sync has ever made in this database. */
  uninstall(): Promise<void>;
}

/** The models of a library as one side of a sync. Its connection is never closed, and stays free for the application. */
export function mongoDatabase<Types extends ModelTypes>(options: MongoDatabaseOptions): MongoDatabase<Types> {
  const { prefix, patcher, records, models, leftOut } = options;
  if (prefix !== undefined && !/^[A-Za-z_][\w.-]*$/.test(prefix)) {
    throw new SyncError("OPTIONS.INVALID", "`prefix` begins with a letter or `_`, and holds letters, digits, `_`, `-` and dots.");
  }
  const client = new Client(options.name, options.handle);
  const sides = sidesOf(prefix);
  const codec = new Codec(client.bson);
  const identities = new Identities(client, sides.identity);
  const documents = new Map(models.map((each) => [each.name, new Documents(client, codec, each)]));
  const context = { client, codec, sides, identities, documents, ...(records ? { records } : {}) };
  const whole: DocumentDatabase = {
    name: client.name,
    endpoints: new Map([...documents].map(([name, each]) => [name, endpointOf(each, identities, client, records === undefined)])),
    claim: (request) => client.guard(() => claim(client, sides, request)),
    release: (fence, wrote) => client.guard(() => release(client, sides, fence, wrote)),
    inspect: (names) => client.guard(() => inspect(context, names, options.howToIndex)),
    commit: () => Promise.reject(new SyncError("ENDPOINT.UNKNOWN_MODEL", `${client.name} writes documents, not rows`)),
    close: async () => {},
    documents: {
      commit: (unit) => commitDocuments(context, unit),
      identities: (model, by, tuples) => client.guard(() => identities.find(model, by, tuples)),
      containing: (model, shapes) => client.guard(() => documents.get(model)!.containing(shapes)),
    },
  };
  return {
    ...unfold<Types>(whole, models.map(treeOf), patcher ? { patcher } : {}),
    state: new MongoState(client, sides),
    leftOut,
    uninstall: () => client.guard(() => client.drop(Object.values(sides))),
  };
}
