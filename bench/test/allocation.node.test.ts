import { describe, expect, test } from 'vitest';
import { measureAllocation } from '../src/kit/allocation.js';
import type { Contender } from '../src/kit/contender.js';

const kept: unknown[] = [];
const contender = (name: string, once: () => void): Contender => ({
  name,
  check: () => 1,
  run: (count) => {
    for (let i = 0; i < count; i++) once();
  },
});

describe('measureAllocation', () => {
  test('tells nothing, garbage, what is kept and what is off the heap apart', async () => {
    let sum = 0;
    let last: unknown;
    const results = await measureAllocation({
      name: 'test',
      title: 'a test',
      operation: 'call',
      count: 2000,
      allocationCount: 2000,
      open: () => [
        contender('nothing', () => (sum += 1)),
        contender('garbage', () => (last = new Array<number>(30).fill(sum))),
        contender('kept', () => kept.push(new Array<number>(30).fill(sum))),
        contender('off the heap', () => (last = new Uint8Array(1000))),
      ],
    });
    kept.length = 0;
    expect(last).toBeInstanceOf(Uint8Array);
    const [nothing, garbage, retained, offHeap] = results;
    expect(nothing?.heapBytes).toBeLessThan(8);
    expect(garbage?.heapBytes).toBeGreaterThan(240);
    expect(garbage?.retainedBytes).toBeLessThan(8);
    expect(retained?.retainedBytes).toBeGreaterThan(200);
    expect(offHeap?.offHeapBytes).toBeGreaterThan(900);
  });
});
