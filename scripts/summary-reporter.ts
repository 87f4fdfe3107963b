import { relative } from "node:path";
import type { SerializedError } from "vitest";
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

/**
 * Ends a test run with one line, `N passed, N failed, N skipped`, and before it one line per suite with tests that
 * did not run, and why. In CI a suite that did not run is a failure.
 */
export default class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const pattern = this.#vitest?.config.testNamePattern;
    const root = this.#vitest?.config.root ?? process.cwd();
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    const notRun: string[] = [];

    for (const module of modules) {
      const reasons = new Set<string>();
      let skippedHere = 0;
      let testsHere = 0;
      for (const test of module.children.allTests()) {
        if (pattern && !test.fullName.match(pattern)) continue; // left out on request
        testsHere += 1;
        const result = test.result();
        if (result.state === "passed") count.passed += 1;
        else if (result.state === "failed") count.failed += 1;
        else {
          skippedHere += 1;
          reasons.add((result.state === "skipped" && result.note) || reasonOf(test) || "no reason given");
        }
      }
      // A file that could not be loaded, or a hook that failed, counts even where no test of it is marked as failed.
      if (module.errors().length > 0) count.failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) count.failed += 1;
      count.skipped += skippedHere;
      if (skippedHere > 0) {
        notRun.push(`not run: ${relative(root, module.moduleId)} (${skippedHere} of ${testsHere} tests): ${[...reasons].join("; ")}`);
      }
    }

    const lines = [...notRun, `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`];
    process.stdout.write(`${lines.join("\n")}\n`);
    if (count.failed > 0 || (process.env["CI"] && notRun.length > 0)) process.exitCode = 1;
  }
}

/** What a suite said with `describe.skip(title, { meta: { notRun } }, ...)`. */
function reasonOf(test: TestCase): string | undefined {
  for (let parent: TestSuite | TestModule = test.parent; parent.type === "suite"; parent = parent.parent) {
    const { notRun } = parent.meta() as { notRun?: string };
    if (notRun) return notRun;
  }
  return undefined;
}
