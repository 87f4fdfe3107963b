import { SyncError } from "@sync/core";
import type { ModelTypes } from "@sync/core";

/** What this package needs of a Prisma client: raw statements and the array form of `$transaction`. */
export interface PrismaClientLike {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): PromiseLike<T>;
  $transaction(operations: never): PromiseLike<unknown>;
}

/** What a model's delegate (`client.user`) says about itself to the compiler; there is nothing there at run time. */
interface DelegateLike {
  [key: symbol]: { types: { payload: { name: string; scalars: object } } };
}

type Payload<Delegate> = Delegate extends { [key: symbol]: { types: { payload: infer P extends { name: string; scalars: object } } } } ? P : never;

/** Tables of implicit many-to-many relations: a client's types do not tell the relations' names. No model begins like that. */
type Edges = { [Table in `_${string}`]: { A: string | number | bigint; B: string | number | bigint } };

/** Model name → field name → its TypeScript type, as the client has them. */
export type PrismaTypes<Client> = {
  // Not its symbols: what Prisma keeps there about raw queries has `any` for a payload, which would allow every name.
  [Property in keyof Client & string as Client[Property] extends DelegateLike ? Payload<Client[Property]>["name"] : never]: {
    [Field in keyof Payload<Client[Property]>["scalars"]]: Payload<Client[Property]>["scalars"][Field];
  };
} extends infer Types extends ModelTypes
  ? Types & Edges
  : ModelTypes;

export type Engine = "postgres" | "sqlite";

/** What a client of Prisma 7 knows at run time, under a private name: read here and nowhere else. */
interface EngineConfig {
  readonly activeProvider?: string;
  readonly inlineSchema?: string;
  readonly adapter?: { readonly provider?: string; readonly options?: { readonly schema?: string } };
}

const engines: Readonly<Record<string, Engine>> = { postgresql: "postgres", postgres: "postgres", sqlite: "sqlite" };

export interface ClientFacts {
  /** Below all extensions: one that waits for something of its own would let the application into a unit. */
  readonly base: PrismaClientLike;
  readonly engine: Engine;
  /** The schema that the client was generated from. */
  readonly schema: string | undefined;
  /** PostgreSQL: where Prisma looks for tables and enums, whatever the search path says, unless `@@schema` says otherwise. */
  readonly schemaName: string | undefined;
}

/** Tells a Prisma client from anything else, and which database it speaks to. */
export function factsOf(client: PrismaClientLike): ClientFacts {
  const isClient =
    typeof client === "object" && client !== null &&
    typeof client.$queryRawUnsafe === "function" && typeof client.$transaction === "function";
  if (!isClient) {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "prismaDatabase needs a PrismaClient as its first argument.");
  }
  if (Reflect.get(client, Symbol.for("prisma.client.transaction.id")) !== undefined) {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "prismaDatabase needs the client itself, not the one inside `$transaction(async (tx) => …)`.");
  }
  const config = Reflect.get(client, "_engineConfig") as EngineConfig | undefined;
  const provider = config?.activeProvider ?? config?.adapter?.provider;
  if (provider === undefined) {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "This Prisma client does not say which database it uses. Prisma 7 with a driver adapter is needed.");
  }
  const engine = engines[provider];
  if (engine === undefined) {
    throw new SyncError("OPTIONS.ENGINE", `Prisma on ${provider} is not supported; PostgreSQL and SQLite are.`);
  }
  const base = (Reflect.get(client, "_originalClient") as PrismaClientLike | undefined) ?? client;
  const schemaName = engine === "postgres" ? (config?.adapter?.options?.schema ?? "public") : undefined;
  return { base, engine, schema: config?.inlineSchema, schemaName };
}

/** A transaction as it is below all extensions. Private names, too. */
export function withoutExtensions(transaction: PrismaClientLike): PrismaClientLike {
  const extensions = Reflect.get(transaction, "_extensions") as { isEmpty(): boolean } | undefined;
  return extensions === undefined || extensions.isEmpty() ? transaction : withoutExtensions(Reflect.get(transaction, "_appliedParent") as PrismaClientLike);
}
