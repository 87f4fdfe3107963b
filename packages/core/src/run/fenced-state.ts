import type { Fences, StateStore } from "../state.ts";
import type { RunContext } from "./context.ts";
import { announced } from "./known-databases.ts";

/**
 * The state store as one run sees it: whatever it stores carries the fences of its leases, and the first of it says what
 * both databases must have seen from then on. Plans have no fence: what they store is theirs alone.
 */
export function fencedState(store: StateStore, context: RunContext): StateStore {
  let begun = false;
  return {
    name: store.name,
    open: () => store.open(),
    bases: (pair, model, cloudIds) => store.bases(pair, model, cloudIds),
    scanBases: (pair, model, after, limit) => store.scanBases(pair, model, after, limit),
    read: (pair, request) => store.read(pair, request),
    async commit(pair, changes) {
      if (context.dry || !context.claims) return store.commit(pair, changes);
      const { left, right } = context.claims;
      const fences: Fences = { left: left.fence, right: right.fence };
      await store.commit(pair, begun ? changes : [announced(context), ...changes], fences);
      begun = true;
    },
    uninstall: () => store.uninstall(),
    close: () => store.close(),
  };
}
