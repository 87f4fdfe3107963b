import type { Changes, Claim, ClaimRequest, Database, Encounter, Endpoint, FetchRequest, Fingerprint, Key, KeyRange, KnownPair, Page, Row, ScanRequest } from "../endpoint.ts";
import type { Batch, Committed, DeleteBatch, IdentifyBatch, InsertBatch, Outcome, Unit, UpdateBatch } from "../unit.ts";
import { SyncError } from "../errors.ts";
import { hasher, hash64 } from "../hash.ts";
import type { Value } from "../value.ts";
import type { Application, ApplicationTransaction, MemoryDatabase, MemoryDatabaseOptions, MemoryCommit, MemoryProbe, MemorySnapshot } from "./contract.ts";
import { memoryState, type MemoryState } from "./state.ts";
import { keyText, Refused, Table, type MemoryRecord, type Version } from "./tables.ts";
import { Work, type Change } from "./work.ts";

export function memoryDatabase(options: MemoryDatabaseOptions): MemoryDatabase {
  return new Memory(options);
}

interface Lease {
  readonly runner: string;
  readonly holder: string;
  readonly since: number;
  readonly until: number;
}

class Memory implements MemoryDatabase {
  readonly name: string;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly state?: MemoryState;
  readonly application: Application;
  readonly probe: MemoryProbe;
  readonly runtime: { now(): number; randomBytes(length: number): Uint8Array };
  readonly tracking: "changes" | "fingerprints" | "none";
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #onCommit: ((commit: MemoryCommit) => void) | undefined;
  #databaseId: string;
  #serverIdentity: string;
  #runCounter = 0;
  #fence = 0;
  #lease: Lease | undefined;
  /** By pair. */
  #met: ReadonlyMap<string, readonly Encounter[]> = new Map();
  /** By name and databases. */
  #pairs: ReadonlyMap<string, KnownPair> = new Map();
  #nextTransaction = 1000;
  #nextKey = 1;
  #unitWrites = 0;
  /** Transactions in progress that have written, and the rows they hold. */
  readonly #open: Map<number, Set<Version>> = new Map();

