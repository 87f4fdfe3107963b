import { hash64 } from "@sync/core";
import type { Finding, Inspection } from "@sync/core";
import { NO_COLLECTION } from "./client.ts";
import type { Context } from "./commit.ts";
import { wrongKey, type Documents } from "./documents.ts";
import { noTransactions } from "./errors.ts";
import { isUniqueKey, type MongoModel } from "./model.ts";

/** Holds the models against the live collections: their keys' types and their unique indexes. One that is missing is empty. */
export async function inspect({ client, documents, records }: Context, models: readonly string[], howToIndex: (model: string) => string): Promise<Inspection> {
  const findings: Finding[] = [];
  if (!(await client.hasTransactions())) {
    const { code, message } = noTransactions(client.name, records !== undefined);
    findings.push({ severity: records ? "error" : "warning", code, message });
  }
  const known = models.flatMap((name) => documents.get(name) ?? []);
  findings.push(...(await Promise.all(known.map((each) => findingsOf(each, howToIndex)))).flat());
  return { findings, shapes: new Map(known.map(({ stored }) => [stored.name, shapeOf(stored)])) };
}

async function findingsOf(documents: Documents, howToIndex: (model: string) => string): Promise<Finding[]> {
  const { name: model, collection: name, record } = documents.stored;
  const collection = await documents.collection();
  const live = await collection.listIndexes().toArray().catch((error: { code?: unknown }) => {
    if (error.code === NO_COLLECTION) return [];
    throw error;
  });
  const unique = live.flatMap((index) => (isUniqueKey(Object.keys(index.key), index) ? [Object.keys(index.key)] : []));
  const isOfCloudId = (fields: readonly string[]): boolean => fields.length === 1 && fields[0] === record.cloudId;
  const wanted = [...(record.uniqueKeys ?? []).filter((fields) => !isOfCloudId(fields)), ...(record.cloudId === undefined ? [] : [[record.cloudId]])];
  const findings = wanted.filter((fields) => !unique.some((paths) => paths.every((path) => fields.includes(path)))).map((fields): Finding => {
    const isCloudId = isOfCloudId(fields);
    return {
      severity: isCloudId ? "error" : "warning", code: "SCHEMA.NOT_UNIQUE", model, key: fields,
      message: `no unique index of ${name} holds ${isCloudId ? "the cloudId" : "the unique key"} (${fields.join(", ")}); ${howToIndex(model)}`,
    };
  });
  if (await documents.hasForeignKeys()) {
    const { code, message } = wrongKey(model);
    findings.push({ severity: "error", code, model, message });
  }
  return findings;
}

function shapeOf({ name, collection, record, key }: MongoModel): string {
  return hash64(JSON.stringify([name, collection, key, record.fields]), 1);
}
