import { describe, expect, test } from 'vitest';
import { splitCpu } from '../src/kit/cpu-split.js';

const sample = (userNs: number, systemNs: number) => ({ elapsedNs: 0, cpuNs: userNs + systemNs, userNs });

describe('splitCpu', () => {
  test('compares each round with the same round of the first contender', () => {
    const first = [sample(2, 8), sample(20, 80), sample(200, 800)]; // a machine that slows down
    const split = splitCpu([sample(3, 8), sample(30, 80), sample(300, 800)], first);
    expect(split.cpuRatio.median).toBeCloseTo(1.1);
    expect(split.cpuRatio.high - split.cpuRatio.low).toBeCloseTo(0);
    expect(split.userRatio.median).toBeCloseTo(1.5);
  });

  test('sums user CPU over the rounds, so that one round without a tick of it does no harm', () => {
    const split = splitCpu([sample(4, 6), sample(8, 2)], [sample(0, 10), sample(10, 0)]);
    expect(split).toMatchObject({ user: 6, system: 4, userTimes: 1.2 });
  });
});
