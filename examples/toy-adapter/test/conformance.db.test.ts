// #region all
import { databaseConformance } from "@sync/conformance";
import { harness } from "./harness.ts";

databaseConformance("JSON file", harness());
// #endregion
