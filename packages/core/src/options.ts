import type { ConflictPolicy } from "./engines/conflict-policy.ts";
import type { Differ } from "./engines/differ.ts";
import type { Identity } from "./engines/identity.ts";
import type { Mapper } from "./engines/mapper.ts";
import type { Retention } from "./log/prune.ts";
import type { MatchRule } from "./declaration.ts";
import type { Database, ModelTypes } from "./endpoint.ts";
import type { StateStore } from "./state.ts";

type Names<T> = Extract<keyof T, string>;

/** How a left field lands on the right. Functions get and give plain JS values (`decode` of the field's kind). */
export interface FieldMapping<RightFields extends string = string> {
  /** The right model's field. */
  readonly right: RightFields;
  /** Left value to right value. Pure. With it, comparison happens in the right field's kind. */
  readonly toRight?: (value: never) => unknown;
  /** The way back; needed unless the pair only runs left to right. */
  readonly toLeft?: (value: never) => unknown;
}

/** One pair of models. Keys are the left model's names. */
export interface ModelOptions<LeftFields extends string = string, RightFields extends string = string> {
  /**
   * How records are recognised as the same; tried in order after the stored cloudId. Required, but where the model declares
   * it, or where the primary key is made of the same references on both sides.
   * @default those references: what names a record of a join table
   */
  readonly match?: MatchRule<LeftFields> | readonly MatchRule<LeftFields>[];
  /** Fields whose names differ, or that need a converter. Fields of the same name need no entry. */
  readonly fields?: { readonly [Field in LeftFields]?: RightFields | FieldMapping<RightFields> };
  /** Only these left fields take part. */
  readonly only?: readonly LeftFields[];
  /** These left fields take no part. */
  readonly omit?: readonly LeftFields[];
  /** Values set on a record when this sync creates it on that side. */
  readonly constants?: {
    readonly left?: { readonly [Field in LeftFields]?: unknown };
    readonly right?: { readonly [Field in RightFields]?: unknown };
  };
  /** Fields that merge as one: `[["amount", "currency"]]`. */
  readonly together?: readonly (readonly LeftFields[])[];
  /** References to models outside this sync: leave them alone, or carry the key unchanged (same keys on both sides). */
  readonly outside?: { readonly [Field in LeftFields]?: "omit" | "raw" };
  /** Decimals that do not fit the other side's scale are cut instead of quarantined, for these fields. */
  readonly narrow?: readonly LeftFields[];
  /** Overrides the sync's policy for this model. */
  readonly conflicts?: ConflictPolicy;
  /** Overrides the sync's mapper for this model. */
  readonly mapper?: Mapper;
  /** Overrides the sync's differ for this model. */
  readonly differ?: Differ;
  /** Overrides the sync's `onEditDelete` for this model. */
  readonly onEditDelete?: OnEditDelete;
  /**
   * The field that the application sets where it deletes without deleting: `"deletedAt"`, or a flag. Such a record is kept the
   * same like any other, but is never recognised by a natural key, so that another one may have it.
   */
  readonly softDelete?: LeftFields;
  /**
   * What is remembered of the last agreed state: a hash per field, or the values (shown in conflicts).
   * @default "hashes"
   */
  readonly keepBase?: "hashes" | "values";
}

/**
 * One side edited what the other deleted: the delete stands (pre-image kept), the edit stands, or a person decides. An edit that
 * stands on the side that a one-way pair writes to is drift.
 */
export type OnEditDelete = "delete" | "edit" | "ask";
/**
 * What becomes of an edit on the side that a one-way pair writes to: told, and left until the source changes that field
 * (which is a conflict then); left in the same way without a word; written back.
 */
export type Drift = "report" | "keep" | "overwrite";
export type Direction = "both" | "left-to-right" | "right-to-left";
/** Who is right when two filled sides meet for the first time and a record differs. */
export type FirstLink = "left" | "right" | "ask" | ConflictPolicy;

