import type { Endpoint, Page, ScanRequest } from "@sync/core";
import { database, endpoints, scans, type Fault } from "./fault.ts";

async function pagesOf(inner: Endpoint, request: ScanRequest): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of inner.scan(request)) pages.push(page);
  return pages;
}

export const pagingFaults: readonly Fault[] = [
  {
    law: "paging/each-row-once",
    wrong: "A page has one row more than asked for.",
    of: (session) => endpoints(session, (inner) => ({ scan: (request) => inner.scan({ ...request, pageSize: request.pageSize + 1 }) })),
    also: ["paging/left-early"],
  },
  {
    law: "paging/same-order",
    wrong: "Where one field alone is read, an index on it gives another order.",
    of: (session) => scans(session, (pages, { fields }) => (fields.length === 1 ? pages.map((page) => ({ ...page, rows: page.rows.toReversed() })) : pages)),
  },
  {
    law: "paging/ranges-without-gap",
    wrong: "The range of a page begins with its first row.",
    of: (session) => scans(session, (pages) => pages.map((page, at) =>
      at > 0 && page.rows.length > 0 ? { ...page, range: { ...page.range, after: page.rows[0]!.key } } : page)),
    also: ["paging/asked-ranges"],
  },
  {
    law: "paging/empty",
    wrong: "Where there is no row there is no page.",
    of: (session) => scans(session, (pages) => (pages.every(({ rows }) => rows.length === 0) ? [] : pages)),
  },
  {
    law: "paging/asked-ranges",
    wrong: "Ranges that are asked for together are read as one.",
    of: (session) => scans(session, (pages, { ranges = [] }) =>
      ranges.length < 2 ? pages : [{ rows: pages.flatMap(({ rows }) => rows), range: { after: ranges[0]!.after, upTo: ranges.at(-1)!.upTo } }]),
  },
  {
    law: "paging/fields-as-asked",
    wrong: "Where no field is asked for the cloudId is not read either.",
    of: (session) => scans(session, (pages, { fields }) =>
      fields.length > 0 ? pages : pages.map((page) => ({ ...page, rows: page.rows.map((row) => ({ ...row, cloudId: null })) }))),
  },
  {
    law: "paging/left-early",
    wrong: "A scan that is left before its end keeps its transaction open.",
    of: (session) => {
      let open = 0;
      return database(session, (inner) => ({
        endpoints: new Map([...inner.endpoints].map(([name, endpoint]) => [name, {
          ...endpoint,
          async *scan(request: ScanRequest) {
            open += 1;
            yield* endpoint.scan(request);
            open -= 1;
          },
        }])),
        commit: async (unit) => {
          if (open > 0) throw new Error("the database is locked");
          return await inner.commit(unit);
        },
      }));
    },
    also: ["concurrency/calls-overlap"],
  },
  {
    law: "paging/rows-that-stay",
    wrong: "Pages are counted off: so many rows are passed over.",
    of: (session) => endpoints(session, (inner) => ({
      async *scan(request) {
        if (request.ranges) {
          yield* inner.scan(request);
          return;
        }
        for (let at = 0; ; at += 1) {
          const page = (await pagesOf(inner, request))[at];
          if (!page) return;
          yield page;
        }
      },
    })),
  },
  {
    law: "paging/by-parts",
    wrong: "Keys are ordered as texts, numbers too.",
    of: (session) => endpoints(session, (inner) => ({
      async *scan(request) {
        const text = (key: readonly string[]): string => key.join("\u0000");
        const pages = await pagesOf(inner, { ...request, ranges: undefined, pageSize: 10_000 });
        const all = pages.flatMap(({ rows }) => rows).sort((a, b) => (text(a.key) < text(b.key) ? -1 : 1));
        for (const { after, upTo } of request.ranges ?? [{ after: null, upTo: null }]) {
          const inside = all.filter(({ key }) => (after === null || text(key) > text(after)) && (upTo === null || text(key) <= text(upTo)));
          for (let at = 0; at === 0 || at < inside.length; at += request.pageSize) {
            const page = inside.slice(at, at + request.pageSize);
            const last = at + request.pageSize >= inside.length;
            yield { rows: page, range: { after: at === 0 ? after : inside[at - 1]!.key, upTo: last ? upTo : page.at(-1)!.key } };
          }
        }
      },
    })),
  },
];
