import { isSyncError } from "@sync/core";
import {
  memoryDatabase, type Application, type ApplicationTransaction, type MemoryCommit, type MemoryDatabase, type MemoryRecord,
} from "@sync/core/memory";
import type { Key } from "@sync/core";
import type { Random } from "./random.ts";
import {
  EPOCH, instantText, isReference, memberOf, modelNameOn, modelOf, nameOn, opposite, SIDES, unmappedDefault, unmappedOn,
  type FieldSpec, type ModelSpec, type ReferenceSpec, type SideName,
} from "./spec.ts";
import { carried } from "./values.ts";

export type Tracking = "changes" | "fingerprints" | "none";

export interface WorldOptions {
  readonly specs: readonly ModelSpec[];
  readonly tracking: Readonly<Record<SideName, Tracking>>;
  /** Text keys in descending order on that side. */
  readonly descending: Readonly<Record<SideName, boolean>>;
  readonly random: Random;
  readonly now: () => number;
  readonly onCommit: (side: SideName, commit: MemoryCommit) => void;
}

/** Two databases, and the people who write into them. */
export class World {
  readonly specs: readonly ModelSpec[];
  readonly databases: Readonly<Record<SideName, MemoryDatabase>>;
  readonly random: Random;
  readonly #now: () => number;
  /** Transactions of users that are still open. */
  readonly #open: { readonly side: SideName; readonly transaction: ApplicationTransaction }[] = [];
  #numbers = 1;

  constructor(options: WorldOptions) {
    this.specs = options.specs;
    this.random = options.random;
    this.#now = options.now;
    const open = (side: SideName): MemoryDatabase =>
      memoryDatabase({
        name: side, tracking: options.tracking[side],
        models: options.specs.map((spec) => ({
          model: modelOf(spec, side, options.specs),
          defaults: { [unmappedOn[side]]: unmappedDefault },
          checks: spec.checks[side].map((check) => ({ name: check.name, test: (record) => check.test(record[nameOn(side, memberOf(spec, check.field))] ?? null) })),
          ...(Object.keys(spec.alter[side]).length > 0 ? { alter: (record: MemoryRecord) => altered(spec, side, record) } : {}),
        })),
        ...(options.descending[side] ? { compareTexts: (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0) } : {}),
        runtime: { now: options.now, randomBytes: (length) => this.random.bytes(length) },
        hints: true,
        onCommit: (commit) => options.onCommit(side, commit),
      });
    this.databases = { left: open("left"), right: open("right") };
  }

  /** Records on one side or on both, most of those on both equal. */
  fill(count: number, share: { readonly left: number; readonly right: number; readonly different: number }): void {
    for (const spec of this.specs) {
      for (let made = 0; made < count; made += 1) {
        const onLeft = this.random.chance(share.left);
        const first: SideName = onLeft ? "left" : "right";
        if (!onLeft && !this.random.chance(share.right)) continue;
        const key = this.#try(() => this.#insert(this.databases[first].application, spec, first));
        if (key === undefined || !onLeft || !this.random.chance(share.right)) continue;
        this.#try(() => this.#copy(spec, key, share.different));
      }
    }
  }

  /** One edit by one user, somewhere; it may be refused, as users' edits are. */
  edit(): void {
    const { random } = this;
    if (this.#open.length > 0 && random.chance(0.3)) {
      this.end(random.chance(0.7));
      return;
    }
    const side = random.pick(SIDES);
    const spec = random.pick(this.specs);
    if (random.chance(0.06)) this.#later(side, spec);
    else if (random.chance(0.08)) this.#onBothSides(spec);
    else this.#try(() => this.#anyEdit(this.databases[side].application, spec, side));
  }

  /** Ends one open transaction. */
  end(commit: boolean): void {
    const open = this.#open.shift();
    if (open === undefined) return;
    if (commit) this.#try(() => open.transaction.commit());
    else open.transaction.rollback();
  }

  endAll(): void {
    while (this.#open.length > 0) this.end(true);
  }

  #anyEdit(application: Application, spec: ModelSpec, side: SideName): unknown {
    const { random } = this;
    const rows = this.databases[side].probe.rows(modelNameOn(side, spec));
    if (rows.length === 0 || random.chance(0.25)) return this.#insert(application, spec, side);
    const { key, record } = random.pick(rows);
    const kind = random.below(100);
    if (kind < 15) return application.delete(modelNameOn(side, spec), key);
    if (kind < 25) return this.#rename(application, spec, side, key);
    if (kind < 35) return this.#reparent(application, spec, side, key);
    if (kind < 43) return this.#swap(spec, side);
    if (kind < 48) return application.update(modelNameOn(side, spec), key, { [unmappedOn[side]]: `note ${this.#number()}` });
    if (kind < 52) return this.#bad(application, spec, side, key);
    return this.#change(application, spec, side, key, record);
  }

