import { batches, commits, endpoint, endpoints, fetches, refuse, type Fault } from "./fault.ts";

const highest = (keys: readonly string[]): number => Math.max(0, ...keys.map(Number));

export const keysFaults: readonly Fault[] = [
  {
    law: "keys/never-given-twice",
    wrong: "Keys are the next ones above the rows, whoever else may have asked.",
    of: (session) => endpoints(session, ({ model }) => ({
      allocate: async (count) => {
        const top = highest(session.database.probe.rows(model.name).map(({ key }) => key[0]!));
        return Array.from({ length: count }, (_, n) => [String(top + n + 1)]);
      },
    })),
    also: [
      "keys/beside-the-application", "values/null-is-not-empty", "fetch/same-as-scan", "commit/one-row-per-cloud-id", "references/to-itself",
      "concurrency/calls-overlap",
    ],
  },
  {
    law: "keys/beside-the-application",
    wrong: "The sync counts by itself: the application's own counter comes to the same numbers later.",
    of: (session) => {
      let next = 2;
      return endpoint(session, "Parent", () => ({ allocate: async (count) => Array.from({ length: count }, () => [String((next += 1))]) }));
    },
    also: ["values/null-is-not-empty"],
  },
  {
    law: "keys/written-as-chosen",
    wrong: "The database gives new rows keys of its own, and nobody notices.",
    of: (session) => batches(session, (batch) =>
      batch.op === "insert" && batch.model === "Parent" && batch.fields.join() === "code"
        ? { ...batch, rows: batch.rows.map((row) => ({ ...row, key: [`1${row.key[0]!}000`] })) }
        : batch),
    also: ["fetch/by-cloud-id", "commit/identity-with-row", "references/parent-and-child"],
  },
  {
    law: "keys/tuples",
    wrong: "Composite keys are joined to be looked up.",
    of: (session) => endpoint(session, "Entry", (inner) => ({
      fetch: async (request) => {
        if (request.by !== "key") return await inner.fetch(request);
        const all = session.database.probe.rows("Entry").map(({ key }) => key);
        return await inner.fetch({ ...request, tuples: request.tuples.flatMap((tuple) => [all.find((key) => key.join("") === tuple.join("")) ?? []]) });
      },
    })),
  },
  {
    law: "keys/look-alikes",
    wrong: "The collation of the key ignores case.",
    of: (session) => commits(session, async (unit, commit) => {
      const ids = unit.batches.flatMap((batch) => (batch.op === "insert" && batch.model === "Book" ? batch.rows.map(({ key }) => key[0]!) : []));
      const folded = new Set(ids.map((id) => id.toLowerCase()));
      return folded.size < new Set(ids).size ? refuse("WRITE.UNIQUE", "Book") : await commit(unit);
    }),
  },
  {
    law: "keys/large-numbers",
    wrong: "Numbers go through a JavaScript number.",
    of: (session) => batches(session, (batch) => {
      if (batch.op !== "insert" || batch.model !== "Entry") return batch;
      const rows = batch.rows.map((row) => ({
        ...row, key: [row.key[0]!, rounded(row.key[1]!)], values: row.values.map((value, n) => (batch.fields[n] === "page" ? rounded(value!) : value)),
      }));
      return { ...batch, rows };
    }),
  },
  {
    law: "keys/changed",
    wrong: "A change of key leaves the identity with the old key.",
    of: (session) => commits(session, async (unit, commit) => {
      const [batch] = unit.batches;
      if (batch?.op !== "update" || !batch.fields.includes("id")) return await commit(unit);
      const record = Object.fromEntries(batch.fields.map((field, at) => [field, batch.rows[0]!.values[at]!]));
      session.database.application.update(batch.model, batch.rows[0]!.key, record);
      return { committed: true, transaction: "", outcomes: [[{ status: "written" }]] };
    }),
  },
  {
    law: "keys/key-fields-read",
    wrong: "The parts of a key come in the order in which the fields were asked for.",
    of: (session) => endpoint(session, "Entry", (inner) => ({
      async *scan(request) {
        const turned = request.fields.indexOf("page") < request.fields.indexOf("book");
        for await (const page of inner.scan(request)) yield turned ? { ...page, rows: page.rows.map((row) => ({ ...row, key: row.key.toReversed() })) } : page;
      },
    })),
  },
];

