import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Key, Model } from "@sync/core";
import { type Lease, newLease } from "./lease.ts";

/** A record as the application sees it: plain JSON. */
export type JsonRecord = Record<string, unknown>;

/** All that is in the file. Rows stand under the text of their key. */
export interface Data {
  readonly rows: Record<string, Record<string, JsonRecord>>;
  /** The sync's own: cloudIds by model and key, and who may write. */
  readonly identities: Record<string, Record<string, string>>;
  lease: Lease;
}

/** The store that the toy adapter is for. A library that you write an adapter for has this already. */
export interface JsonStore {
  readonly path: string;
  readonly models: readonly Model[];
  read(): Data;
  /** All that `change` does is in the file afterwards, or, if it throws, nothing. Nobody comes between: it is one turn. */
  write<Result>(change: (data: Data) => Result): Result;
}

export function jsonStore(path: string, models: readonly Model[]): JsonStore {
  const read = (): Data => {
    if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Data;
    const empty = () => Object.fromEntries(models.map(({ name }) => [name, {}]));
    return { rows: empty(), identities: empty(), lease: newLease() };
  };
  return {
    path,
    models,
    read,
    write(change) {
      const data = read();
      const result = change(data);
      writeFileSync(`${path}.new`, JSON.stringify(data));
      renameSync(`${path}.new`, path);
      return result;
    },
  };
}

/** A composite key never becomes the text of another one. */
export const keyText = (key: Key): string => JSON.stringify(key);
