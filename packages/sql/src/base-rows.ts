import type { Base } from "@sync/core";
import { copyText } from "./copy-in.ts";
import type { TextRow } from "./executor.ts";

/** In the order of `baseTexts`, without the model. */
export function baseOf(model: string, row: TextRow): Base {
  const [cloudId, hashes, rightHashes, values] = row;
  return {
    model,
    cloudId: cloudId!,
    hashes: hashes!,
    ...(rightHashes === null ? {} : { rightHashes: rightHashes! }),
    ...(values === null ? {} : { values: JSON.parse(values!) as (string | null)[] }),
  };
}

export function baseTexts(base: Base): readonly (string | null)[] {
  return [base.model, base.cloudId, base.hashes, base.rightHashes ?? null, base.values ? JSON.stringify(base.values) : null];
}

/** In COPY's text format. Hashes are of letters that stand for themselves there. */
export function baseLine(pair: string): (base: Base) => string {
  const heads = new Map<string, string>();
  return ({ model, cloudId, hashes, rightHashes, values }) => {
    let head = heads.get(model);
    if (head === undefined) heads.set(model, (head = `${copyText(pair)}\t${copyText(model)}\t`));
    const tail = rightHashes === undefined && values === undefined ? NO_MORE : `\t${rightHashes ?? "\\N"}\t${values ? copyText(JSON.stringify(values)) : "\\N"}\n`;
    return `${head}${copyText(cloudId)}\t${hashes}${tail}`;
  };
}

const NO_MORE = "\t\\N\t\\N\n";

/** The last one of each record. */
export function eachOnce(bases: readonly Base[]): readonly Base[] {
  const last = new Map(bases.map((base) => [JSON.stringify([base.model, base.cloudId]), base]));
  return last.size === bases.length ? bases : [...last.values()];
}

/**
 * Neighbours in the index about one after the other, by model and the first letters of the cloudId: in any order its pages cost
 * PostgreSQL half as much again. The exact order costs here what it saves there.
 */
export function nearInIndex(bases: readonly Base[]): readonly Base[] {
  const count = bases.length;
  const ranks = new Map([...new Set(bases.map(({ model }) => model))].sort().map((model, rank) => [model, rank]));
  const places = new Float64Array(count);
  for (let at = 0; at < count; at += 1) {
    const { model, cloudId } = bases[at]!;
    const letters = ((letter(cloudId, 0) * 128 + letter(cloudId, 1)) * 128 + letter(cloudId, 2)) * 128 + letter(cloudId, 3);
    places[at] = (ranks.get(model)! * 128 ** 4 + letters) * count + at;
  }
  return Array.from(places.sort(), (place) => bases[place % count]!);
}

/** Zero where there is none. */
function letter(text: string, at: number): number {
  return text.charCodeAt(at) & 127;
}
