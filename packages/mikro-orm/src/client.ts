import { MikroORM, Utils } from "@mikro-orm/core";
import type { EntityMetadata } from "@mikro-orm/core";
import { SyncError } from "@sync/core";
import type { Driver, KyselyLike } from "@sync/sql";

/** What this package needs of an ORM; `Entities` are those that it was made with, for the compiler. */
export interface MikroOrmLike<Entities = unknown> {
  readonly em: { readonly "~entities"?: Entities };
  readonly config: object;
  readonly driver: object;
  getMetadata(): { getAll(): ReadonlyMap<unknown, EntityMetadata> };
}

export type Engine = "postgres" | "sqlite";

/** A connection of MikroORM. It connects when it is first asked for something. */
export interface Connection {
  readonly connected: boolean;
  readonly options: object;
  getNativeClient(): Promise<object>;
  ensureConnection(): Promise<void>;
  getClient(): { connection(): { execute<T>(work: (own: KyselyLike) => Promise<T>): Promise<T> } };
  /** One transaction on a connection that is nobody else's until it ends. */
  transactional<T>(work: (transaction: KyselyLike) => Promise<T>): Promise<T>;
}

export interface Platform {
  getDefaultSchemaName(): string | undefined;
  marshallArray(items: readonly string[]): string;
  unmarshallArray(text: string): readonly string[];
}

export interface Facts {
  readonly engine: Engine;
  readonly connection: Connection;
  readonly platform: Platform;
  /** Whose handle can be had. Undefined: only through MikroORM. */
  readonly driver: Driver | undefined;
  readonly option: (name: string) => unknown;
}

const engines: Readonly<Record<string, Engine>> = { SqliteDriver: "sqlite", PostgreSqlDriver: "postgres", PgliteDriver: "postgres" };
const drivers: Readonly<Record<string, Driver>> = { SqliteConnection: "better-sqlite3", PostgreSqlConnection: "pg-pool", PgliteConnection: "pglite" };

/** Tells an ORM from anything else, and what it works on. */
export function factsOf(orm: MikroOrmLike): Facts {
  const has = (name: string, type: string): boolean => typeof orm === "object" && orm !== null && typeof Reflect.get(orm, name) === type;
  const isManager = has("fork", "function");
  if (isManager || !has("getMetadata", "function") || !has("driver", "object") || !has("config", "object")) {
    const given = isManager ? "it got an entity manager" : "`new MikroORM(…)` and `MikroORM.init(…)` give one";
    throw new SyncError("OPTIONS.WRONG_CLIENT", `mikroOrmDatabase needs the MikroORM itself as its first argument; ${given}.`);
  }
  if (!(orm instanceof MikroORM)) {
    const message = `This ORM was made by another copy of @mikro-orm/core than the ${Utils.getORMVersion()} installed for @sync/mikro-orm`;
    throw new SyncError("OPTIONS.VERSION", `${message}: keep all packages of MikroORM at one version (\`npm ls @mikro-orm/core\`).`);
  }
  const names = classesOf(orm.driver);
  const known = names.find((name) => Object.hasOwn(engines, name));
  if (known === undefined) throw new SyncError("OPTIONS.ENGINE", `${names[0]} of MikroORM is not supported; PostgreSQL (also as PGlite) and SQLite are.`);
  const { getConnection, getPlatform } = orm.driver as unknown as { getConnection(type: "write"): Connection; getPlatform(): Platform };
  const option = (name: string): unknown => (orm.config as unknown as { get(name: string): unknown }).get(name);
  const connection = getConnection.call(orm.driver, "write");
  const driver = classesOf(connection).flatMap((name) => drivers[name] ?? [])[0];
  return { engine: engines[known]!, connection, platform: getPlatform.call(orm.driver), driver: isWrapped(option) ? undefined : driver, option };
}

/** A Kysely or a dialect of the user's, or settings that MikroORM makes on a connection each time it takes one. */
function isWrapped(option: Facts["option"]): boolean {
  const given = option("driverOptions");
  const isKysely = typeof given === "object" && given !== null && ("createDriver" in given || "executeQuery" in given);
  return isKysely || typeof given === "function" || option("sessionContext") === "connection";
}

/** By name, since the classes are in packages of which an application has only some. */
function classesOf(thing: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(thing);
  return typeof prototype === "object" && prototype !== null ? [prototype.constructor.name, ...classesOf(prototype)] : [];
}
