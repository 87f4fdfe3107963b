import type { Base, StateChange } from "@sync/core";

/** What a list of changes comes to: each row at most once, so that all of it can be one statement. */
export interface Pending {
  readonly cleared: ReadonlySet<string>;
  /** But for these: of several of one record the last one counts. */
  readonly putBases: readonly Base[];
  /** Model and cloudId. */
  readonly removeBases: readonly (readonly [string, string])[];
  /** Collection, id, model, body. */
  readonly put: readonly (readonly [string, string, string | null, string])[];
  /** Collection and id. */
  readonly remove: readonly (readonly [string, string])[];
}

/** Later changes win over earlier ones. */
export function settled(changes: readonly StateChange[]): Pending {
  const cleared = new Set<string>();
  let putBases: Base[] = [];
  const removed = new Map<string, Set<string>>();
  const records = new Map<string, Map<string, readonly [string | null, string] | null>>();
  for (const change of changes) {
    switch (change.op) {
      case "putBases":
        for (const base of change.bases) {
          putBases.push(base);
          removed.get(base.model)?.delete(base.cloudId);
        }
        break;
      case "removeBases": {
        const { model } = change;
        const gone = new Set(change.cloudIds);
        putBases = putBases.filter((base) => base.model !== model || !gone.has(base.cloudId));
        removed.set(model, new Set([...(removed.get(model) ?? []), ...gone]));
        break;
      }
      case "clearBases":
        cleared.add(change.model);
        putBases = putBases.filter(({ model }) => model !== change.model);
        removed.delete(change.model);
        break;
      case "put":
        for (const record of change.records) {
          const { id, model } = record as { id: string; model?: string };
          group(records, change.collection).set(id, [model ?? null, JSON.stringify(record)]);
        }
        break;
      case "remove":
        for (const id of change.ids) group(records, change.collection).set(id, null);
        break;
    }
  }
  const removeBases = [...removed].flatMap(([model, cloudIds]) => [...cloudIds].map((cloudId) => [model, cloudId] as const));
  const put: Pending["put"][number][] = [];
  const remove: Pending["remove"][number][] = [];
  for (const [collection, byId] of records) {
    for (const [id, record] of byId) {
      if (record) put.push([collection, id, ...record]);
      else remove.push([collection, id]);
    }
  }
  return { cleared, putBases, removeBases, put, remove };
}

function group<T>(groups: Map<string, Map<string, T>>, name: string): Map<string, T> {
  let found = groups.get(name);
  if (!found) groups.set(name, (found = new Map()));
  return found;
}
