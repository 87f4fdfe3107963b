import type { Law } from "./law.ts";
import { changesSuite } from "./suites/changes.suite.ts";
import { commitSuite } from "./suites/commit.suite.ts";
import { concurrencySuite } from "./suites/concurrency.suite.ts";
import { deletesSuite } from "./suites/deletes.suite.ts";
import { errorsSuite } from "./suites/errors.suite.ts";
import { fetchSuite } from "./suites/fetch.suite.ts";
import { guardsSuite } from "./suites/guards.suite.ts";
import { keysSuite } from "./suites/keys.suite.ts";
import { lifecycleSuite } from "./suites/lifecycle.suite.ts";
import { pagingSuite } from "./suites/paging.suite.ts";
import { referencesSuite } from "./suites/references.suite.ts";
import { resumeSuite } from "./suites/resume.suite.ts";
import { valuesSuite } from "./suites/values.suite.ts";

/** Every law, topic by topic. */
export const laws: readonly Law[] = [
  ...keysSuite, ...valuesSuite, ...pagingSuite, ...fetchSuite, ...commitSuite, ...guardsSuite, ...referencesSuite, ...deletesSuite,
  ...resumeSuite, ...changesSuite, ...errorsSuite, ...concurrencySuite, ...lifecycleSuite,
];
