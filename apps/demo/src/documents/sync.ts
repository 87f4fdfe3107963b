import { PGlite } from "@electric-sql/pglite";
import { jsonbDatabase } from "@sync/postgres-jsonb";
import { createSync, leftWins, naturalKey, prismaDatabase } from "@sync/prisma";
import type { PrismaClient } from "../left/generated/client.ts";
import { Country } from "./country.ts";

/** A third database, and a second pair on the left one: the same rows as documents. */
export function connectDocuments(folder: string, prisma: PrismaClient) {
  // #region readme
  const documents = new PGlite(`${folder}/documents`);
  const folded = createSync({
    name: "documents",
    left: prismaDatabase(prisma),
    right: jsonbDatabase(documents, { documents: { Country } }),
    models: {
      Country: { match: naturalKey("code") },
      Region: { right: "Country.regions", match: naturalKey("code") },
      Airport: {
        right: "Country.regions.airports", match: naturalKey("ident"),
        fields: { latitude: "location.lat", longitude: "location.lon", gpsCode: "codes.gps", iataCode: "codes.iata", localCode: "codes.local" },
      },
    },
    conflicts: leftWins(),
  });
  // #endregion
  return { documents, folded };
}
