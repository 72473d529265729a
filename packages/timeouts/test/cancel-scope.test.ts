import { afterEach, describe, expect, test, vi } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { Deadline, TimeoutError, openCancelScope, sleep, throwIfOver, watchOp, withTimeout } from '../src/index.js';
import type { Op, TimerSource } from '../src/index.js';
import { abortListeners } from './abort-listeners.js';

const DEFAULT_TIMERS = Symbol.for('millrace.timers');
const forever = (): Promise<never> => new Promise(() => {});

afterEach(() => {
  Reflect.deleteProperty(globalThis, DEFAULT_TIMERS);
});

describe('openCancelScope', () => {
  test.each([NaN, -1, '1' as unknown as number])('rejects a timeoutMs of %s', (timeoutMs) => {
    expect(() => openCancelScope({ timeoutMs, timers: new TestClock() })).toThrow(RangeError);
  });

  test('without limits never ends by itself and arms nothing', () => {
    const clock = new TestClock();
    for (const op of [{ timers: clock }, { timers: clock, timeoutMs: Infinity, deadline: Deadline.never }]) {
      const scope = openCancelScope(op);
      scope.onCancel(() => {});
      expect([scope.remainingMs, scope.isCancelled, clock.pending]).toEqual([Infinity, false, 0]);
    }
  });

  test('arms no timer and adds no listener before something waits', async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const scope = openCancelScope({ timers: clock, timeoutMs: 5, signal: controller.signal });
    expect([clock.pending, abortListeners(controller.signal)]).toEqual([0, 0]);
    const waiting = scope.race(forever());
    expect([clock.pending, clock.pendingRefs]).toEqual([1, 0]);
    expect(abortListeners(controller.signal)).toBe(1);
    clock.advance(5);
    await expect(waiting).rejects.toBeInstanceOf(TimeoutError);
    expect([clock.pending, abortListeners(controller.signal)]).toEqual([0, 0]);
  });

  describe('ends with the earliest of its limits', () => {
    const limits: [string, (clock: TestClock) => Op][] = [
      ['timeoutMs', () => ({ timeoutMs: 10 })],
      ['deadline', (clock) => ({ deadline: Deadline.after(10, clock) })],
      ['scope', (clock) => ({ scope: openCancelScope({ timeoutMs: 10, timers: clock }) })],
      ['timeoutMs before deadline', (clock) => ({ timeoutMs: 10, deadline: Deadline.after(20, clock) })],
      ['deadline before timeoutMs', (clock) => ({ timeoutMs: 20, deadline: Deadline.after(10, clock) })],
      ['scope before timeoutMs', (c) => ({ timeoutMs: 20, scope: openCancelScope({ timeoutMs: 10, timers: c }) })],
      ['timeoutMs before scope', (c) => ({ timeoutMs: 10, scope: openCancelScope({ timeoutMs: 20, timers: c }) })],
    ];
    test.each(limits)('%s', async (_, limit) => {
      const clock = new TestClock();
      const scope = openCancelScope({ timers: clock, ...limit(clock) });
      const waiting = scope.race(forever());
      clock.advance(9);
      expect([scope.isCancelled, scope.remainingMs]).toEqual([false, 1]);
      clock.advance(1);
      expect([scope.isCancelled, scope.remainingMs]).toEqual([true, 0]);
      await expect(waiting).rejects.toMatchObject({ timeoutMs: 10, elapsedMs: 10 });
    });
  });

  test('names the whole budget of a deadline that was used in part before', async () => {
    const clock = new TestClock();
    const deadline = Deadline.after(30, clock);
    clock.advance(20);
    const waiting = openCancelScope({ deadline }, 'fetch rows').race(forever());
    clock.advance(10);
    await expect(waiting).rejects.toMatchObject({ timeoutMs: 30, elapsedMs: 30, operation: 'fetch rows' });
  });

  test('uses the clock of op, else of the scope, else of the deadline, else the default', () => {
    const [own, ofScope, ofDeadline, shared] = [new TestClock(), new TestClock(), new TestClock(), new TestClock()];
    Object.assign(globalThis, { [DEFAULT_TIMERS]: shared });
    const scope = openCancelScope({ timers: ofScope });
    const deadline = Deadline.after(1, ofDeadline);
    expect(openCancelScope({ timers: own, scope, deadline }).timers).toBe(own);
    expect(openCancelScope({ scope, deadline }).timers).toBe(ofScope);
    expect(openCancelScope({ deadline }).timers).toBe(ofDeadline);
    expect(openCancelScope({ deadline: Deadline.never }).timers).toBe(shared);
    expect(openCancelScope().timers).toBe(shared);
  });

  test('does not end early on a clock that calls back early', async () => {
    const clock = new TestClock();
    const hasty: TimerSource = {
      now: () => clock.now(),
      callLater: (delayMs, fn) => clock.callLater(delayMs * 0.9, fn),
    };
    const scope = openCancelScope({ timers: hasty, timeoutMs: 100 });
    let endedAt: number | undefined;
    scope.onCancel(() => (endedAt = clock.now()));
    clock.runAll();
    expect(endedAt).toBeGreaterThanOrEqual(100);
    expect(endedAt).toBeLessThan(102);
  });

  test('chains timers when the budget is longer than a host can wait', () => {
    const clock = new TestClock();
    const delays: number[] = [];
    const timers: TimerSource = {
      now: () => clock.now(),
      callLater: (delayMs, fn) => (delays.push(delayMs), clock.callLater(delayMs, fn)),
    };
    const scope = openCancelScope({ timers, timeoutMs: 2 ** 32 });
    let endedAt: number | undefined;
    scope.onCancel(() => (endedAt = clock.now()));
    clock.runAll();
    expect(endedAt).toBe(2 ** 32);
    expect(Math.max(...delays)).toBeLessThan(2 ** 31);
  });
});

