import { isSyncError, SyncError } from "@sync/core";
import { commits, refusals, refuse, type Fault } from "./fault.ts";

export const errorsFaults: readonly Fault[] = [
  {
    law: "errors/unique",
    wrong: "A refusal does not say which model it is about.",
    of: (session) => refusals(session, ({ code, constraint, model }) => (code === "WRITE.UNIQUE" ? { code, constraint } : { code, constraint, model })),
  },
  {
    law: "errors/key-taken",
    wrong: "A key that is taken is an error that nobody told apart.",
    of: (session) => refusals(session, (refusal) => (refusal.constraint === "primary key" ? { ...refusal, code: "WRITE.REFUSED" } : refusal)),
    also: ["commit/all-or-nothing"],
  },
  {
    law: "errors/null-in-unique-key",
    wrong: "Two nulls are equal to a unique key.",
    of: (session) => commits(session, async (unit, commit) => {
      const names = unit.batches.flatMap((batch) =>
        batch.op === "insert" && batch.model === "Node"
          ? batch.rows.flatMap(({ values }) => (values[batch.fields.indexOf("aboveId")] === null ? [values[batch.fields.indexOf("name")]] : []))
          : []);
      return new Set(names).size < names.length ? refuse("WRITE.UNIQUE", "Node") : await commit(unit);
    }),
  },
  {
    law: "errors/check",
    wrong: "A failed check is an error that nobody told apart.",
    of: (session) => refusals(session, (refusal) => (refusal.code === "WRITE.CHECK" ? { ...refusal, code: "WRITE.REFUSED" } : refusal)),
  },
  {
    law: "errors/not-null",
    wrong: "A missing value is called a failed check.",
    of: (session) => refusals(session, (refusal) => (refusal.code === "WRITE.NOT_NULL" ? { ...refusal, code: "WRITE.CHECK" } : refusal)),
  },
  {
    law: "errors/no-values",
    wrong: "A refusal repeats what it refuses, as the database's own message does.",
    of: (session) => refusals(session, (refusal, unit) => ({ ...refusal, constraint: `${refusal.constraint} of ${JSON.stringify(unit.batches)}` })),
  },
  {
    law: "errors/lost-lease",
    wrong: "That the lease is lost is an error to be tried again.",
    of: (session) => commits(session, async (unit, commit) => {
      try {
        return await commit(unit);
      } catch (error) {
        throw isSyncError(error) ? new SyncError(error.code, error.message, { retryable: true }) : error;
      }
    }),
  },
];
