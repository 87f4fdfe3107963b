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
  /** By kind and worker. */
  servers: Map<string, Promise<EmbeddedServer | RunningMongo>>;
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
    await Promise.all([...shared.servers.values()].map((server) => server.then((each) => each.close(), () => {})));
  };
}

function open(): Shared {
  const servers: Shared["servers"] = new Map();
  const urlOf = (kind: string, start: () => Promise<EmbeddedServer | RunningMongo>) => async (worker: string): Promise<string> => {
    const name = `${kind} ${worker}`;
    if (!servers.has(name)) servers.set(name, start());
    return (await servers.get(name)!).url;
  };
  return { users: 0, servers, broker: listen({ postgres: urlOf("postgres", startEmbedded), mongo: urlOf("mongo", startMongo) }) };
}
