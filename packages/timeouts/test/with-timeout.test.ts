import { describe, expect, test, vi } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { TimeoutError, openCancelScope, sleep, withTimeout } from '../src/index.js';
import type { CancelScope } from '../src/index.js';
import { abortListeners } from './abort-listeners.js';

const forever = (): Promise<never> => new Promise(() => {});

describe('withTimeout', () => {
  test('gives what run gives, or throws what run throws, and disarms', async () => {
    const timers = new TestClock();
    await expect(withTimeout(10, async () => 'value', { timers })).resolves.toBe('value');
    const failure = new Error('no');
    await expect(withTimeout(10, () => Promise.reject(failure), { timers })).rejects.toBe(failure);
    const throws = (): never => {
      throw failure;
    };
    await expect(withTimeout(10, throws, { timers })).rejects.toBe(failure);
    expect(timers.pending).toBe(0);
  });

  test('rejects at expiry without waiting for run, whose scope is cancelled', async () => {
    const timers = new TestClock();
    let seen: CancelScope | undefined;
    let finish: (value: string) => void = () => {};
    const result = withTimeout(
      10,
      (scope) => {
        seen = scope;
        return new Promise<string>((resolve) => (finish = resolve));
      },
      { timers },
    );
    await timers.advanceAsync(9.999);
    expect(seen?.isCancelled).toBe(false);
    timers.advance(0.001);
    await expect(result).rejects.toMatchObject({ code: 'ERR_TIMEOUTS_EXPIRED', timeoutMs: 10, elapsedMs: 10 });
    expect(seen?.isCancelled).toBe(true);
    expect(timers.pending).toBe(0);
    finish('too late');
  });

  test('names the operation in the error, if it was told', async () => {
    const timers = new TestClock();
    const result = withTimeout(10, forever, { timers, operation: 'load the page' });
    timers.advance(10);
    await expect(result).rejects.toThrow('load the page timed out after 10 ms (budget 10 ms)');
  });

  test.each([NaN, -1])('rejects a limit of %d ms without a call', async (limit) => {
    const run = vi.fn(forever);
    await expect(withTimeout(limit, run)).rejects.toBeInstanceOf(RangeError);
    await expect(withTimeout(1, run, { timeoutMs: limit })).rejects.toBeInstanceOf(RangeError);
    expect(run).not.toHaveBeenCalled();
  });

  test('does not begin when a limit is reached already', async () => {
    const run = vi.fn(forever);
    const timers = new TestClock();
    await expect(withTimeout(0, run, { timers })).rejects.toBeInstanceOf(TimeoutError);
    await expect(withTimeout(5, run, { timers, signal: AbortSignal.abort('stop') })).rejects.toBe('stop');
    expect(run).not.toHaveBeenCalled();
    expect(timers.pending).toBe(0);
  });

  test('sets no limit with Infinity', async () => {
    const timers = new TestClock();
    const result = withTimeout(Infinity, (scope) => sleep(1e6, { scope }), { timers });
    await timers.runAllAsync();
    await result;
    expect(timers.now()).toBe(1e6);
  });

  test('the earliest of its limit and those in op counts', async () => {
    const timers = new TestClock();
    const expiries = [
      withTimeout(10, forever, { timers, timeoutMs: 20 }),
      withTimeout(20, forever, { timers, timeoutMs: 10 }),
      withTimeout(20, forever, { scope: openCancelScope({ timers, timeoutMs: 10 }) }),
    ].map((result) => expect(result).rejects.toMatchObject({ timeoutMs: 10 }));
    await timers.advanceAsync(10);
    await Promise.all(expiries);
  });

  test('rethrows the reason of the signal untouched and lets go of it', async () => {
    const controller = new AbortController();
    const reason = { mine: true };
    const result = withTimeout(10, forever, { timers: new TestClock(), signal: controller.signal });
    controller.abort(reason);
    await expect(result).rejects.toBe(reason);
    expect(abortListeners(controller.signal)).toBe(0);
  });
});
