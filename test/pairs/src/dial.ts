import type { KeyKind } from "./schema.ts";
import type { AdapterName, Engine, PairSide } from "./side.ts";

/** `one`: one pair, for the fast loop. `star`: each adapter against the centre, both ways. `full`: every ordered pair, on every engine. */
export type Dial = "one" | "star" | "full";

const dials: readonly string[] = ["one", "star", "full"] satisfies Dial[];

export function dialOf(env: Readonly<Record<string, string | undefined>> = process.env): Dial {
  const given = env["PAIRS"] ?? (env["CI"] ? "star" : "one");
  if (!dials.includes(given)) throw new Error(`PAIRS is one of ${dials.join(", ")}.`);
  return given as Dial;
}

/** Loaded when they are needed: each brings its library. */
const sides: Readonly<Record<AdapterName, () => Promise<PairSide>>> = {
  drizzle: async () => (await import("./sides/drizzle.ts")).drizzleSide,
  mongoose: async () => (await import("./sides/mongoose.ts")).mongooseSide,
  "mikro-orm": async () => (await import("./sides/mikro-orm.ts")).mikroOrmSide,
  "postgres-jsonb": async () => (await import("./sides/postgres-jsonb.ts")).postgresJsonbSide,
  prisma: async () => (await import("./sides/prisma.ts")).prismaSide,
  typeorm: async () => (await import("./sides/typeorm.ts")).typeormSide,
};

export const ADAPTERS = Object.keys(sides) as readonly AdapterName[];
const CENTRE: AdapterName = "drizzle";

export interface Seat {
  readonly side: PairSide;
  readonly engine: Engine;
}

/** This kind of key where the library makes it, else another one that it makes. */
export function keyAt({ side: { keys } }: Seat, wanted: KeyKind): KeyKind {
  return keys.includes(wanted) ? wanted : keys[keys.length - 1]!;
}

export interface Seats {
  /** `drizzle on sqlite, typeorm on postgres` */
  readonly name: string;
  readonly left: Seat;
  readonly right: Seat;
}

/** Names of the ordered pairs that are wanted. */
export function pairsOf(dial: Dial): readonly (readonly [left: AdapterName, right: AdapterName])[] {
  if (dial === "one") return [["drizzle", "typeorm"]];
  const all = ADAPTERS.flatMap((left) => ADAPTERS.map((right) => [left, right] as const));
  return dial === "full" ? all : all.filter((pair) => pair.includes(CENTRE));
}

/** Who sits on what: a file to the left and a server to the right; in the full product the other way round too. */
export function enginesOf(dial: Dial, left: readonly Engine[], right: readonly Engine[]): readonly (readonly [left: Engine, right: Engine])[] {
  const usual = [left.at(-1)!, right[0]!] as const;
  const turned = [left[0]!, right.at(-1)!] as const;
  return dial === "full" && turned.join() !== usual.join() ? [usual, turned] : [usual];
}

export async function seatsOf(dial: Dial): Promise<readonly Seats[]> {
  const seats = await Promise.all(pairsOf(dial).map(async ([left, right]) => {
    const [from, into] = await Promise.all([sides[left](), sides[right]()]);
    return enginesOf(dial, from.engines, into.engines).map(([here, there]) => ({
      name: `${from.name} on ${here}, ${into.name} on ${there}`,
      left: { side: from, engine: here },
      right: { side: into, engine: there },
    }));
  }));
  return seats.flat();
}
