import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { Deadline, TimeoutError, openCancelScope, throwIfOver, watchOp } from '../src/index.js';
import type { Cancellable, Op, Timer, TimerSource } from '../src/index.js';
import { abortListeners } from './abort-listeners.js';

class Waiter implements Cancellable {
  readonly reasons: unknown[] = [];

  onCancel(reason: unknown): void {
    this.reasons.push(reason);
  }
}

/** A clock that refuses timers, as that of a closed loop does, until it is opened. */
class ClosedClock implements TimerSource {
  readonly clock: TestClock = new TestClock();
  isOpen = false;

  now(): number {
    return this.clock.now();
  }

  callLater(delayMs: number, fn: () => void): Timer {
    if (!this.isOpen) throw new Error('the loop is closed');
    return this.clock.callLater(delayMs, fn);
  }
}

const timedOut = (timeoutMs: number, operation?: string): unknown =>
  expect.objectContaining({ code: 'ERR_TIMEOUTS_EXPIRED', timeoutMs, operation });

describe('watchOp', () => {
  test('watches nothing without an op', () => {
    expect(watchOp(undefined, new Waiter())).toBe(undefined);
  });

  const limits: [string, (clock: TestClock) => Op][] = [
    ['timeoutMs', () => ({ timeoutMs: 10 })],
    ['deadline', (clock) => ({ deadline: Deadline.after(10, clock) })],
    ['scope', (clock) => ({ scope: openCancelScope({ timeoutMs: 10, timers: clock }, 'take') })],
    ['timeoutMs before deadline', (clock) => ({ timeoutMs: 10, deadline: Deadline.after(20, clock) })],
    ['deadline before timeoutMs', (clock) => ({ timeoutMs: 20, deadline: Deadline.after(10, clock) })],
    [
      'scope before timeoutMs',
      (clock) => ({ timeoutMs: 20, scope: openCancelScope({ timeoutMs: 10, timers: clock }, 'take') }),
    ],
    [
      'timeoutMs before scope',
      (clock) => ({ timeoutMs: 10, scope: openCancelScope({ timeoutMs: 20, timers: clock }) }),
    ],
  ];
  test.each(limits)('tells the waiter once, when its time is up: %s', (_, limit) => {
    const clock = new TestClock();
    const waiter = new Waiter();
    const watch = watchOp(limit(clock), waiter, 'take', clock);
    clock.advance(9);
    expect(waiter.reasons).toEqual([]);
    clock.advance(100);
    expect(waiter.reasons).toEqual([timedOut(10, 'take')]);
    watch?.release();
    expect(clock.pending).toBe(0);
  });

  test('tells the waiter the very reason of the signal or the scope', () => {
    const [clock, controller] = [new TestClock(), new AbortController()];
    const scope = openCancelScope();
    const waiters = [new Waiter(), new Waiter(), new Waiter(), new Waiter()] as const;
    watchOp({ signal: controller.signal, timers: clock }, waiters[0]);
    watchOp({ scope, timeoutMs: 50, timers: clock }, waiters[1]);
    watchOp({ signal: controller.signal, scope }, waiters[2]);
    watchOp({ signal: new AbortController().signal, scope }, waiters[3]);
    const [stop, enough] = [{ stop: true }, { enough: true }];
    controller.abort(stop);
    scope.cancel(enough);
    expect(waiters.map(({ reasons }) => reasons)).toEqual([[stop], [enough], [stop], [enough]]);
    expect(waiters[0].reasons[0]).toBe(stop);
    expect(waiters[1].reasons[0]).toBe(enough);
    expect([clock.pending, abortListeners(controller.signal)]).toEqual([0, 0]);
  });

  test('tells the waiter at once where a limit is reached already, and there is nothing to release', () => {
    const timers = new TestClock();
    const scope = openCancelScope();
    scope.cancel('over');
    const waiter = new Waiter();
    expect(watchOp({ signal: AbortSignal.abort('stop') }, waiter)).toBe(undefined);
    expect(watchOp({ scope }, waiter)).toBe(undefined);
    expect(watchOp({ timeoutMs: 0, timers }, waiter)).toBe(undefined);
    expect(watchOp({ deadline: Deadline.after(0, timers) }, waiter)).toBe(undefined);
    expect(waiter.reasons).toEqual(['stop', 'over', timedOut(0), timedOut(0)]);
    expect(timers.pending).toBe(0);
  });

  test('never tells a waiter that was released, and lets go of everything', () => {
    const [timers, controller] = [new TestClock(), new AbortController()];
    const scope = openCancelScope({ timers, timeoutMs: 30 });
    const waiter = new Waiter();
    const watch = watchOp({ signal: controller.signal, scope, timeoutMs: 10, timers }, waiter);
    watch?.release();
    watch?.release();
    expect(abortListeners(controller.signal)).toBe(0);
    controller.abort();
    scope.cancel();
    timers.advance(100);
    expect(waiter.reasons).toEqual([]);
  });

  test.each([
    [
      'a controller instead of a signal',
      (): Op => ({ signal: new AbortController() as unknown as AbortSignal }),
      'saw',
    ],
    ['null instead of a signal', (): Op => ({ signal: null as unknown as AbortSignal }), 'but saw null'],
    ['half a signal', (): Op => ({ signal: { aborted: false } as unknown as AbortSignal }), 'addEventListener'],
    ['a timeoutMs of NaN', (): Op => ({ timeoutMs: NaN }), 'timeoutMs'],
    ['a clock that is closed', (): Op => ({ timeoutMs: 10, timers: new ClosedClock() }), 'the loop is closed'],
    [
      'a clock that cannot be read',
      (): Op => ({
        timeoutMs: 10,
        timers: {
          now: () => {
            throw new Error('no clock');
          },
          callLater: () => new TestClock().callLater(0, () => {}),
        },
      }),
      'no clock',
    ],
  ])('tells the waiter, rather than throw, when it cannot watch: %s', (_, opOf, message) => {
    const clock = new TestClock();
    const outer = openCancelScope({ timers: clock, timeoutMs: 50 });
    const waiter = new Waiter();
    expect(watchOp({ ...opOf(), scope: outer }, waiter)).toBe(undefined);
    expect(waiter.reasons).toEqual([expect.objectContaining({ message: expect.stringContaining(message) as string })]);
    expect(clock.pending).toBe(0);
    outer.cancel('later');
    expect(waiter.reasons).toHaveLength(1);
  });

  test('leaves nothing in a scope whose own clock is closed, which can be waited in once it is open', () => {
    const timers: ClosedClock = new ClosedClock();
    const controller = new AbortController();
    const outer = openCancelScope({ timers, timeoutMs: 50, signal: controller.signal });
    const scope = openCancelScope({ scope: outer, signal: controller.signal });
    const [first, second] = [new Waiter(), new Waiter()];
    expect(watchOp({ scope, signal: controller.signal }, first)).toBe(undefined);
    expect(() => scope.onCancel(() => {})).toThrow('the loop is closed');
    expect(() => scope.signal).toThrow('the loop is closed');
    expect(first.reasons).toEqual([expect.objectContaining({ message: 'the loop is closed' })]);
    expect(abortListeners(controller.signal)).toBe(0);
    timers.isOpen = true;
    watchOp({ scope }, second);
    timers.clock.advance(50);
    expect([first.reasons.length, second.reasons]).toEqual([1, [timedOut(50)]]);
    expect(scope.signal.aborted).toBe(true);
  });

  test('passes on what a waiter throws from onCancel, and does not tell it twice', () => {
    let told = 0;
    const waiter = {
      onCancel: () => {
        told++;
        throw new Error('bad waiter');
      },
    };
    expect(() => watchOp({ signal: AbortSignal.abort() }, waiter)).toThrow('bad waiter');
    expect(told).toBe(1);
  });

  test('a waiter that another one releases from onCancel is not told', () => {
    const scope = openCancelScope();
    const second = new Waiter();
    watchOp({ scope }, { onCancel: () => watch?.release() });
    const watch = watchOp({ scope }, second);
    scope.cancel();
    expect(second.reasons).toEqual([]);
  });
});

