// Not compiling is the failure: this file is never run.
import { cloudId, createSync, deterministic, fallback, fieldMerge, leftWins, naturalKey, newest, overwrite, versionVector, type Database } from "@sync/core";

interface Left extends Record<string, Record<string, unknown>> {
  Country: { id: string; code: string; name: string };
  Airport: { id: string; ident: string; latitude: number; countryId: string };
}
interface Right extends Record<string, Record<string, unknown>> {
  Country: { id: number; code: string; name: string };
  aerodromes: { id: number; ident: string; lat: number; countryId: number };
}
declare const left: Database<{ [Model in keyof Left as string extends Model ? never : Model]: Left[Model] }>;
declare const right: Database<{ [Model in keyof Right as string extends Model ? never : Model]: Right[Model] }>;
const common = { name: "pair", left, right, conflicts: fieldMerge({ otherwise: newest("updatedAt") }) } as const;

createSync({
  ...common,
  models: {
    Country: { match: naturalKey("code") },
    Airport: {
      right: "aerodromes", match: [cloudId(), naturalKey("ident"), fallback(["ident", "countryId"])],
      fields: { latitude: { right: "lat", toRight: (degrees: number) => degrees, toLeft: (degrees: number) => degrees } },
      constants: { right: { lat: 0 } }, keepBase: "values", conflicts: leftWins(),
    },
  },
});

createSync({ ...common, models: {}, cloudIds: deterministic("a secret of the application"), conflicts: versionVector("versions", { otherwise: leftWins() }) });
createSync({ ...common, models: {}, cloudIds: "random" });

createSync({ ...common, models: { Country: { match: naturalKey("code"), conflicts: overwrite("left") } }, conflicts: overwrite(newest("updatedAt")) });

createSync({ ...common, models: { Country: { match: naturalKey("code"), softDelete: "name" } } });

// @ts-expect-error: no such field on the left
createSync({ ...common, models: { Country: { match: naturalKey("code"), softDelete: "deletedAt" } } });
// @ts-expect-error: no such side
overwrite("centre");
// @ts-expect-error: what makes them is a function's answer
createSync({ ...common, models: {}, cloudIds: "deterministic" });
// @ts-expect-error: somebody has to decide between writes that have not seen each other
versionVector("versions");
// Where references are the key on both sides, they are the match too: the check before a run knows.
createSync({ ...common, models: { Country: {} } });

// Models that declare themselves need no entry, and an entry may leave one out.
createSync(common);
createSync({ ...common, models: { Country: false } });

// @ts-expect-error: no such model on the left
createSync({ ...common, models: { Contry: false } });
// @ts-expect-error: no such model on the left
createSync({ ...common, models: { Contry: { match: naturalKey("code") } } });
// @ts-expect-error: no such field on the left
createSync({ ...common, models: { Country: { match: naturalKey("cod") } } });
// @ts-expect-error: the right side has no Airport: `right` must name its model
createSync({ ...common, models: { Airport: { match: naturalKey("ident") } } });
// @ts-expect-error: no such field on the right
createSync({ ...common, models: { Airport: { right: "aerodromes", match: naturalKey("ident"), fields: { latitude: "latitude" } } } });
// @ts-expect-error: unknown option
createSync({ ...common, models: { Country: { match: naturalKey("code"), keepbase: "values" } } });
// @ts-expect-error: no such side
createSync({ ...common, models: {}, firstLink: "centre" });
