import { SyncError, unfold } from "@sync/core";
import type { Database, DocumentDatabase, ModelTypes, StateStore } from "@sync/core";
import type { Connection } from "mongoose";
import { checkConnection, Client } from "./client.ts";
import { commitDocuments } from "./commit.ts";
import { Documents, endpointOf } from "./endpoint.ts";
import { Identities } from "./identities.ts";
import { inspect } from "./inspect.ts";
import { claim, drop, release, sidesOf } from "./lease.ts";
import { modelsOf } from "./models.ts";
import { checkOptions, type MongooseDatabaseOptions } from "./options.ts";
import { MongoState } from "./state.ts";
import { Codec } from "./values.ts";

export interface MongooseDatabase<Types extends ModelTypes = ModelTypes> extends Database<Types> {
  readonly state: StateStore;
  /** `Model` or `Model.path` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Removes everything that the sync has ever made in this database. */
  uninstall(): Promise<void>;
}

/**
 * The models of a Mongoose connection as one side of a sync: each schema a model, and each array of subdocuments that its
 * schema tells apart a model of its own (`Country`, `Country.regions`). All work goes through the connection, which is never
 * closed and stays free for the application.
 */
export function mongooseDatabase<Types extends ModelTypes = ModelTypes>(connection: Connection, options: MongooseDatabaseOptions = {}): MongooseDatabase<Types> {
  checkConnection(connection);
  checkOptions(options);
  const client = new Client(connection);
  const sides = sidesOf(options.prefix);
  const codec = new Codec(client.bson);
  const { stored, leftOut } = modelsOf(connection, options, () => new client.bson.ObjectId());
  const identities = new Identities(async () => (await client.db()).collection(sides.identity));
  const documents = new Map(stored.map((each) => [each.model.name, new Documents(client, codec, each)]));
  const context = { client, codec, sides, identities, documents, byRecord: options.writes === "orm" };
  const whole: DocumentDatabase = {
    name: client.name,
    endpoints: new Map([...documents].map(([name, each]) => [name, endpointOf(each, identities, client, codec, !context.byRecord)])),
    claim: (request) => client.guard(() => claim(client, sides, request)),
    release: (fence, wrote) => client.guard(() => release(client, sides, fence, wrote)),
    inspect: (models) => client.guard(() => inspect(context, models)),
    commit: () => Promise.reject(new SyncError("ENDPOINT.UNKNOWN_MODEL", `${client.name} writes documents, not rows`)),
    close: async () => {},
    documents: {
      commit: (unit) => commitDocuments(context, unit),
      identities: (model, by, tuples) => client.guard(() => identities.find(model, by, tuples)),
      containing: (model, shapes) => client.guard(() => documents.get(model)!.containing(shapes)),
    },
  };
  return {
    ...unfold<Types>(whole, stored.map(({ tree }) => tree), options.patcher ? { patcher: options.patcher } : {}),
    state: new MongoState(client, sides),
    leftOut,
    uninstall: () => client.guard(() => drop(client, Object.values(sides) as string[])),
  };
}
