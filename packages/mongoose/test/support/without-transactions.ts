import type { Connection } from "mongoose";

/** A server without transactions, as far as the adapter can see. */
export function withoutTransactions(connection: Connection): Connection {
  const db = connection.db!;
  const blind = new Proxy(db, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (name === "command") return async (...words: Parameters<typeof db.command>) => ({ ...(await target.command(...words)), setName: undefined });
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return new Proxy(connection, { get: (target, name) => (name === "db" ? blind : Reflect.get(target, name, target)) });
}
