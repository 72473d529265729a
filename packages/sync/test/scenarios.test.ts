// Situations that CPython's test_locks and trio's test_sync put their primitives into, by the names they have there, with
// the outcome that ours has. What ours does not have is left out: owners other than leases, loops, names of tasks.
import { TestClock } from '@millrace/testkit';
import { withTimeout } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { Barrier, Condition, Event, Lock, RWLock, Semaphore } from '../src/index.js';
import type { Lease } from '../src/index.js';
import { settled } from './settled.js';

const turn = (): Promise<unknown> => settled(Promise.resolve());

/** Something that one at a time can have: what trio calls a generic lock. */
const generic: Readonly<
  Record<string, () => { take: (signal?: AbortSignal) => Promise<Lease>; try: () => Lease | undefined }>
> = {
  Lock: () => {
    const lock = new Lock();
    return { take: (signal) => lock.lock({ signal }), try: () => lock.tryLock() };
  },
  'Semaphore of 1': () => {
    const semaphore = new Semaphore(1);
    return { take: (signal) => semaphore.acquire(1, { signal }), try: () => semaphore.tryAcquire() };
  },
  'RWLock, to write': () => {
    const lock = new RWLock();
    return { take: (signal) => lock.write({ signal }), try: () => lock.tryWrite() };
  },
};

describe.each(Object.entries(generic))('%s', (_, make) => {
  test('test_generic_lock_exclusion: one at a time', async () => {
    const { take } = make();
    let inside = 0;
    const user = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        await using lease = await take();
        expect(lease.isHeld).toBe(true);
        expect(++inside).toBe(1);
        await Promise.resolve();
        inside--;
      }
    };
    await Promise.all([user(), user(), user(), user(), user()]);
    expect(inside).toBe(0);
  });

  test('test_generic_lock_fifo_fairness: everybody gets their turn, round after round', async () => {
    const { take } = make();
    const turns: number[] = [];
    const user = async (name: number): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await using lease = await take();
        if (lease.isHeld) turns.push(name);
        await Promise.resolve();
      }
    };
    await Promise.all([0, 1, 2].map(user));
    expect(turns).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  test('test_generic_lock_acquire_nowait_blocks_acquire: what was tried for is as held as what was waited for', async () => {
    const locker = make();
    const tried = locker.try();
    const wait = locker.take();
    expect(await settled(wait)).toBe('pending');
    tried?.release();
    expect((await wait).isHeld).toBe(true);
  });

  test('test_acquire_cancel: one who gives up is as if it had never come', async () => {
    const locker = make();
    const held = await locker.take();
    const controller = new AbortController();
    const wait = locker.take(controller.signal);
    controller.abort('gone');
    await expect(wait).rejects.toBe('gone');
    held.release();
    expect(locker.try()).toBeDefined();
  });

  test('test_cancel_race: the first in line gives up as the holder releases; the second gets it', async () => {
    for (const isAbortFirst of [true, false]) {
      const { take } = make();
      const held = await take();
      const controller = new AbortController();
      const first = take(controller.signal);
      const second = take();
      if (isAbortFirst) controller.abort('gone');
      held.release();
      if (!isAbortFirst) controller.abort('gone');
      if (isAbortFirst) await expect(first).rejects.toBe('gone');
      else (await first).release();
      expect((await second).isHeld).toBe(true);
    }
  });

  test('test_cancel_release_race: the one behind gives up between the release and its turn', async () => {
    const { take, try: tryTake } = make();
    const held = await take();
    const controller = new AbortController();
    const first = take();
    const second = take(controller.signal);
    const third = take();
    held.release();
    controller.abort('gone');
    await expect(second).rejects.toBe('gone');
    (await first).release();
    (await third).release();
    expect(tryTake()).toBeDefined();
  });

  test('test_finished_waiter_cancelled: one who is called off after it was served keeps what it has', async () => {
    const { take } = make();
    const controller = new AbortController();
    const held = await take();
    const wait = take(controller.signal);
    held.release();
    const lease = await wait;
    controller.abort('too late');
    expect(lease.isHeld).toBe(true);
    const next = take();
    lease.release();
    expect((await next).isHeld).toBe(true);
  });

  test('test_release_not_acquired: a lease that is not held releases nothing, for whoever has it now', async () => {
    const { take } = make();
    const old = await take();
    old.release();
    const current = await take();
    expect(() => {
      old.release();
    }).toThrow('saw one that was released');
    expect(current.isHeld).toBe(true);
  });

  test('test_lock_handover: who is next has it when the release returns, and one who only tries does not get in', async () => {
    const locker = make();
    const first = await locker.take();
    const second = locker.take();
    const third = locker.take();
    first.release();
    expect(locker.try()).toBeUndefined();
    (await second).release();
    expect(locker.try()).toBeUndefined();
    (await third).release();
    expect(locker.try()).toBeDefined();
  });

  test('test_lock_multiple_acquire: who has it and asks again waits for itself, until it gives up', async () => {
    const { take } = make();
    const held = await take();
    const controller = new AbortController();
    const again = take(controller.signal);
    expect(await settled(again)).toBe('pending');
    controller.abort('deadlock');
    await expect(again).rejects.toBe('deadlock');
    expect(held.isHeld).toBe(true);
  });
});