  constructor(options: MemoryDatabaseOptions) {
    this.name = options.name;
    this.runtime = options.runtime ?? { now: Date.now, randomBytes: (length) => Uint8Array.from({ length }, () => Math.random() * 256) };
    this.tracking = options.tracking ?? "changes";
    this.#onCommit = options.onCommit;
    const compareTexts = options.compareTexts ?? ((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const models = options.models.map((each) => ("model" in each ? each : { model: each }));
    this.#tables = new Map(models.map((each) => [each.model.name, new Table(each, compareTexts)]));
    this.endpoints = new Map([...this.#tables].map(([name, table]) => [name, this.#endpoint(table)]));
    if (options.state !== false) this.state = memoryState({ name: options.name });
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
        return { holder: self.#lease?.holder ?? "", fence: self.#fence, runCounter: self.#runCounter };
      },
    };
  }

  async claim(request: ClaimRequest): Promise<Claim> {
    const now = this.runtime.now();
    const lease = this.#lease;
    if (lease?.runner !== request.runner) {
      if (lease !== undefined && lease.until > now && !request.takeOver) {
        const since = new Date(lease.since).toISOString();
        throw new SyncError("LEASE.HELD", `${this.name} is in use by ${lease.holder} since ${since}. Wait until it is done, or take over.`, { database: this.name });
      }
      this.#fence += 1;
    }
    const since = lease?.runner === request.runner ? lease.since : now;
    this.#lease = { runner: request.runner, holder: request.holder, since, until: now + request.seconds * 1000 };
    const claim: Claim = { databaseId: this.#databaseId, serverIdentity: this.#serverIdentity, runCounter: this.#runCounter, fence: this.#fence };
    if (request.pair === undefined) return claim;
    this.#note(request.pairs ?? []);
    return { ...claim, met: this.#meet(request.pair, request.meets), pairs: [...this.#pairs.values()] };
  }

  #note(pairs: readonly KnownPair[]): void {
    const notes = new Map(this.#pairs);
    for (const pair of pairs) {
      const key = JSON.stringify([pair.name, pair.left, pair.right]);
      if (pair.times > (notes.get(key)?.times ?? 0)) notes.set(key, pair);
    }
    this.#pairs = notes;
  }

  #meet(pair: string, meets: Encounter | undefined): readonly Encounter[] {
    const met = this.#met.get(pair) ?? [];
    if (meets === undefined || met.some(({ side, other }) => side === meets.side && other === meets.other)) return met;
    this.#met = new Map(this.#met).set(pair, [...met, meets]);
    return this.#met.get(pair)!;
  }

  async release(fence: number, wrote: boolean): Promise<boolean> {
    if (this.#lease === undefined || fence !== this.#fence) return false;
    this.#lease = undefined;
    if (wrote) this.#runCounter += 1;
    return true;
  }

  async inspect(models: readonly string[]): ReturnType<Database["inspect"]> {
    const shapes = models.map((name): [string, string] => [name, hash64(JSON.stringify(this.#table(name).model), 1)]);
    return { findings: [], shapes: new Map(shapes) };
  }

  async commit(unit: Unit): Promise<Committed> {
    if (this.#lease === undefined || unit.fence !== this.#fence) {
      throw new SyncError("LEASE.LOST", `Another runner has taken the lease on ${this.name}; nothing of this unit was written.`, { database: this.name });
    }
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
      databaseId: this.#databaseId, runCounter: this.#runCounter, fence: this.#fence, met: this.#met, pairs: this.#pairs, nextTransaction: this.#nextTransaction,
      nextKey: this.#nextKey, tables, state: this.state?.snapshot(),
    };
  }

  restore(snapshot: MemorySnapshot, options: { readonly serverIdentity?: string } = {}): void {
    this.#databaseId = snapshot.databaseId;
    this.#runCounter = snapshot.runCounter;
    this.#fence = snapshot.fence;
    this.#met = snapshot.met;
    this.#pairs = snapshot.pairs;
    this.#nextTransaction = snapshot.nextTransaction;
    this.#nextKey = snapshot.nextKey;
    this.#lease = undefined;
    this.#open.clear();
    for (const [name, { rows, identities }] of snapshot.tables) this.#table(name).load(rows, identities);
    if (snapshot.state !== undefined) this.state?.restore(snapshot.state);
    if (options.serverIdentity !== undefined) this.#serverIdentity = options.serverIdentity;
  }

  #endpoint(table: Table): Endpoint {
    const database = this;
    const at = (fields: readonly string[]): number[] => fields.map((name) => table.at(name));
    const fingerprint = (fields: readonly number[], rows: readonly Version[]): Fingerprint => {
      const hash = hasher(1);
      for (const row of rows) {
        for (const part of row.key) hash.add(part);
        for (const field of fields) hash.add(row.values[field]);
      }
      return { count: rows.length, fingerprint: hash.digest() };
    };
    return {
      model: table.model,
      capabilities: {
        changesSince: this.tracking === "changes",
        fingerprints: this.tracking === "fingerprints",
        exactWrites: table.rules.alter === undefined,
      },
      async *scan(request: ScanRequest): AsyncIterable<Page> {
        const fields = at(request.fields);
        for (const whole of request.ranges ?? [{ after: null, upTo: null }]) {
          let after = whole.after;
          for (let more = true; more; ) {
            const versions = table.between(after, whole.upTo, request.pageSize);
            const last = versions.length === request.pageSize ? versions.at(-1)!.key : null;
            more = last !== null && (whole.upTo === null || keyText(last) !== keyText(whole.upTo));
            const range: KeyRange = { after, upTo: more ? last : whole.upTo };
            yield {
              rows: versions.map((version) => database.#row(table, version, fields)),
              range,
              ...(database.tracking === "fingerprints" ? { fingerprint: fingerprint(fields, versions).fingerprint } : {}),
            };
            after = range.upTo;
          }
        }
      },
      async fetch(request: FetchRequest): Promise<readonly Row[]> {
        const fields = at(request.fields);
        const found = new Set<Version>();
        for (const tuple of request.tuples) for (const version of database.#find(table, request.by, tuple)) found.add(version);
        return [...found].map((version) => database.#row(table, version, fields));
      },
      async allocate(count: number): Promise<readonly Key[]> {
        if (table.model.keySource === "values") throw new SyncError("ENDPOINT.NO_KEYS", `The keys of ${table.model.name} come with its records.`, { model: table.model.name });
        return Array.from({ length: count }, () => table.model.primaryKey.map(() => database.#freshKey(table)));
      },
      ...(this.tracking === "changes" && {
        changesSince: async (mark: string | undefined, ownUnits: readonly string[]) => database.#changesSince(table, mark, ownUnits),
      }),
      ...(this.tracking === "fingerprints" && {
        fingerprint: async (fields: readonly string[], ranges: readonly KeyRange[]) =>
          ranges.map((range) => fingerprint(at(fields), table.between(range.after, range.upTo, Infinity))),
      }),
    };
  }

  #changesSince(table: Table, mark: string | undefined, ownUnits: readonly string[]): Changes {
    const horizon = Math.min(this.#nextTransaction, ...this.#open.keys());
    const system = `${this.#databaseId} ${this.#serverIdentity}`;
    const next = JSON.stringify({ horizon, system });
    const known = markOf(mark);
    const total = table.rows.size;
    if (known === undefined || known.system !== system || !(known.horizon <= horizon)) return { next, total, keys: "all" };
    const own = new Set(ownUnits);
    const changed = table.ordered().filter((row) => row.transaction >= known.horizon && !own.has(String(row.transaction)));
    return { next, total, keys: changed.map((row) => row.key) };
  }

  #find(table: Table, by: FetchRequest["by"], tuple: readonly string[]): readonly Version[] {
    if (by === "key") return table.find(table.model.primaryKey, tuple);
    if (by !== "cloudId") return table.find(by, tuple);
    if (table.cloudIdAt >= 0) return table.find([table.names[table.cloudIdAt]!], tuple);
    const holder = table.holders.get(tuple[0]!);
    const row = holder === undefined ? undefined : table.rows.get(holder);
    return row === undefined ? [] : [row];
  }

  #apply(work: Work, batch: Batch): Outcome[] {
    const table = this.#table(batch.model);
    switch (batch.op) {
      case "insert":
        return batch.rows.map((row) => this.#written(table, this.#insert(work, table, batch, row)));
      case "update":
        return batch.rows.map((row) => this.#update(work, table, batch, row));
      case "delete":
        return batch.rows.map((row) => this.#delete(work, table, row));
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
    if (before === undefined || this.#revision(work.first(table, before)) !== row.revision) return { status: "stale" };
    if (row.cloudId !== undefined && before.cloudId !== null && before.cloudId !== row.cloudId) return { status: "stale" };
    const changes: Record<string, Value> = {};
    batch.fields.forEach((name, at) => {
      const value = row.values[at];
      if (value !== undefined) changes[name] = value;
    });
    return this.#written(table, work.update(table, before, changes, row.cloudId));
  }

  #delete(work: Work, table: Table, row: DeleteBatch["rows"][number]): Outcome {
    const before = table.get(row.key);
    if (before === undefined || this.#revision(work.first(table, before)) !== row.revision) return { status: "stale" };
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
    return { status: "written", after: this.#row(table, version, table.names.map((_, at) => at)) };
  }

  #row(table: Table, version: Version, fields: readonly number[]): Row {
    const row = { key: version.key, cloudId: version.cloudId, revision: this.#revision(version) };
    const values: Value[] = fields.map((at) => version.values[at] ?? null);
    if (version.faults.length === 0) return { ...row, values };
    const faults = version.faults.filter(({ field }) => fields.includes(table.at(field)));
    for (const { field } of faults) values[fields.indexOf(table.at(field))] = null;
    return { ...row, values, ...(faults.length > 0 ? { faults } : {}) };
  }

  /** The transaction that wrote it, or the values themselves. */
  #revision(version: Version): string {
    return this.tracking === "changes" ? String(version.transaction) : JSON.stringify(version.values);
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

/** Undefined: none was given, or it is no mark of a memory database. */
function markOf(mark: string | undefined): { readonly horizon: number; readonly system: string } | undefined {
  try {
    return mark === undefined ? undefined : (JSON.parse(mark) as { horizon: number; system: string });
  } catch {
    return undefined;
  }
}
