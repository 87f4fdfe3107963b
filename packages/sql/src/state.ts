import { isSyncError } from "@sync/core";
import type { Base, Collection, Fences, ReadRequest, StateChange, StateRecords, StateStore } from "@sync/core";
import { baseLine, baseOf, baseTexts, eachOnce, nearInIndex } from "./base-rows.ts";
import { chunks, lines, timed, worthCopying } from "./copy-in.ts";
import type { SideTables, Syntax } from "./dialect.ts";
import { meaningOf } from "./errors.ts";
import type { Executor, Statement, TextRow } from "./executor.ts";
import { leaseLost, newerVersion } from "./lease.ts";
import { postgresStateTables } from "./postgres/sides.ts";
import { postgresSyntax } from "./postgres/syntax.ts";
import { SIDE_VERSION, sideTables } from "./sides.ts";
import { sqliteStateTables } from "./sqlite/sides.ts";
import { sqliteSyntax } from "./sqlite/syntax.ts";
import { type Pending, settled } from "./state-changes.ts";
import { type FenceCheck, fenceCheck, type Write } from "./state-fence.ts";

export interface SqlStateOptions {
  /** For messages. @default the dialect */
  readonly name?: string;
  readonly sideTables?: { readonly schema?: string };
  /** Closes what was opened for this store alone. */
  readonly close?: () => Promise<void>;
}

/** How the tables of the state are made and removed in one engine. */
export interface StateTables {
  create(sides: SideTables): readonly Statement[];
  drop(sides: SideTables): readonly Statement[];
  isMissing(error: unknown): boolean;
}

/** The memory of pairs in side tables of this database. */
export function sqlState(executor: Executor, options: SqlStateOptions = {}): StateStore {
  return new SqlState(executor, options);
}

class SqlState implements StateStore {
  readonly name: string;
  readonly #executor: Executor;
  readonly #options: SqlStateOptions;
  readonly #sides: SideTables;
  readonly #syntax: Syntax;
  readonly #tables: StateTables;
  /** Counted once per scan, with its first page. */
  readonly #totals = new Map<string, number>();
  /** Models that were found to have bases. */
  readonly #filled = new Set<string>();
  /** Fences that this store has raised, by pair: they need not be written again. */
  readonly #raised = new Map<string, string>();

  constructor(executor: Executor, options: SqlStateOptions) {
    this.name = options.name ?? executor.dialect;
    this.#executor = timed(executor);
    this.#options = options;
    this.#sides = sideTables(options.sideTables?.schema);
    this.#syntax = executor.dialect === "postgres" ? postgresSyntax : sqliteSyntax;
    this.#tables = executor.dialect === "postgres" ? postgresStateTables : sqliteStateTables;
  }

  async open(): Promise<void> {
    const version = await this.#guard(async () => (await this.#version()) ?? (await this.#create()));
    if (version > SIDE_VERSION) throw newerVersion(version);
  }

