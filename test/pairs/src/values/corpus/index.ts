import { documents } from "./json.ts";
import { decimals, floats, integers } from "./numbers.ts";
import { booleans, bytes, enums, lists, uuids } from "./others.ts";
import { texts } from "./texts.ts";
import { dates, durations, instants, locals, times } from "./times.ts";
import type { CorpusValue, ValueKind } from "./value.ts";

export { CHOICES, type CorpusValue, type ValueKind } from "./value.ts";

/** Values that have broken software, at their types. */
export const corpus: Readonly<Record<ValueKind, readonly CorpusValue[]>> = {
  text: texts, boolean: booleans, integer: integers, decimal: decimals, float: floats, instant: instants, local: locals, date: dates, time: times,
  duration: durations,
  bytes, uuid: uuids, enum: enums, json: documents, list: lists,
};

export const VALUE_KINDS = Object.keys(corpus) as readonly ValueKind[];
