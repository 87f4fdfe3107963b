import type { Database, Unit } from "@sync/core";

/** A database where something happens just before a unit is committed to it; `undefined`: no longer. */
export function before(database: Database, happens: (unit: Unit) => Promise<void> | void): Database {
  return { ...database, commit: async (unit) => (await happens(unit), database.commit(unit)) };
}

/** Does something the first time only. */
export function once<Argument>(matches: (argument: Argument) => boolean, act: (argument: Argument) => Promise<void>): (argument: Argument) => Promise<void> {
  let done = false;
  return async (argument) => {
    if (done || !matches(argument)) return;
    done = true;
    await act(argument);
  };
}

export const writes = (op: string) => (unit: Unit): boolean => unit.batches.some((batch) => batch.op === op);