describe('CancelScope.isCancelled', () => {
  test('notices that the time is up before the timer has fired', () => {
    let nowMs = 0;
    const timers: TimerSource = { now: () => nowMs, callLater: () => ({ cancel() {}, ref() {}, unref() {} }) };
    const scope = openCancelScope({ timers, timeoutMs: 5 });
    const onCancel = vi.fn();
    scope.onCancel(onCancel);
    nowMs = 7;
    expect(scope.isCancelled).toBe(true);
    expect(onCancel).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ timeoutMs: 5, elapsedMs: 7 }));
    expect(() => {
      scope.throwIfCancelled();
    }).toThrow(TimeoutError);
  });

  test('notices an aborted signal and a cancelled outer scope that nobody listens to', () => {
    const controller = new AbortController();
    const outer = openCancelScope();
    const [bySignal, byScope] = [openCancelScope({ signal: controller.signal }), openCancelScope({ scope: outer })];
    expect([bySignal.isCancelled, byScope.isCancelled]).toEqual([false, false]);
    bySignal.throwIfCancelled();
    controller.abort('stop');
    outer.cancel('enough');
    expect([bySignal.isCancelled, byScope.isCancelled]).toEqual([true, true]);
    expect([bySignal.signal.reason, byScope.signal.reason]).toEqual(['stop', 'enough']);
  });
});

describe('CancelScope.race', () => {
  test('gives what the promise gives and leaves nothing behind', async () => {
    const controller = new AbortController();
    const clock = new TestClock();
    const outer = openCancelScope({ timers: clock, timeoutMs: 50 });
    const scope = openCancelScope({ signal: controller.signal, scope: outer, timeoutMs: 10 });
    const onCancel = vi.fn();
    await expect(scope.race(Promise.resolve(7), onCancel)).resolves.toBe(7);
    const failure = new Error('no');
    await expect(scope.race(Promise.reject(failure), onCancel)).rejects.toBe(failure);
    expect(abortListeners(controller.signal)).toBe(0);
    scope.close();
    outer.cancel();
    expect(onCancel).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['an error', new Error('mine')],
    ['a string', 'mine'],
    ['null', null],
    ['zero', 0],
  ])('rejects with the very reason of the signal when it is %s', async (_, reason) => {
    const controller = new AbortController();
    const scope = openCancelScope({ signal: controller.signal });
    const inner = openCancelScope({ scope });
    const during = inner.race(forever());
    controller.abort(reason);
    await expect(during).rejects.toBe(reason);
    await expect(inner.race(forever())).rejects.toBe(reason);
    expect(inner.signal.reason).toBe(reason);
  });

  test('calls onCancel exactly once, before the rejection is seen', async () => {
    const scope = openCancelScope();
    const order: string[] = [];
    const waiting = scope.race(forever(), () => order.push('onCancel')).catch(() => order.push('rejected'));
    scope.cancel();
    scope.cancel();
    expect(order).toEqual(['onCancel']);
    await waiting;
    scope.close();
    expect(order).toEqual(['onCancel', 'rejected']);
  });

  test('tells the operation at once when the scope is cancelled already', async () => {
    const scope = openCancelScope();
    scope.cancel('over');
    const onCancel = vi.fn();
    await expect(scope.race(Promise.resolve(1), onCancel)).rejects.toBe('over');
    expect(onCancel).toHaveBeenCalledTimes(1);
  });

  test('rejects with what onCancel throws', async () => {
    const scope = openCancelScope();
    const failure = new Error('cannot stop');
    const waiting = scope.race(forever(), () => {
      throw failure;
    });
    const other = scope.race(forever());
    scope.cancel('over');
    await expect(waiting).rejects.toBe(failure);
    await expect(other).rejects.toBe('over');
  });

  test('goes on without the scope after close', async () => {
    const clock = new TestClock();
    const scope = openCancelScope({ timers: clock, timeoutMs: 10 });
    let finish: (value: string) => void = () => {};
    const waiting = scope.race(new Promise<string>((resolve) => (finish = resolve)));
    scope.close();
    expect(clock.pending).toBe(0);
    clock.advance(20);
    scope.cancel();
    expect(scope.isCancelled).toBe(false);
    finish('done');
    await expect(waiting).resolves.toBe('done');
  });

  test('rejects in a scope that is closed already, and tells the operation', async () => {
    const scope = openCancelScope();
    scope.close();
    const onCancel = vi.fn();
    await expect(scope.race(Promise.resolve(1), onCancel)).rejects.toThrow(new TypeError('the scope is closed'));
    expect(onCancel).toHaveBeenCalledTimes(1);
  });
});

