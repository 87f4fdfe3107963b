import type { Finding } from "../endpoint.ts";
import { fieldOf, type Field } from "../model.ts";
import type { Direction } from "../options.ts";
import type { PairModel, SideName } from "./pair-model.ts";

/** Why a record that one side has could never be made on the other: found here, not record by record. */
export function newRecordFindings(pair: PairModel, direction: Direction): Finding[] {
  const written = (["left", "right"] as const).filter((side) => direction === "both" || direction === (side === "right" ? "left-to-right" : "right-to-left"));
  return written.flatMap((side) => [...keyFindings(pair, side), ...fieldFindings(pair, side)]);
}

/** The key of a new record must be known before its insert: else one that is repeated after a kill makes a second record. */
function keyFindings(pair: PairModel, side: SideName): Finding[] {
  const { endpoint: { model }, keyAt } = pair[side];
  if (model.keySource !== "values") return [];
  const error = (code: string, message: string): Finding[] => [{ severity: "error", code, model: pair.name, message }];
  const key = model.primaryKey.map((name) => fieldOf(model, name)!);
  const computed = key.some((field) => !field.writable);
  if (!computed && keyAt) return [];
  const which = `key of \`${model.name}\` on the ${side} (${model.primaryKey.join(", ")})`;
  if (computed || key.some((field) => field.optional)) {
    const ways = [
      "a key that the library makes (uuid, cuid)", "a sequence or identity column", ...(computed ? [] : ["mapping the key's fields"]), "another unique key as the primary one",
    ];
    return error("IDENTITY.NOT_REPEATABLE", `The database makes the ${which} itself, and nobody can know or reserve it before the insert: after a lost answer a record would be made twice. What mends it: ${ways.join("; ")}.`);
  }
  return error("MAPPING.KEY", `The primary ${which} is neither mapped nor made by the database: a new record there could get no key.`);
}

/** Fields that take no null, that nothing fills, and that no record brings along. */
function fieldFindings(pair: PairModel, side: SideName): Finding[] {
  const { endpoint: { model }, constants } = pair[side];
  const { cloudId, lastSyncedAt, syncStatus } = model.syncFields;
  const supplied = new Set<string | undefined>([
    ...pair.fields.flatMap((field) => field[side].names), ...constants.map(({ field }) => field), ...model.primaryKey, cloudId, lastSyncedAt, syncStatus,
  ]);
  const isMissing = ({ name, nullable, writable, optional, stamped }: Field): boolean => !nullable && writable && !optional && !stamped && !supplied.has(name);
  return model.fields.filter(isMissing).map(({ name }) => ({
    severity: "warning", code: "MAPPING.REQUIRED", model: pair.name, field: name,
    message: `\`${name}\` of \`${model.name}\` on the ${side} must have a value, but nothing supplies one: a new record could not be written. Map it in \`fields\`, set it in \`constants\`, or give it a default.`,
  }));
}
