import type { PairModel } from "../mapping/pair-model.ts";

/** The pair models of a sync by name, parents first. */
export type PairModels = ReadonlyMap<string, PairModel>;
