import type { Capability, Harness, Server } from "./harness.ts";
import { Kit } from "./kit.ts";
import type { Law } from "./law.ts";
import type { Verdict } from "./report.ts";

/** Capabilities that a law needs and this harness does not have. */
export function missingFor(law: Law, harness: Harness): readonly Capability[] {
  return (law.needs ?? []).filter((capability) => !harness.capabilities[capability]);
}

/**
 * One law with its waiver: `passed`, or `waived` where it is waived and broken. Throws where it is broken, and where it is kept
 * although it is waived.
 */
export async function judge(law: Law, harness: Harness, namespace: string): Promise<{ readonly verdict: Verdict; readonly server: Server | undefined }> {
  const reason = harness.waive?.[law.id];
  if (reason === undefined) return { verdict: "passed", server: await runLaw(law, harness, namespace) };
  const kept = await runLaw(law, harness, namespace).then(() => true, () => false);
  if (kept) throw new Error(`${law.id} is waived, but kept: remove the waiver.`);
  return { verdict: { waived: reason }, server: undefined };
}

/** One law on a database of its own. Throws where it is broken. */
export async function runLaw(law: Law, harness: Harness, namespace: string): Promise<Server> {
  const session = await harness.open(namespace);
  try {
    await law.check(await Kit.of(session, harness, law));
    return session.server;
  } finally {
    await session.close();
  }
}
