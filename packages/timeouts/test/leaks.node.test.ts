import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { TestClock } from '@millrace/testkit';
import {
  TimeoutError,
  TimerEntry,
  TimerRing,
  hostTimers,
  openCancelScope,
  sleep,
  watchOp,
  withTimeout,
} from '../src/index.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Bytes by which the heap is larger after `run` than after a first run of it, which is to warm up. */
async function growth(run: () => Promise<void> | void): Promise<number> {
  await run();
  gc!();
  const before = process.memoryUsage().heapUsed;
  await run();
  gc!();
  return process.memoryUsage().heapUsed - before;
}

const SLACK_BYTES = 1_000_000;

describe('the heap', () => {
  test('is as large after 1e7 times arm and disarm as before', async () => {
    class Entry extends TimerEntry {
      override onExpire(): void {}
    }
    const ring = new TimerRing(hostTimers);
    const entries = Array.from({ length: 100 }, () => new Entry());
    const grown = await growth(() => {
      for (let i = 0; i < 5_000_000; i++) {
        const entry = entries[i % 100]!;
        ring.disarm(entry);
        ring.arm(entry, 5000 + (i % 1000));
      }
      for (const entry of entries) ring.disarm(entry);
    });
    expect(grown).toBeLessThan(SLACK_BYTES);
  });

  test('is as large after 1e6 operations on one signal, which carries no listener at the end', async () => {
    const { signal } = new AbortController();
    const nobody = { onCancel: (): void => {} };
    let most = 0;
    const grown = await growth(async () => {
      for (let i = 0; i < 500_000; i++) {
        const watch = watchOp({ signal, timeoutMs: 5000 }, nobody);
        if (i % 10_000 === 0) {
          most = Math.max(most, getEventListeners(signal, 'abort').length);
          await turn();
        }
        watch?.release();
      }
    });
    expect([most, getEventListeners(signal, 'abort').length]).toEqual([1, 0]);
    expect(grown).toBeLessThan(SLACK_BYTES);
  });

  test('is as large after many calls that were in time', async () => {
    const grown = await growth(async () => {
      for (let i = 0; i < 100_000; i++) await withTimeout(5000, () => Promise.resolve(i));
    });
    expect(grown).toBeLessThan(SLACK_BYTES);
  });

  test('does not hold a scope that was forgotten by its outer scope’s user', async () => {
    const outer = openCancelScope({ timeoutMs: 60_000 });
    const inner = new WeakRef(openCancelScope({ scope: outer, timeoutMs: 50_000 }));
    await inner.deref()!.race(Promise.resolve());
    await turn();
    gc!();
    expect(inner.deref()).toBe(undefined);
    outer.cancel();
  });

  test('does not hold a clock, nor its ring, that nobody uses', async () => {
    const clock = new WeakRef(new TestClock());
    await withTimeout(5, () => Promise.resolve(), { timers: clock.deref() });
    await turn();
    gc!();
    expect(clock.deref()).toBe(undefined);
  });
});

describe('a rejection after the end', () => {
  async function unhandledDuring(run: () => Promise<void>): Promise<unknown[]> {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      await run();
      await turn();
      return unhandled.mock.calls.map(([reason]) => reason as unknown);
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  }

  test('of a promise that lost its race is not unhandled', async () => {
    const seen = await unhandledDuring(async () => {
      const scope = openCancelScope();
      let fail: (error: Error) => void = () => {};
      const waiting = scope.race(new Promise((_, reject) => (fail = reject)));
      scope.cancel('over');
      await expect(waiting).rejects.toBe('over');
      fail(new Error('late'));
      await expect(scope.race(Promise.reject(new Error('later')))).rejects.toBe('over');
    });
    expect(seen).toEqual([]);
  });

  test('of work that was out of time is not unhandled', async () => {
    const seen = await unhandledDuring(async () => {
      const timers = new TestClock();
      const result = withTimeout(5, (scope) => sleep(10, { scope }), { timers });
      const expectation = expect(result).rejects.toBeInstanceOf(TimeoutError);
      await timers.advanceAsync(20);
      await expectation;
    });
    expect(seen).toEqual([]);
  });

  test('which onLate throws is', async () => {
    const failure = new Error('cannot take it back');
    const seen = await unhandledDuring(async () => {
      const timers = new TestClock();
      const onLate = (): void => {
        throw failure;
      };
      const result = withTimeout(5, () => sleep(10, { timers }), { timers, onLate });
      const expectation = expect(result).rejects.toBeInstanceOf(TimeoutError);
      await timers.advanceAsync(20);
      await expectation;
    });
    expect(seen).toEqual([failure]);
  });
});
