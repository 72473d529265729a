import { TestClock } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Semaphore, SyncClosedError } from '../src/index.js';
import type { Lease } from '../src/index.js';
import { settled } from './settled.js';

describe('Semaphore.acquire', () => {
  test('gives out its permits, and then what comes back', async () => {
    const semaphore = new Semaphore(2);
    const first = await semaphore.acquire();
    await semaphore.acquire();
    expect(semaphore.stats()).toEqual({ capacity: 2, available: 0, waiting: 0 });
    const third = semaphore.acquire();
    expect(await settled(third)).toBe('pending');
    first.release();
    await third;
    expect(semaphore.stats()).toEqual({ capacity: 2, available: 0, waiting: 0 });
  });

  test('lets nobody overtake one who wants many', async () => {
    const semaphore = new Semaphore(3);
    const held = await semaphore.acquire(2);
    const heavy = semaphore.acquire(3);
    const light = semaphore.acquire(1);
    expect(semaphore.tryAcquire(1)).toBeUndefined();
    expect(semaphore.stats()).toEqual({ capacity: 3, available: 1, waiting: 2 });
    held.release();
    const all = await heavy;
    expect(await settled(light)).toBe('pending');
    all.release();
    expect((await light).isHeld).toBe(true);
  });

  test('serves everybody behind one who gives up, as far as the permits go', async () => {
    const clock = new TestClock();
    const semaphore = new Semaphore(3, { timers: clock });
    await semaphore.acquire(1);
    const heavy = semaphore.acquire(3, { timeoutMs: 5 });
    const light = [semaphore.acquire(1), semaphore.acquire(1), semaphore.acquire(1)];
    clock.advance(5);
    await expect(heavy).rejects.toMatchObject({ operation: 'Semaphore.acquire' });
    expect(await Promise.all(light.map((wait) => settled(wait)))).toEqual(['fulfilled', 'fulfilled', 'pending']);
  });

  test('refuses what it could never give', async () => {
    const semaphore = new Semaphore(2);
    await expect(semaphore.acquire(3)).rejects.toThrow('expected permits to be an integer from 1 to 2, saw 3');
    await expect(semaphore.acquire(0)).rejects.toThrow(RangeError);
    expect(() => semaphore.tryAcquire(1.5)).toThrow(RangeError);
    expect(() => new Semaphore(0)).toThrow('expected capacity to be an integer of at least 1, saw 0');
    const text = '2' as unknown as number;
    await expect(semaphore.acquire(text)).rejects.toThrow("saw '2' (a string)");
    expect(() => new Semaphore(text)).toThrow("saw '2' (a string)");
    expect(() => new Semaphore(undefined as unknown as number)).toThrow('saw undefined');
    expect(semaphore.stats().available).toBe(2);
  });

  test('gives back as much as was taken', () => {
    const semaphore = new Semaphore(5);
    const leases = [semaphore.tryAcquire(2), semaphore.tryAcquire(3)];
    for (const lease of leases) lease?.release();
    expect(semaphore.stats().available).toBe(5);
    expect(() => leases[0]?.release()).toThrow('expected a lease of Semaphore that is held');
    expect(semaphore.stats().available).toBe(5);
  });

  test('never has more out than its capacity, nor anybody waiting for what is there', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('acquire' as const), permits: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constantFrom('release' as const, 'abort' as const), which: fc.nat(20) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const semaphore = new Semaphore(4);
        const model: {
          permits: number;
          state: 'waits' | 'holds' | 'gone';
          controller: AbortController;
          lease?: Lease;
        }[] = [];
        const serve = (): void => {
          let left = 4 - model.reduce((sum, { state, permits }) => sum + (state === 'holds' ? permits : 0), 0);
          for (const user of model.filter(({ state }) => state === 'waits')) {
            if (user.permits > left) return;
            left -= user.permits;
            user.state = 'holds';
          }
        };
        for (const next of steps) {
          if (next.do === 'acquire') {
            const controller = new AbortController();
            const user: (typeof model)[number] = { permits: next.permits, state: 'waits', controller };
            const tried = semaphore.tryAcquire(next.permits);
            if (tried !== undefined) user.lease = tried;
            else {
              semaphore.acquire(next.permits, { signal: controller.signal }).then(
                (lease) => (user.lease = lease),
                () => {},
              );
            }
            model.push(user);
          } else {
            const user = model[next.which];
            if (user === undefined) continue;
            if (next.do === 'abort' && user.state === 'waits') {
              user.controller.abort();
              user.state = 'gone';
            }
            if (next.do === 'release' && user.lease?.isHeld === true) {
              user.lease.release();
              user.state = 'gone';
            }
          }
          serve();
          const held = model.filter(({ state }) => state === 'holds').reduce((sum, { permits }) => sum + permits, 0);
          const waiting = model.filter(({ state }) => state === 'waits').length;
          expect(semaphore.stats()).toEqual({ capacity: 4, available: 4 - held, waiting });
          await Promise.resolve();
        }
      }),
    );
  });
});

describe('Semaphore.resize', () => {
  test('gives new permits to those who wait', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire();
    const waits = [semaphore.acquire(), semaphore.acquire()];
    semaphore.resize(3);
    await Promise.all(waits);
    expect(semaphore.stats()).toEqual({ capacity: 3, available: 0, waiting: 0 });
    await expect(semaphore.acquire(4)).rejects.toThrow('from 1 to 3');
  });

  test('takes permits out of use as they come back, and rejects who waits for more than are left', async () => {
    const semaphore = new Semaphore(3);
    const leases = [await semaphore.acquire(), await semaphore.acquire(), await semaphore.acquire()];
    const heavy = semaphore.acquire(3);
    const light = semaphore.acquire(1);
    semaphore.resize(1);
    await expect(heavy).rejects.toThrow('Semaphore has 1 permits now, and 3 were waited for');
    expect(semaphore.stats()).toEqual({ capacity: 1, available: 0, waiting: 1 });
    leases[0]?.release();
    leases[1]?.release();
    expect(await settled(light)).toBe('pending');
    leases[2]?.release();
    await light;
    expect(() => {
      semaphore.resize(0);
    }).toThrow(RangeError);
  });
});

describe('Semaphore.close', () => {
  test('ends all waits', async () => {
    const semaphore = new Semaphore(1);
    const lease = await semaphore.acquire();
    const wait = semaphore.acquire();
    semaphore.close();
    await expect(wait).rejects.toThrow(SyncClosedError);
    expect(() => {
      lease.release();
    }).toThrow(SyncClosedError);
    expect(semaphore.tryAcquire()).toBeUndefined();
  });
});