function rounded(digits: string): string {
  return String(BigInt(Number(digits)));
}

export const fetchFaults: readonly Fault[] = [
  {
    law: "fetch/by-key",
    wrong: "The answer ends at the first key without a row.",
    of: (session) => fetches(session, async (request, inner) => {
      if (request.by !== "key") return await inner.fetch(request);
      const there = new Set(session.database.probe.rows(inner.model.name).map(({ key }) => JSON.stringify(key)));
      const gap = request.tuples.findIndex((tuple) => !there.has(JSON.stringify(tuple)));
      return await inner.fetch(gap < 0 ? request : { ...request, tuples: request.tuples.slice(0, gap) });
    }),
    also: ["concurrency/uncommitted-unseen"],
  },
  {
    law: "fetch/once",
    wrong: "Every tuple is answered on its own.",
    of: (session) => fetches(session, async (request, inner) =>
      (await Promise.all(request.tuples.map((tuple) => inner.fetch({ ...request, tuples: [tuple] })))).flat()),
  },
  {
    law: "fetch/by-cloud-id",
    wrong: "Only the last cloudId is looked for.",
    of: (session) => fetches(session, (request, inner) => inner.fetch(request.by === "cloudId" ? { ...request, tuples: request.tuples.slice(-1) } : request)),
  },
  {
    law: "fetch/by-unique-key",
    wrong: "Of a unique key of two fields only the first counts.",
    of: (session) => fetches(session, (request, inner) =>
      inner.fetch(typeof request.by === "object" && request.by.length > 1
        ? { ...request, by: request.by.slice(0, 1), tuples: request.tuples.map((tuple) => tuple.slice(0, 1)) }
        : request)),
  },
  {
    law: "fetch/by-reference",
    wrong: "A reference is taken for a unique key: one row per tuple.",
    of: (session) => fetches(session, async (request, inner) => {
      if (request.by !== "cloudId" && request.by !== "key" && request.by.join() === "parentId") {
        return (await Promise.all(request.tuples.map((tuple) => inner.fetch({ ...request, tuples: [tuple] })))).flatMap((found) => found.slice(0, 1));
      }
      return await inner.fetch(request);
    }),
  },
  {
    law: "fetch/null-is-nothing",
    wrong: "Null is looked up as an empty text.",
    of: (session) => fetches(session, async (request, inner) => {
      const found = await inner.fetch(request);
      if (typeof request.by !== "object" || !request.tuples.some((tuple) => tuple.includes(""))) return found;
      const [field] = request.by;
      const nulls = session.database.probe.rows(inner.model.name).filter(({ record }) => record[field!] === null);
      return [...found, ...(await inner.fetch({ ...request, by: "key", tuples: nulls.map(({ key }) => key) }))];
    }),
  },
  {
    law: "fetch/any-number",
    wrong: "A statement takes a thousand parameters.",
    of: (session) => fetches(session, async (request, inner) => {
      if (request.tuples.length > 1000) throw new Error("too many variables");
      return await inner.fetch(request);
    }),
  },
  {
    law: "fetch/same-as-scan",
    wrong: "A fetched number that is null is zero.",
    of: (session) => fetches(session, async (request, inner) => {
      const at = request.fields.indexOf("size");
      return (await inner.fetch(request)).map((row) => ({ ...row, values: row.values.map((value, n) => (n === at ? (value ?? "0") : value)) }));
    }),
  },
  {
    law: "fetch/fields-as-asked",
    wrong: "The fields that rows are found by come along where no others are asked for.",
    of: (session) => fetches(session, (request, inner) =>
      inner.fetch(typeof request.by === "object" && request.fields.length === 0 ? { ...request, fields: request.by } : request)),
  },
];
