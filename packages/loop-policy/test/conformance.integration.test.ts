import { beforeAll, describe, expect, test } from 'vitest';
import { nodePolicy } from '../src/index.js';
import { checkLoopPolicy, conformanceCases, type ConformanceReport } from '../src/testing.js';
import { knownFailures, runtime } from './conformance-known-failures.js';

/** Where cases are known to fail, many of them by never coming to an end. */
const caseTimeoutMs = knownFailures.size > 1 ? 4000 : 10_000;

describe('the node loop', () => {
  let report: ConformanceReport;
  let lines: string[];

  beforeAll(async () => {
    lines = [];
    report = await checkLoopPolicy(nodePolicy, { caseTimeoutMs, print: (line) => lines.push(line) });
    console.log(lines.join('\n'));
  }, 300_000);

  test.each(conformanceCases.map(({ name }) => [name] as const))('%s', (name) => {
    const result = report.cases.find((each) => each.name === name);
    const known = knownFailures.get(name);
    // Only a platform without IPv6 may leave something out.
    if (result?.outcome === 'skipped') expect(result.reason).toMatch(/no IPv6/);
    else if (known === undefined) expect(result).toEqual({ name, outcome: 'passed' });
    else if (known.isSure) expect(result?.outcome, `known to fail on ${runtime}: ${known.reason}`).toBe('failed');
  });

  test('has its score printed', () => {
    const { passed, failed, skipped } = report;
    expect(lines.at(-1)).toBe(`policy node: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    expect(passed).toBeGreaterThanOrEqual(300);
  });
});

test('what is known to fail are cases of the suite, and nothing on Node', () => {
  const names = conformanceCases.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...knownFailures.keys()]));
  if (runtime === 'Node') expect(knownFailures.size).toBe(0);
});

test('every case has a name of its own, a sentence about its subject', () => {
  const names = conformanceCases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[A-Za-z][A-Za-z0-9. -]*: \S.{9,}$/.test(name))).toEqual([]);
});
