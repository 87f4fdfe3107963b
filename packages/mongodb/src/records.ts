import type { JsonPatch, Refusal } from "@sync/core";
import type { Codec } from "./codec.ts";
import type { Documents } from "./documents.ts";
import type { BsonObject, Session } from "./driver.ts";
import { isFaultOfDriver, Refused } from "./errors.ts";
import type { PreparedWrite } from "./operations.ts";
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

/** Gives back what the library's own form does not hold. */
export async function throughLibrary(
  records: RecordWriter, codec: Codec, documents: Documents, writes: readonly PreparedWrite[], session: Session,
): Promise<readonly PreparedWrite[]> {
  const { name } = documents.stored;
  const carried: RecordWrite[] = [];
  const others: PreparedWrite[] = [];
  for (const write of writes) {
    const task = recordWriteOf(codec, documents, write);
    if (task && records.carries(task)) carried.push(task);
    else others.push(write);
  }
  try {
    if (carried.length > 0) await records.write(name, carried, session);
  } catch (error) {
    throw isFaultOfDriver(error) ? error : new Refused(records.refusal(error, name));
  }
  return others;
}

/** Undefined: nothing of the document is to be changed. */
function recordWriteOf(codec: Codec, documents: Documents, { row, read, sent }: PreparedWrite): RecordWrite | undefined {
  const { shape } = documents.stored;
  const whole = (text: string): BsonObject => codec.fromText(text, shape) as BsonObject;
  const plain = (document: BsonObject): BsonObject => codec.plain(document) as BsonObject;
  if (row.op === "insert") return { op: "insert", document: plain(sent!()) };
  const before = codec.readPlain(read!.bytes);
  if (row.op === "delete") return { op: "delete", before };
  if (row.patches === "whole") return { op: "replace", before, document: plain(whole(row.whole!)) };
  if (row.patches.length === 0) return undefined;
  const valueAt = (path: JsonPatch["path"], text: string): unknown => codec.plain(codec.fromText(text, shapeAt(shape, path)));
  const patches = row.patches.map(({ path, value }) => ({ path, value: value === undefined ? undefined : valueAt(path, value) }));
  return { op: "patch", before, patches, touched: (row.first ?? []).map(({ path }) => String(path[0])) };
}
