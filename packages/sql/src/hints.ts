import type { HintedModel, Hints, Key } from "@sync/core";
import type { Dialect } from "./dialect.ts";
import type { SqlEndpoint } from "./endpoint.ts";
import type { Executor } from "./executor.ts";
import { type Table, literal } from "./model.ts";
import { at, encodeKey, only } from "./select.ts";

interface Surroundings {
  readonly dialect: Dialect;
  readonly executor: Executor;
  readonly endpoints: ReadonlyMap<string, SqlEndpoint>;
  readonly identity: string;
  guard<T>(work: () => Promise<T>): Promise<T>;
}

/** The same hints, and where a hinted row is gone, the cloudId that the identity table has kept for it. */
export function hintsWithIdentities(hints: Hints, surroundings: Surroundings): Hints {
  return {
    get position() {
      return hints.position;
    },
    async since(position) {
      const hinted = new Map(await hints.since(position));
      for (const [name, model] of hinted) {
        const table = surroundings.endpoints.get(name)?.table;
        if (table && !table.cloudId && model.keys !== "all" && model.keys.length > 0) hinted.set(name, await withGone(model, model.keys, table, surroundings));
      }
      return hinted;
    },
  };
}

async function withGone(model: HintedModel, keys: readonly Key[], table: Table, { dialect, executor, identity, guard }: Surroundings): Promise<HintedModel> {
  const { syntax } = dialect;
  const rows = keys.map((key) => encodeKey(table, key));
  const local = syntax.localKey(table.keys, table.keys.map((column, i) => column.write(syntax.item(i))));
  const stands = table.keys.map((column, i) => `${at(column)} = ${syntax.fromLocalKey(table.keys, i, "i.local_key")}`).join(" and ");
  const sql =
    `select i.cloud_id as c0 from ${identity} i where i.model = ${literal(table.model.name)}` +
    ` and ${syntax.oneOf("i.local_key", `select ${local} from ${syntax.rows(syntax.param(1))}`)}` +
    ` and not exists (select 1 from ${table.sql} t where ${stands}${only(table, "and")})`;
  return await guard(async () => {
    try {
      const found = await executor.query({ sql, params: [JSON.stringify(rows)] });
      return { ...model, gone: [...model.gone, ...found.map(([cloudId]) => cloudId!)] };
    } catch (error) {
      // Nobody has claimed this database yet: nothing in it is linked.
      if (dialect.isMissing(error)) return model;
      throw error;
    }
  });
}
