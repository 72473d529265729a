import { TestClock } from '@millrace/testkit';
import { Deadline, openCancelScope, TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import {
  Barrier,
  Condition,
  Event,
  LeaseError,
  Lock,
  once,
  RWLock,
  Semaphore,
  singleFlight,
  SyncClosedError,
} from '../src/index.js';
import type { Lease } from '../src/index.js';
import { settled } from './settled.js';

/** A lock that somebody holds. */
async function heldLock(timers?: TestClock): Promise<{ lock: Lock; lease: Lease }> {
  const lock = new Lock({ timers });
  return { lock, lease: await lock.lock() };
}

describe('Lock.lock', () => {
  test('gives a free lock at once, and a held one when it is released', async () => {
    const { lock, lease } = await heldLock();
    expect(lock.stats()).toEqual({ isLocked: true, waiting: 0 });
    const next = lock.lock();
    expect(await settled(next)).toBe('pending');
    expect(lock.stats()).toEqual({ isLocked: true, waiting: 1 });
    lease.release();
    expect((await next).isHeld).toBe(true);
    expect(lock.stats()).toEqual({ isLocked: true, waiting: 0 });
  });

  test('serves those who wait in the order they came', async () => {
    const { lock, lease } = await heldLock();
    const served: number[] = [];
    const users = Array.from({ length: 10 }, async (_, user) => {
      await using own = await lock.lock();
      expect(own.isHeld).toBe(true);
      served.push(user);
    });
    lease.release();
    await Promise.all(users);
    expect(served).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(lock.isLocked).toBe(false);
  });

  test('hands over in the tick of the release: nobody can get in between', async () => {
    const { lock, lease } = await heldLock();
    const next = lock.lock();
    lease.release();
    expect(lock.isLocked).toBe(true);
    expect(lock.tryLock()).toBeUndefined();
    const later = lock.lock();
    (await next).release();
    expect((await later).isHeld).toBe(true);
  });

  test('lets one who gives up out of the line, wherever it stands', async () => {
    const { lock, lease } = await heldLock();
    const reason = new Error('called off');
    for (const place of [0, 1, 2]) {
      const controllers = [new AbortController(), new AbortController(), new AbortController()];
      const waits = controllers.map(({ signal }) => lock.lock({ signal }));
      controllers[place]?.abort(reason);
      await expect(waits[place]).rejects.toBe(reason);
      expect(lock.stats().waiting).toBe(2);
      for (const [other, controller] of controllers.entries()) {
        controller.abort(other);
        if (other !== place) await expect(waits[other]).rejects.toBe(other);
      }
      expect(lock.stats().waiting).toBe(0);
    }
    lease.release();
    expect(lock.isLocked).toBe(false);
  });

  test('keeps to either of release and abort, whichever comes first in a tick', async () => {
    const { lock, lease } = await heldLock();
    const controller = new AbortController();
    const granted = lock.lock({ signal: controller.signal });
    lease.release();
    controller.abort(new Error('too late'));
    const own = await granted;
    expect(own.isHeld).toBe(true);

    const second = new AbortController();
    const refused = lock.lock({ signal: second.signal });
    const third = lock.lock();
    second.abort('first');
    own.release();
    await expect(refused).rejects.toBe('first');
    expect((await third).isHeld).toBe(true);
  });

  test('takes a timeout, a deadline and a scope, on the clock of the lock, and leaves no timer', async () => {
    const clock = new TestClock();
    const { lock, lease } = await heldLock(clock);
    const scope = openCancelScope({ timers: clock });
    const waits = [
      lock.lock({ timeoutMs: 5 }),
      lock.lock({ deadline: Deadline.after(7, clock) }),
      lock.lock({ scope }),
    ].map((wait) => wait.catch((error: unknown) => error));
    await clock.advanceAsync(4);
    expect(lock.stats().waiting).toBe(3);
    await clock.advanceAsync(3);
    expect(lock.stats().waiting).toBe(1);
    scope.cancel('enough');
    const [timedOut, late, cancelled] = await Promise.all(waits);
    expect(timedOut).toBeInstanceOf(TimeoutError);
    expect(timedOut).toMatchObject({ timeoutMs: 5, operation: 'Lock.lock' });
    expect(late).toMatchObject({ timeoutMs: 7 });
    expect(cancelled).toBe('enough');
    const timely = lock.lock({ timeoutMs: 10 });
    lease.release();
    await timely;
    expect(clock.pending).toBe(0);
  });

  test('never gives the lock to one who was over before it asked, be it free or not', async () => {
    const lock = new Lock({ name: 'orders' });
    await expect(lock.lock({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
    await expect(lock.lock({ timeoutMs: 0 })).rejects.toMatchObject({ operation: 'orders.lock' });
    await expect(lock.lock({ timeoutMs: -1 })).rejects.toThrow(RangeError);
    expect(lock.isLocked).toBe(false);
  });
});

describe('Lock.tryLock', () => {
  test('takes a free lock, and nothing else', () => {
    const lock = new Lock();
    const lease = lock.tryLock();
    expect(lease?.isHeld).toBe(true);
    expect(lock.tryLock()).toBeUndefined();
    lease?.release();
    expect(lock.tryLock()?.isHeld).toBe(true);
  });
});

describe('Lease', () => {
  test('is what owns the lock: a second release is an error and frees nothing', async () => {
    const { lock, lease } = await heldLock();
    lease.release();
    const other = await lock.lock();
    expect(() => {
      lease.release();
    }).toThrow(
      expect.objectContaining({ name: 'LeaseError', code: 'ERR_SYNC_NOT_HELD', primitive: 'Lock' }) as LeaseError,
    );
    expect(() => {
      lease.release();
    }).toThrow('expected a lease of Lock that is held, saw one that was released');
    expect(other.isHeld).toBe(true);
    expect(lease.isHeld).toBe(false);
  });

  test('is released by the end of a block, once, also when it was released by hand or the block throws', async () => {
    const lock = new Lock();
    {
      using lease = await lock.lock();
      expect(lease.isHeld).toBe(true);
    }
    expect(lock.isLocked).toBe(false);
    const fails = async (): Promise<void> => {
      await using lease = await lock.lock();
      throw new Error(`with ${lease.isHeld ? 'the' : 'no'} lock`);
    };
    await expect(fails()).rejects.toThrow('with the lock');
    expect(lock.isLocked).toBe(false);
    {
      await using lease = await lock.lock();
      lease.release();
      expect(lock.tryLock()).toBeDefined();
    }
    expect(lock.isLocked).toBe(true);
  });
});

describe('Lock.close', () => {
  test('ends all waits and refuses new ones', async () => {
    const { lock, lease } = await heldLock();
    const controller = new AbortController();
    const waits = [lock.lock(), lock.lock({ signal: controller.signal })];
    lock.close();
    lock.close();
    for (const wait of waits) {
      await expect(wait).rejects.toMatchObject({ name: 'SyncClosedError', code: 'ERR_SYNC_CLOSED', primitive: 'Lock' });
    }
    await expect(lock.lock()).rejects.toThrow('Lock was closed');
    expect(lock.tryLock()).toBeUndefined();
    expect(lease.isHeld).toBe(false);
    controller.abort();
  });

  test('makes the release of a lease an error, but not the end of its block', async () => {
    const { lock, lease } = await heldLock();
    lock.close();
    expect(() => {
      lease.release();
    }).toThrow(SyncClosedError);
    expect(() => {
      lease.release();
    }).toThrow(LeaseError);

    const other = new Lock();
    {
      await using own = await other.lock();
      expect(own.isHeld).toBe(true);
      other.close();
    }
    expect(other.isLocked).toBe(false);
  });
});

describe('A clock or a signal that fails', () => {
  const broken = {
    now: () => 0,
    callLater: () => {
      throw new Error('loop is closed');
    },
  };

  test('rejects the wait, and leaves nobody in line', async () => {
    const lock = new Lock({ timers: broken });
    const lease = await lock.lock();
    await expect(lock.lock({ timeoutMs: 9 })).rejects.toThrow('loop is closed');
    const noSignal = {} as AbortSignal;
    await expect(lock.lock({ signal: noSignal })).rejects.toThrow(TypeError);
    expect(lock.stats().waiting).toBe(0);
    lease.release();
    expect(lock.isLocked).toBe(false);
  });

  test('rejects the wait also where it cannot be watched at all, and stays out of line', async () => {
    const lock = new Lock();
    const lease = await lock.lock();
    let reads = 0;
    const op = {
      get timeoutMs() {
        if (++reads > 1) throw new Error(`read ${reads} times`);
        return 9;
      },
    };
    await expect(lock.lock(op)).rejects.toThrow('read 2 times');
    expect(lock.stats().waiting).toBe(0);
    lease.release();
    expect(lock.isLocked).toBe(false);
  });

  test('rejects it for whatever waits', async () => {
    const options = { timers: broken };
    const op = { timeoutMs: 9 };
    const lateValues: number[] = [];
    const run = async (): Promise<number> => Promise.resolve(1);
    const memory = new Semaphore(1, options);
    await memory.acquire();
    const table = new RWLock(options);
    await table.write();
    const waits = [
      memory.acquire(1, op),
      table.read(op),
      new Event(options).wait(op),
      new Barrier(2, options).wait(op),
      once(run, { ...options, onLate: (value) => lateValues.push(value) })(op),
      singleFlight(run, { ...options, onLate: (value) => lateValues.push(value) })('key', op),
    ];
    for (const wait of waits) await expect(wait).rejects.toThrow('loop is closed');
    expect([memory.stats().waiting, table.stats().waiting, lateValues]).toEqual([0, 0, []]);
  });

  test('gives a wait on a condition its lock back', async () => {
    const condition = new Condition(undefined, { timers: broken });
    const lease = await condition.lock.lock();
    await expect(condition.wait(lease, { timeoutMs: 9 })).rejects.toThrow('loop is closed');
    expect(lease.isHeld).toBe(true);
    await expect(condition.waitFor(lease, () => false, { timeoutMs: 9 })).rejects.toThrow('loop is closed');
    expect([lease.isHeld, condition.stats().waiting]).toEqual([true, 0]);
  });

  test('is told once, even if a limit comes up later', async () => {
    const clock = new TestClock();
    const lock = new Lock({ timers: clock });
    const lease = await lock.lock();
    const signal = {
      aborted: false,
      addEventListener: () => {
        throw new Error('no listeners');
      },
      removeEventListener: () => {},
    } as unknown as AbortSignal;
    await expect(lock.lock({ timeoutMs: 5, signal })).rejects.toThrow('no listeners');
    const next = lock.lock();
    clock.advance(10);
    expect(lock.stats().waiting).toBe(1);
    lease.release();
    expect((await next).isHeld).toBe(true);
  });
});
