import { TestClock } from '@millrace/testkit';
import { openCancelScope, TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { Condition, LeaseError, Lock, SyncClosedError } from '../src/index.js';
import type { Lease } from '../src/index.js';
import { settled } from './settled.js';

describe('Condition.wait', () => {
  test('gives the lock back, waits to be notified, and has the lock again', async () => {
    const condition = new Condition();
    const lease = await condition.lock.lock();
    const wait = condition.wait(lease);
    expect(lease.isHeld).toBe(false);
    expect(condition.lock.isLocked).toBe(false);
    expect(condition.stats()).toEqual({ waiting: 1 });
    const other = await condition.lock.lock();
    condition.notify();
    expect(condition.stats()).toEqual({ waiting: 0 });
    expect(await settled(wait)).toBe('pending');
    other.release();
    await wait;
    expect(lease.isHeld).toBe(true);
    lease.release();
    expect(condition.lock.isLocked).toBe(false);
  });

  test('puts who is notified into the line for the lock at once', async () => {
    const condition = new Condition();
    const order: string[] = [];
    const lease = await condition.lock.lock();
    const wait = condition.wait(lease).then(() => order.push('notified'));
    const holder = await condition.lock.lock();
    condition.notify();
    const late = condition.lock.lock().then(() => order.push('late'));
    holder.release();
    await wait;
    lease.release();
    await late;
    expect(order).toEqual(['notified', 'late']);
  });

  test('is called off with the lock held again', async () => {
    const clock = new TestClock();
    const condition = new Condition(new Lock({ timers: clock }), { timers: clock });
    const lease = await condition.lock.lock();
    const wait = condition.wait(lease, { timeoutMs: 5 });
    const other = await condition.lock.lock();
    clock.advance(5);
    expect(condition.stats().waiting).toBe(0);
    expect(await settled(wait)).toBe('pending');
    other.release();
    await expect(wait).rejects.toMatchObject({ operation: 'Condition.wait' });
    expect(lease.isHeld).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('hands its notification on if it is called off before it has the lock', async () => {
    const condition = new Condition();
    const controller = new AbortController();
    const first = await condition.lock.lock();
    const refused = condition.wait(first, { signal: controller.signal });
    const second = await condition.lock.lock();
    const notified = condition.wait(second);
    const holder = await condition.lock.lock();
    condition.notify();
    controller.abort('called off');
    expect(condition.stats().waiting).toBe(0);
    holder.release();
    await expect(refused).rejects.toBe('called off');
    expect(first.isHeld).toBe(true);
    first.release();
    await notified;
    expect(second.isHeld).toBe(true);
  });

  test('needs a lease of its lock that is held', async () => {
    const condition = new Condition();
    const lease = await condition.lock.lock();
    const foreign = await new Lock({ name: 'other' }).lock();
    await expect(condition.wait(foreign)).rejects.toThrow(LeaseError);
    await expect(condition.wait(foreign)).rejects.toThrow('saw one of another lock or semaphore, other');
    await expect(condition.wait(undefined as unknown as Lease)).rejects.toThrow('saw no lease');
    await expect(condition.waitFor(foreign, () => true)).rejects.toThrow(LeaseError);
    const wait = condition.wait(lease);
    await expect(condition.wait(lease)).rejects.toThrow('saw one that waits on a condition');
    await expect(condition.waitFor(lease, () => true)).rejects.toThrow(LeaseError);
    expect(() => {
      lease.release();
    }).toThrow('expected a lease of Lock that is held, saw one that waits on a condition');
    condition.notify();
    await wait;
    lease.release();
    await expect(condition.wait(lease)).rejects.toThrow('saw one that was released');
    expect(foreign.isHeld).toBe(true);
  });

  test('ends when its block ends first: the lock is not taken again, and the notification goes to the next', async () => {
    const condition = new Condition();
    let abandoned: Promise<void>;
    {
      using lease = await condition.lock.lock();
      abandoned = condition.wait(lease);
    }
    await expect(abandoned).rejects.toThrow(
      'expected a lease of Lock that is held, saw one whose block ended while it waited on a condition',
    );
    await expect(abandoned).rejects.toThrow(LeaseError);
    expect(condition.stats()).toEqual({ waiting: 0 });
    const lease = await condition.lock.lock();
    const wait = condition.wait(lease);
    condition.notify();
    await wait;
    expect(lease.isHeld).toBe(true);
  });

  test('hands its notification on if its block ends before it has the lock', async () => {
    const clock = new TestClock();
    const condition = new Condition(new Lock(), { timers: clock });
    const first = await condition.lock.lock();
    const abandoned = condition.wait(first, { timeoutMs: 5 });
    const second = await condition.lock.lock();
    const wait = condition.wait(second);
    const holder = await condition.lock.lock();
    condition.notify();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(condition.stats()).toEqual({ waiting: 0 });
    expect(condition.lock.stats().waiting).toBe(1);
    await expect(abandoned).rejects.toThrow(LeaseError);
    expect(clock.pending).toBe(0);
    holder.release();
    await wait;
    expect([first.isHeld, second.isHeld]).toEqual([false, true]);
  });

  test('hands its notification on if its block ends in the tick in which it gets the lock', async () => {
    const condition = new Condition();
    const first = await condition.lock.lock();
    const abandoned = condition.wait(first);
    const second = await condition.lock.lock();
    const wait = condition.wait(second);
    condition.notify();
    first[Symbol.dispose]();
    await expect(abandoned).rejects.toThrow(LeaseError);
    await wait;
    expect([first.isHeld, second.isHeld]).toEqual([false, true]);
  });

  test('rejects if the lock is closed in the tick in which it gets it', async () => {
    const condition = new Condition();
    const lease = await condition.lock.lock();
    const wait = condition.wait(lease);
    condition.notify();
    condition.lock.close();
    lease[Symbol.dispose]();
    await expect(wait).rejects.toThrow();
    expect(condition.stats()).toEqual({ waiting: 0 });
  });

  test('stands it if its block ends while it loses the lock', async () => {
    const condition = new Condition();
    const lease = await condition.lock.lock();
    const wait = condition.wait(lease);
    await condition.lock.lock();
    condition.notify();
    condition.lock.close();
    lease[Symbol.dispose]();
    await expect(wait).rejects.toThrow();
    expect(condition.lock.stats().waiting).toBe(0);
  });

  test('rejects with what called it off first, if its block ends after that', async () => {
    const condition = new Condition();
    const controller = new AbortController();
    const first = await condition.lock.lock();
    const abandoned = condition.wait(first, { signal: controller.signal });
    const other = condition.wait(await condition.lock.lock());
    const holder = await condition.lock.lock();
    condition.notify();
    controller.abort('called off');
    expect(condition.stats().waiting).toBe(0);
    first[Symbol.dispose]();
    await expect(abandoned).rejects.toBe('called off');
    holder.release();
    await other;
  });

  test('does not let go of the lock for one who is over already', async () => {
    const condition = new Condition();
    const lease = await condition.lock.lock();
    await expect(condition.wait(lease, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    await expect(condition.waitFor(lease, () => true, { timeoutMs: 0 })).rejects.toThrow(TimeoutError);
    expect(lease.isHeld).toBe(true);
  });
});

describe('Condition.notify', () => {
  test('lets as many go on as it says, who have waited longest', async () => {
    const condition = new Condition();
    const woken: number[] = [];
    const waits = Array.from({ length: 5 }, async (_, user) => {
      await using lease = await condition.lock.lock();
      await condition.wait(lease);
      woken.push(user);
    });
    await settled(Promise.resolve());
    expect(condition.stats().waiting).toBe(5);
    condition.notify(0);
    expect(() => {
      condition.notify(1.5);
    }).toThrow('saw 1.5');
    condition.notify();
    await settled(Promise.resolve());
    expect(woken).toEqual([0]);
    condition.notify(2);
    await settled(Promise.resolve());
    expect(woken).toEqual([0, 1, 2]);
    condition.notifyAll();
    await Promise.all(waits);
    expect(woken).toEqual([0, 1, 2, 3, 4]);
    condition.notify(2048);
    expect(() => {
      condition.notify(NaN);
    }).toThrow('expected count to be an integer of at least 0, saw NaN');
    for (const count of [1.5, -1, '2' as unknown as number]) {
      expect(() => {
        condition.notify(count);
      }).toThrow(RangeError);
    }
    expect(condition.stats()).toEqual({ waiting: 0 });
  });

  test('is for those who wait now, and not for those who come', async () => {
    const condition = new Condition();
    condition.notify();
    const lease = await condition.lock.lock();
    expect(await settled(condition.wait(lease))).toBe('pending');
  });

  test('tells the users of one condition, not those of another with the same lock', async () => {
    const lock = new Lock();
    const [full, empty] = [new Condition(lock), new Condition(lock)];
    const first = full.wait(await lock.lock());
    const second = empty.wait(await lock.lock());
    empty.notifyAll();
    expect([await settled(first), await settled(second)]).toEqual(['pending', 'fulfilled']);
  });
});

describe('Condition.waitFor', () => {
  test('waits until the predicate is true', async () => {
    const condition = new Condition();
    let value = 0;
    const lease = await condition.lock.lock();
    const wait = condition.waitFor(lease, () => {
      expect(lease.isHeld).toBe(true);
      return value === 2;
    });
    for (const next of [0, 1, 2]) {
      value = next;
      expect(await settled(wait)).toBe('pending');
      condition.notify();
      await settled(wait);
    }
    await wait;
    expect(lease.isHeld).toBe(true);
    await condition.waitFor(lease, () => true);
  });

  test('counts its time over all waits, and passes on what the predicate throws', async () => {
    const clock = new TestClock();
    const condition = new Condition(undefined, { name: 'empty', timers: clock });
    const lease = await condition.lock.lock();
    const wait = condition.waitFor(lease, () => false, { timeoutMs: 10 });
    for (let i = 0; i < 3; i++) {
      clock.advance(3);
      condition.notify();
      expect(await settled(wait)).toBe('pending');
    }
    clock.advance(1);
    await expect(wait).rejects.toMatchObject({ timeoutMs: 10, operation: 'empty.waitFor' });
    expect(lease.isHeld).toBe(true);
    const throws = (): boolean => {
      throw new Error('predicate');
    };
    await expect(condition.waitFor(lease, throws)).rejects.toThrow('predicate');
    const scope = openCancelScope({ timers: clock });
    const cancelled = condition.waitFor(lease, () => false, { scope });
    scope.cancel('enough');
    await expect(cancelled).rejects.toBe('enough');
    expect(clock.pending).toBe(0);
  });
});

describe('Condition.close', () => {
  test('ends all waits, with the lock held again', async () => {
    const condition = new Condition();
    const lease = await condition.lock.lock();
    const controller = new AbortController();
    const wait = condition.wait(lease, { signal: controller.signal });
    const holder = await condition.lock.lock();
    condition.close();
    controller.abort('too late');
    holder.release();
    await expect(wait).rejects.toThrow('Condition was closed');
    expect(lease.isHeld).toBe(true);
    await expect(condition.wait(lease)).rejects.toThrow(SyncClosedError);
  });

  test('of the lock ends all waits without it, of those who are notified and of those who are not', async () => {
    const condition = new Condition();
    const [first, second] = [await condition.lock.lock(), condition.lock.lock()];
    const controller = new AbortController();
    const waits = [condition.wait(first, { signal: controller.signal })];
    waits.push(condition.wait(await second));
    const holder = await condition.lock.lock();
    condition.notify();
    condition.lock.close();
    controller.abort('too late');
    expect(condition.stats().waiting).toBe(0);
    for (const wait of waits) await expect(wait).rejects.toThrow('Lock was closed');
    expect([first.isHeld, holder.isHeld]).toEqual([false, false]);
    await expect(condition.wait(first)).rejects.toThrow(LeaseError);
    await expect(condition.wait(holder)).rejects.toThrow(SyncClosedError);
    await expect(condition.waitFor(holder, () => true)).rejects.toThrow(SyncClosedError);
    first[Symbol.dispose]();
    expect(() => {
      first.release();
    }).toThrow('saw one that was released');
  });
});
