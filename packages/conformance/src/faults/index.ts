import { changesFaults } from "./changes.faults.ts";
import { commitFaults } from "./commit.faults.ts";
import { concurrencyFaults } from "./concurrency.faults.ts";
import { errorsFaults } from "./errors.faults.ts";
import type { Fault } from "./fault.ts";
import { guardsFaults } from "./guards.faults.ts";
import { fetchFaults, keysFaults } from "./keys.faults.ts";
import { lifecycleFaults } from "./lifecycle.faults.ts";
import { pagingFaults } from "./paging.faults.ts";
import { deletesFaults, referencesFaults } from "./references.faults.ts";
import { resumeFaults } from "./resume.faults.ts";
import { valuesFaults } from "./values.faults.ts";

export type { Fault } from "./fault.ts";
export { type MemoryHarness, memoryHarness, type MemorySession, type Tracking } from "./memory.ts";

/** A broken database for every law. */
export const faults: readonly Fault[] = [
  ...keysFaults, ...valuesFaults, ...pagingFaults, ...fetchFaults, ...commitFaults, ...guardsFaults, ...referencesFaults, ...deletesFaults,
  ...resumeFaults, ...changesFaults, ...errorsFaults, ...concurrencyFaults, ...lifecycleFaults,
];
