import { describe, expect, test } from 'vitest';
import { singleFlight } from '../src/index.js';
import { settled } from './settled.js';

interface Flown {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly resolve: (value: number) => void;
  readonly reject: (error: unknown) => void;
}

function flights(onLate?: (value: number) => void): {
  get: ReturnType<typeof singleFlight<string, number>>;
  runs: Flown[];
} {
  const runs: Flown[] = [];
  const get = singleFlight<string, number>(
    (key, scope) =>
      new Promise((resolve, reject) => {
        runs.push({ key, signal: scope.signal, resolve, reject });
      }),
    { onLate },
  );
  return { get, runs };
}

describe('singleFlight', () => {
  test('runs once at a time for each key', async () => {
    const { get, runs } = flights();
    const waits = [get('a'), get('b'), get('a')];
    expect(runs.map((run) => run.key)).toEqual(['a', 'b']);
    expect(get.stats()).toEqual({ running: 2, waiting: 3 });
    runs[0]?.resolve(1);
    runs[1]?.resolve(2);
    expect(await Promise.all(waits)).toEqual([1, 2, 1]);
    expect(get.stats()).toEqual({ running: 0, waiting: 0 });
  });

  test('remembers nothing, neither value nor error', async () => {
    const { get, runs } = flights();
    const first = get('a');
    runs[0]?.reject('failed');
    await expect(first).rejects.toBe('failed');
    const second = get('a');
    runs[1]?.resolve(2);
    expect(await second).toBe(2);
    const third = get('a');
    expect(runs).toHaveLength(3);
    runs[2]?.resolve(3);
    expect(await third).toBe(3);
  });

  test('joins a run, or does nothing', async () => {
    const { get, runs } = flights();
    expect(get.tryJoin('a')).toBeUndefined();
    const wait = get('a');
    const joined = get.tryJoin('a');
    await expect(get.tryJoin('a', { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    runs[0]?.resolve(1);
    expect(await Promise.all([wait, joined])).toEqual([1, 1]);
    expect(runs).toHaveLength(1);
  });

  test('cancels a run that nobody waits for any more, and hands its value to onLate', async () => {
    const late: number[] = [];
    const { get, runs } = flights((value) => void late.push(value));
    const controller = new AbortController();
    const hasty = get('a', { signal: controller.signal });
    const patient = get('a', { signal: new AbortController().signal });
    controller.abort('gone');
    await expect(hasty).rejects.toBe('gone');
    expect(runs[0]?.signal.aborted).toBe(false);
    runs[0]?.resolve(1);
    expect(await patient).toBe(1);

    const another = new AbortController();
    const left = get('a', { signal: another.signal });
    another.abort('left');
    await expect(left).rejects.toBe('left');
    expect(runs[1]?.signal.reason).toBe('left');
    expect(get.stats().running).toBe(0);
    const next = get('a');
    runs[1]?.resolve(7);
    runs[2]?.resolve(8);
    expect(await next).toBe(8);
    expect(late).toEqual([7]);
    await expect(get('a', { timeoutMs: 0 })).rejects.toThrow('singleFlight.get timed out');
    expect(runs).toHaveLength(3);
  });

  test('forgets a run on demand, which goes on for those who wait', async () => {
    const { get, runs } = flights();
    const old = get('a');
    get.forget('a');
    const fresh = get('a');
    runs[0]?.resolve(1);
    expect(await old).toBe(1);
    expect(await settled(fresh)).toBe('pending');
    expect(get.stats()).toEqual({ running: 1, waiting: 1 });
    runs[1]?.resolve(2);
    expect(await fresh).toBe(2);
  });

  test('can be called for another key, and again for its own, while it runs', async () => {
    const log: string[] = [];
    const get: ReturnType<typeof singleFlight<string, number>> = singleFlight(async (key) => {
      log.push(key);
      if (key === 'outer') return (await get('inner')) + 1;
      void get('inner').then((value) => log.push(`inner: ${value}`));
      return 1;
    });
    expect(await get('outer')).toBe(2);
    expect(log).toEqual(['outer', 'inner', 'inner: 1']);
  });
});
