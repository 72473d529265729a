import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { Deadline, TimeoutError, openCancelScope, sleep } from '../src/index.js';
import type { TimerSource } from '../src/index.js';
import { abortListeners } from './abort-listeners.js';

describe('sleep', () => {
  test('resolves when the time has come and not before', async () => {
    const timers = new TestClock();
    let isAwake = false;
    const sleeping = sleep(25, { timers }).then(() => (isAwake = true));
    await timers.advanceAsync(24.9);
    expect(isAwake).toBe(false);
    await timers.advanceAsync(0.1);
    expect(isAwake).toBe(true);
    await sleeping;
    expect(timers.pending).toBe(0);
  });

  test.each([NaN, -1, '1' as unknown as number])('rejects a duration of %s', async (ms) => {
    await expect(sleep(ms)).rejects.toBeInstanceOf(RangeError);
    await expect(sleep(1, { timeoutMs: ms })).rejects.toBeInstanceOf(RangeError);
  });

  test('ends with the earliest limit and leaves no timer', async () => {
    const timers = new TestClock();
    const outcome = expect(sleep(100, { timers, timeoutMs: 10 })).rejects.toMatchObject({
      operation: 'sleep',
      timeoutMs: 10,
    });
    await timers.advanceAsync(10);
    await outcome;
    await expect(sleep(5, { timers, deadline: Deadline.after(0, timers) })).rejects.toBeInstanceOf(TimeoutError);
    expect(timers.pending).toBe(0);
  });

  test('rejects with the reason when it is aborted before or during', async () => {
    const timers = new TestClock();
    const controller = new AbortController();
    const sleeping = sleep(10, { timers, signal: controller.signal });
    controller.abort('stop');
    await expect(sleeping).rejects.toBe('stop');
    await expect(sleep(10, { timers, signal: controller.signal })).rejects.toBe('stop');
    const scope = openCancelScope({ timers });
    const inScope = sleep(10, { scope });
    scope.cancel('enough');
    await expect(inScope).rejects.toBe('enough');
    expect(timers.pending).toBe(0);
    expect(abortListeners(controller.signal)).toBe(0);
  });

  test('lasts as long as asked on a clock that calls back early', async () => {
    const clock = new TestClock();
    const hasty: TimerSource = { now: () => clock.now(), callLater: (ms, fn) => clock.callLater(ms * 0.5, fn) };
    let wokeAt: number | undefined;
    const sleeping = sleep(64, { timers: hasty }).then(() => (wokeAt = clock.now()));
    await clock.runAllAsync();
    await sleeping;
    expect(wokeAt).toBeGreaterThanOrEqual(64);
    expect(wokeAt).toBeLessThan(66);
  });

  test('lasts longer than a host timer can, or without end', async () => {
    const timers = new TestClock();
    let isAwake = false;
    const sleeping = sleep(2 ** 31 + 5, { timers }).then(() => (isAwake = true));
    const controller = new AbortController();
    const endless = sleep(Infinity, { timers, signal: controller.signal });
    await timers.advanceAsync(2 ** 31 + 4);
    expect(isAwake).toBe(false);
    await timers.advanceAsync(2 ** 40);
    await sleeping;
    controller.abort('morning');
    await expect(endless).rejects.toBe('morning');
    expect(timers.pending).toBe(0);
  });
});
