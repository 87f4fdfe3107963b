import { hash64, type Endpoint, type Key, type KeyRange, type Row } from "@sync/core";
import { changes, endpoints, type Fault } from "./fault.ts";

async function rowsOf(inner: Endpoint, fields: readonly string[] = [], ranges?: readonly KeyRange[]): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of inner.scan({ fields, pageSize: 1000, ranges })) rows.push(...page.rows);
  return rows;
}

const has = (keys: readonly Key[], key: Key): boolean => keys.some((each) => JSON.stringify(each) === JSON.stringify(key));
const fingerprint = (rows: readonly Row[]): string => hash64(JSON.stringify(rows.map(({ key, values }) => [key, values.map((value) => value ?? "")])), 1);

export const changesFaults: readonly Fault[] = [
  {
    law: "changes/without-a-mark",
    wrong: "Without a mark nothing has changed.",
    of: (session) => changes(session, (seen, mark) => (mark === undefined ? { ...seen, keys: [] } : seen)),
    also: [],
  },
  {
    law: "changes/named",
    wrong: "Only the first of several rows is named.",
    of: (session) => changes(session, (seen) => (seen.keys === "all" ? seen : { ...seen, keys: seen.keys.slice(0, 1) })),
    also: ["changes/our-own", "changes/late-commit"],
  },
  {
    law: "changes/not-everything",
    wrong: "Every row is named each time.",
    of: (session) => endpoints(session, (inner) => ({
      changesSince: async (mark, ownUnits) => {
        const seen = await inner.changesSince!(mark, ownUnits);
        return seen.keys === "all" ? seen : { ...seen, keys: (await rowsOf(inner)).map(({ key }) => key) };
      },
    })),
    also: ["changes/our-own"],
  },
  {
    law: "changes/total",
    wrong: "The total is that of the first count.",
    of: (session) => {
      let first: number | undefined;
      return changes(session, (seen) => ({ ...seen, total: (first ??= seen.total) }));
    },
  },
  {
    law: "changes/present-key",
    wrong: "A row is named under the key it had.",
    of: (session) => {
      let known: readonly Key[] = [];
      return endpoints(session, (inner) => ({
        changesSince: async (mark, ownUnits) => {
          const seen = await inner.changesSince!(mark, ownUnits);
          const now = (await rowsOf(inner)).map(({ key }) => key);
          const gone = known.filter((key) => !has(now, key));
          const before = known;
          known = now;
          if (seen.keys === "all" || gone.length === 0 || before.length !== now.length) return seen;
          return { ...seen, keys: [...seen.keys.filter((key) => has(before, key)), ...gone] };
        },
      }));
    },
  },
  {
    law: "changes/our-own",
    wrong: "A row that we have ever written is left out.",
    of: (session) => endpoints(session, (inner) => {
      const ours = new Set<string>();
      return {
        changesSince: async (mark, ownUnits) => {
          const all = await inner.changesSince!(mark, []);
          const without = await inner.changesSince!(mark, ownUnits);
          if (all.keys === "all" || without.keys === "all") return without;
          const left = without.keys;
          if (ownUnits.length > 0) for (const key of all.keys) if (!has(left, key)) ours.add(JSON.stringify(key));
          return ownUnits.length > 0 ? { ...without, keys: left.filter((key) => !ours.has(JSON.stringify(key))) } : without;
        },
      };
    }),
  },
  {
    law: "changes/late-commit",
    wrong: "A mark is the highest transaction that was seen.",
    of: (session) => endpoints(session, (inner) => ({
      changesSince: async (mark, ownUnits) => {
        const rows = await rowsOf(inner);
        const horizon = Math.max(0, ...rows.map(({ revision }) => Number(revision)));
        const since = /^\{"horizon":(\d+)\}$/.exec(mark ?? "")?.[1];
        const changed = rows.filter(({ revision }) => Number(revision) > Number(since) && !ownUnits.includes(revision));
        const trusted = since !== undefined && Number(since) <= 99_999_999;
        return { next: JSON.stringify({ horizon }), total: rows.length, keys: trusted ? changed.map(({ key }) => key) : "all" };
      },
    })),
  },
  {
    law: "changes/mark-of-nobody",
    wrong: "A mark that cannot be read is one since which nothing has changed.",
    of: (session) => changes(session, (seen, mark) => (mark === "nonsense" ? { ...seen, keys: [] } : seen)),
  },
  {
    law: "changes/fingerprint-of-page",
    tracking: "fingerprints",
    wrong: "A page's fingerprint knows how large pages are.",
    of: (session) => endpoints(session, (inner) => ({
      async *scan(request) {
        for await (const page of inner.scan(request)) yield { ...page, fingerprint: `${page.fingerprint}/${request.pageSize}` };
      },
    })),
  },
  {
    law: "changes/fingerprint-moves",
    tracking: "fingerprints",
    wrong: "Texts are joined for a fingerprint, null being none.",
    of: (session) => endpoints(session, (inner) => ({
      async *scan(request) {
        for await (const page of inner.scan(request)) yield { ...page, fingerprint: fingerprint(page.rows) };
      },
      fingerprint: async (fields, ranges) => await Promise.all(ranges.map(async (range) => {
        const rows = await rowsOf(inner, fields, [range]);
        return { count: rows.length, fingerprint: fingerprint(rows) };
      })),
    })),
  },
];
