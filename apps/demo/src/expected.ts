import { sum, type Counts } from "./models.ts";

/** What the demo must come to; it fails with the difference if it does not. */
const input: Counts = { Country: 248, Region: 3901, Airport: 5210 };

export const expected = {
  input,
  total: sum(input),
  /** What run 2 plans, and nothing else. */
  actions: [
    "Airport EGLL update both: changed on the left: homeUrl; changed on the right: name",
    "Airport LSZH update left: municipality changed on both sides: right stands (newest(updatedAt))",
    "Airport LTBA delete left: scheduledService edited on the left, deleted on the right",
    "Airport SLLP update right: changed on the left: elevationFt",
    "Airport WASN create left: only on the right",
    "Airport WAST create left: only on the right",
    "Region ID-PD create left: only on the right",
    "Region KZ-61 update right: changed on the left: code, localCode, name",
  ],
  /** All of it but the airport that the right refuses. */
  applied: {
    created: { left: 3, right: 0 },
    updated: { left: 2, right: 2 },
    deleted: { left: 1, right: 0 },
    conflicts: 2,
    quarantined: 1,
  },
  /** Three records more, one less, one different. */
  equalAfterEdits: sum(input) + 3 - 1 - 1,
  /** With the airport that came out of a document, and the one that waited. */
  equalAtTheEnd: sum(input) + 3 - 1 + 1,
  differentAfterEdits: ["Airport SLLP: elevationFt"],
} as const;
