import type { Harness } from "./harness.ts";
import type { Law } from "./law.ts";
import { missingFor } from "./run.ts";

/** Why a harness is none: waivers that say too little, name no law, or stand against what is declared. */
export function harnessProblems(harness: Harness, laws: readonly Law[]): string[] {
  if (laws.length === 0) return ["There are no laws."];
  const problems: string[] = [];
  for (const [id, reason] of Object.entries(harness.waive ?? {})) {
    const law = laws.find((each) => each.id === id);
    if (!law) problems.push(`There is no law ${id} to waive.`);
    else if (!isSentence(reason)) problems.push(`The waiver of ${id} needs a reason: a sentence.`);
    else if (missingFor(law, harness).length > 0) problems.push(`${id} is not asked of this database: no waiver is needed.`);
    else if (law.needs) problems.push(`${id} cannot be waived: ${law.needs.join(", ")} is declared. Keep the law, or declare that it is not there.`);
  }
  return problems;
}

function isSentence(reason: unknown): boolean {
  return typeof reason === "string" && reason.trim().split(/\s+/).length >= 5 && /[.!?]$/.test(reason.trim());
}
