import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Barrier, Event, Lock, Semaphore } from '../src/index.js';

const OPERATIONS = 1_000_000;

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

describe('one signal that is never aborted', () => {
  test('has no listener after a million waits, and the heap has not grown', { timeout: 120_000 }, async () => {
    const { signal } = new AbortController();
    const [lock, semaphore, event, barrier] = [new Lock(), new Semaphore(2), new Event(), new Barrier(2)];
    /** Four waits, each of which has to wait. */
    const round = async (): Promise<void> => {
      const held = await lock.lock({ signal });
      const next = lock.lock({ signal });
      const permits = await semaphore.acquire(2, { signal });
      const more = semaphore.acquire(1, { signal });
      const happened = event.wait({ signal });
      const met = barrier.wait({ signal });
      held.release();
      permits.release();
      event.set();
      event.clear();
      await barrier.wait({ signal });
      (await next).release();
      (await more).release();
      await happened;
      await met;
    };
    for (let i = 0; i < 2000; i++) await round();
    const before = heapBytes();
    for (let operations = 0; operations < OPERATIONS; operations += 4) await round();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(heapBytes() - before).toBeLessThan(200_000);
  });
});
