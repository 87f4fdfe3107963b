import type { DocumentWrite, JsonPatch, Refusal } from "@sync/core";
import type { Codec } from "./codec.ts";
import type { Documents, Read } from "./documents.ts";
import type { BsonObject, Session } from "./driver.ts";
import { isFaultOfDriver, Refused } from "./errors.ts";
import { shapeAt } from "./shape.ts";

/** What is to stand at a path; undefined: nothing. */
export interface ValuePatch {
  readonly path: JsonPatch["path"];
  readonly value: unknown;
}

/** One document, its values as an application has them. `before`: as the unit's transaction has just read it. */
export type RecordWrite =
  | { readonly op: "insert"; readonly document: BsonObject }
  | { readonly op: "replace"; readonly before: BsonObject; readonly document: BsonObject }
  /** `touched`: names at the top that the same transaction has written since, and that are to be written in any case. */
  | { readonly op: "patch"; readonly before: BsonObject; readonly patches: readonly ValuePatch[]; readonly touched: readonly string[] }
  | { readonly op: "delete"; readonly before: BsonObject };

/** Writes documents as an application does, through the library's own models, so that what hangs on these runs. */
export interface RecordWriter {
  /** Whether the library's own form holds all that is in the document and in what becomes of it; else it is written in bulk. */
  carries(write: RecordWrite): boolean;
  /** Documents of one model. */
  write(model: string, writes: readonly RecordWrite[], session: Session): Promise<void>;
  /** What the library, a hook or a validator has thrown, by names alone: messages hold values. */
  refusal(error: unknown, model: string): Refusal;
}

/** Undefined: no document of a library's is to be changed. */
export function recordWriteOf(codec: Codec, documents: Documents, row: DocumentWrite, read: Read | undefined): RecordWrite | undefined {
  const { shape } = documents.stored;
  const whole = (text: string): BsonObject => codec.fromText(text, shape) as BsonObject;
  const plain = (document: BsonObject): BsonObject => codec.plain(document) as BsonObject;
  if (row.op === "insert") return { op: "insert", document: plain({ ...whole(row.whole), _id: documents.id(row.key) }) };
  const before = codec.readPlain(read!.bytes);
  if (row.op === "delete") return { op: "delete", before };
  if (row.patches === "whole") return { op: "replace", before, document: plain(whole(row.whole!)) };
  if (row.patches.length === 0) return undefined;
  const patches = row.patches.map(({ path, value }) => ({ path, value: value === undefined ? undefined : codec.plain(codec.fromText(value, shapeAt(shape, path))) }));
  return { op: "patch", before, patches, touched: (row.first ?? []).map(({ path }) => String(path[0])) };
}

export async function throughLibrary(records: RecordWriter, model: string, writes: readonly RecordWrite[], session: Session): Promise<void> {
  try {
    if (writes.length > 0) await records.write(model, writes, session);
  } catch (error) {
    throw isFaultOfDriver(error) ? error : new Refused(records.refusal(error, model));
  }
}
