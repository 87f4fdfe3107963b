import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createSync, jsonbDatabase, jsonbSchema, kinds, leftWins, naturalKey } from "../src/index.ts";
import { onEveryHandle, type Opened } from "./support/engines.ts";

const schema = z.object({
  code: z.string(),
  text: z.string().nullish(),
  whole: z.bigint().optional(),
  double: z.number().optional(),
  price: z.string().register(kinds, { type: "decimal" }).optional(),
  rate: z.number().register(kinds, { type: "decimal" }).optional(),
  flag: z.boolean().optional(),
  day: z.iso.date().optional(),
  at: z.iso.datetime().optional(),
  id: z.uuid().optional(),
  bytes: z.base64().optional(),
  tags: z.array(z.string().nullable()).optional(),
  inside: z.object({ "a.b": z.enum(["x", "ü"]), any: z.unknown() }).optional(),
});
const documents = {
  Left: { table: "left_side", kind: "kind", schema, key: { column: "key", type: "uuid" }, unique: ["code"] },
  Right: { table: "right_side", schema, key: { column: "key", type: "bigint" }, unique: ["code"] },
} as const;

/** Inner texts of documents, without their code. */
const corpus = [
  `"text": ""`, `"text": "\\ufeffé'\\"\\\\\\n😀 {}[],$1::text"`, `"text": "null"`,
  `"whole": 9007199254740993`, `"whole": -123456789012345678901234567890`,
  `"double": 0.1`, `"double": 1e300`, `"double": -0.000001`, `"price": "1234567890123456789.01"`, `"rate": 0.1000000000000000055511151231257827`,
  `"flag": false`, `"day": "2024-02-29"`, `"at": "1969-12-31T23:59:59.123456789Z"`, `"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"`,
  `"bytes": "AAH+/w=="`, `"tags": []`, `"tags": ["", null, "a,b", "quo\\"te"]`,
  `"inside": {"a.b": "ü", "any": {"b": [1, 9007199254740993, null], "a": {}}}`, `"inside": {"a.b": "x", "any": null}`,
];

onEveryHandle(import.meta.url, (open) => {
  let database: Opened;
  beforeEach(async () => {
    database = await open();
    await database.exec(jsonbSchema(documents));
  });

  test("every value comes to another table of documents as it stands, and an idle run finds nothing", async () => {
    const rows = corpus.map((inner, i) => `('Left', '{"code": "${i}", ${inner.replaceAll("'", "''")}}')`);
    await database.exec(`insert into left_side (kind, document) values ${rows.join(", ")}`);
    await database.exec(`insert into left_side (kind, document) values ('Other', '{"code": 1}')`);
    const { client } = database;
    const sync = createSync({
      name: "values",
      left: jsonbDatabase(client, { documents: { Left: documents.Left }, sideTables: { schema: "one" } }),
      right: jsonbDatabase(client, { documents: { Right: documents.Right }, sideTables: { schema: "two" } }),
      models: { Left: { right: "Right", match: naturalKey("code") } },
      conflicts: leftWins(),
      firstLink: "left",
    });
    const first = await sync.run();
    expect(first.models.get("Left")).toMatchObject({ created: { right: corpus.length }, quarantined: 0 });
    const all = (table: string): Promise<(string | null)[]> =>
      database.texts(`select document::text from ${table} where jsonb_typeof(document->'code') = 'string' order by document->>'code'`);
    expect(await all("right_side")).toEqual(await all("left_side"));
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});
