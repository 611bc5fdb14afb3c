/** Closes a test run: one line of counts, and a file of what passed, for `npm run requirements`. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Where the last run's results are kept. */
export const RESULTS = new URL("../.data/tests.json", import.meta.url);

/** What the last run showed. */
export interface Results {
  passed: number;
  failed: number;
  skipped: number;
  /** Full titles of the tests that passed. */
  titles: string[];
}

export default class Report implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const titles = (state: "passed" | "failed" | "skipped") =>
      tests.filter((test) => test.result().state === state).map(({ fullName }) => fullName);
    // A file that does not load runs no test, and is a failure all the same.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const results: Results = {
      passed: titles("passed").length,
      failed: titles("failed").length + broken,
      skipped: titles("skipped").length,
      titles: titles("passed"),
    };
    mkdirSync(new URL("./", RESULTS), { recursive: true });
    writeFileSync(RESULTS, JSON.stringify(results));
    const skipped = results.skipped > 0 ? `, ${results.skipped} skipped` : "";
    console.log(`${results.passed} passed, ${results.failed} failed${skipped}`);
  }
}
