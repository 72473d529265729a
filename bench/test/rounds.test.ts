import { describe, expect, test } from 'vitest';
import type { Benchmark, Contender } from '../src/kit/contender.js';
import { toResult } from '../src/kit/result.js';
import { timeRounds, wholeBatches } from '../src/kit/rounds.js';
import { verify } from '../src/kit/verify.js';

const contender = (name: string, log: string[], result: unknown = 42): Contender => ({
  name,
  check: () => result,
  run: (count) => {
    log.push(`${name}${count}`);
  },
  begin: () => {
    log.push(`begin ${name}`);
  },
  close: () => {
    log.push(`close ${name}`);
  },
});

const benchmark = (contenders: Contender[], more: Partial<Benchmark> = {}): Benchmark => ({
  name: 'test',
  title: 'a test',
  operation: 'call',
  count: 10,
  sampleMs: 0,
  open: () => contenders,
  ...more,
});

describe('verify', () => {
  test('accepts results that are deeply equal, also when they come later', async () => {
    const later: Contender = { ...contender('b', []), check: () => Promise.resolve({ rows: [1, 2] }) };
    await verify([contender('a', [], { rows: [1, 2] }), later]);
  });

  test('names the two that disagree', async () => {
    const contenders = [contender('a', [], [1]), contender('b', [], [1]), contender('c', [], ['1'])];
    await expect(verify(contenders)).rejects.toThrow('c and a disagree');
  });

  test('does not take nothing for a result', async () => {
    const silent: Contender = { ...contender('a', []), check: () => undefined };
    await expect(verify([silent])).rejects.toThrow('a gave no result');
    await expect(verify([])).rejects.toThrow('at least one contender');
  });
});

describe('timeRounds', () => {
  test('runs the contenders in turn, each of them first once, and closes them', async () => {
    const log: string[] = [];
    const timings = await timeRounds(benchmark([contender('a', log), contender('b', log)]), 2);
    expect(log).toEqual([
      'a5',
      'a5',
      'b5',
      'b5',
      'begin a',
      'begin b',
      'a10',
      'b10',
      'b10',
      'a10',
      'close a',
      'close b',
    ]);
    expect(timings.map((t) => [t.contender, t.samples.length])).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
  });

  test('times nothing where the results differ, and closes the contenders', async () => {
    const log: string[] = [];
    const differing = benchmark([contender('a', log, 1), contender('b', log, 2)]);
    await expect(timeRounds(differing, 3)).rejects.toThrow('b and a disagree');
    expect(log).toEqual(['close a', 'close b']);
  });

  test('lets a fast contender do more in its turn, so that it is long enough to be measured', async () => {
    const log: string[] = [];
    await timeRounds(benchmark([contender('a', log)], { sampleMs: 1000 }), 1);
    expect(log).toEqual(['a5', 'a5', 'begin a', 'a640', 'close a']);
  });

  test('sizes turns by CPU where it is split: who waits for the machine measures nothing meanwhile', async () => {
    const log: string[] = [];
    let used = 0;
    const busy: Contender = {
      ...contender('a', log),
      run: (count) => {
        log.push(`run ${count}`);
        used += count * 10; // microseconds
      },
      cpuUsage: () => Promise.resolve({ user: used / 2, system: used / 2 }),
    };
    const [timing] = await timeRounds(benchmark([busy], { sampleMs: 2, splitsCpu: true }), 1);
    expect(log).toContain('run 200'); // 2 ms of 10 us each
    expect(timing?.samples[0]).toMatchObject({ cpuNs: 10_000, userNs: 5_000 });
  });

  test('counts in whole batches', async () => {
    const log: string[] = [];
    await timeRounds(benchmark([contender('a', log)], { batch: 4 }), 1);
    expect(log).toEqual(['a8', 'a8', 'begin a', 'a12', 'close a']);
    expect(wholeBatches(0.5)).toBe(1);
  });

  test('gives counters and ratios to the first contender', async () => {
    const log: string[] = [];
    const counting: Contender = { ...contender('b', log), counters: () => ({ 'copied B': 7 }) };
    const chosen = benchmark([contender('a', log), counting], {
      targets: [{ contender: 'b', counter: 'allocated B', atMost: 1 }],
    });
    const allocations = [{ contender: 'b', heapBytes: 3, offHeapBytes: 2, retainedBytes: 1 }];
    const { rows, targets, rounds } = toResult(chosen, await timeRounds(chosen, 3), allocations);
    expect(rounds).toBe(3);
    expect(rows[0]).toMatchObject({ contender: 'a', timeRatio: 1, counters: {} });
    expect(rows[1]?.counters).toEqual({ 'copied B': 7, 'allocated B': 3, 'off-heap B': 2, 'retained B': 1 });
    expect(targets).toMatchObject([{ isMet: false, reached: 3 }]);
  });
});
