import type { Base, Fences, StateStore } from "../state.ts";
import type { RunContext } from "./context.ts";
import { announced } from "./known-databases.ts";

/**
 * The state store as one run sees it: whatever it stores carries the fences of its leases, and the first of it says what
 * both databases must have seen from then on. Plans have no fence: what they store is theirs alone, and what they suppose to be
 * stored stands only here.
 */
export function fencedState(store: StateStore, context: RunContext): StateStore {
  let begun = false;
  const supposed = (model: string): readonly Base[] => context.supposed.filter((base) => base.model === model);
  return {
    name: store.name,
    open: () => store.open(),
    async bases(pair, model, cloudIds) {
      const stored = await store.bases(pair, model, cloudIds);
      return context.supposed.length === 0 ? stored : [...stored, ...supposed(model).filter(({ cloudId }) => cloudIds.includes(cloudId))];
    },
    async scanBases(pair, model, after, limit) {
      const stored = await store.scanBases(pair, model, after, limit);
      const more = after === undefined ? supposed(model) : [];
      // In front of the first page: the last of these says where the next one goes on.
      return more.length === 0 ? stored : { total: stored.total + more.length, bases: limit === 0 ? [] : [...more, ...stored.bases] };
    },
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
