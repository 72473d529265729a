import { describe, expect, test } from 'vitest';
import type { Row } from '../src/kit/result.js';
import { judge } from '../src/kit/targets.js';

const row = (contender: string, p20: number, median: number, counters: Row['counters'] = {}): Row => {
  const time = { p20, median, low: p20, high: median };
  return { contender, time, cpu: { ...time, p20: p20 * 2 }, timeRatio: 1, cpuRatio: 1, counters };
};
const rows = [row('ours', 10, 20, { 'copied B': 5, 'allocated B': 0.4 }), row('peer', 50, 60)];

describe('judge', () => {
  test('is met at the ratio and missed above it', () => {
    const at = judge({ contender: 'ours', atLeast: 5, than: 'peer' }, rows);
    const above = judge({ contender: 'ours', atLeast: 5.1, than: 'peer' }, rows);
    expect(at).toEqual({ contender: 'ours', reach: '>= 5x peer', reached: 5, isMet: true });
    expect(above).toMatchObject({ reached: 5, isMet: false });
  });

  test('compares the statistic that the target names', () => {
    const target = { contender: 'ours', atLeast: 4, than: 'peer', by: 'median' } as const;
    expect(judge(target, rows)).toMatchObject({ reached: 3, isMet: false, reach: '>= 4x peer (median)' });
  });

  test('compares CPU time where the target says so', () => {
    const slow = [row('ours', 10, 20), { ...row('peer', 50, 60), cpu: { p20: 30, median: 1, low: 1, high: 1 } }];
    const target = { contender: 'ours', atLeast: 1.5, than: 'peer', of: 'cpu' } as const;
    expect(judge(target, slow)).toMatchObject({ reached: 1.5, isMet: true, reach: '>= 1.5x peer (CPU)' });
  });

  test('compares what the caller says before what the target says', () => {
    const busy = [row('ours', 10, 20), { ...row('peer', 50, 60), cpu: { p20: 30, median: 1, low: 1, high: 1 } }];
    const target = { contender: 'ours', atLeast: 1.5, than: 'peer' } as const;
    expect(judge(target, busy).reached).toBe(5);
    expect(judge(target, busy, 'cpu')).toMatchObject({ reached: 1.5, reach: '>= 1.5x peer (CPU)' });
  });

  test('compares the median of paired rounds, or the sums of user CPU, with the first contender', () => {
    const cpuRatio = { p20: 9, median: 1.04, low: 1, high: 9 };
    const split = { user: 1, system: 1, cpuRatio, userRatio: { ...cpuRatio, median: 9 }, userTimes: 1.12 };
    const measured = [row('node', 1, 1), { ...row('ours', 1, 1), split }];
    const total = judge({ contender: 'ours', atMostTimes: 1.05, of: 'cpu' }, measured);
    const user = judge({ contender: 'ours', atMostTimes: 1.1, of: 'user' }, measured);
    expect(total).toMatchObject({ reach: '<= 1.05x node (CPU, median of paired rounds)', reached: 1.04, isMet: true });
    expect(user).toMatchObject({ reach: '<= 1.1x node (user CPU, sum of rounds)', reached: 1.12, isMet: false });
  });

  test('rejects a target for CPU where the benchmark does not split it', () => {
    expect(() => judge({ contender: 'ours', atMostTimes: 1, of: 'cpu' }, rows)).toThrow('does not split');
  });

  test('holds a counter to its limit', () => {
    const target = { contender: 'ours', counter: 'copied B', atMost: 5 };
    expect(judge(target, rows)).toMatchObject({ reach: '<= 5 copied B', reached: 5, isMet: true });
    expect(judge({ ...target, atMost: 4.9 }, rows).isMet).toBe(false);
  });

  test('counts a ratio that is no number as missed', () => {
    const broken = [row('ours', NaN, NaN), row('peer', 50, 60)];
    expect(judge({ contender: 'ours', atLeast: 1, than: 'peer' }, broken).isMet).toBe(false);
  });

  test('rejects a target that names nobody', () => {
    expect(() => judge({ contender: 'ours', atLeast: 1, than: 'nobody' }, rows)).toThrow('nobody');
    expect(() => judge({ contender: 'peer', counter: 'copied B', atMost: 1 }, rows)).toThrow('copied B');
  });
});