describe('CancelScope.onCancel', () => {
  test('calls the listeners in order, those that were taken off excepted', () => {
    const scope = openCancelScope();
    const calls: string[] = [];
    scope.onCancel((reason) => {
      calls.push(`a ${String(reason)}`);
      removeC();
    });
    const removeB = scope.onCancel(() => calls.push('b'));
    const removeC = scope.onCancel(() => calls.push('c'));
    scope.onCancel(() => calls.push('d'));
    removeB();
    removeB();
    scope.cancel('why');
    removeC();
    expect(calls).toEqual(['a why', 'd']);
    scope.onCancel((reason) => calls.push(`late ${String(reason)}`));
    expect(calls).toEqual(['a why', 'd', 'late why']);
  });

  test('calls all listeners and aborts the signal although one throws, then throws', () => {
    const scope = openCancelScope();
    const { signal } = scope;
    const failure = new Error('bad listener');
    scope.onCancel(() => {
      throw failure;
    });
    const second = vi.fn();
    scope.onCancel(second);
    expect(() => {
      scope.cancel('over');
    }).toThrow(failure);
    expect(second).toHaveBeenCalledExactlyOnceWith('over');
    expect(signal.reason).toBe('over');
  });
});

describe('CancelScope.signal', () => {
  test('is one signal, aborted with the reason', () => {
    const scope = openCancelScope();
    const { signal } = scope;
    expect(scope.signal).toBe(signal);
    scope.cancel();
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
    expect(() => {
      scope.throwIfCancelled();
    }).toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  test('keeps the scope awake after other waits have come and gone', async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const scope = openCancelScope({ timers: clock, timeoutMs: 100, signal: controller.signal });
    const { signal } = scope;
    await scope.race(Promise.resolve());
    controller.abort('stop');
    expect(signal.reason).toBe('stop');
    expect([clock.pending, abortListeners(controller.signal)]).toEqual([0, 0]);
  });

  test('read for the first time after the end tells how it ended', () => {
    const clock = new TestClock();
    const expired = openCancelScope({ timers: clock, timeoutMs: 1 });
    const closed = openCancelScope({ timers: clock, timeoutMs: 1 });
    closed.close();
    clock.advance(1);
    expect(expired.signal.reason).toBeInstanceOf(TimeoutError);
    expect(closed.signal.aborted).toBe(false);
  });
});

describe('nested scopes', () => {
  test('the inner one ends with the outer one, not the other way round', async () => {
    const outer = openCancelScope();
    const [first, second] = [openCancelScope({ scope: outer }), openCancelScope({ scope: outer })];
    const waits = [first.race(forever()), second.race(forever())];
    first.cancel('first only');
    await expect(waits[0]).rejects.toBe('first only');
    expect([outer.isCancelled, second.isCancelled]).toEqual([false, false]);
    outer.cancel('all');
    await expect(waits[1]).rejects.toBe('all');
    expect(first.signal.reason).toBe('first only');
  });

  test('share one timer when the outer one ends first', () => {
    const clock = new TestClock();
    const outer = openCancelScope({ timers: clock, timeoutMs: 10 });
    const inner = openCancelScope({ scope: outer, timeoutMs: 20 });
    const onCancel = vi.fn();
    inner.onCancel(onCancel);
    expect(clock.pending).toBe(1);
    clock.advance(10);
    expect(onCancel).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ timeoutMs: 10 }));
  });

  test('are released by dispose', () => {
    const clock = new TestClock();
    {
      using outer = openCancelScope({ timers: clock, timeoutMs: 10 });
      using inner = openCancelScope({ scope: outer, timeoutMs: 5 });
      inner.onCancel(() => {});
      expect(clock.pending).toBe(1);
    }
    expect(clock.pending).toBe(0);
  });
});

