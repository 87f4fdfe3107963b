import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { jsonbDatabase, jsonbSchema, type DocumentOptions } from "../src/index.ts";
import { onEveryHandle, type Opened } from "./support/engines.ts";

/** A `unique` of documents is a promise that the live database is asked about. */

const schema = z.object({ code: z.string(), "it's": z.object({ lat: z.string() }), other: z.string().optional(), cloudId: z.string().optional() });
const Thing = { table: "things", schema, unique: ["code", ["it's.lat", "other"]] } as const satisfies DocumentOptions;
const kinds = {
  One: { table: { schema: "one", name: "Both kinds" }, kind: "what", column: "Body", schema, unique: ["code"], cloudId: false },
  Two: { table: { schema: "one", name: "Both kinds" }, kind: { column: "what", value: "the 'second'" }, column: "Body", schema, unique: ["code"], cloudId: false },
} as const satisfies Record<string, DocumentOptions>;

onEveryHandle(import.meta.url, (open) => {
  let database: Opened;
  beforeEach(async () => {
    database = await open();
  });
  const found = async (documents: Record<string, DocumentOptions>): Promise<string[]> => {
    const { findings } = await jsonbDatabase(database.client, { documents }).inspect(Object.keys(documents));
    return findings.map(({ severity, code, model, key }) => [severity, code, model, key?.join("+")].join(" ").trim());
  };

  test("what jsonbSchema makes is what is looked for", async () => {
    await database.exec(jsonbSchema({ Thing }));
    expect(await found({ Thing })).toEqual([]);
    await database.exec(`create schema one; ${jsonbSchema(kinds)}`);
    expect(await found(kinds)).toEqual([]);
  });

  test("each index that is missing is a finding of its own; a cloudId's is an error", async () => {
    await database.exec("create table things (id uuid primary key default gen_random_uuid(), document jsonb not null)");
    expect(await found({ Thing })).toEqual(["warning SCHEMA.NOT_UNIQUE Thing code", "warning SCHEMA.NOT_UNIQUE Thing it's.lat+other", "error SCHEMA.NOT_UNIQUE Thing cloudId"]);
    // Of a table that is not there, that is all there is to say.
    await database.exec("drop table things");
    expect(await found({ Thing })).toEqual(["error SCHEMA.MISSING_TABLE Thing"]);
  });

  test("an index of the application's own does as well: over fewer parts, over all kinds; not over more, some rows or without being unique", async () => {
    await database.exec(jsonbSchema({ Thing }).replaceAll(/create unique index[^;]*;/g, ""));
    await database.exec("create unique index mine on things ((document ->> 'cloudId')); create unique index lat on things (((document -> 'it''s') ->> 'lat'))");
    expect(await found({ Thing })).toEqual(["warning SCHEMA.NOT_UNIQUE Thing code"]);
    for (const index of ["unique index i on things ((document->>'code'), id)", "unique index i on things ((document->>'code')) where id is null", "index i on things ((document->>'code'))"]) {
      await database.exec(`drop index if exists i; create ${index}`);
      expect(await found({ Thing })).toEqual(["warning SCHEMA.NOT_UNIQUE Thing code"]);
    }
    await database.exec(`create schema one; ${jsonbSchema(kinds).replaceAll(/create unique index[^;]*;/g, "")}`);
    await database.exec(`create unique index every_kind on one."Both kinds" (("Body"->>'code'))`);
    expect(await found(kinds)).toEqual([]);
  });
});
