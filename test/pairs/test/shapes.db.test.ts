import { foldedAirports } from "../src/cases/airports.ts";
import { manyToMany, outsideReference, selfReference, twoModelCycle } from "../src/cases/graphs.ts";
import { keysOfEveryKind, keysThatComeAlong } from "../src/cases/keys.ts";
import { madeKeysAgainstTenants, tenantsAgainstMadeKeys, tenantsOnBothSides } from "../src/cases/tenants.ts";
import { changedKey, renamed, swappedUniqueValues } from "../src/cases/unique-values.ts";
import { playCases } from "../src/pairs.ts";

await playCases(import.meta.url, [
  foldedAirports, keysOfEveryKind, keysThatComeAlong, selfReference, twoModelCycle, manyToMany, outsideReference, swappedUniqueValues, renamed, changedKey,
  tenantsOnBothSides, tenantsAgainstMadeKeys, madeKeysAgainstTenants,
]);
