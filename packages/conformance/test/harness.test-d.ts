import type { Harness, HarnessCapabilities } from "../src/index.ts";

// Not compiling is the failure: a capability that nobody answered, and a waiver without a reason.

// @ts-expect-error: every capability has to be answered
export const forgotten: HarnessCapabilities = { changesSince: true, fingerprints: false };

// @ts-expect-error: a waiver is a reason
export const silent: Harness["waive"] = { "keys/tuples": true };
