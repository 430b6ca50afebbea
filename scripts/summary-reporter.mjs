/**
 * A reporter for vitest that writes how many tests passed, failed and were skipped, and why, to the file named in TEST_SUMMARY_FILE.
 * A test that the run's filter of tags leaves out is none of them: it belongs to another run.
 */
import { writeFileSync } from 'node:fs';

export default class SummaryReporter {
  onInit(vitest) {
    this.filter = vitest.config.tagsFilter?.join() ?? '';
  }

  onTestRunEnd(modules, unhandledErrors) {
    const summary = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file that cannot be loaded, or a beforeAll that throws, fails without any test having failed.
      summary.failed += [module, ...module.children.allSuites()].filter((one) => one.errors().length > 0).length;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === 'passed') summary.passed += 1;
        else if (state === 'failed') summary.failed += 1;
        else if (state === 'skipped' && leavesOut(this.filter, test)) continue;
        else summary.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: note ?? 'skipped in the test itself' });
      }
    }
    writeFileSync(process.env['TEST_SUMMARY_FILE'], JSON.stringify(summary));
  }
}

/** The two filters there are: suites.mjs. */
function leavesOut(filter, test) {
  const isLong = test.tags.includes('long');
  return (filter === '!long' && isLong) || (filter === 'long' && !isLong);
}
