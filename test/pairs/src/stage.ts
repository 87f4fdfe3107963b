import {
  type ConflictFilter, type ConflictRecord, createSync, fieldMerge, leftWins, type ModelOptions, naturalKey, type QuarantineRecord, type RunResult, type Sync,
  type SyncOptions,
} from "@sync/core";
import { expect } from "vitest";
import type { Seat } from "./dial.ts";
import { type NamedRecord, Records } from "./records.ts";
import { type CaseModel, type CaseSchema, isReference } from "./schema.ts";
import type { Fresh, OpenSide } from "./side.ts";

/** How the models of a case are kept the same; what is left out: matched by the fields that name a record. */
export type CaseModels = Readonly<Record<string, ModelOptions>>;

export interface StageOptions {
  readonly models?: CaseModels;
  /** A record in words that both sides share, where their schemas are not the same. */
  readonly told?: (model: string, record: NamedRecord) => NamedRecord;
  /** Models of the schema that are not kept the same. */
  readonly outside?: readonly string[];
  readonly sync?: Partial<SyncOptions>;
}

/** Two fresh databases, and a sync between them. */
export class Stage {
  readonly left: Records;
  readonly right: Records;
  readonly opened: { readonly left: OpenSide; readonly right: OpenSide };
  readonly seats: Both<Seat>;
  readonly #schema: CaseSchema;
  readonly #right: CaseSchema;
  readonly #options: StageOptions;

  private constructor(seats: Both<Seat>, schemas: Schemas, opened: Stage["opened"], options: StageOptions) {
    this.seats = seats;
    this.opened = opened;
    this.#schema = schemas.left;
    this.#right = schemas.right;
    this.#options = options;
    // Keys of the two never meet by chance.
    this.left = new Records(schemas.left, opened.left, 1);
    this.right = new Records(schemas.right, opened.right, 5001);
  }

  static async open(seats: Both<Seat>, schemas: Schemas, fresh: Both<Fresh>, options: StageOptions): Promise<Stage> {
    const open = ({ side, engine }: Seat, place: keyof Schemas): Promise<OpenSide> => side.open(schemas[place], engine, fresh[place]);
    const [left, right] = await Promise.all([open(seats.left, "left"), open(seats.right, "right")]);
    return new Stage(seats, schemas, { left, right }, options);
  }

  sync(options: Partial<SyncOptions> = {}): Sync {
    const { left, right } = this.opened;
    return createSync({
      name: "pair", left: left.database, right: right.database, models: this.#models(), conflicts: fieldMerge({ otherwise: leftWins() }), firstLink: "left",
      retry: { attempts: 4, firstDelay: 1 }, ...this.#options.sync, ...options,
    });
  }

  #models(): CaseModels {
    const { left, right } = this.opened;
    const kept = Object.keys(this.#schema).filter((name) => !this.#options.outside?.includes(name));
    return Object.fromEntries(kept.map((name) => {
      const model = this.#schema[name]!;
      const shared = Object.keys(model.fields).filter((field) => field in this.#right[name]!.fields);
      const fields = Object.fromEntries(shared.flatMap((field) => {
        const [here, there] = [left.field(name, field), right.field(name, field)];
        return here === there ? [] : [[here, there]];
      }));
      const more = this.#options.models?.[name] ?? {};
      const match = matchOf(model, (field) => left.field(name, field));
      return [left.model(name), { right: right.model(name), ...match, ...more, fields: { ...fields, ...more.fields } }];
    }));
  }

  /** A run that ends well, whatever it leaves open. */
  async runs(options: Partial<SyncOptions> = {}): Promise<RunResult> {
    const run = await this.sync(options).run();
    expect(run.status, "the run is done").toBe("done");
    return run;
  }

  /** What waits in quarantine, in the order of the models. */
  async waiting(): Promise<QuarantineRecord[]> {
    const found = await collected(this.sync().quarantine());
    return found.sort((a, b) => (`${a.model} ${a.side}` < `${b.model} ${b.side}` ? -1 : 1));
  }

  async conflicts(filter: ConflictFilter = {}): Promise<ConflictRecord[]> {
    return await collected(this.sync().conflicts(filter));
  }

  /** A run that ends well, after which both sides hold the same, nothing is left to do, and another run writes nothing anywhere. */
  async settles(options: Partial<SyncOptions> = {}): Promise<RunResult> {
    const run = await this.runs(options);
    expect(await this.#told(this.right), "both sides hold the same").toEqual(await this.#told(this.left));
    await this.rests(this.sync(options));
    return run;
  }

  async #told(side: Records): Promise<Record<string, NamedRecord[]>> {
    const { told = (_, record) => record } = this.#options;
    const all = Object.entries(await side.everything());
    return Object.fromEntries(all.map(([model, records]) => [model, records.map((record) => told(model, record))]));
  }

  /** Another run writes nothing, says the run and say the databases; and reading everything again finds no difference. */
  async rests(sync: Sync = this.sync()): Promise<void> {
    const before = await Promise.all([this.left.image(), this.right.image()]);
    const { written, models } = await sync.run();
    expect(written, "a second run writes nothing").toEqual({ left: 0, right: 0 });
    for (const [model, { quarantined, conflicts, altered }] of models) expect([model, quarantined, conflicts, altered]).toEqual([model, 0, 0, 0]);
    expect(await Promise.all([this.left.image(), this.right.image()]), "the databases are as they were").toEqual(before);
    const proof = await sync.verify();
    expect(proof.differences.filter(({ explanation }) => explanation === undefined), "everything is the same").toEqual([]);
  }

  async close(): Promise<void> {
    await Promise.all([this.opened.left.close(), this.opened.right.close()]);
  }
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export const none: Both<number> = { left: 0, right: 0 };

export interface Sums {
  readonly created: Both<number>;
  readonly updated: Both<number>;
  readonly deleted: Both<number>;
}

/** What a run did to the records of all models. */
export function sums({ models }: RunResult): Sums {
  const counts = [...models.values()];
  const sum = (of: (count: (typeof counts)[number]) => Both<number>): Both<number> => ({
    left: counts.reduce((all, count) => all + of(count).left, 0), right: counts.reduce((all, count) => all + of(count).right, 0),
  });
  return { created: sum(({ created }) => created), updated: sum(({ updated }) => updated), deleted: sum(({ deleted }) => deleted) };
}

interface Both<Of> {
  readonly left: Of;
  readonly right: Of;
}
export type Schemas = Both<CaseSchema>;

/** By the fields that name a record; an edge is recognised by its ends without a word. */
function matchOf({ named, key, fields }: CaseModel, called: (field: string) => string): Pick<ModelOptions, "match"> {
  const isEdge = typeof key !== "string" && key.every((field) => isReference(fields[field]!));
  return isEdge ? {} : { match: naturalKey(named.map(called)) };
}
