import { TestClock } from '@millrace/testkit';
import type { CancelScope } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { once } from '../src/index.js';
import { settled } from './settled.js';

/** Runs that the test settles. */
class Runs<T> {
  readonly scopes: CancelScope[] = [];
  readonly settle: { resolve: (value: T) => void; reject: (error: unknown) => void }[] = [];

  readonly run = (scope: CancelScope): Promise<T> => {
    this.scopes.push(scope);
    return new Promise((resolve, reject) => this.settle.push({ resolve, reject }));
  };
}

describe('once', () => {
  test('runs on the first call, and returns the same value ever after', async () => {
    const runs = new Runs<string>();
    const get = once(runs.run);
    expect(get.tryGet()).toBeUndefined();
    expect(runs.settle).toHaveLength(0);
    const waits = [get(), get()];
    expect(get.stats()).toEqual({ isDone: false, waiting: 2 });
    runs.settle[0]?.resolve('value');
    expect(await Promise.all(waits)).toEqual(['value', 'value']);
    expect(await get()).toBe('value');
    expect(get.tryGet()).toEqual({ value: 'value' });
    expect(get.stats()).toEqual({ isDone: true, waiting: 0 });
    expect(runs.settle).toHaveLength(1);
    await expect(get({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
  });

  test('remembers undefined, too', async () => {
    let runs = 0;
    const get = once(async () => void runs++);
    await get();
    await get();
    expect(runs).toBe(1);
    expect(get.tryGet()).toEqual({ value: undefined });
  });

  test('fails all who wait, and runs again for the next', async () => {
    const runs = new Runs<string>();
    const get = once(runs.run);
    const waits = [get(), get()];
    const error = new Error('not today');
    runs.settle[0]?.reject(error);
    for (const wait of waits) await expect(wait).rejects.toBe(error);
    const again = get();
    runs.settle[1]?.resolve('value');
    expect(await again).toBe('value');
  });

  test('turns what is thrown at once into a rejection', async () => {
    const get = once((): Promise<string> => {
      throw new Error('thrown');
    });
    await expect(get()).rejects.toThrow('thrown');
  });

  test('lets one give up and the others wait', async () => {
    const clock = new TestClock();
    const runs = new Runs<string>();
    const get = once(runs.run, { timers: clock, name: 'config' });
    const hasty = get({ timeoutMs: 5 });
    const patient = get();
    clock.advance(5);
    await expect(hasty).rejects.toMatchObject({ operation: 'config.get' });
    expect(runs.scopes[0]?.isCancelled).toBe(false);
    runs.settle[0]?.resolve('value');
    expect(await patient).toBe('value');
    expect(clock.pending).toBe(0);
  });

  test('cancels the run when all have given up, and starts another for the next', async () => {
    const late: string[] = [];
    const runs = new Runs<string>();
    const get = once(runs.run, { onLate: (value) => void late.push(value) });
    const controller = new AbortController();
    const waits = [get({ signal: controller.signal }), get({ signal: controller.signal })];
    controller.abort('all gone');
    for (const wait of waits) await expect(wait).rejects.toBe('all gone');
    expect(runs.scopes[0]?.signal.reason).toBe('all gone');
    const next = get();
    runs.settle[0]?.resolve('too late');
    expect(await settled(next)).toBe('pending');
    expect(late).toEqual(['too late']);
    runs.settle[1]?.resolve('value');
    expect(await next).toBe('value');
    expect(late).toEqual(['too late']);
  });

  test('drops a late failure, and a late value that nobody asked for', async () => {
    for (const outcome of ['resolve', 'reject'] as const) {
      const runs = new Runs<string>();
      const get = once(runs.run);
      const controller = new AbortController();
      const wait = get({ signal: controller.signal });
      controller.abort('gone');
      await expect(wait).rejects.toBe('gone');
      runs.settle[0]?.[outcome]('late');
      await settled(Promise.resolve());
      expect(get.tryGet()).toBeUndefined();
    }
  });
});
