import { beforeAll, describe, expect, test } from 'vitest';
import { nodePolicy } from '../src/index.js';
import { checkLoopPolicy, conformanceCases, type ConformanceReport } from '../src/testing.js';

describe('the node loop', () => {
  let report: ConformanceReport;
  let lines: string[];

  beforeAll(async () => {
    lines = [];
    report = await checkLoopPolicy(nodePolicy, { print: (line) => lines.push(line) });
    console.log(lines.join('\n'));
  }, 180_000);

  test.each(conformanceCases.map(({ name }) => [name] as const))('%s', (name) => {
    const result = report.cases.find((each) => each.name === name);
    // Only a platform without IPv6 may leave something out.
    if (result?.outcome === 'skipped') expect(result.reason).toMatch(/no IPv6/);
    else expect(result).toEqual({ name, outcome: 'passed' });
  });

  test('has its score printed', () => {
    const { passed, skipped } = report;
    expect(lines.at(-1)).toBe(`policy node: ${passed} passed, 0 failed, ${skipped} skipped`);
    expect(passed).toBeGreaterThanOrEqual(300);
  });
});

test('every case has a name of its own, a sentence about its subject', () => {
  const names = conformanceCases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[A-Za-z][A-Za-z0-9. -]*: \S.{9,}$/.test(name))).toEqual([]);
});
