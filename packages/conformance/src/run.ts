import type { Capability, Harness, Server } from "./harness.ts";
import { Kit } from "./kit.ts";
import type { Law } from "./law.ts";

/** Capabilities that a law needs and this harness does not have. */
export function missingFor(law: Law, harness: Harness): readonly Capability[] {
  return (law.needs ?? []).filter((capability) => !harness.capabilities[capability]);
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