describe('what begins in a scope that is closed already', () => {
  const closed = new TypeError('the scope is closed');

  test('is rejected: it would have no limit', async () => {
    const scope = openCancelScope({ timers: new TestClock(), timeoutMs: 10 });
    scope.close();
    const onCancel = vi.fn();
    expect(watchOp({ scope }, { onCancel })).toBe(undefined);
    expect(onCancel).toHaveBeenCalledExactlyOnceWith(closed);
    expect(() => {
      throwIfOver({ scope, timeoutMs: 5 });
    }).toThrow(closed);
    expect(() => openCancelScope({ scope })).toThrow(closed);
    await expect(withTimeout(5, forever, { scope })).rejects.toThrow(closed);
    await expect(sleep(5, { scope })).rejects.toThrow(closed);
  });

  test('is rejected with the reason if the scope was cancelled before', async () => {
    const scope = openCancelScope();
    scope.cancel('over');
    scope.close();
    await expect(sleep(5, { scope })).rejects.toBe('over');
  });

  test('can be shielded from it', () => {
    const scope = openCancelScope();
    scope.close();
    throwIfOver({ scope: scope.shield() });
  });
});

describe('a chain of 6000 scopes', () => {
  test('is cancelled as a whole, whoever is told in it', async () => {
    const root = openCancelScope();
    let scope = root;
    const told: number[] = [];
    const waits: Promise<unknown>[] = [];
    for (let depth = 0; depth < 6000; depth++) {
      scope = openCancelScope({ scope });
      scope.onCancel(() => told.push(depth)); // attached from the outside in
      if (depth % 1500 === 0) waits.push(scope.race(forever()));
    }
    const { signal } = scope;
    const settled = Promise.allSettled(waits);
    root.cancel('over');
    expect(told).toEqual(Array.from({ length: 6000 }, (_, depth) => depth));
    expect(signal.reason).toBe('over');
    for (const result of await settled) expect(result).toEqual({ status: 'rejected', reason: 'over' });
  });

  test('is cancelled although listeners throw, and the first error is thrown in the end', () => {
    const root = openCancelScope();
    const inner = openCancelScope({ scope: root });
    const innermost = vi.fn();
    for (const message of ['first', 'second']) {
      inner.onCancel(() => {
        throw new Error(message);
      });
    }
    openCancelScope({ scope: inner }).onCancel(innermost);
    expect(() => {
      root.cancel('over');
    }).toThrow('first');
    expect(innermost).toHaveBeenCalledExactlyOnceWith('over');
  });

  test('tells nobody in a scope that another listener has closed meanwhile', () => {
    const root = openCancelScope();
    const inner = openCancelScope({ scope: root });
    const [listener, late] = [vi.fn(), vi.fn()];
    root.onCancel(() => {
      inner.close();
    });
    inner.onCancel(listener);
    root.cancel();
    expect(listener).not.toHaveBeenCalled();
    inner.onCancel(late);
    expect(late).not.toHaveBeenCalled();
  });
});

describe('a signal that outlives its operations', () => {
  test('carries no listener after 100000 operations in a row', async () => {
    const { signal } = new AbortController();
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      const scope = openCancelScope({ signal });
      const waiting = scope.race(Promise.resolve());
      if (i % 1000 === 0) most = Math.max(most, abortListeners(signal));
      await waiting;
      if (i % 2 === 0) scope.close(); // and forgetting to close it leaks nothing either
    }
    expect([most, abortListeners(signal)]).toEqual([1, 0]);
  });

  test('carries one listener while 100000 operations wait at once, and ends them all', async () => {
    const controller = new AbortController();
    const waits: Promise<unknown>[] = [];
    let ended = 0;
    for (let i = 0; i < 100_000; i++) {
      waits.push(openCancelScope({ signal: controller.signal }).race(forever(), () => ended++));
    }
    expect(abortListeners(controller.signal)).toBe(1);
    const settled = Promise.allSettled(waits); // before they reject: a host may track each rejection that nobody awaits
    controller.abort('stop');
    const results = await settled;
    expect(ended).toBe(100_000);
    expect(results.every((result) => result.status === 'rejected' && result.reason === 'stop')).toBe(true);
    expect(abortListeners(controller.signal)).toBe(0);
  });
});
