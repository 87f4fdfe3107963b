import { z } from "zod";
import type { DocumentOptions } from "../../src/index.ts";
import { kinds } from "../../src/index.ts";

// The conformance kit's schema as documents: entries stand inside their books.

const text = z.string().nullish();

export const documents = {
  Parent: { table: "parents", schema: z.object({ code: z.string(), name: text, size: z.bigint().nullish() }), unique: ["code"] },
  Child: {
    table: "children",
    schema: z.object({ cloudId: z.uuid().nullish(), name: z.string(), rank: z.int32(), parentId: z.uuid().nullish() }),
    references: { parentId: "Parent" },
  },
  Node: {
    table: "nodes",
    schema: z.object({ name: z.string(), aboveId: z.uuid().nullish() }),
    unique: [["aboveId", "name"]],
    references: { aboveId: "Node" },
  },
  Book: {
    table: "books",
    key: { column: "id", type: "text" },
    schema: z.object({ title: text, entries: z.array(z.object({ page: z.bigint(), note: text })).optional() }),
    children: { entries: { key: "page", parent: "book" } },
  },
  Thing: {
    table: "things",
    key: { column: "id", type: "text" },
    schema: z.object({
      text,
      flag: z.boolean().nullish(),
      small: z.int32().nullish(),
      big: z.bigint().nullish(),
      price: z.string().register(kinds, { type: "decimal" }).nullish(),
      ratio: z.number().nullish(),
      moment: z.iso.datetime().nullish(),
      wall: z.iso.datetime({ local: true }).nullish(),
      day: z.iso.date().nullish(),
      clock: z.iso.time().nullish(),
      span: z.iso.duration().nullish(),
      bytes: z.base64().nullish(),
      token: z.uuid().nullish(),
      choice: z.enum(["red", "green", "Deep blue", "it's"]).nullish(),
      data: z.unknown(),
      tags: z.array(z.string()).nullish(),
    }),
  },
} as const satisfies Readonly<Record<string, DocumentOptions>>;