describe('Semaphore', () => {
  test('test_acquire_cancel_before_awoken: a release that meets two who give up still reaches the third', async () => {
    const semaphore = new Semaphore(1);
    const held = await semaphore.acquire();
    const [first, second] = [new AbortController(), new AbortController()];
    const gone = [semaphore.acquire(1, { signal: first.signal }), semaphore.acquire(1, { signal: second.signal })];
    const waits = [semaphore.acquire(), semaphore.acquire()];
    first.abort('gone');
    second.abort('gone');
    held.release();
    for (const wait of gone) await expect(wait).rejects.toBe('gone');
    expect(await Promise.all(waits.map(settled))).toEqual(['fulfilled', 'pending']);
  });

  test('test_acquire_hang, test_acquire_no_hang: one who gives up after the release of another blocks nobody', async () => {
    const semaphore = new Semaphore(1);
    const held = await semaphore.acquire();
    const controller = new AbortController();
    const first = semaphore.acquire(1, { signal: controller.signal });
    const second = semaphore.acquire();
    controller.abort('gone');
    await expect(first).rejects.toBe('gone');
    held.release();
    (await second).release();
    expect(semaphore.stats()).toEqual({ capacity: 1, available: 1, waiting: 0 });
  });

  test('test_acquire_fifo_order: also with those who come again in between', async () => {
    const semaphore = new Semaphore(1);
    const order: string[] = [];
    const user = async (name: string, times: number): Promise<void> => {
      for (let i = 1; i <= times; i++) {
        await using lease = await semaphore.acquire();
        if (lease.isHeld) order.push(`${name}${i}`);
      }
    };
    await Promise.all([user('a', 2), user('b', 2), user('c', 1)]);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2']);
  });

  test('test_Semaphore_bounded: there are never more permits than at first', async () => {
    const semaphore = new Semaphore(2);
    const lease = await semaphore.acquire(2);
    lease.release();
    expect(() => {
      lease.release();
    }).toThrow(expect.objectContaining({ code: 'ERR_SYNC_NOT_HELD' }) as Error);
    expect(semaphore.stats().available).toBe(2);
  });

  test('test_CapacityLimiter_change_total_tokens: more are served at once, less wait for those who hold', async () => {
    const semaphore = new Semaphore(1);
    const held = [await semaphore.acquire()];
    const waits = [semaphore.acquire(), semaphore.acquire(), semaphore.acquire()];
    semaphore.resize(3);
    held.push(...(await Promise.all(waits.slice(0, 2))));
    expect(await settled(waits[2] ?? turn())).toBe('pending');
    semaphore.resize(1);
    for (const lease of held) {
      expect(semaphore.stats()).toEqual({ capacity: 1, available: 0, waiting: 1 });
      lease.release();
    }
    expect((await waits[2])?.isHeld).toBe(true);
  });

  test('test_CapacityLimiter_memleak_548: waits that time out leave nobody in line', async () => {
    const clock = new TestClock();
    const semaphore = new Semaphore(1, { timers: clock });
    const held = await semaphore.acquire();
    for (let i = 0; i < 100; i++) {
      const wait = semaphore.acquire(1, { timeoutMs: 1 });
      clock.advance(1);
      await expect(wait).rejects.toThrow('timed out');
    }
    expect(semaphore.stats().waiting).toBe(0);
    expect(clock.pending).toBe(0);
    held.release();
  });
});