/**
 * The options of every left model, checked against both sides' types. `right` names the other model where it differs; `false`
 * leaves out a model that declares itself.
 */
export type ModelsOptions<Left extends ModelTypes, Right extends ModelTypes> = {
  readonly [Model in Names<Left>]?:
    | false
    | (Model extends Names<Right> ? ModelOptions<Names<Left[Model]>, Names<Right[Model]>> & { readonly right?: Model } : never)
    | { [Other in Names<Right>]: ModelOptions<Names<Left[Model]>, Names<Right[Other]>> & { readonly right: Other } }[Names<Right>];
};

/** Everything the engine takes from outside: tests and simulations put their own in its place. */
export interface Runtime {
  /** Milliseconds since 1970. */
  now(): number;
  /** `length` random bytes, for cloudIds and ids of runs. */
  randomBytes(length: number): Uint8Array;
  /** Resolves after that time, or rejects when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Runs `task` every so often until the returned function is called; used to renew leases. */
  every(milliseconds: number, task: () => void): () => void;
}

export interface SyncOptions<Left extends ModelTypes = ModelTypes, Right extends ModelTypes = ModelTypes> {
  /** Names the pair in state, messages and logs. Changing it makes a new pair. */
  readonly name: string;
  /** What an adapter's factory returned, such as `prismaDatabase(client)`. */
  readonly left: Database<Left>;
  /** The same; neither side is more than the other, unless an option says so. */
  readonly right: Database<Right>;
  /** Models that declare themselves need no entry; what an entry says goes before what they declare. @default those that declare themselves */
  readonly models?: ModelsOptions<Left, Right>;
  /** Which way changes travel. @default "both" */
  readonly direction?: Direction;
  /** What becomes of an edit on the written side, where `direction` is one way. @default "report" */
  readonly drift?: Drift;
  /** Only where `direction` is one way: records that only the written side has are deleted there. @default false */
  readonly mirror?: boolean;
  /** Decides fields that both sides changed. Required for `direction: "both"`. */
  readonly conflicts?: ConflictPolicy;
  /** How values are carried between fields that are mapped without converters. @default exactMapper */
  readonly mapper?: Mapper;
  /** What makes two values the same. @default exactDiffer */
  readonly differ?: Differ;
  /** Of new records: random and in order of time, or decided by their natural keys. @default "random", which is `randomIdentity` */
  readonly cloudIds?: "random" | Identity;
  /**
   * Who is right where records differ that were on both sides before the first run. Required when both sides hold rows that
   * were never synced; has no default on purpose.
   */
  readonly firstLink?: FirstLink;
  /** One side edited what the other deleted: which of the two stands. @default "delete" */
  readonly onEditDelete?: OnEditDelete;
  /**
   * Where the pair keeps its memory: `state` of either database, or `sqliteState("sync.db")`.
   * @default the left database's side tables, else the right one's
   */
  readonly state?: StateStore;
  /**
   * A run that would delete more than `count` records of a model and more than `share` of it needs `confirmDeletes`.
   * @default { count: 10, share: 0.1 }
   */
  readonly deleteGuard?: { readonly count: number; readonly share: number };
  /** Rows per page. Memory follows it. @default 2000 */
  readonly pageSize?: number;
  /** A run stops when more records than this wait in quarantine. @default 10000 */
  readonly quarantineLimit?: number;
  /**
   * `seconds`: after that time a dead runner's lease falls. `holder`: named to others who find the database taken.
   * @default { seconds: 30, holder: the pair's name }
   */
  readonly lease?: { readonly seconds?: number; readonly holder?: string };
  /** Infrastructure errors are tried again this often, with growing pauses. @default { attempts: 5, firstDelay: 100 } */
  readonly retry?: { readonly attempts?: number; readonly firstDelay?: number };
  /** For how many days conflicts, pre-images and the history of runs are kept. @default 90, 30 and 365 */
  readonly retention?: Retention;
  /** Clock, randomness and timers, for tests and simulations. @default the host's clock, crypto and timers */
  readonly runtime?: Runtime;
}
