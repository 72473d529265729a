// Sums what every package's test run wrote, and prints the totals as one line: `N passed, N failed`.
// usage: totals.mjs [exit code of the test command]: a run that failed without a failed test (lint, say) counts as one.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../src/bootstrap.mjs';

const commandCode = Number(process.argv[2] ?? 0);
let passed = 0;
let failed = 0;
for (const group of ['packages', 'apps']) {
  for (const name of readdirSync(join(root, group))) {
    const file = join(root, group, name, '.results/tests.json');
    if (!existsSync(file)) continue;
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const skipped = report.numPendingTests + report.numTodoTests;
    // A file that does not even load holds no test, and is a failure all the same.
    const broken = report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
    passed += report.numPassedTests;
    failed += report.numFailedTests + skipped + broken;
  }
}
if (commandCode !== 0 && failed === 0) failed = 1;
if (passed === 0) failed += 1;
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exit(failed === 0 ? 0 : commandCode || 1);
