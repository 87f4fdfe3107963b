import type { DocumentWrite, JsonPatch, Refusal } from "@sync/core";
import type { ClientSession, HydratedDocument, Model } from "mongoose";
import type { Read } from "./endpoint.ts";
import { isDriversFault, Refused } from "./errors.ts";
import type { Stored } from "./models.ts";
import { typeAt } from "./patch.ts";
import { put, type BsonObject, type Codec } from "./values.ts";

type Document = HydratedDocument<Record<string, unknown>>;

/** Whether Mongoose's own form holds all that is in the document: to it NaN is no number, and some names are none. */
export function isCarried(codec: Codec, { shape }: Stored, row: DocumentWrite, read: Read | undefined): boolean {
  if (row.op === "patch" && row.patches !== "whole" && row.patches.some(({ path }) => isOdd(path[0]!))) return false;
  if (row.op === "delete") return true;
  return !(read && holdsNaN(codec.read(read.bytes))) && !(row.whole?.includes('"NaN"') === true && holdsNaN(codec.fromText(row.whole, shape)));
}

function holdsNaN(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return false;
  if (typeof value === "object" && value !== null) return Number.isNaN((value as { value?: unknown }).value) || Object.values(value).some(holdsNaN);
  return Number.isNaN(value);
}

/** One write, and the document as it stands in this transaction. */
export interface Task {
  readonly row: DocumentWrite;
  readonly read: Read | undefined;
  readonly id: unknown;
}

/**
 * Writes documents of one model as an application does: they are deleted, or made or changed and saved together, so that defaults,
 * setters, validators and middleware run.
 */
export async function throughMongoose(codec: Codec, stored: Stored, tasks: readonly Task[], session: ClientSession): Promise<void> {
  const model = stored.source as Model<Record<string, unknown>>;
  try {
    const saved: Document[] = [];
    for (const task of tasks) {
      if (task.row.op === "delete") await hydrated(codec, model, task).deleteOne({ session });
      else saved.push(documentOf(codec, stored, model, task, task.row));
    }
    if (saved.length > 0) await model.bulkSave(saved, { session });
  } catch (error) {
    throw isDriversFault(error) ? error : new Refused(refusalBy(error, stored.model.name));
  }
}

function hydrated(codec: Codec, model: Model<Record<string, unknown>>, { read }: Task): Document {
  return model.hydrate(codec.plain(codec.read(read!.bytes)));
}

function documentOf(codec: Codec, stored: Stored, model: Model<Record<string, unknown>>, task: Task, row: Exclude<DocumentWrite, { readonly op: "delete" }>): Document {
  const whole = (text: string): Record<string, unknown> => codec.plain(codec.fromText(text, stored.shape)) as Record<string, unknown>;
  if (row.op === "insert") return new model({ ...whole(row.whole), _id: codec.plain(task.id) });
  const document = hydrated(codec, model, task);
  if (row.patches === "whole") return document.overwrite(whole(row.whole!));
  for (const patch of row.patches) apply(codec, stored, patch, document);
  // What was let go of in between is written even where it is again what it was.
  for (const { path } of row.first ?? []) document.markModified(String(path[0]));
  return document;
}

/** Mongoose's paths are texts with dots, in which such a name is none, or means something else. */
const isOdd = (step: string | number): boolean => step === "" || /^\$|\.|^(?:__proto__|constructor|prototype)$/.test(String(step));

function apply(codec: Codec, { shape }: Stored, { path, value }: JsonPatch, document: Document): void {
  const plain = value === undefined ? undefined : codec.plain(codec.fromText(value, typeAt(shape, path)));
  const odd = path.findIndex(isOdd);
  const from = odd < 0 ? path.length - 1 : odd;
  const above = path.slice(0, from).join(".");
  let here: unknown = above === "" ? document : document.get(above);
  for (const step of path.slice(from, -1)) here = (here as BsonObject)[String(step)];
  const last = path.at(-1)!;
  if (!Array.isArray(here) && odd < 0) {
    document.set(path.join("."), plain);
    return;
  }
  if (Array.isArray(here)) here.splice(Number(last), 1, ...(value === undefined ? [] : [plain]));
  else if (value === undefined) delete (here as BsonObject)[String(last)];
  else put(here as BsonObject, String(last), plain);
  document.markModified(above);
}

interface ValidatorFault {
  readonly name?: unknown;
  readonly kind?: unknown;
  /** By path, where there may be several. */
  readonly errors?: Readonly<Record<string, ValidatorFault>>;
}

/** Names alone are taken over: what a validator says of a record holds its values. */
function refusalBy(error: unknown, model: string): Refusal {
  const [[field, fault] = ["", undefined], ...more] = Object.entries((error as ValidatorFault).errors ?? {});
  if (fault === undefined) return { code: "WRITE.REFUSED", model };
  const about = { model, ...(more.length === 0 ? { field } : {}) };
  if (fault.name === "CastError") return { code: "WRITE.VALUE", ...about };
  if (fault.kind === "required") return { code: "WRITE.NOT_NULL", ...about };
  return { code: "WRITE.CHECK", constraint: `validator of ${field}`, ...about };
}
