import type { Key } from "../endpoint.ts";

/** Finds something by the parts of a key, one after the other: no text has to be made of them. */
export interface KeyBranch<Found> {
  branches?: Map<string, KeyBranch<Found>>;
  found?: Found;
}

/** Where something is found, or is to be, under so many first parts of this key. */
export function branchAt<Found>(root: KeyBranch<Found>, key: Key, parts: number): KeyBranch<Found> {
  let here = root;
  for (let at = 0; at < parts; at++) {
    const branches = (here.branches ??= new Map());
    let next = branches.get(key[at]!);
    if (!next) branches.set(key[at]!, (next = {}));
    here = next;
  }
  return here;
}
