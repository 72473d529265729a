import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { AsyncQueue } from '../src/index.js';
import { select } from '../src/select.js';

const OPERATIONS = 1_000_000;

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

describe('one signal that is never aborted', () => {
  test('has no listener after a million operations, and the heap has not grown', { timeout: 120_000 }, async () => {
    const { signal } = new AbortController();
    const op = { signal };
    const queue = new AsyncQueue<number>({ capacity: 1 });
    const other = new AsyncQueue<number>({ capacity: 1 });
    /** Four operations, each of which has to wait. */
    const round = async (): Promise<void> => {
      const taken = queue.take(op);
      const selected = select([other.taking(), queue.taking()], op);
      queue.tryPut(1);
      queue.tryPut(2);
      queue.tryPut(3);
      const put = queue.put(4, op);
      const joined = queue.join(op);
      queue.tryTake();
      queue.tryTake();
      for (let i = 0; i < 4; i++) queue.taskDone();
      await taken;
      await selected;
      await put;
      await joined;
    };
    for (let i = 0; i < 2000; i++) await round();
    const before = heapBytes();
    for (let operations = 0; operations < OPERATIONS; operations += 4) await round();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(heapBytes() - before).toBeLessThan(200_000);
    expect([queue.size, queue.waitingTakers, queue.waitingPutters, other.waitingTakers]).toEqual([0, 0, 0, 0]);
  });
});

describe('the fast paths', () => {
  /** Bytes allocated per run. */
  function allocated(run: () => void): number {
    for (let i = 0; i < 20_000; i++) run();
    let least = Infinity;
    // The least of some: the compiler allocates, too, when it likes.
    for (let attempt = 0; attempt < 5; attempt++) {
      heapBytes();
      const start = process.memoryUsage().heapUsed;
      for (let i = 0; i < 10_000; i++) run();
      least = Math.min(least, (process.memoryUsage().heapUsed - start) / 10_000);
    }
    return least;
  }

  test('of tryPut and tryTake allocate nothing, in any order of taking and with weights', () => {
    for (const order of ['fifo', 'lifo'] as const) {
      for (const weigh of [undefined, (item: string) => item.length]) {
        const queue = new AsyncQueue<string>({ capacity: 100, order, weigh });
        queue.tryPut('first');
        const bytes = allocated(() => {
          queue.tryPut('item');
          queue.tryTake();
        });
        expect(bytes).toBeLessThan(1);
      }
    }
  });
});

describe('a ring', () => {
  test('gives its memory back when it is empty', () => {
    const queue = new AsyncQueue<number>({ capacity: Infinity });
    queue.tryPut(0);
    queue.tryTake();
    const before = heapBytes();
    for (let i = 0; i < 200_000; i++) queue.tryPut(i);
    expect(heapBytes() - before).toBeGreaterThan(1_000_000);
    while (queue.size > 0) queue.tryTake();
    expect(heapBytes() - before).toBeLessThan(100_000);
  });
});
