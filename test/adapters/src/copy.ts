import type { Database, Key, Row } from "@sync/core";

/** Makes the side tables, as the first step of every run does. */
export async function prepare(database: Database): Promise<void> {
  const { fence } = await database.claim({ holder: "test", runner: "test", seconds: 60 });
  await database.release(fence, false);
}

/** Every row of a model with all its fields. */
export async function rowsOf(database: Database, model: string): Promise<readonly Row[]> {
  const endpoint = database.endpoints.get(model)!;
  const rows: Row[] = [];
  for await (const page of endpoint.scan({ fields: endpoint.model.fields.map((field) => field.name), pageSize: 100 })) rows.push(...page.rows);
  return rows;
}

/** A row as field → canonical value. */
export function valuesOf(database: Database, model: string, row: Row): Record<string, string | null> {
  return Object.fromEntries(database.endpoints.get(model)!.model.fields.map((field, i) => [field.name, row.values[i]!]));
}

/** New rows with these values, under new keys; gives the keys. */
export async function insert(database: Database, model: string, records: readonly Record<string, string | null>[]): Promise<readonly Key[]> {
  const endpoint = database.endpoints.get(model)!;
  const { keySource, primaryKey } = endpoint.model;
  const claim = await database.claim({ holder: "test", runner: "test", seconds: 60 });
  const keys = keySource === "allocated" ? await endpoint.allocate(records.length) : records.map((record) => primaryKey.map((field) => record[field]!));
  const fields = Object.keys(records[0]!).filter((field) => keySource === "values" || !primaryKey.includes(field));
  const committed = await database.commit({
    id: `${model} ${keys.join()}`,
    fence: claim.fence,
    batches: [{
      op: "insert",
      model,
      fields,
      rows: records.map((record, i) => ({ key: keys[i]!, cloudId: `${model}-${keys[i]!.join()}`, values: fields.map((field) => record[field]!) })),
    }],
  });
  await database.release(claim.fence, true);
  if (!committed.committed) throw new Error(`refused: ${JSON.stringify(committed.refusal)}`);
  return keys;
}
