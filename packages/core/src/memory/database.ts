import type { Claim, ClaimRequest, Database, Endpoint, Key } from "../endpoint.ts";
import type { Batch, Committed, DeleteBatch, IdentifyBatch, InsertBatch, Outcome, Unit, UpdateBatch } from "../unit.ts";
import { SyncError } from "../errors.ts";
import { hash64 } from "../hash.ts";
import { HintLog } from "../hint-log.ts";
import type { Value } from "../value.ts";
import type { Application, ApplicationTransaction, MemoryDatabase, MemoryDatabaseOptions, MemoryCommit, MemoryProbe, MemorySnapshot } from "./contract.ts";
import { endpointOf, revisionOf, rowOf, type EndpointHost, type Tracking } from "./endpoint.ts";
import { Lease } from "./lease.ts";
import { memoryState, type MemoryState } from "./state.ts";
import { keyText, Refused, Table, type MemoryRecord, type Version } from "./tables.ts";
import { Work, type Change } from "./work.ts";

export function memoryDatabase(options: MemoryDatabaseOptions): MemoryDatabase {
  return new Memory(options);
}

class Memory implements MemoryDatabase {
  readonly name: string;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly state?: MemoryState;
  readonly hints?: HintLog;
  readonly application: Application;
  readonly probe: MemoryProbe;
  readonly runtime: { now(): number; randomBytes(length: number): Uint8Array };
  readonly tracking: Tracking;
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #onCommit: ((commit: MemoryCommit) => void) | undefined;
  #databaseId: string;
  #serverIdentity: string;
  readonly #lease: Lease;
  #nextTransaction = 1000;
  #nextKey = 1;
  #unitWrites = 0;
  /** Transactions in progress that have written, and the rows they hold. */
  readonly #open: Map<number, Set<Version>> = new Map();

