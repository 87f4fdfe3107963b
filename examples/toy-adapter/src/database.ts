import { hostname } from "node:os";
import { resolve } from "node:path";
import { type Committed, type Database, hash64 } from "@sync/core";
import { toyEndpoint } from "./endpoint.ts";
import { checkFence, claimLease, newLease } from "./lease.ts";
import type { JsonStore } from "./store.ts";
import { applyBatch, Refused } from "./unit.ts";

export interface ToyDatabase extends Database {
  /** Removes what the sync has made in the file. */
  uninstall(): void;
}

/** The records of a JSON file as one side of a sync. */
export function toyDatabase(store: JsonStore): ToyDatabase {
  const models = new Map(store.models.map((model) => [model.name, model]));
  return {
    name: "toy/json",
    endpoints: new Map(store.models.map((model) => [model.name, toyEndpoint(store, model)])),

    async claim(request) {
      return store.write(({ lease }) => claimLease(lease, request, Date.now(), `${hostname()} ${resolve(store.path)}`));
    },

    async release(fence, wrote) {
      return store.write(({ lease }) => {
        if (!lease.held || lease.fence !== fence) return false;
        delete lease.held;
        if (wrote) lease.runCounter += 1;
        return true;
      });
    },

    async inspect(names) {
      // A file has no schema of its own that could lag behind: the shape is that of the model.
      return { findings: [], shapes: new Map(names.map((name) => [name, hash64(JSON.stringify(models.get(name)), 1)])) };
    },

    // #region commit
    async commit(unit): Promise<Committed> {
      try {
        const outcomes = store.write((data) => {
          checkFence(data.lease, unit.fence);
          const before = structuredClone(data);
          return unit.batches.map((batch) => applyBatch(data, before, models.get(batch.model)!, batch));
        });
        return { committed: true, transaction: unit.id, outcomes };
      } catch (error) {
        if (error instanceof Refused) return { committed: false, refusal: error.refusal };
        throw error;
      }
    },
    // #endregion

    async close() {}, // it has opened nothing

    uninstall() {
      store.write((data) => {
        for (const name of models.keys()) data.identities[name] = {};
        data.lease = newLease();
      });
    },
  };
}
