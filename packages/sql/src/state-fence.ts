import type { Fences } from "@sync/core";
import type { Executor } from "./executor.ts";

/** Builds a statement; each value becomes a parameter where it stands. */
export type Write = (param: (value: string) => string) => string;

/** The check that goes before a commit of state, in its transaction. */
export interface FenceCheck {
  /** Gives a row if these fences hold, and locks them; none if higher ones were seen. */
  readonly guard: Write;
  /** A condition for the statements behind it. */
  readonly holds: Write;
}

/**
 * The highest fences each pair has stored under. They are written when they rise, which is once per run: `raise`. From then on
 * they are only looked at; on PostgreSQL under a row lock, since a runner that takes over may be raising them just now.
 */
export function fenceCheck(dialect: Executor["dialect"], table: string, pair: string, { left, right, anew }: Fences, raise: boolean): FenceCheck {
  const fence = (param: (value: string) => string, value: number): string => `cast(${param(String(value))} as bigint)`;
  const found: Write = (param) =>
    `select '1' as c0 from ${table} where pair = ${param(pair)} and left_fence <= ${fence(param, left)} and right_fence <= ${fence(param, right)}`;
  const raised: Write = (param) =>
    `insert into ${table} as f (pair, left_fence, right_fence) values (${param(pair)}, ${fence(param, left)}, ${fence(param, right)})` +
    ` on conflict (pair) do update set left_fence = excluded.left_fence, right_fence = excluded.right_fence` +
    `${anew ? "" : " where f.left_fence <= excluded.left_fence and f.right_fence <= excluded.right_fence"} returning '1' as c0`;
  return {
    guard: raise ? raised : (param) => `${found(param)}${dialect === "postgres" ? " for share" : ""}`,
    holds: (param) => `exists (${found(param)})`,
  };
}
