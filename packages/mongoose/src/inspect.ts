import { hash64 } from "@sync/core";
import type { Finding, Inspection } from "@sync/core";
import type { Context } from "./commit.ts";
import { wrongKey, type Documents } from "./endpoint.ts";
import { noTransactions } from "./errors.ts";
import { NO_COLLECTION } from "./lease.ts";
import { isUniqueKey, type Stored } from "./models.ts";

/** Holds the models against the live collections: their keys' types and their unique indexes. One that is missing is empty. */
export async function inspect({ client, documents, byRecord }: Pick<Context, "client" | "documents" | "byRecord">, models: readonly string[]): Promise<Inspection> {
  const findings: Finding[] = [];
  if (!(await client.hasTransactions())) {
    const { code, message } = noTransactions(client.name, byRecord);
    findings.push({ severity: byRecord ? "error" : "warning", code, message });
  }
  const known = models.flatMap((name) => documents.get(name) ?? []);
  findings.push(...(await Promise.all(known.map((each) => findingsOf(each)))).flat());
  return { findings, shapes: new Map(known.map(({ stored }) => [stored.model.name, shapeOf(stored)])) };
}

async function findingsOf(documents: Documents): Promise<Finding[]> {
  const { model, tree } = documents.stored;
  const collection = await documents.collection();
  const live = await collection.listIndexes().toArray().catch((error: { code?: unknown }) => {
    if (error.code === NO_COLLECTION) return [];
    throw error;
  });
  const unique = live.map((index) => ({ index, paths: Object.keys(index.key) })).filter(({ index, paths }) => isUniqueKey(paths, index)).map(({ paths }) => paths);
  const isOfCloudId = (fields: readonly string[]): boolean => fields.length === 1 && fields[0] === tree.cloudId;
  const wanted = [...(tree.uniqueKeys ?? []).filter((fields) => !isOfCloudId(fields)), ...(tree.cloudId === undefined ? [] : [[tree.cloudId]])];
  const findings = wanted.filter((fields) => !unique.some((paths) => paths.every((path) => fields.includes(path)))).map((fields): Finding => {
    const isCloudId = isOfCloudId(fields);
    return {
      severity: isCloudId ? "error" : "warning", code: "SCHEMA.NOT_UNIQUE", model: model.name, key: fields,
      message: `no unique index of ${collection.collectionName} holds ${isCloudId ? "the cloudId" : "the unique key"} (${fields.join(", ")}); declare it in the schema and call \`${model.name}.syncIndexes()\``,
    };
  });
  if (await documents.hasForeignKeys()) {
    const { code, message } = wrongKey(model.name);
    findings.push({ severity: "error", code, model: model.name, message });
  }
  return findings;
}

function shapeOf({ model, collection, tree, key }: Stored): string {
  return hash64(JSON.stringify([model.name, collection, key, tree.fields]), 1);
}
