import type { Server } from "node:net";
import { listen } from "./broker.ts";
import { startEmbedded, type EmbeddedServer } from "./embedded.ts";
import { startMongo, type RunningMongo } from "./mongo-server.ts";

/**
 * Runs once per project of a test run, in the main process; the first call makes what all of them share, the last
 * teardown ends it.
 */
interface Shared {
  users: number;
  broker: Promise<Server>;
  postgres: Promise<EmbeddedServer> | undefined;
  mongo: Promise<RunningMongo> | undefined;
}
const key = Symbol.for("@sync/test-databases");
const global = globalThis as { [key]?: Shared };

export default async function setup(): Promise<() => Promise<void>> {
  const shared = (global[key] ??= open());
  shared.users += 1;
  await shared.broker;
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete global[key];
    (await shared.broker).close();
    for (const server of [shared.postgres, shared.mongo]) await server?.then((each) => each.close(), () => {});
  };
}

function open(): Shared {
  const shared: Shared = {
    users: 0,
    postgres: undefined,
    mongo: undefined,
    broker: listen({
      postgres: async () => (await (shared.postgres ??= startEmbedded())).url,
      mongo: async () => (await (shared.mongo ??= startMongo())).url,
    }),
  };
  return shared;
}
