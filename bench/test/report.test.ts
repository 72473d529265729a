import { describe, expect, test } from 'vitest';
import { duration, number } from '../src/kit/format.js';
import { markdown, missed, report } from '../src/kit/report.js';
import type { Result } from '../src/kit/result.js';

const summary = { p20: 1, median: 2, low: 1.5, high: 2.5 };
const result: Result = {
  name: 'micro/area/row',
  title: 'some | work',
  operation: 'frame',
  count: 1000,
  rounds: 11,
  rows: [
    { contender: 'ours', time: summary, cpu: summary, timeRatio: 1, cpuRatio: 1, counters: { 'allocated B': 0.25 } },
    {
      contender: 'peer',
      time: summary,
      cpu: summary,
      timeRatio: 5.5,
      cpuRatio: 6,
      counters: { 'allocated B': 12, 'off-heap B': 64, 'retained B': 0.01, 'longest turn ms': 3 },
    },
  ],
  targets: [
    { contender: 'ours', reach: '>= 5x peer', reached: 5.5, isMet: true },
    { contender: 'ours', reach: '<= 0.1 allocated B', reached: 0.25, isMet: false },
  ],
};

describe('report', () => {
  test('prints every contender and what became of the targets', () => {
    const text = report(result);
    expect(text).toContain('11 interleaved rounds of 1,000');
    expect(text).toMatch(/peer .* 5\.50 .* 6\.00 .*12\.0 \+ 64\.0 off .*3\.00 longest turn ms/);
    expect(text).toContain('met    ours: reach >= 5x peer, reached 5.50x');
    expect(text).toContain('MISSED ours: reach <= 0.1 allocated B, reached 0.25');
  });
});

describe('a table of split CPU', () => {
  test('has user, system and the ratio of paired rounds in place of what was allocated', () => {
    const split = { user: 1200, system: 5400, cpuRatio: summary, userRatio: summary, userTimes: 1.25 };
    const rows = result.rows.map((row) => ({ ...row, split }));
    const text = report({ ...result, rows });
    expect(text).toMatch(/user .* system .* CPU x \(IQR\) .* user x \(IQR\)/);
    expect(text).toMatch(/peer .* 1\.20 us .* 5\.40 us .* 2\.00 \(1\.50 \.\. 2\.50\) .* 1\.25 \(1\.50/);
  });

  test('says of a ratio that it is one, whichever side of it is wanted', () => {
    const verdict = { contender: 'ours', reach: '<= 1.05x node (CPU)', reached: 1.02, isMet: true };
    expect(report({ ...result, targets: [verdict] })).toContain('reached 1.02x');
  });
});

describe('markdown', () => {
  test('has one cell for each column in every row', () => {
    const lines = markdown(result)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map((line) => line.split('|').length))).toEqual(new Set([10]));
    expect(markdown(result)).toContain('- MISSED ours');
  });
});

describe('missed', () => {
  test('counts what was met and lists the rest with the name of the benchmark', () => {
    expect(missed([result])).toBe(
      '1 of 2 targets met\nmicro/area/row: MISSED ours: reach <= 0.1 allocated B, reached 0.25',
    );
  });
});

describe('numbers', () => {
  test('choose their unit and never show an exponent', () => {
    expect([0.5, 1500, 2.5e6].map(duration)).toEqual(['0.5 ns', '1.50 us', '2.50 ms']);
    expect([0, 0.0012, 0.25, 12.34, 1e6, Infinity].map(number)).toEqual([
      '0',
      '0.0012',
      '0.25',
      '12.3',
      '1,000,000',
      'Infinity',
    ]);
  });
});
