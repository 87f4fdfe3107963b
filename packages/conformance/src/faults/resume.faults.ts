import { memoryState } from "@sync/core/memory";
import { changes, claims, database, endpoint, reopened, rows, state, type Fault } from "./fault.ts";

export const resumeFaults: readonly Fault[] = [
  {
    law: "resume/same-database",
    wrong: "The id of the database is that of the process.",
    of: (session) => reopened(session, (later) => claims(later, (claim) => ({ ...claim, databaseId: `${claim.databaseId} again` }))),
  },
  {
    law: "resume/rows-and-identities",
    wrong: "Identities are kept in the process.",
    of: (session) => reopened(session, (later) => rows(later, (row) => ({ ...row, cloudId: null }))),
  },
  {
    law: "resume/fresh-keys",
    wrong: "Keys are counted from one by each process.",
    of: (session) => reopened(session, (later) => {
      let next = 0;
      return endpoint(later, "Parent", () => ({ allocate: async (count) => Array.from({ length: count }, () => [String((next += 1))]) }));
    }),
  },
  {
    law: "resume/marks",
    wrong: "What happened before the process began has not happened.",
    of: (session) => reopened(session, (later) => changes(later, (seen) => ({ ...seen, keys: [] }))),
  },
  {
    law: "resume/state",
    wrong: "State is kept in the process.",
    of: (session) => reopened(session, (later) => database(later, () => ({ state: memoryState({ name: "of this process" }) }))),
  },
  {
    law: "resume/state-of-pairs",
    wrong: "Clearing the bases of a model clears those of every pair.",
    of: (session) => {
      const pairs = new Set<string>();
      return state(session, (inner) => ({
        commit: async (pair, list, fences) => {
          pairs.add(pair);
          await inner.commit(pair, list, fences);
          const clearing = list.filter(({ op }) => op === "clearBases");
          if (clearing.length > 0) for (const other of pairs) await inner.commit(other, clearing);
        },
      }));
    },
  },
  {
    law: "resume/state-bases",
    wrong: "Bases are never removed one by one.",
    of: (session) => state(session, (inner) => ({ commit: (pair, list, fences) => inner.commit(pair, list.filter(({ op }) => op !== "removeBases"), fences) })),
  },
  {
    law: "resume/state-records",
    wrong: "All records are read, whatever the limit.",
    of: (session) => state(session, (inner) => ({ read: (pair, request) => inner.read(pair, { ...request, limit: undefined }) })),
  },
  {
    law: "resume/state-under-fences",
    wrong: "Whoever comes later stores later.",
    of: (session) => state(session, (inner) => ({ commit: (pair, list) => inner.commit(pair, list) })),
  },
];
