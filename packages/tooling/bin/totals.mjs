// Sums what every package's test run wrote, and prints the totals as one line: `N passed, N failed`.
// usage: totals.mjs [exit code of the test command]: a run that failed without a failed test (lint, say) counts as one.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../src/bootstrap.mjs';
import { readReport } from '../src/report.mjs';

const commandCode = Number(process.argv[2] ?? 0);
let passed = 0;
let failed = 0;
for (const group of ['packages', 'apps']) {
  for (const name of readdirSync(join(root, group))) {
    const totals = readReport(join(root, group, name, '.results/tests.json'));
    passed += totals?.passed ?? 0;
    failed += totals?.failed ?? 0;
  }
}
if (commandCode !== 0 && failed === 0) failed = 1;
if (passed === 0) failed += 1;
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exit(failed === 0 ? 0 : commandCode || 1);
