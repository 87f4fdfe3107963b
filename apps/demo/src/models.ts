/** The models of the demo, by their names on the left, parents first. */
export const models = ["Country", "Region", "Airport"] as const;

export type ModelName = (typeof models)[number];

/** A number for each of them. */
export type Counts = Readonly<Record<ModelName, number>>;

export function sum(counts: Counts): number {
  return counts.Country + counts.Region + counts.Airport;
}
