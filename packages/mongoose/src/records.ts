import type { Refusal } from "@sync/core";
import type { BsonObject, RecordWrite, RecordWriter, ValuePatch } from "@sync/mongodb";
import type { ClientSession, Connection, HydratedDocument, Model } from "mongoose";

type Document = HydratedDocument<BsonObject>;

/** Writes documents as an application does, so that defaults, setters, validators and middleware run. */
export function mongooseRecords(connection: Connection): RecordWriter {
  return {
    carries: isCarried,
    async write(name, writes, session: ClientSession) {
      const model = connection.model<BsonObject>(name);
      const saved: Document[] = [];
      for (const write of writes) {
        if (write.op === "delete") await model.hydrate(write.before).deleteOne({ session });
        else saved.push(documentOf(model, write));
      }
      if (saved.length > 0) await model.bulkSave(saved, { session });
    },
    refusal: refusalBy,
  };
}

/** To Mongoose NaN is no number, and some names are none. */
function isCarried(write: RecordWrite): boolean {
  if (write.op === "delete") return true;
  if (write.op === "patch" && write.patches.some(({ path, value }) => isOdd(path[0]!) || holdsNaN(value))) return false;
  return !(write.op !== "insert" && holdsNaN(write.before)) && !(write.op !== "patch" && holdsNaN(write.document));
}

function holdsNaN(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Number.isNaN(value);
  return !ArrayBuffer.isView(value) && Object.values(value).some(holdsNaN);
}

function documentOf(model: Model<BsonObject>, write: Exclude<RecordWrite, { readonly op: "delete" }>): Document {
  if (write.op === "insert") return new model(write.document);
  const document = model.hydrate(write.before);
  if (write.op === "replace") return document.overwrite(write.document);
  for (const patch of write.patches) apply(patch, document);
  // What was let go of in between is written even where it is again what it was.
  for (const name of write.touched) document.markModified(name);
  return document;
}

/** Mongoose's paths are texts with dots, in which such a name is none, or means something else. */
const isOdd = (step: string | number): boolean => step === "" || /^\$|\.|^(?:__proto__|constructor|prototype)$/.test(String(step));

function apply({ path, value }: ValuePatch, document: Document): void {
  const odd = path.findIndex(isOdd);
  const from = odd < 0 ? path.length - 1 : odd;
  const above = path.slice(0, from).join(".");
  let here: unknown = above === "" ? document : document.get(above);
  for (const step of path.slice(from, -1)) here = (here as BsonObject)[String(step)];
  const last = path.at(-1)!;
  if (!Array.isArray(here) && odd < 0) {
    document.set(path.join("."), value);
    return;
  }
  if (Array.isArray(here)) here.splice(Number(last), 1, ...(value === undefined ? [] : [value]));
  else if (value === undefined) delete (here as BsonObject)[String(last)];
  else Object.defineProperty(here, String(last), { value, enumerable: true, configurable: true, writable: true });
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
