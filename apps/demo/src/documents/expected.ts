import { expected } from "../expected.ts";

const { input, total } = expected;
/** What run 2 has left behind: a new region and two airports more, one airport less. */
const records = total + 3 - 1;

/** What the chapter about documents must come to. */
export const expectedDocuments = {
  countries: input.Country,
  records,
  /** Airports in the largest document. */
  largest: 873,
  actions: [
    "Airport LSGG update left: changed on the right: name",
    "Airport LSMA update right: changed on the left: regionId",
    "Airport LSPM create left: only on the right",
    "Airport LSZB update right: changed on the left: homeUrl",
  ],
  moved: [{ region: "CH-NW", runways: '[{"name": "06/24", "length": 2000.00}]' }],
  afterEdits: records + 1,
} as const;