  #change(application: Application, spec: ModelSpec, side: SideName, key: Key, record: MemoryRecord): unknown {
    const data = dataFields(spec);
    if (data.length === 0) return undefined;
    const changes: MemoryRecord = this.#stamped(spec, side);
    for (let count = this.random.chance(0.3) ? 2 : 1; count > 0; count -= 1) {
      const field = this.random.pick(data);
      const name = nameOn(side, field);
      const clear = field.nullable && record[name] !== null && this.random.chance(0.15);
      changes[name] = clear ? null : field.make(this.#number(), side, this.random);
    }
    return application.update(modelNameOn(side, spec), key, changes);
  }

  /** Another natural key for the same record. */
  #rename(application: Application, spec: ModelSpec, side: SideName, key: Key): unknown {
    const names = spec.fields.filter((field) => spec.identity.includes(field.name));
    if (names.length === 0) return undefined;
    const field = this.random.pick(names);
    return application.update(modelNameOn(side, spec), key, { ...this.#stamped(spec, side), [nameOn(side, field)]: field.make(this.#number(), side, this.random) });
  }

  #reparent(application: Application, spec: ModelSpec, side: SideName, key: Key): unknown {
    const edge = dataFields(spec).length === 0;
    if (spec.references.length === 0 || edge) return undefined;
    const reference = this.random.pick(spec.references);
    return application.update(modelNameOn(side, spec), key, { ...this.#stamped(spec, side), [nameOn(side, reference)]: this.#parent(reference, side) });
  }

  /** Two rows exchange a unique value, in one transaction, by way of a third value. */
  #swap(spec: ModelSpec, side: SideName): unknown {
    const unique = [...(spec.identityIsUnique ? [spec.identity] : []), ...spec.unique].filter((names) => names.length === 1);
    const rows = this.databases[side].probe.rows(modelNameOn(side, spec));
    if (unique.length === 0 || rows.length < 2) return undefined;
    const field = memberOf(spec, this.random.pick(unique)[0]!);
    if (isReference(field) || spec.key[side] !== "id") return undefined;
    const name = nameOn(side, field);
    const [one, two] = [this.random.pick(rows), this.random.pick(rows)];
    if (one.key === two.key || one.record[name] === two.record[name]) return undefined;
    const transaction = this.databases[side].begin();
    const model = modelNameOn(side, spec);
    try {
      transaction.update(model, one.key, { ...this.#stamped(spec, side), [name]: `parked ${this.#number()}` });
      transaction.update(model, two.key, { ...this.#stamped(spec, side), [name]: one.record[name]! });
      transaction.update(model, one.key, { [name]: two.record[name]! });
      return transaction.commit();
    } finally {
      transaction.rollback();
    }
  }

  /** A value that the other side's check refuses. */
  #bad(application: Application, spec: ModelSpec, side: SideName, key: Key): unknown {
    const check = this.random.pick([...spec.checks[opposite(side)], undefined]);
    if (check === undefined) return undefined;
    return application.update(modelNameOn(side, spec), key, { ...this.#stamped(spec, side), [nameOn(side, memberOf(spec, check.field))]: `bad ${this.#number()}` });
  }

  #insert(application: Application, spec: ModelSpec, side: SideName): Key {
    const record: MemoryRecord = this.#stamped(spec, side);
    for (const field of spec.fields) {
      if (field.stamped) continue;
      record[nameOn(side, field)] = field.nullable && this.random.chance(0.2) ? null : field.make(this.#number(), side, this.random);
    }
    for (const reference of spec.references) record[nameOn(side, reference)] = this.#parent(reference, side);
    return application.insert(modelNameOn(side, spec), record);
  }

  /** The same thing as it stands on the other side, under another key. */
  #copy(spec: ModelSpec, key: Key, different: number): void {
    const source = this.databases.left.probe.rows(modelNameOn("left", spec)).find((row) => row.key.join() === key.join())!;
    const record: MemoryRecord = this.#stamped(spec, "right");
    for (const field of spec.fields) {
      if (field.stamped) continue;
      const carriedOver = carried(spec, field, "right", source.record[field.name]!);
      const keep = spec.identity.includes(field.name) || !this.random.chance(different);
      record[field.right] = keep && "value" in carriedOver ? carriedOver.value : field.make(this.#number(), "right", this.random);
    }
    for (const reference of spec.references) record[reference.right] = this.#counterpart(reference, source.record[reference.name]!);
    this.databases.right.application.insert(spec.right, record);
  }

  /** The right parent with the same identity as this left one. */
  #counterpart(reference: ReferenceSpec, leftKey: string | null): string | null {
    if (leftKey === null) return null;
    const target = this.specs.find((spec) => spec.name === reference.target)!;
    const parent = this.databases.left.probe.rows(target.name).find((row) => row.key[0] === leftKey)!;
    const names = target.fields.filter((field) => target.identity.includes(field.name));
    const found = names.length === 0 ? undefined : this.databases.right.probe.rows(target.right)
      .find((row) => names.every((field) => row.record[field.right] !== null && row.record[field.right] === parent.record[field.name]));
    return found?.key[0] ?? this.#parent(reference, "right");
  }

  /** The same field of the same record, or the same new natural key, on both sides at once. */
  #onBothSides(spec: ModelSpec): void {
    const { random } = this;
    const names = spec.fields.filter((field) => spec.identity.includes(field.name));
    const create = random.chance(0.4);
    const values = new Map(names.map((field) => [field.name, field.make(this.#number(), "left", random)]));
    const rows = this.databases.left.probe.rows(spec.name);
    const chosen = rows.length > 0 ? random.pick(rows) : undefined;
    const data = dataFields(spec);
    const field = data.length > 0 ? random.pick(data) : undefined;
    for (const side of SIDES) {
      const { application, probe } = this.databases[side];
      const model = modelNameOn(side, spec);
      if (create) {
        const fixed = Object.fromEntries(names.map((name) => [nameOn(side, name), values.get(name.name)!]));
        const record: MemoryRecord = this.#stamped(spec, side);
        for (const each of spec.fields) if (!each.stamped) record[nameOn(side, each)] = each.make(this.#number(), side, random);
        for (const reference of spec.references) record[nameOn(side, reference)] = this.#parent(reference, side);
        this.#try(() => application.insert(model, { ...record, ...fixed }));
      } else if (chosen !== undefined && field !== undefined && chosen.cloudId !== null) {
        const row = probe.rows(model).find((candidate) => candidate.cloudId === chosen.cloudId);
        if (row === undefined) continue;
        this.#try(() => (random.chance(0.8)
          ? application.update(model, row.key, { ...this.#stamped(spec, side), [nameOn(side, field)]: field.make(this.#number(), side, random) })
          : application.delete(model, row.key)));
      }
    }
  }

  /** A transaction that stays open for a while. */
  #later(side: SideName, spec: ModelSpec): void {
    const transaction = this.databases[side].begin();
    this.#open.push({ side, transaction });
    for (let count = 1 + this.random.below(2); count > 0; count -= 1) this.#try(() => this.#anyEdit(transaction, spec, side));
  }

  #parent(reference: ReferenceSpec, side: SideName): string | null {
    const target = this.specs.find((spec) => spec.name === reference.target)!;
    const rows = this.databases[side].probe.rows(modelNameOn(side, target));
    if (rows.length === 0 || (reference.nullable && this.random.chance(0.25))) return null;
    return this.random.pick(rows).key[0]!;
  }

  #stamped(spec: ModelSpec, side: SideName): MemoryRecord {
    const stamp = spec.fields.find((field) => field.stamped);
    return stamp === undefined ? {} : { [nameOn(side, stamp)]: instantText(this.#now() - EPOCH, 0) };
  }

  #number(): number {
    return this.#numbers++;
  }

  /** Users' writes are refused now and then; that is between them and their database. */
  #try<T>(write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      if (isSyncError(error)) return undefined;
      throw error;
    }
  }
}

function dataFields(spec: ModelSpec): FieldSpec[] {
  return spec.fields.filter((field) => !field.stamped && !spec.identity.includes(field.name));
}

function altered(spec: ModelSpec, side: SideName, record: MemoryRecord): MemoryRecord {
  const result = { ...record };
  for (const [name, alter] of Object.entries(spec.alter[side])) {
    const column = nameOn(side, memberOf(spec, name));
    const value = result[column];
    if (typeof value === "string") result[column] = alter(value);
  }
  return result;
}
