import type { DocumentBatch, DocumentWrite } from "@sync/core";
import type { Codec } from "./codec.ts";
import type { Documents, Read } from "./documents.ts";
import type { BsonObject, Session } from "./driver.ts";
import type { MongoModel } from "./model.ts";
import { changed, type Change } from "./patch.ts";

/** A batch, held against the documents as they are now. */
export interface Prepared {
  readonly documents: Documents;
  readonly writes: readonly PreparedWrite[];
}

export interface PreparedWrite {
  readonly row: DocumentWrite;
  readonly read: Read | undefined;
  /** Its revision has moved, or it is gone. */
  readonly isStale: boolean;
  /** Of a new document: what it is to be. */
  readonly sent?: () => BsonObject;
  /** What goes before the write of any document, in a transaction. */
  readonly leave?: object;
  /** Of the driver's bulk writes; absent: only identities change. */
  readonly write?: object;
}

/** Without a session each write has the whole document, as it was read, in its filter. `counts`: versions are counted here. */
export async function prepare(codec: Codec, documents: Documents, { rows }: DocumentBatch, counts: boolean, session?: Session): Promise<Prepared> {
  const keys = rows.flatMap((row) => (row.op === "insert" ? [] : [row.key]));
  const found = new Map((keys.length === 0 ? [] : await documents.byKeys(keys, session)).map((each) => [each.key, each]));
  return {
    documents,
    writes: rows.map((row): PreparedWrite => {
      const read = found.get(row.key[0]!);
      if (row.op === "insert") {
        let document: BsonObject | undefined;
        const sent = (): BsonObject => (document ??= { _id: documents.id(row.key), ...(codec.fromText(row.whole, documents.stored.shape) as BsonObject) });
        return { row, read, isStale: false, sent, get write() { return { insertOne: { document: newDocument(documents.stored, sent()) } }; } };
      }
      if (read?.revision !== row.revision) return { row, read, isStale: true };
      const filter = { _id: read.document["_id"], ...(session ? {} : { $expr: { $eq: ["$$ROOT", { $literal: codec.read(read.bytes) }] } }) };
      return { row, read, isStale: false, ...operationsOf(codec, documents.stored, row, read, filter, counts) };
    }),
  };
}

type Guarded = Exclude<DocumentWrite, { readonly op: "insert" }>;
type Operations = Pick<PreparedWrite, "leave" | "write">;

function operationsOf(codec: Codec, stored: MongoModel, row: Guarded, read: Read, filter: object, counts: boolean): Operations {
  if (row.op === "delete") return { write: { deleteOne: { filter } } };
  if (row.patches.length === 0) return {};
  const to = (change: Change): object =>
    ("whole" in change ? { replaceOne: { filter, replacement: change.whole } } : { updateOne: { filter, update: change.update } });
  const { shape, stamps } = stored;
  return {
    ...(row.first ? { leave: to(changed(codec, counts ? stored : { shape, stamps }, { patches: row.first }, codec.read(read.bytes))) } : {}),
    write: to(changed(codec, stored, row, read.document, row.first)),
  };
}

/** With what the library gives every new document. */
function newDocument({ versionKey, stamps }: MongoModel, sent: BsonObject): BsonObject {
  const document = { ...sent };
  const now = new Date();
  for (const stamp of [stamps.createdAt, stamps.updatedAt]) if (stamp !== undefined && document[stamp] === undefined) document[stamp] = now;
  if (versionKey !== undefined && document[versionKey] === undefined) document[versionKey] = 0;
  return document;
}
