import type { Endpoint, FetchRequest, Page, Row, ScanRequest } from "@sync/core";
import type { Client } from "./client.ts";
import type { Documents, Read } from "./documents.ts";
import type { Identities } from "./identities.ts";
import { DOCUMENT, modelOf } from "./model.ts";

/** Whole documents as rows of a key and a JSON text. */
export function endpointOf(documents: Documents, identities: Identities, client: Client, exactWrites: boolean): Endpoint {
  const { name, record } = documents.stored;

  async function rows(found: readonly Read[], fields: readonly string[]): Promise<Row[]> {
    const beside = record.cloudId === undefined && found.length > 0 ? await identities.find(name, "key", found.map(({ key }) => [key])) : [];
    const cloudIds = new Map(beside.map(({ key, cloudId }) => [key[0]!, cloudId]));
    return found.map(({ key, document, revision }) => ({
      key: [key], cloudId: cloudIds.get(key) ?? null, revision,
      values: fields.map((field) => (field === DOCUMENT ? documents.toText(document) : key)),
    }));
  }

  return {
    model: modelOf(documents.stored, documents.makesKeys),
    capabilities: { changesSince: false, fingerprints: false, exactWrites },
    async *scan({ fields, pageSize, ranges = [{ after: null, upTo: null }] }: ScanRequest): AsyncGenerator<Page> {
      for (const range of ranges) {
        let { after } = range;
        for (let more = true; more; ) {
          const found = await client.guard(() => documents.inRange({ after, upTo: range.upTo }, pageSize));
          more = found.length === pageSize;
          const upTo = more ? [found.at(-1)!.key] : range.upTo;
          yield { rows: await client.guard(() => rows(found, fields)), range: { after, upTo } };
          after = upTo;
        }
      }
    },
    fetch: ({ fields, by, tuples }: FetchRequest) => client.guard(async () => {
      const keys = by === "cloudId" ? (await identities.find(name, "cloudId", tuples)).map(({ key }) => key) : tuples;
      const unique = [...new Map(keys.map((key) => [key[0]!, key])).values()];
      return await rows(await documents.byKeys(unique), fields);
    }),
    allocate: async (count) => documents.allocate(count),
  };
}