describe('throwIfOver', () => {
  test('lets pass what can still be done', () => {
    const timers = new TestClock();
    const { signal } = new AbortController();
    throwIfOver(undefined);
    throwIfOver({});
    throwIfOver({ signal, timers, timeoutMs: 1, deadline: Deadline.after(1, timers), scope: openCancelScope() });
  });

  test('throws the reason of what has ended the operation', () => {
    const timers = new TestClock();
    const scope = openCancelScope();
    scope.cancel('over');
    const deadline = Deadline.after(5, timers);
    timers.advance(7);
    expect(caught({ signal: AbortSignal.abort('stop') })).toBe('stop');
    expect(caught({ scope })).toBe('over');
    expect(caught({ timeoutMs: 0 })).toEqual(timedOut(0, 'take'));
    expect(caught({ deadline })).toBeInstanceOf(TimeoutError);
    expect(caught({ deadline })).toMatchObject({ timeoutMs: 5, elapsedMs: 7, operation: 'take' });
  });

  test.each([
    ['an AbortController', new AbortController()],
    ['an object', {}],
    ['null', null],
    ['a string', 'stop'],
  ])('rejects %s as a signal', (_, signal) => {
    const op = { signal: signal as unknown as AbortSignal };
    const error = caught(op);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toMatch(/expected signal to be an AbortSignal, but saw (\[object |null|stop)/);
    expect(() => openCancelScope(op)).toThrow(TypeError);
  });

  test.each([NaN, -1])('rejects a timeoutMs of %d, even where the signal is aborted', (timeoutMs) => {
    expect(caught({ timeoutMs, signal: AbortSignal.abort('stop') })).toBeInstanceOf(RangeError);
  });
});

function caught(op: Op): unknown {
  try {
    throwIfOver(op, 'take');
  } catch (error) {
    return error;
  }
  throw new Error('expected a throw');
}
