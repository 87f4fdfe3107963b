import type { Executor, RecordWriter, Statement, TextRow } from "@sync/sql";
import { expect } from "vitest";

/** What an application does on the handle that it shares with a sync. Each write is acknowledged by its promise. */
export interface Application {
  write(id: string): Promise<void>;
  /** Two writes in one transaction that stays open for a while, then commits or rolls back. */
  transaction(ids: readonly [string, string], commit: boolean, pause: () => Promise<void>): Promise<void>;
  ids(): Promise<readonly string[]>;
  /** On one connection its own lone writes would fall into its own transactions: it makes them in turns. */
  readonly takesTurns: boolean;
}

export const tables = ["create table application (id text primary key)", "create table ours (id text primary key)"];

/** The same handle, where what the hammer inserts is a record of this model, written through the library. */
export function throughRecords(executor: Executor, writer: RecordWriter, model: string): Executor {
  return {
    ...executor,
    atomic: async (statements) => await writer.transaction(async (session) => {
      const answers: (readonly TextRow[])[] = [];
      for (const statement of statements) {
        const isInsert = statement.sql.startsWith("insert");
        if (isInsert) await session.insert(model, [{ id: statement.params[0]! }]);
        answers.push(isInsert ? [] : await session.query(statement));
      }
      return answers;
    }),
  };
}

/** Numbers that look random and are the same in every run. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Gives way in every manner there is: the order of turns and microtasks is what is tested. */
async function giveWay(next: (below: number) => number): Promise<void> {
  const way = next(5);
  if (way === 0) await new Promise((resolve) => setImmediate(resolve));
  if (way === 1) await new Promise((resolve) => setTimeout(resolve, next(3)));
  if (way === 2) await new Promise<void>((resolve) => process.nextTick(resolve));
  for (let i = next(200); i > 0; i -= 1) await Promise.resolve();
}

/**
 * Units of ours, every other one of which fails at its last statement, among an application's writes and transactions.
 * Then: no acknowledged write of the application is missing, no rolled-back row of it was ever read, ours are all there.
 */
export async function hammer(executor: Executor, application: Application, rounds: number): Promise<void> {
  const next = sequence(42);
  const acknowledged: string[] = [];
  const rolledBack: string[] = [];
  const seen = new Set<string>();
  const committed: string[] = [];
  const refused: string[] = [];
  const state = { running: true };
  let count = 0;
  const fresh = (): string => String((count += 1)).padStart(8, "0");

  async function writer(): Promise<void> {
    while (state.running) {
      const id = fresh();
      await application.write(id);
      acknowledged.push(id);
      await giveWay(next);
    }
  }

  async function transactor(): Promise<void> {
    while (state.running) {
      const ids = [fresh(), fresh()] as const;
      const commit = next(2) === 0;
      await application.transaction(ids, commit, () => giveWay(next));
      (commit ? acknowledged : rolledBack).push(...ids);
      await giveWay(next);
    }
  }

  async function takingTurns(): Promise<void> {
    while (state.running) {
      await Promise.all(
        [1, 2, 3, 4].map(async () => {
          await giveWay(next);
          const id = fresh();
          await application.write(id);
          acknowledged.push(id);
        }),
      );
      const ids = [fresh(), fresh()] as const;
      const commit = next(2) === 0;
      await application.transaction(ids, commit, () => giveWay(next));
      (commit ? acknowledged : rolledBack).push(...ids);
      if (next(2) === 0) await giveWay(next);
    }
  }

  const parameter = executor.dialect === "postgres" ? "$1::text" : "?";
  const insert = (id: string): Statement => ({ sql: `insert into ours (id) values (${parameter})`, params: [id] });
  /** The newest rows: what is not committed yet would be among them. */
  const look = (): Statement => ({ sql: `select id as c0 from application where id > ${parameter}`, params: [String(Math.max(0, count - 40)).padStart(8, "0")] });
  async function unit(id: string, fails: boolean): Promise<void> {
    const statements = [insert(id), look(), ...(fails ? [insert(id)] : [])];
    try {
      const answers = await executor.atomic(statements);
      for (const [row] of answers[1]!) seen.add(row!);
      committed.push(id);
    } catch {
      refused.push(id);
    }
  }

  async function reader(): Promise<void> {
    while (state.running) {
      for (const [row] of await executor.query(look())) seen.add(row!);
      await giveWay(next);
    }
  }
  async function sync(name: string): Promise<void> {
    for (let i = 0; i < rounds; i += 1) {
      await unit(`${name}-${i}`, i % 2 === 1);
      await giveWay(next);
    }
  }

  const users: Promise<void>[] = application.takesTurns ? [takingTurns()] : [writer(), writer(), transactor(), transactor()];
  users.push(reader());
  try {
    await Promise.all([sync("s1"), sync("s2")]);
  } finally {
    state.running = false;
    await Promise.all(users);
  }

  const there = new Set(await application.ids());
  const ours = new Set((await executor.query({ sql: "select id as c0 from ours", params: [] })).map(([id]) => id!));
  expect({
    swallowed: acknowledged.filter((id) => !there.has(id)),
    read: rolledBack.filter((id) => seen.has(id)),
    kept: rolledBack.filter((id) => there.has(id)),
    lost: committed.filter((id) => !ours.has(id)),
    halves: refused.filter((id) => ours.has(id)),
  }).toEqual({ swallowed: [], read: [], kept: [], lost: [], halves: [] });
  expect(committed).toHaveLength(rounds);
  expect(acknowledged.length).toBeGreaterThan(rounds / 4);
  expect(rolledBack.length).toBeGreaterThan(0);
}
