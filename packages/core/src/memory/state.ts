import { SyncError } from "../errors.ts";
import type { Base, Collection, Fences, ReadRequest, StateChange, StateRecords, StateStore } from "../state.ts";

/** The layout that this code reads and writes. */
const VERSION = 1;

/** A state store in memory: the reference for what every other store must do. */
export interface MemoryState extends StateStore {
  /** Record versions made since the store was made: what an idle run leaves as it is. */
  readonly writes: number;
  snapshot(): MemoryStateSnapshot;
  /** As from a backup: everything later is forgotten. */
  restore(snapshot: MemoryStateSnapshot): void;
}

/** A copy of everything in a store; nothing that happens later changes it. */
export interface MemoryStateSnapshot {
  readonly version: number;
  readonly pairs: ReadonlyMap<string, Pair>;
}

interface Pair {
  readonly fences: Fences;
  readonly bases: Map<string, Map<string, Base>>;
  /** Serialised, so that nobody holds on to what is stored. */
  readonly records: Map<Collection, Map<string, { readonly model: string | undefined; readonly text: string }>>;
}

/** Keeps the state of any number of pairs for as long as the object lives. */
export function memoryState(options: { readonly name?: string } = {}): MemoryState {
  let pairs = new Map<string, Pair>();
  let version = VERSION;
  let writes = 0;
  /** CloudIds in order, per map of bases; dropped by a write. */
  const orders = new WeakMap<Map<string, Base>, string[]>();

  const pairOf = (name: string): Pair => entry(pairs, name, () => ({ fences: { left: 0, right: 0 }, bases: new Map(), records: new Map() }));
  const basesOf = (pair: string, model: string): Map<string, Base> => entry(pairOf(pair).bases, model, () => new Map());

  function fence(name: string, { left, right, anew }: Fences): void {
    const pair = pairOf(name);
    if (anew !== true && (left < pair.fences.left || right < pair.fences.right)) {
      throw new SyncError("LEASE.LOST", "Another runner has taken the lease and stored in the meantime; nothing of this was stored.");
    }
    if (left === pair.fences.left && right === pair.fences.right) return;
    pairs.set(name, { ...pair, fences: { left, right } });
    writes += 1;
  }

  function apply(pair: string, change: StateChange): void {
    switch (change.op) {
      case "putBases":
        for (const base of change.bases) {
          const bases = basesOf(pair, base.model);
          if (!bases.has(base.cloudId)) orders.delete(bases);
          bases.set(base.cloudId, JSON.parse(JSON.stringify(base)) as Base);
        }
        writes += change.bases.length;
        return;
      case "removeBases": {
        const bases = basesOf(pair, change.model);
        for (const cloudId of change.cloudIds) if (bases.delete(cloudId)) writes += 1;
        orders.delete(bases);
        return;
      }
      case "clearBases":
        writes += basesOf(pair, change.model).size;
        pairOf(pair).bases.delete(change.model);
        return;
      case "put": {
        const records = entry(pairOf(pair).records, change.collection, () => new Map());
        for (const record of change.records) records.set(record.id, { model: record.model, text: JSON.stringify(record) });
        writes += change.records.length;
        return;
      }
      case "remove": {
        const records = pairOf(pair).records.get(change.collection);
        for (const id of change.ids) if (records?.delete(id)) writes += 1;
      }
    }
  }

  return {
    name: options.name ?? "memory",
    get writes() {
      return writes;
    },
    async open() {
      if (version > VERSION) {
        throw new SyncError("STATE.NEWER_VERSION", `The state was written by version ${version} of its layout; this code reads ${VERSION}. Update it first.`);
      }
    },
    async bases(pair, model, cloudIds) {
      const bases = basesOf(pair, model);
      return cloudIds.flatMap((cloudId) => bases.get(cloudId) ?? []);
    },
    async scanBases(pair, model, after, limit) {
      const bases = basesOf(pair, model);
      const order = orders.get(bases) ?? [...bases.keys()].sort();
      orders.set(bases, order);
      const start = after === undefined ? 0 : firstAbove(order, after);
      return { total: bases.size, bases: order.slice(start, start + limit).map((cloudId) => bases.get(cloudId)!) };
    },
    async read<C extends Collection>(pair: string, request: ReadRequest & { readonly collection: C }): Promise<StateRecords[C][]> {
      const records = pairOf(pair).records.get(request.collection) ?? new Map();
      const found: StateRecords[C][] = [];
      for (const id of [...new Set(request.ids ?? records.keys())].sort()) {
        const record = records.get(id);
        if (record === undefined) continue;
        if (request.after !== undefined && id <= request.after) continue;
        if (request.model !== undefined && record.model !== request.model) continue;
        if (found.length === request.limit) break;
        found.push(JSON.parse(record.text) as StateRecords[C]);
      }
      return found;
    },
    async commit(pair, changes, fences) {
      if (fences) fence(pair, fences);
      for (const change of changes) apply(pair, change);
    },
    async uninstall() {
      pairs = new Map();
    },
    async close() {},
    snapshot: () => ({ version, pairs: copy(pairs) }),
    restore(snapshot) {
      version = snapshot.version;
      pairs = copy(snapshot.pairs);
    },
  };
}

function copy(pairs: ReadonlyMap<string, Pair>): Map<string, Pair> {
  return new Map([...pairs].map(([name, pair]) => [name, { fences: pair.fences, bases: copyInner(pair.bases), records: copyInner(pair.records) }]));
}

function copyInner<K, L, V>(maps: ReadonlyMap<K, ReadonlyMap<L, V>>): Map<K, Map<L, V>> {
  return new Map([...maps].map(([name, map]) => [name, new Map(map)]));
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** Where the first text above `text` stands in an ascending list. */
function firstAbove(order: readonly string[], text: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order[middle]! <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}
