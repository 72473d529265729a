// What a run of vitest left behind: its JSON report.
import { existsSync, readFileSync } from 'node:fs';

/**
 * @param {string} file written by vitest's `json` reporter
 * @param {(testFile: string) => boolean} [isMine] which test files count
 * @returns {{ passed: number, failed: number } | undefined} undefined where there is no report; a skipped test is a
 * failed one, and so is a file that does not even load
 */
export function readReport(file, isMine = () => true) {
  if (!existsSync(file)) return undefined;
  let passed = 0;
  let failed = 0;
  for (const { name, status, assertionResults } of JSON.parse(readFileSync(file, 'utf8')).testResults) {
    if (!isMine(name)) continue;
    const good = assertionResults.filter((test) => test.status === 'passed').length;
    passed += good;
    failed += assertionResults.length - good;
    if (status === 'failed' && assertionResults.length === 0) failed += 1;
  }
  return { passed, failed };
}