  async bases(pair: string, model: string, cloudIds: readonly string[]): Promise<readonly Base[]> {
    if (cloudIds.length === 0) return [];
    const rows = await this.#query((param) => {
      const wanted = `${param(pair)} and b.model = ${param(model)}`;
      const ids = JSON.stringify(cloudIds.map((id) => [id]));
      return (
        `select b.cloud_id as c0, b.hashes as c1, b.right_hashes as c2, b.vals as c3 from ${this.#sides.base} b where b.pair = ${wanted}` +
        ` and ${this.#syntax.oneOf("b.cloud_id", `select ${this.#syntax.item(0)} from ${this.#syntax.rows(param(ids))}`)}`
      );
    });
    if (rows.length > 0) this.#filled.add(scanOf(pair, model));
    return rows.map((row) => baseOf(model, row));
  }

  async scanBases(
    pair: string,
    model: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ readonly total: number; readonly bases: readonly Base[] }> {
    const scan = scanOf(pair, model);
    const known = after === undefined ? undefined : this.#totals.get(scan);
    const { base } = this.#sides;
    const rows = await this.#query((param) => {
      const total = known === undefined ? `select cast(count(*) as text) as total from ${base} where pair = ${param(pair)} and model = ${param(model)}` : "select null as total";
      const above = (): string => (after === undefined ? "" : ` and cloud_id > ${param(after)}`);
      return (
        `select t.total as c0, b.cloud_id as c1, b.hashes as c2, b.right_hashes as c3, b.vals as c4 from (${total}) t left join` +
        ` (select cloud_id, hashes, right_hashes, vals from ${base} where pair = ${param(pair)} and model = ${param(model)}${above()}` +
        ` order by cloud_id limit ${limit}) b on 1 = 1 order by b.cloud_id`
      );
    });
    const total = known ?? Number(rows[0]![0]);
    this.#totals.set(scan, total);
    return { total, bases: rows.flatMap(([, ...row]) => (row[0] === null ? [] : [baseOf(model, row)])) };
  }

  async read<C extends Collection>(pair: string, request: ReadRequest & { readonly collection: C }): Promise<readonly StateRecords[C][]> {
    const { collection, model, after, ids, limit } = request;
    const rows = await this.#query((param) => {
      const conditions = [`pair = ${param(pair)}`, `collection = ${param(collection)}`];
      if (model !== undefined) conditions.push(`model = ${param(model)}`);
      if (after !== undefined) conditions.push(`id > ${param(after)}`);
      if (ids !== undefined) {
        const wanted = JSON.stringify(ids.map((id) => [id]));
        conditions.push(this.#syntax.oneOf("id", `select ${this.#syntax.item(0)} from ${this.#syntax.rows(param(wanted))}`));
      }
      return `select body as c0 from ${this.#sides.record} where ${conditions.join(" and ")} order by id${limit === undefined ? "" : ` limit ${limit}`}`;
    });
    return rows.map(([body]) => JSON.parse(body!) as StateRecords[C]);
  }

  async commit(pair: string, changes: readonly StateChange[], fences?: Fences): Promise<void> {
    const pending = settled(changes);
    const text = fences && JSON.stringify(fences);
    const raise = this.#raised.get(pair) !== text;
    const check = fences && fenceCheck(this.#executor.dialect, this.#sides.fence, pair, fences, raise);
    if (!(await this.#copied(pair, pending, check))) {
      const { dialect } = this.#executor;
      // One statement sees every row as it was before: not where a model's bases are cleared and put again.
      const apart = dialect === "sqlite" || [...pending.cleared].some((model) => pending.putBases.some((base) => base.model === model));
      const holds = check && (apart ? check.holds : ONE_STATEMENT_HOLDS);
      const writes = this.#writes(pair, pending, holds);
      if (writes.length === 0) return;
      const held = await this.#guard(() => (apart ? this.#together(check, writes) : this.#atOnce(check, writes)));
      if (!held) throw leaseLost(this.name);
    }
    if (text !== undefined) this.#raised.set(pair, text);
  }

  async #together(check: FenceCheck | undefined, writes: readonly Write[]): Promise<boolean> {
    const [first] = await this.#executor.atomic([...(check ? [check.guard] : []), ...writes].map((write) => this.#build(write)));
    return check === undefined || first!.length > 0;
  }

  async #atOnce(check: FenceCheck | undefined, writes: readonly Write[]): Promise<boolean> {
    const rows = await this.#executor.query(this.#build((param) => {
      const steps = writes.map((write, i) => [`w${i}`, write] as const);
      const all = check ? [["fence", check.guard] as const, ...steps] : steps;
      return `with ${all.map(([name, write]) => `${name} as (${write(param)})`).join(", ")} select '1' as c0${check ? " from fence" : ""}`;
    }));
    return rows.length > 0;
  }

  async uninstall(): Promise<void> {
    this.#raised.clear();
    await this.#guard(() => this.#run(this.#tables.drop(this.#sides)));
  }

  async close(): Promise<void> {
    await this.#options.close?.();
  }

  /**
   * Many rows that nobody has put before go by COPY: the bases of a first copy, and pre-images. If one is there after all
   * nothing was written, the models are remembered, and the slower way is taken.
   */
  async #copied(pair: string, pending: Pending, check: FenceCheck | undefined): Promise<boolean> {
    const { copyTransaction } = this.#executor;
    if (!copyTransaction || pending.cleared.size > 0) return false;
    const scans = [...new Set(pending.putBases.map((base) => base.model))].map((model) => scanOf(pair, model));
    const bases = scans.some((scan) => this.#filled.has(scan) || (this.#totals.get(scan) ?? 0) > 0) ? [] : pending.putBases;
    const preImages = pending.put.filter(([collection]) => collection === "preImage");
    if (!(await worthCopying(this.#executor, bases.length + preImages.length))) return false;
    const { base, record } = this.#sides;
    const copies = [
      { copy: `copy ${base} (pair, model, cloud_id, hashes, right_hashes, vals) from stdin`, chunks: chunks(nearInIndex(bases), baseLine(pair)), rows: bases.length },
      { copy: `copy ${record} (pair, collection, id, model, body) from stdin`, chunks: lines(preImages, (each) => [pair, ...each]), rows: preImages.length },
    ].filter(({ rows }) => rows > 0);
    const rest: Pending = {
      ...pending, putBases: bases.length > 0 ? [] : pending.putBases, put: pending.put.filter(([collection]) => collection !== "preImage"),
    };
    const guard: Write = check?.guard ?? (() => "select '1' as c0");
    try {
      const copied = await copyTransaction(this.#build(guard), [...copies, ...this.#writes(pair, rest).map((write) => this.#build(write))]);
      if (copied === undefined) throw leaseLost(this.name);
      return true;
    } catch (error) {
      if (isSyncError(error)) throw error;
      const means = meaningOf(error, { database: this.name });
      if (!("refusal" in means) || means.refusal.code !== "WRITE.UNIQUE") throw "error" in means ? means.error : error;
      for (const scan of scans) this.#filled.add(scan);
      return false;
    }
  }

  #writes(pair: string, pending: Pending, holds?: Write): Write[] {
    const { base, record } = this.#sides;
    const { item, rows } = this.#syntax;
    const held: Write = holds ?? (() => "true");
    const writes: Write[] = [];
    if (pending.cleared.size > 0) {
      const models = JSON.stringify([...pending.cleared].map((model) => [model]));
      writes.push((param) => `delete from ${base} where pair = ${param(pair)} and model in (select ${item(0)} from ${rows(param(models))}) and ${held(param)}`);
    }
    if (pending.putBases.length > 0) {
      const texts = JSON.stringify(eachOnce(pending.putBases).map(baseTexts));
      writes.push(
        (param) =>
          `insert into ${base} (pair, model, cloud_id, hashes, right_hashes, vals) select ${param(pair)}, ${[0, 1, 2, 3, 4].map(item).join(", ")}` +
          ` from ${rows(param(texts))} where ${held(param)} on conflict (pair, model, cloud_id) do update` +
          ` set hashes = excluded.hashes, right_hashes = excluded.right_hashes, vals = excluded.vals`,
      );
    }
    if (pending.removeBases.length > 0) {
      const texts = JSON.stringify(pending.removeBases);
      writes.push((param) => `delete from ${base} where pair = ${param(pair)} and (model, cloud_id) in (select ${item(0)}, ${item(1)} from ${rows(param(texts))}) and ${held(param)}`);
    }
    const apart = longAmong(pending.put);
    const listed = pending.put.filter((each) => !apart.includes(each));
    const into = `insert into ${record} (pair, collection, id, model, body)`;
    const replacing = "on conflict (pair, collection, id) do update set model = excluded.model, body = excluded.body";
    for (const [collection, id, model, body] of apart) {
      writes.push((param) =>
        `${into} select ${[pair, collection, id].map(param).join(", ")}, ${model === null ? "null" : param(model)}, ${param(body)} where ${held(param)} ${replacing}`);
    }
    if (listed.length > 0) {
      const texts = JSON.stringify(listed);
      writes.push((param) => `${into} select ${param(pair)}, ${[0, 1, 2, 3].map(item).join(", ")} from ${rows(param(texts))} where ${held(param)} ${replacing}`);
    }
    if (pending.remove.length > 0) {
      const texts = JSON.stringify(pending.remove);
      writes.push((param) => `delete from ${record} where pair = ${param(pair)} and (collection, id) in (select ${item(0)}, ${item(1)} from ${rows(param(texts))}) and ${held(param)}`);
    }
    return writes;
  }

  #build(write: Write): Statement {
    const params: string[] = [];
    const sql = write((value) => {
      params.push(value);
      return this.#syntax.param(params.length);
    });
    return { sql, params };
  }

  async #query(write: Write): Promise<readonly TextRow[]> {
    return await this.#guard(() => this.#executor.query(this.#build(write)));
  }

  async #version(): Promise<number | undefined> {
    try {
      // The fences came later: where they are missing they are made.
      const sql = `select cast(s.version as text) as c0 from ${this.#sides.state} s left join ${this.#sides.fence} f on 1 = 0`;
      const [row] = await this.#executor.query({ sql, params: [] });
      return row === undefined ? undefined : Number(row[0]);
    } catch (error) {
      if (this.#tables.isMissing(error)) return undefined;
      throw error;
    }
  }

  async #create(): Promise<number> {
    await this.#run(this.#tables.create(this.#sides));
    return SIDE_VERSION;
  }

  async #run(statements: readonly Statement[]): Promise<void> {
    if (statements.length === 1) await this.#executor.query(statements[0]!);
    else await this.#executor.atomic(statements);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const means = meaningOf(error, { database: this.name });
      throw "error" in means ? means.error : error;
    }
  }
}

const LONG = 10_000;
const MOST_APART = 8;

/** Few long records, such as the log of new rows, go beside the list: in there each would be a text in a text, which is read twice. */
function longAmong(put: Pending["put"]): Pending["put"] {
  const long = put.filter(([, , , body]) => body.length > LONG);
  return long.length > MOST_APART ? [] : long;
}

const scanOf = (pair: string, model: string): string => JSON.stringify([pair, model]);

/** The check is the statement's own `fence`. */
const ONE_STATEMENT_HOLDS: Write = () => "exists (select from fence)";