describe('Condition', () => {
  /** Waits on `condition` with a lease of its own, and says so in `log`. */
  const user = async (condition: Condition, name: string, log: string[], signal?: AbortSignal): Promise<void> => {
    await using lease = await condition.lock.lock();
    try {
      await condition.wait(lease, { signal });
      log.push(name);
    } catch (error) {
      log.push(`${name} ${String(error)} ${lease.isHeld ? 'with' : 'without'} the lock`);
    }
  };

  test('test_wait_cancel_contested: called off while another holds the lock, it ends when it has the lock', async () => {
    const condition = new Condition();
    const [log, controller]: [string[], AbortController] = [[], new AbortController()];
    const waits = user(condition, 'a', log, controller.signal);
    await turn();
    const holder = await condition.lock.lock();
    controller.abort('gone');
    await turn();
    expect(log).toEqual([]);
    holder.release();
    await waits;
    expect(log).toEqual(['a gone with the lock']);
  });

  test('test_wait_cancel_after_notify: the notification goes to the next in line', async () => {
    const condition = new Condition();
    const [log, controller]: [string[], AbortController] = [[], new AbortController()];
    const waits = [user(condition, 'a', log, controller.signal), user(condition, 'b', log)];
    await turn();
    condition.notify();
    controller.abort('gone');
    await Promise.all(waits);
    expect(log).toEqual(['a gone with the lock', 'b']);
  });

  test('test_cancelled_wakeup: of three, one is called off when it is notified; two notifications wake the other two', async () => {
    const condition = new Condition();
    const [log, controller]: [string[], AbortController] = [[], new AbortController()];
    const waits = [user(condition, 'a', log, controller.signal), user(condition, 'b', log), user(condition, 'c', log)];
    await turn();
    const holder = await condition.lock.lock();
    condition.notify(2);
    controller.abort('gone');
    expect(condition.stats().waiting).toBe(0);
    holder.release();
    await Promise.all(waits);
    expect(log).toEqual(['a gone with the lock', 'b', 'c']);
  });

  test('test_timeout_in_block: a time limit around the block ends the wait, and the block has the lock', async () => {
    const clock = new TestClock();
    const condition = new Condition(undefined, { timers: clock });
    const block = async (): Promise<void> => {
      await using lease = await condition.lock.lock();
      const limited = withTimeout(5, (scope) => condition.wait(lease, { scope }), { timers: clock });
      await expect(limited).rejects.toThrow('timed out');
      await turn();
      expect(lease.isHeld).toBe(true);
    };
    const running = block();
    await turn();
    clock.advance(5);
    await running;
    expect(condition.lock.isLocked).toBe(false);
  });

  test('test_notify_unacquired: who notifies need not hold the lock here', async () => {
    const condition = new Condition();
    const log: string[] = [];
    const waits = user(condition, 'a', log);
    await turn();
    condition.notify();
    await waits;
    expect(log).toEqual(['a']);
  });
});

describe('Event', () => {
  test('test_clear_with_waiters: those who waited when it was set go on, and it is clear for the others', async () => {
    const event = new Event();
    const waits = [event.wait(), event.wait(), event.wait()];
    event.set();
    event.clear();
    event.set();
    event.clear();
    await Promise.all(waits);
    expect(event.isSet).toBe(false);
    expect(await settled(event.wait())).toBe('pending');
  });

  test('test_wait_cancel: the others still hear of it', async () => {
    const event = new Event();
    const controller = new AbortController();
    const waits = [event.wait(), event.wait({ signal: controller.signal }), event.wait()];
    controller.abort('gone');
    event.set();
    expect(await Promise.all(waits.map(settled))).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('Barrier', () => {
  test('test_filling_tasks_wait_twice: the same tasks meet again and again', async () => {
    const barrier = new Barrier(3);
    const log: string[] = [];
    const user = async (name: string): Promise<void> => {
      for (let round = 1; round <= 3; round++) {
        await barrier.wait();
        log.push(`${round}${name}`);
      }
    };
    await Promise.all(['a', 'b', 'c'].map(user));
    expect(log.map((entry) => entry.charAt(0)).join('')).toBe('111222333');
  });

  test('test_blocking_tasks_while_draining: who comes while the others leave is in the next round', async () => {
    const barrier = new Barrier(2);
    const first = barrier.wait().then(() => barrier.wait());
    expect(await barrier.wait()).toBe(1);
    expect(await settled(first)).toBe('pending');
    expect(await barrier.wait()).toBe(1);
    expect(await first).toBe(0);
  });

  test('test_filling_tasks_cancel_one: it takes one more', async () => {
    const barrier = new Barrier(2);
    const controller = new AbortController();
    const gone = barrier.wait({ signal: controller.signal });
    controller.abort('gone');
    await expect(gone).rejects.toBe('gone');
    const first = barrier.wait();
    expect(await settled(first)).toBe('pending');
    expect(await Promise.all([first, barrier.wait()])).toEqual([0, 1]);
  });

  test('test_reset_barrier_when_tasks_half_draining: who has met has met', async () => {
    const barrier = new Barrier(2);
    const met = [barrier.wait(), barrier.wait()];
    const late = barrier.wait();
    barrier.reset();
    expect(await Promise.all(met)).toEqual([0, 1]);
    await expect(late).rejects.toMatchObject({ code: 'ERR_SYNC_CLOSED' });
  });

  test('test_abort_barrier: nobody meets there any more', async () => {
    const barrier = new Barrier(2);
    const wait = barrier.wait();
    barrier.close();
    barrier.reset();
    expect([await settled(wait), await settled(barrier.wait())]).toEqual(['rejected', 'rejected']);
  });
});
