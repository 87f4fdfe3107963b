import type { Row } from "@sync/core";
import { expect, test } from "vitest";
import { commit, documents, names } from "./countries.ts";

const france = { code: "FR", regions: [{ code: "A", airports: [{ ident: "x", name: "X" }] }] };

test.each([
  ["a document", names.country, ["fr"]],
  ["a record inside of one", names.airport, ["fr", "A", "x"]],
])("%s that was given another cloudId since it was read is given no second one", async (_, model, key) => {
  const { inner, database } = documents();
  inner.put("Country", "fr", JSON.stringify(france));
  const read = async (): Promise<Row> => (await database.endpoints.get(model)!.fetch({ fields: ["name"], by: "key", tuples: [key] }))[0]!;
  const { revision } = await read();
  await commit(database, [{ op: "identify", model, rows: [{ key, cloudId: "first", was: null }] }]);
  const update = (cloudId: string) => commit(database, [{ op: "update", model, fields: ["name"], rows: [{ key, revision, values: ["new"], cloudId }] }]);
  expect(await update("second")).toMatchObject({ committed: true, outcomes: [[{ status: "stale" }]] });
  expect(await read()).toMatchObject({ cloudId: "first" });
  expect(await update("first")).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
  expect(await read()).toMatchObject({ cloudId: "first", values: ["new"] });
});
