import { keyText, type RunContext } from "./context.ts";
import { sharedCloudId, type ReadRecord } from "./records.ts";
import type { Side } from "./side.ts";

/** Nothing keeps two elements of documents from bearing one cloudId: an application copies them whole. */
export const mayShareCloudIds = ({ model: { endpoint: { model } } }: Side): boolean => model.within !== undefined && model.syncFields.cloudId !== undefined;

/** Of the records with these cloudIds those that share one, by the text of their key, as their database tells of them. */
export async function namesakesOf(context: RunContext, side: Side, among: () => readonly string[]): Promise<ReadonlyMap<string, ReadRecord>> {
  const cloudIds = mayShareCloudIds(side) ? among() : [];
  if (cloudIds.length === 0) return none;
  const { endpoint, fields } = side.model;
  const rows = await context.retrying(() => endpoint.fetch({ fields, by: "cloudId", tuples: cloudIds.map((cloudId) => [cloudId]) }));
  const found = (await side.records(rows)).filter(({ problem }) => problem?.code === sharedCloudId);
  return new Map(found.map((record) => [keyText(record.key), record]));
}

const none: ReadonlyMap<string, ReadRecord> = new Map();

/** CloudIds that more than one of these records has. */
export function repeatedAmong(records: readonly ReadRecord[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { cloudId } of records) {
    if (cloudId === null) continue;
    if (seen.has(cloudId)) repeated.add(cloudId);
    else seen.add(cloudId);
  }
  return [...repeated];
}
