import { TestClock } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { trackSync } from '../src/debug.js';
import { Condition, Event, LeaseError, Lock, RWLock, Semaphore } from '../src/index.js';
import type { Lease } from '../src/index.js';

// Not `return lock.lock()`: a host that has tail calls would leave no frame of these.
async function takeInMain(lock: Lock): Promise<Lease> {
  const lease = await lock.lock();
  return lease;
}

async function waitInWorker(lock: Lock): Promise<Lease> {
  const lease = await lock.lock({ signal: new AbortController().signal });
  return lease;
}

describe('trackSync', () => {
  test('knows who holds and who waits, since when, and from where', async () => {
    const clock = new TestClock();
    using tracker = trackSync({ timers: clock });
    const lock = new Lock({ name: 'orders' });
    const lease = await takeInMain(lock);
    clock.advance(5);
    const wait = waitInWorker(lock);
    clock.advance(2);
    expect(tracker.holds()).toMatchObject([{ primitive: 'orders', operation: 'lock', forMs: 7 }]);
    expect(tracker.holds()[0]?.stack).toContain('takeInMain');
    expect(tracker.holds()[0]?.stack).not.toContain('stackOfCaller');
    expect(tracker.waits()).toMatchObject([{ primitive: 'orders', operation: 'lock', forMs: 2 }]);
    lease.release();
    expect(tracker.waits()).toEqual([]);
    expect(tracker.holds()).toMatchObject([{ primitive: 'orders', forMs: 0 }]);
    expect(tracker.holds()[0]?.stack).toContain('waitInWorker');
    (await wait).release();
    expect(tracker.holds()).toEqual([]);
  });

  test('writes a report by what is held, and leaves out what is short', async () => {
    const clock = new TestClock();
    using tracker = trackSync({ timers: clock });
    const [lock, other] = [new RWLock({ name: 'table' }), new Semaphore(3)];
    await lock.write();
    clock.advance(1000);
    void lock.read();
    await other.acquire(2);
    clock.advance(200);
    expect(tracker.report()).toMatch(
      /^table\n {2}held for 1200 ms \(write\)\n[^]*\n {2}waiting for 200 ms \(read\)\n[^]*\nSemaphore\n {2}held for 200 ms \(acquire\)\n/,
    );
    expect(tracker.report(200)).not.toContain('Semaphore');
    expect(tracker.report(200)).toContain('held for 1200 ms');
    expect(tracker.report(1200)).toBe('nothing is held or waited for');
  });

  test('follows a lease into a condition and back', async () => {
    using tracker = trackSync();
    const condition = new Condition();
    const lease = await condition.lock.lock();
    const wait = condition.wait(lease);
    expect(tracker.holds()).toEqual([]);
    expect(tracker.waits()).toMatchObject([{ primitive: 'Condition', operation: 'wait' }]);
    condition.notify();
    await wait;
    expect(tracker.waits()).toEqual([]);
    expect(tracker.holds()).toMatchObject([{ primitive: 'Lock', operation: 'lock' }]);
  });

  test('forgets those who give up, and all when it is stopped', async () => {
    const tracker = trackSync();
    const event = new Event();
    const controller = new AbortController();
    const wait = event.wait({ signal: controller.signal });
    expect(tracker.waits()).toHaveLength(1);
    controller.abort('gone');
    await expect(wait).rejects.toBe('gone');
    expect(tracker.waits()).toEqual([]);
    await new Lock().lock();
    tracker.stop();
    tracker.stop();
    expect(tracker.holds()).toEqual([]);
    await new Lock().lock();
    expect(tracker.holds()).toEqual([]);
  });

  test('lets the error of a second release say where the first one was', async () => {
    const lock = new Lock();
    const early = await lock.lock();
    using tracker = trackSync();
    early.release();
    const lease = await takeInMain(lock);
    const releaseFirst = (): void => {
      lease.release();
    };
    const causeOf = (again: Lease): unknown => {
      try {
        again.release();
      } catch (error) {
        return error instanceof LeaseError ? error.cause : error;
      }
      return 'no error';
    };
    releaseFirst();
    const cause = causeOf(lease);
    expect(cause).toMatchObject({ message: expect.stringContaining('takeInMain') as string });
    expect(cause).toMatchObject({ stack: expect.stringContaining('releaseFirst') as string });
    expect(causeOf(early)).toBeUndefined();
    tracker.stop();
    expect(causeOf(lease)).toBeUndefined();
  });

  test('is for one at a time', () => {
    using tracker = trackSync();
    expect(() => trackSync()).toThrow('somebody is tracking already');
    tracker.stop();
    trackSync().stop();
  });
});
