import { MikroORM, Utils } from "@mikro-orm/core";
import type { EntityMetadata } from "@mikro-orm/core";
import { SyncError } from "@sync/core";

/** What this package needs of an ORM; `Entities` are those that it was made with, for the compiler. */
export interface MikroOrmLike<Entities = unknown> {
  readonly em: { readonly "~entities"?: Entities };
  readonly config: object;
  readonly driver: object;
  getMetadata(): { getAll(): ReadonlyMap<unknown, EntityMetadata> };
}

export type Engine = "postgres" | "sqlite";

/** The connection of MikroORM, as far as this package uses it. */
export interface ConnectionLike {
  /** Connects where that was not done yet, as the ORM itself does. */
  getNativeClient(): Promise<unknown>;
  /** One transaction on a connection that is nobody else's until it ends. */
  transactional<T>(work: (transaction: KyselyLike) => Promise<T>): Promise<T>;
  ensureConnection(): Promise<void>;
  getClient(): KyselyLike;
}

export interface KyselyLike {
  executeQuery(query: object): Promise<{ readonly rows: readonly Readonly<Record<string, string | null>>[] }>;
}

export interface Platform {
  getDefaultSchemaName(): string | undefined;
  marshallArray(items: readonly string[]): string;
  unmarshallArray(text: string): readonly string[];
}

export interface Facts {
  readonly engine: Engine;
  readonly connection: ConnectionLike;
  readonly platform: Platform;
  /** The driver itself can be had: no dialect or Kysely of the user's stands between, and no state of its own goes with each connection. */
  readonly native: "better-sqlite3" | "pg-pool" | "pglite" | undefined;
  option(name: string): unknown;
}

interface DriverLike {
  getConnection(type: "write"): ConnectionLike;
  getPlatform(): Platform;
}

const engines: Readonly<Record<string, Engine>> = { SqliteDriver: "sqlite", PostgreSqlDriver: "postgres", PgliteDriver: "postgres" };

/** Tells an ORM from anything else, and what it works on. */
export function factsOf(orm: MikroOrmLike): Facts {
  const has = (name: string, type: string): boolean => typeof orm === "object" && orm !== null && typeof Reflect.get(orm, name) === type;
  if (has("getMetadata", "function") && has("fork", "function")) {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "mikroOrmDatabase needs the ORM itself, not its entity manager: give `orm`.");
  }
  if (!has("getMetadata", "function") || !has("driver", "object") || !has("config", "object")) {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "mikroOrmDatabase needs a MikroORM as its first argument: what `new MikroORM(…)` or `MikroORM.init(…)` gave.");
  }
  if (!(orm instanceof MikroORM)) {
    throw new SyncError(
      "OPTIONS.VERSION",
      `This ORM was made by another copy of @mikro-orm/core than the one that is installed for this package (${Utils.getORMVersion()}): keep all packages of MikroORM at one version (\`npm ls @mikro-orm/core\`).`,
    );
  }
  const names = classesOf(orm.driver);
  const known = names.find((name) => Object.hasOwn(engines, name));
  if (known === undefined) {
    throw new SyncError("OPTIONS.ENGINE", `${names[0]} of MikroORM is not supported; PostgreSQL (also as PGlite) and SQLite are.`);
  }
  const driver = orm.driver as unknown as DriverLike;
  const option = (name: string): unknown => (orm.config as unknown as { get(name: string): unknown }).get(name);
  const connection = driver.getConnection("write");
  const classes = [...names, ...classesOf(connection)];
  return { engine: engines[known]!, connection, platform: driver.getPlatform(), native: ownClient(option) ? undefined : clientOf(classes), option };
}

function clientOf(classes: readonly string[]): Facts["native"] {
  if (classes.includes("SqliteConnection")) return "better-sqlite3";
  if (classes.includes("PgliteDriver")) return "pglite";
  return classes.includes("PostgreSqlConnection") ? "pg-pool" : undefined;
}

/** A Kysely or a dialect of the user's, or settings that MikroORM makes on a connection each time it takes one. */
function ownClient(option: Facts["option"]): boolean {
  const given = option("driverOptions");
  const isKysely = typeof given === "object" && given !== null && ("createDriver" in given || "executeQuery" in given);
  return isKysely || typeof given === "function" || option("sessionContext") === "connection";
}

/** By name, since the classes of drivers are in packages that an application has only one of. */
function classesOf(thing: object): string[] {
  const names: string[] = [];
  for (let each: unknown = Object.getPrototypeOf(thing); typeof each === "object" && each !== null; each = Object.getPrototypeOf(each)) {
    names.push(each.constructor.name);
  }
  return names;
}
