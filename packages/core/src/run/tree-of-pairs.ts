import type { Claim, Finding, KnownPair } from "../endpoint.ts";
import { SyncError } from "../errors.ts";
import type { SideName } from "../mapping/pair-model.ts";

/** Rule 16: pairs form a tree. Each database notes the pairs it knows of; two that meet tell each other theirs. */

type Claims = Readonly<Record<SideName, Pick<Claim, "databaseId" | "pairs">>>;
type Notes = ReadonlyMap<string, KnownPair>;

const keyOf = ({ name, left, right }: KnownPair): string => JSON.stringify([name, left, right]);
const lives = ({ times }: KnownPair): boolean => times % 2 === 1;

function together(claims: Claims): Map<string, KnownPair> {
  const notes = new Map<string, KnownPair>();
  for (const note of [...(claims.left.pairs ?? []), ...(claims.right.pairs ?? [])]) {
    if (note.times > (notes.get(keyOf(note))?.times ?? 0)) notes.set(keyOf(note), note);
  }
  return notes;
}

/** What a side is to note: of which it knows nothing yet, or something older. A side that keeps no such notes is told nothing. */
export type News = Readonly<Record<SideName, readonly KnownPair[]>>;

function newsOf(claims: Claims, notes: Notes): News {
  const news = (side: SideName): readonly KnownPair[] => {
    const { pairs } = claims[side];
    if (pairs === undefined) return [];
    const known = new Map(pairs.map((note) => [keyOf(note), note.times]));
    return [...notes.values()].filter((note) => note.times > (known.get(keyOf(note)) ?? 0));
  };
  return { left: news("left"), right: news("right") };
}

/** The shortest way from one database to another over pairs with third ones; undefined where there is none. */
function wayAround(notes: Notes, from: string, to: string): readonly string[] | undefined {
  const neighbours = new Map<string, { readonly name: string; readonly database: string }[]>();
  for (const note of notes.values()) {
    const direct = (note.left === from && note.right === to) || (note.left === to && note.right === from);
    if (!lives(note) || direct) continue;
    for (const [one, database] of [[note.left, note.right], [note.right, note.left]] as const) {
      neighbours.set(one, [...(neighbours.get(one) ?? []), { name: note.name, database }]);
    }
  }
  const seen = new Set([from]);
  for (let ways = [{ at: from, way: [] as readonly string[] }]; ways.length > 0; ) {
    const next: typeof ways = [];
    for (const { at, way } of ways) {
      for (const { name, database } of neighbours.get(at) ?? []) {
        if (database === to) return [...way, `\`${name}\``];
        if (seen.has(database)) continue;
        seen.add(database);
        next.push({ at: database, way: [...way, `\`${name}\``, `database ${database}`] });
      }
    }
    ways = next;
  }
  return undefined;
}

/** What both know of pairs, this one included. A pair that was adopted stands in the place of those of its name before it. */
function joined(claims: Claims, pair: string, adopt: boolean): { readonly before: Notes; readonly notes: Notes } {
  const before = together(claims);
  const [left, right] = [claims.left.databaseId, claims.right.databaseId];
  if (adopt) {
    for (const [key, note] of before) {
      const replaced = note.name === pair && (note.left === left) !== (note.right === right);
      if (replaced && lives(note)) before.set(key, { ...note, times: note.times + 1 });
    }
  }
  const own: KnownPair = { name: pair, left, right, times: 0 };
  const noted = before.get(keyOf(own)) ?? own;
  return { before, notes: new Map(before).set(keyOf(own), lives(noted) ? noted : { ...noted, times: noted.times + 1 }) };
}

/**
 * Refuses a first meeting that would close a ring, as far as either database knows of one. Two that are a pair already are
 * told of it instead: it was closed where nobody knew yet.
 */
export function joinTree(
  claims: Claims, pair: string, options: { readonly known: boolean; readonly adopt: boolean },
): { readonly news: News; readonly ring?: Finding } {
  const { before, notes } = joined(claims, pair, options.adopt);
  const news = newsOf(claims, notes);
  const [left, right] = [claims.left.databaseId, claims.right.databaseId];
  const way = wayAround(notes, left, right);
  if (way === undefined) return { news };
  const paired = [...before.values()].some((note) => lives(note) && [note.left, note.right].includes(left) && [note.left, note.right].includes(right));
  const route = `left – ${way.join(" – ")} – right`;
  const advice = "Pairs form a chain or a star: leave one of them out. Of one that is no longer there, say so: `forget({ pair: \"…\" })`.";
  if (options.known || paired) {
    return { news, ring: { severity: "warning", code: "PAIR.RING", message: `This pair is part of a ring: ${route}. In a ring, changes may go round for ever. ${advice}` } };
  }
  throw new SyncError("PAIR.RING", `These databases are joined by other pairs already: ${route}. One more pair would close a ring, in which changes may go round for ever. ${advice}`, { stage: "check" });
}

/** Takes all pairs of a name for gone; how many were not, and what each side is to note. */
export function withoutPair(claims: Claims, name: string): { readonly forgotten: number; readonly news: News } {
  const notes = together(claims);
  const gone = [...notes].filter(([, note]) => note.name === name && lives(note));
  for (const [key, note] of gone) notes.set(key, { ...note, times: note.times + 1 });
  return { forgotten: gone.length, news: newsOf(claims, notes) };
}
