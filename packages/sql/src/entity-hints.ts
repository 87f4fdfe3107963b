import { encode, HintLog } from "@sync/core";
import type { Key, Kind } from "@sync/core";
import type { LibraryModel } from "./library.ts";

interface Hinted {
  readonly keys: readonly (readonly [field: string, kind: Kind])[];
  readonly cloudId: string | undefined;
}

/** What an entity holds under the name of a field, as the library has it. */
export type EntityReader = (field: string) => unknown;

/** Hints of what a library's hooks tell about entities. */
export class EntityHints extends HintLog {
  /** By savepoint, the transaction that it is in. */
  readonly #around = new WeakMap<object, object>();
  readonly #models: ReadonlyMap<string, Hinted>;

  constructor(models: readonly LibraryModel[]) {
    super();
    this.#models = new Map(models.map(({ model }) => {
      const kinds = new Map(model.fields.map(({ name, kind }) => [name, kind]));
      return [model.name, { keys: model.primaryKey.map((field) => [field, kinds.get(field)!] as const), cloudId: model.syncFields.cloudId }];
    }));
  }

  /**
   * `read` is undefined where the library names no entity, as after an update by criteria: it may have been any. `removed`: it reads
   * what the entity was before its row went. With a transaction, nobody is told before that has `committed`.
   */
  tell(name: string, read: EntityReader | undefined, { removed = false, transaction }: { readonly removed?: boolean; readonly transaction?: object | undefined }): void {
    const model = this.#models.get(name);
    if (!model) return;
    const key = read && keyOf(model, read);
    const cloudId = removed && model.cloudId !== undefined ? read?.(model.cloudId) : undefined;
    this.add({ model: name, ...(key ? { key } : {}), ...(typeof cloudId === "string" ? { cloudId } : {}) }, this.#outermost(transaction));
  }

  /** What is told with a savepoint waits for the end of the outermost transaction. */
  begun(savepoint: object, within: object): void {
    this.#around.set(savepoint, this.#outermost(within)!);
  }

  override committed(transaction: object): void {
    if (!this.#around.has(transaction)) super.committed(transaction);
  }

  override rolledBack(transaction: object): void {
    if (!this.#around.has(transaction)) super.rolledBack(transaction);
  }

  #outermost(transaction: object | undefined): object | undefined {
    return transaction && (this.#around.get(transaction) ?? transaction);
  }

  /** Nobody has listened for a while. */
  missed(): void {
    for (const model of this.#models.keys()) this.add({ model });
  }
}

/** Undefined where the entity has not all of it, or a value that its kind has not. */
function keyOf({ keys }: Hinted, read: EntityReader): Key | undefined {
  const key: string[] = [];
  for (const [field, kind] of keys) {
    const value = read(field);
    if (value === undefined || value === null) return undefined;
    try {
      key.push(encode(kind, value));
    } catch {
      return undefined;
    }
  }
  return key;
}