  constructor(options: MemoryDatabaseOptions) {
    this.name = options.name;
    this.#lease = new Lease(options.name);
    this.runtime = options.runtime ?? { now: Date.now, randomBytes: (length) => Uint8Array.from({ length }, () => Math.random() * 256) };
    this.tracking = options.tracking ?? "changes";
    this.#onCommit = options.onCommit;
    const compareTexts = options.compareTexts ?? ((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const models = options.models.map((each) => ("model" in each ? each : { model: each }));
    this.#tables = new Map(models.map((each) => [each.model.name, new Table(each, compareTexts)]));
    const host: EndpointHost = {
      tracking: this.tracking,
      freshKey: (table) => this.#freshKey(table),
      mark: () => ({ horizon: Math.min(this.#nextTransaction, ...this.#open.keys()), system: `${this.#databaseId} ${this.#serverIdentity}` }),
    };
    this.endpoints = new Map([...this.#tables].map(([name, table]) => [name, endpointOf(table, host)]));
    if (options.state !== false) this.state = memoryState({ name: options.name });
    if (options.hints) this.hints = new HintLog();
    this.#databaseId = this.#randomId();
    this.#serverIdentity = this.#randomId();
    this.application = {
      insert: (model, record) => this.#alone((transaction) => transaction.insert(model, record)),
      update: (model, key, changes) => this.#alone((transaction) => transaction.update(model, key, changes)),
      delete: (model, key) => this.#alone((transaction) => transaction.delete(model, key)),
    };
    const self = this;
    this.probe = {
      rows: (model) => this.#table(model).ordered().map(({ key, cloudId, values }) => ({ key, cloudId, record: this.#table(model).record(values) })),
      get unitWrites() {
        return self.#unitWrites;
      },
      get lease() {
        return self.#lease.seen;
      },
    };
  }

  async claim(request: ClaimRequest): Promise<Claim> {
    return this.#lease.claim(request, { databaseId: this.#databaseId, serverIdentity: this.#serverIdentity }, this.runtime.now());
  }

  async release(fence: number, wrote: boolean): Promise<boolean> {
    return this.#lease.release(fence, wrote);
  }

  async inspect(models: readonly string[]): ReturnType<Database["inspect"]> {
    const shapes = models.map((name): [string, string] => [name, hash64(JSON.stringify(this.#table(name).model), 1)]);
    return { findings: [], shapes: new Map(shapes) };
  }

  async commit(unit: Unit): Promise<Committed> {
    this.#lease.check(unit.fence);
    const work = new Work(this.#tables, this.#nextTransaction++, true);
    try {
      const outcomes = unit.batches.map((batch) => {
        const written = this.#apply(work, batch);
        work.endStatement();
        return written;
      });
      const changes = work.changes();
      this.#held(changes);
      this.#unitWrites += changes.length;
      if (changes.length > 0) this.#onCommit?.({ transaction: String(work.transaction), by: "unit", changes });
      return { committed: true, transaction: String(work.transaction), outcomes };
    } catch (error) {
      work.undo();
      if (error instanceof Refused) return { committed: false, refusal: error.refusal };
      throw error;
    }
  }

  async close(): Promise<void> {}

  begin(): ApplicationTransaction {
    let transaction = 0;
    const locks = new Set<Version>();
    const steps: ((work: Work) => void)[] = [];
    /** The first write takes a transaction id: what it commits later looks as old as this. */
    const write = (step: (work: Work) => void): void => {
      if (transaction === 0) this.#open.set((transaction = this.#nextTransaction++), locks);
      steps.push(step);
    };
    const lock = (model: string, key: Key): Version | undefined => {
      const row = this.#table(model).get(key);
      if (row === undefined) return undefined;
      for (const others of this.#open.values()) if (others !== locks && others.has(row)) throw this.#locked();
      locks.add(row);
      return row;
    };
    return {
      insert: (model, record) => {
        const table = this.#table(model);
        const key = table.model.primaryKey.map((name) => record[name] ?? (table.model.keySource === "allocated" ? this.#freshKey(table) : null));
        const whole = { ...record, ...Object.fromEntries(table.model.primaryKey.map((name, part) => [name, key[part]!])) };
        write((work) => void work.insert(table, whole, null));
        return key as Key;
      },
      update: (model, key, changes) => {
        const row = lock(model, key);
        const table = this.#table(model);
        write((work) => {
          const current = table.get(key);
          if (current !== undefined) work.update(table, current, changes, undefined);
        });
        return row !== undefined;
      },
      delete: (model, key) => {
        const row = lock(model, key);
        const table = this.#table(model);
        write((work) => {
          const current = table.get(key);
          if (current !== undefined) work.delete(table, current);
        });
        return row !== undefined;
      },
      commit: () => {
        if (transaction === 0) return;
        const work = new Work(this.#tables, transaction, false);
        this.#open.delete(transaction);
        try {
          for (const step of steps) {
            step(work);
            work.endStatement();
          }
          const changes = work.changes();
          this.#held(changes);
          for (const change of changes) this.#hint(change);
          if (changes.length > 0) this.#onCommit?.({ transaction: String(transaction), by: "application", changes });
        } catch (error) {
          work.undo();
          if (!(error instanceof Refused)) throw error;
          const { code, constraint, field, model } = error.refusal;
          throw new SyncError(code, `${this.name} refused the write: ${constraint ?? field ?? code}.`, { database: this.name, model, field });
        }
      },
      rollback: () => void this.#open.delete(transaction),
    };
  }

  snapshot(): MemorySnapshot {
    const tables = new Map([...this.#tables].map(([name, { rows, identities }]) => [name, { rows: new Map(rows), identities: new Map(identities) }]));
    return {
      databaseId: this.#databaseId, ...this.#lease.snapshot(), nextTransaction: this.#nextTransaction, nextKey: this.#nextKey, tables, state: this.state?.snapshot(),
    };
  }

  restore(snapshot: MemorySnapshot, options: { readonly serverIdentity?: string } = {}): void {
    this.#databaseId = snapshot.databaseId;
    this.#lease.restore(snapshot);
    this.#nextTransaction = snapshot.nextTransaction;
    this.#nextKey = snapshot.nextKey;
    this.#open.clear();
    for (const [name, { rows, identities }] of snapshot.tables) this.#table(name).load(rows, identities);
    if (snapshot.state !== undefined) this.state?.restore(snapshot.state);
    if (options.serverIdentity !== undefined) this.#serverIdentity = options.serverIdentity;
  }

  #apply(work: Work, batch: Batch): Outcome[] {
    const table = this.#table(batch.model);
    switch (batch.op) {
      case "insert":
        return batch.rows.map((row) => this.#written(table, this.#insert(work, table, batch, row)));
      case "update":
        return batch.rows.map((row) => this.#update(work, table, batch, row));
      case "delete":
        return batch.rows.map((row) => this.#delete(work, table, batch, row));
      case "identify":
        return batch.rows.map((row) => this.#identify(work, table, row));
    }
  }

  #insert(work: Work, table: Table, batch: InsertBatch, row: InsertBatch["rows"][number]): Version {
    const record: MemoryRecord = {};
    table.model.primaryKey.forEach((name, part) => (record[name] = row.key[part]!));
    batch.fields.forEach((name, at) => (record[name] = row.values[at]!));
    return work.insert(table, record, row.cloudId);
  }

  #update(work: Work, table: Table, batch: UpdateBatch, row: UpdateBatch["rows"][number]): Outcome {
    const before = table.get(row.key);
    // A row that an earlier batch of this unit wrote is still the one that was read.
    if (before === undefined || revisionOf(work.first(table, before), this.tracking) !== row.revision) return { status: "stale" };
    if (row.cloudId !== undefined && before.cloudId !== null && before.cloudId !== row.cloudId) return { status: "stale" };
    const changes: Record<string, Value> = {};
    batch.fields.forEach((name, at) => {
      const value = row.values[at];
      if (value !== undefined) changes[name] = value;
    });
    return this.#written(table, work.update(table, before, changes, row.cloudId));
  }

  #delete(work: Work, table: Table, { children = [] }: DeleteBatch, row: DeleteBatch["rows"][number]): Outcome {
    const before = table.get(row.key);
    if (before === undefined || revisionOf(work.first(table, before), this.tracking) !== row.revision) return { status: "stale" };
    const isKnown = (known: readonly Key[], key: Key): boolean => known.some((each) => keyText(each) === keyText(key));
    if (children.some(({ model, fields, known }) => this.#table(model).find(fields, row.key).some(({ key }) => !isKnown(known, key)))) return { status: "stale" };
    work.delete(table, before);
    work.forget(table, row.key);
    return { status: "written" };
  }

  #identify(work: Work, table: Table, row: IdentifyBatch["rows"][number]): Outcome {
    const before = table.get(row.key);
    if (before === undefined || before.cloudId !== row.was) return { status: "stale" };
    return this.#written(table, work.update(table, before, {}, row.cloudId));
  }

  #written(table: Table, version: Version): Outcome {
    if (table.rules.alter === undefined) return { status: "written" };
    return { status: "written", after: rowOf(table, version, table.names.map((_, at) => at), this.tracking) };
  }

  /** One transaction of the application, begun and ended at once. */
  #alone<T>(write: (transaction: Application) => T): T {
    const transaction = this.begin();
    try {
      const result = write(transaction);
      transaction.commit();
      return result;
    } finally {
      transaction.rollback();
    }
  }

  /** A row that an open transaction holds is written by nobody else. */
  #held(changes: readonly Change[]): void {
    if (this.#open.size === 0) return;
    for (const { before } of changes) {
      if (before === undefined) continue;
      for (const locks of this.#open.values()) if (locks.has(before)) throw this.#locked();
    }
  }

  #hint({ model, before, after, cascaded }: Change): void {
    if (cascaded) return;
    if (after) this.hints?.add({ model, key: after.key });
    else if (before) this.hints?.add({ model, key: before.key, ...(before.cloudId === null ? {} : { cloudId: before.cloudId }) });
  }

  #locked(): SyncError {
    return new SyncError("ENDPOINT.LOCKED", `A row of ${this.name} is locked by an open transaction.`, { database: this.name, retryable: true });
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new TypeError(`There is no model "${name}" in ${this.name}.`);
    return table;
  }

  #freshKey(table: Table): string {
    const kind = table.model.fields[table.keyAt[0]!]!.kind;
    if (kind.type === "integer") return String(this.#nextKey++);
    const id = this.#randomId();
    return kind.type === "uuid" ? id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") : id;
  }

  #randomId(): string {
    return Array.from(this.runtime.randomBytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
