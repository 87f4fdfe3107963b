import type { Executor } from "../executor.ts";

/** Works on whatever handle a library has at the moment: one that was closed and opened again has another. */
export function currentExecutor(handle: () => object, executorOn: (handle: never) => Executor): Executor {
  let last: { readonly handle: object; readonly executor: Executor } | undefined;
  const current = (): Executor => {
    const now = handle();
    if (last === undefined || last.handle !== now) last = { handle: now, executor: executorOn(now as never) };
    return last.executor;
  };
  const { dialect, copyTransaction } = current();
  return {
    dialect,
    query: async (statement) => await current().query(statement),
    atomic: async (statements) => await current().atomic(statements),
    ...(copyTransaction ? { copyTransaction: async (guard, steps) => await current().copyTransaction!(guard, steps) } : {}),
  };
}
