import { TestClock } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { Barrier, SyncClosedError } from '../src/index.js';
import { settled } from './settled.js';

describe('Barrier', () => {
  test('lets all go on when the last one has come, each with a number of its own', async () => {
    const barrier = new Barrier(3);
    const first = [barrier.wait(), barrier.wait()];
    expect(barrier.stats()).toEqual({ parties: 3, waiting: 2 });
    expect(await settled(Promise.race(first))).toBe('pending');
    expect(await Promise.all([...first, barrier.wait()])).toEqual([0, 1, 2]);
    expect(barrier.stats().waiting).toBe(0);
  });

  test('begins the next round at once: who comes in the same tick belongs to it', async () => {
    const barrier = new Barrier(2);
    const rounds = [barrier.wait(), barrier.wait(), barrier.wait()];
    expect(await Promise.all(rounds.slice(0, 2))).toEqual([0, 1]);
    expect(await settled(rounds[2] ?? Promise.resolve())).toBe('pending');
    expect(await Promise.all([rounds[2], barrier.wait()])).toEqual([0, 1]);
  });

  test('does not hold up a single party', async () => {
    const barrier = new Barrier(1);
    expect(await barrier.wait()).toBe(0);
    expect(barrier.tryWait()).toBe(0);
    expect(() => new Barrier(0)).toThrow('expected parties to be an integer of at least 1, saw 0');
    expect(() => new Barrier(1.5)).toThrow(RangeError);
  });

  test('does not count one who gave up', async () => {
    const clock = new TestClock();
    const barrier = new Barrier(3, { timers: clock });
    const gone = barrier.wait({ timeoutMs: 5 });
    const first = barrier.wait();
    clock.advance(5);
    await expect(gone).rejects.toMatchObject({ operation: 'Barrier.wait' });
    const second = barrier.wait();
    expect(await settled(first)).toBe('pending');
    expect(await Promise.all([first, second, barrier.wait()])).toEqual([0, 1, 2]);
    await expect(barrier.wait({ timeoutMs: 0 })).rejects.toThrow('timed out');
    expect(barrier.stats().waiting).toBe(0);
  });

  test('only tries to be the last one', async () => {
    const barrier = new Barrier(2);
    expect(barrier.tryWait()).toBeUndefined();
    expect(barrier.stats().waiting).toBe(0);
    const wait = barrier.wait();
    expect(barrier.tryWait()).toBe(1);
    expect(await wait).toBe(0);
  });

  test('can be reset: the round ends in errors, the next one is as good as new', async () => {
    const barrier = new Barrier(3);
    const waits = [barrier.wait(), barrier.wait()];
    barrier.reset();
    for (const wait of waits) await expect(wait).rejects.toThrow('this round of Barrier was closed');
    barrier.reset();
    expect(await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()])).toEqual([0, 1, 2]);
  });

  test('ends all waits on close', async () => {
    const barrier = new Barrier(2);
    const wait = barrier.wait();
    barrier.close();
    await expect(wait).rejects.toThrow(SyncClosedError);
    await expect(barrier.wait()).rejects.toThrow('Barrier was closed');
    expect(barrier.tryWait()).toBeUndefined();
  });
});
