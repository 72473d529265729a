// Situations that other runtimes' tests of timeouts and cancel scopes ask about; the answers are this package's.
import { describe, expect, test, vi } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { Deadline, TimeoutError, openCancelScope, sleep, watchOp, withTimeout } from '../src/index.js';
import type { CancelScope } from '../src/index.js';

const forever = (): Promise<never> => new Promise(() => {});

/** The reason of a rejection. */
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error('expected a rejection');
    },
    (reason: unknown) => reason,
  );

interface Later<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

function later<T>(): Later<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('a wait with a limit', () => {
  test('of 0 ms does not begin, even where the value is there', async () => {
    const timers = new TestClock();
    const run = vi.fn(() => Promise.resolve('there'));
    await expect(withTimeout(0, run, { timers })).rejects.toMatchObject({ timeoutMs: 0, elapsedMs: 0 });
    expect(run).not.toHaveBeenCalled();
  });

  test('whose deadline has passed before does not begin, and the error tells the whole budget', async () => {
    const timers = new TestClock();
    const deadline = Deadline.after(10, timers);
    timers.advance(25);
    const run = vi.fn(forever);
    await expect(withTimeout(100, run, { deadline })).rejects.toMatchObject({ timeoutMs: 10, elapsedMs: 25 });
    expect(run).not.toHaveBeenCalled();
  });

  test('takes a value that is settled when the time is up but was not seen yet to onLate', async () => {
    const timers = new TestClock();
    const work = later<string>();
    const onLate = vi.fn();
    const result = reasonOf(withTimeout(10, () => work.promise, { timers, onLate }));
    work.resolve('connection');
    timers.advance(10); // the same turn: nothing has run since
    expect(await result).toBeInstanceOf(TimeoutError);
    expect(onLate).toHaveBeenCalledExactlyOnceWith('connection');
  });

  test('takes a value that was seen in the same tick as in time', async () => {
    const timers = new TestClock();
    const work = later<string>();
    const onLate = vi.fn();
    const result = withTimeout(10, () => work.promise, { timers, onLate });
    work.resolve('connection');
    await timers.advanceAsync(10);
    expect(await result).toBe('connection');
    expect(onLate).not.toHaveBeenCalled();
  });

  test('gives a late value back whatever ended the wait: time, signal or outer scope', async () => {
    const timers = new TestClock();
    const controller = new AbortController();
    const outer = openCancelScope({ timers });
    const late: string[] = [];
    const onLate = (value: string): void => {
      late.push(value);
    };
    const works = [later<string>(), later<string>(), later<string>()] as const;
    const results = [
      reasonOf(withTimeout(10, () => works[0].promise, { timers, onLate })),
      reasonOf(withTimeout(50, () => works[1].promise, { timers, signal: controller.signal, onLate })),
      reasonOf(withTimeout(50, () => works[2].promise, { scope: outer, onLate })),
    ];
    timers.advance(10);
    controller.abort('stop');
    outer.cancel('enough');
    works.forEach(({ resolve }, place) => {
      resolve(`value ${place}`);
    });
    expect((await Promise.all(results)).slice(1)).toEqual(['stop', 'enough']);
    expect(late).toEqual(['value 0', 'value 1', 'value 2']);
  });

  test('does not give a late rejection to onLate', async () => {
    const timers = new TestClock();
    const work = later<string>();
    const onLate = vi.fn();
    const result = reasonOf(withTimeout(10, () => work.promise, { timers, onLate }));
    timers.advance(10);
    work.reject(new Error('late'));
    await result;
    await timers.advanceAsync(0);
    expect(onLate).not.toHaveBeenCalled();
  });

  test('does not swallow an abort that comes with the value', async () => {
    const controller = new AbortController();
    const work = later<number>();
    const result = reasonOf(
      withTimeout(10, () => work.promise, { timers: new TestClock(), signal: controller.signal }),
    );
    work.resolve(1);
    controller.abort('stop');
    expect(await result).toBe('stop');
  });

  test('rejects with what the work throws on being cancelled only if that comes first', async () => {
    const timers = new TestClock();
    const result = reasonOf(
      withTimeout(
        10,
        async (scope) => {
          await scope.race(forever());
        },
        { timers },
      ),
    );
    timers.advance(10);
    expect(await result).toMatchObject({ timeoutMs: 10 });
  });

  test('does not change an error of the work, not even a TimeoutError of its own', async () => {
    const own = new TimeoutError({ timeoutMs: 1, elapsedMs: 2 });
    const timers = new TestClock();
    await expect(withTimeout(10, () => Promise.reject(own), { timers })).rejects.toBe(own);
    expect(timers.pending).toBe(0);
  });

  test('is closed to what outlives it', async () => {
    const timers = new TestClock();
    let kept: CancelScope | undefined;
    await withTimeout(10, async (scope) => (kept = scope), { timers });
    timers.advance(100);
    expect([kept?.isCancelled, kept?.remainingMs]).toEqual([false, 0]);
    await expect(kept?.race(Promise.resolve(1))).rejects.toThrow('the scope is closed');
  });

  test('tells what is left of it while it runs', async () => {
    const timers = new TestClock();
    const seen: unknown[] = [];
    const result = reasonOf(
      withTimeout(
        30,
        async (scope) => {
          seen.push(scope.remainingMs);
          await sleep(10, { timers });
          seen.push(scope.remainingMs, scope.isCancelled);
          await sleep(30, { timers });
          seen.push(scope.remainingMs, scope.isCancelled);
        },
        { timers },
      ),
    );
    await timers.advanceAsync(100);
    await result;
    expect(seen).toEqual([30, 20, false, 0, true]);
  });
});

describe('nested limits', () => {
  test('the inner one alone, when it comes first: the outer work goes on', async () => {
    const timers = new TestClock();
    const outcome = withTimeout(
      100,
      async (outer) => {
        const inner = await reasonOf(withTimeout(10, forever, { scope: outer }));
        await sleep(20, { scope: outer });
        return [inner, outer.isCancelled];
      },
      { timers },
    );
    await timers.advanceAsync(50);
    expect(await outcome).toEqual([expect.objectContaining({ timeoutMs: 10 }), false]);
  });

  test('the outer one, when it comes first, ends both, and the error tells the outer budget and place', async () => {
    const timers = new TestClock();
    using outer = openCancelScope({ timers, timeoutMs: 10 }, 'serve request');
    const inner = openCancelScope({ scope: outer, timeoutMs: 100 }, 'read row');
    const reasons = Promise.all([reasonOf(inner.race(forever())), reasonOf(outer.race(forever()))]);
    timers.advance(50);
    const [ofInner, ofOuter] = await reasons;
    expect(ofInner).toBe(ofOuter);
    expect(ofInner).toMatchObject({ timeoutMs: 10, elapsedMs: 10, operation: 'serve request' });
    expect((ofInner as Error).message).toBe('serve request timed out after 10 ms (budget 10 ms)');
  });

  test('of the same length end together, once each', async () => {
    const timers = new TestClock();
    using outer = openCancelScope({ timers, timeoutMs: 10 }, 'outer');
    using inner = openCancelScope({ scope: outer, timeoutMs: 10 }, 'inner');
    const reasons: unknown[] = [];
    inner.onCancel((reason) => reasons.push(reason));
    outer.onCancel((reason) => reasons.push(reason));
    timers.advance(10);
    expect(reasons).toHaveLength(2);
    expect(timers.pending).toBe(0);
  });

  test('the innermost of many ends alone, the outermost ends them all', () => {
    const timers = new TestClock();
    const scopes: CancelScope[] = [openCancelScope({ timers })];
    for (let depth = 1; depth < 50; depth++) scopes.push(openCancelScope({ scope: scopes.at(-1) }));
    let ended = 0;
    for (const scope of scopes) scope.onCancel(() => ended++);
    scopes.at(-1)?.cancel();
    expect(ended).toBe(1);
    scopes[0]?.cancel('all');
    expect(ended).toBe(50);
    expect(scopes[30]?.signal.reason).toBe('all');
  });
});

describe('CancelScope.extend', () => {
  test('moves the end of the budget, before anything waits and while it does', async () => {
    const timers = new TestClock();
    for (const isWaiting of [false, true]) {
      const scope = openCancelScope({ timers, timeoutMs: 10 }, 'upload');
      const waiting = isWaiting ? scope.race(forever()) : undefined;
      timers.advance(5);
      scope.extend(20);
      expect(scope.remainingMs).toBe(25);
      const outcome = reasonOf(waiting ?? scope.race(forever()));
      timers.advance(24);
      expect(scope.isCancelled).toBe(false);
      timers.advance(1);
      expect(await outcome).toMatchObject({ timeoutMs: 30, elapsedMs: 30, operation: 'upload' });
    }
    expect(timers.pending).toBe(0);
  });

  test('works from inside withTimeout', async () => {
    const timers = new TestClock();
    const result = reasonOf(
      withTimeout(
        10,
        async (scope) => {
          await sleep(6, { scope });
          scope.extend(10);
          await forever();
        },
        { timers },
      ),
    );
    await timers.advanceAsync(19);
    expect(timers.pending).toBe(1);
    await timers.advanceAsync(1);
    expect(await result).toMatchObject({ timeoutMs: 20, elapsedMs: 20 });
  });

  test('works on a budget that came as a deadline, and lifts it with Infinity', () => {
    const timers = new TestClock();
    const scope = openCancelScope({ deadline: Deadline.after(10, timers) });
    scope.onCancel(() => {});
    scope.extend(5);
    timers.advance(14);
    expect(scope.remainingMs).toBe(1);
    scope.extend(Infinity);
    timers.advance(1e6);
    expect([scope.isCancelled, scope.remainingMs, timers.pending]).toEqual([false, Infinity, 0]);
  });

  test('does not outlast the scope around it', async () => {
    const timers = new TestClock();
    const outer = openCancelScope({ timers, timeoutMs: 20 });
    const inner = openCancelScope({ scope: outer, timeoutMs: 10 });
    const outcome = reasonOf(inner.race(forever()));
    inner.extend(100);
    expect(inner.remainingMs).toBe(20);
    timers.advance(20);
    expect(await outcome).toMatchObject({ timeoutMs: 20 });
  });

  test('gives no budget to a scope that has none', () => {
    const scope = openCancelScope({ timers: new TestClock() });
    scope.extend(10);
    expect(scope.remainingMs).toBe(Infinity);
  });

  test('comes too late for a scope that is over, whether or not anybody has noticed', () => {
    const timers = new TestClock();
    const [expired, cancelled] = [openCancelScope({ timers, timeoutMs: 10 }), openCancelScope({ timers })];
    timers.advance(10);
    cancelled.cancel('over');
    expect(() => {
      expired.extend(100);
    }).toThrow(TimeoutError);
    expect(() => {
      cancelled.extend(100);
    }).toThrow('over');
    expect(expired.isCancelled).toBe(true);
  });

  test.each([NaN, -1])('rejects %d ms and changes nothing', (ms) => {
    const scope = openCancelScope({ timers: new TestClock(), timeoutMs: 10 });
    expect(() => {
      scope.extend(ms);
    }).toThrow(RangeError);
    expect(scope.remainingMs).toBe(10);
  });
});

describe('CancelScope.shield', () => {
  test('goes on inside a scope that is cancelled, before or meanwhile', async () => {
    const timers = new TestClock();
    const outer = openCancelScope({ timers, timeoutMs: 1000 });
    const scope = openCancelScope({ scope: outer });
    const before = scope.shield();
    const rollback = sleep(30, { scope: before });
    scope.cancel('stop');
    const after = scope.shield();
    expect([before.isCancelled, after.isCancelled, after.remainingMs]).toEqual([false, false, Infinity]);
    expect(after.timers).toBe(timers);
    await timers.advanceAsync(30);
    await rollback;
    outer.cancel('all');
    await expect(after.race(Promise.resolve('done'))).resolves.toBe('done');
  });

  test('has limits of its own, and is named like its scope', async () => {
    const timers = new TestClock();
    const scope = openCancelScope({ timers, timeoutMs: 10 }, 'transaction');
    timers.advance(10);
    const cleanUp = scope.shield({ timeoutMs: 20 });
    const named = scope.shield({ timeoutMs: 20 }, 'rollback');
    const outcomes = Promise.all([reasonOf(cleanUp.race(forever())), reasonOf(named.race(forever()))]);
    timers.advance(20);
    expect(await outcomes).toMatchObject([
      { timeoutMs: 20, operation: 'transaction' },
      { timeoutMs: 20, operation: 'rollback' },
    ]);
  });

  test('ends by its own cancel and does not end its scope', () => {
    const scope = openCancelScope({ timers: new TestClock() });
    const shielded = scope.shield();
    const inside = openCancelScope({ scope: shielded });
    shielded.cancel('enough');
    expect([inside.isCancelled, scope.isCancelled]).toEqual([true, false]);
  });

  test('ignores a scope that was handed in by force', () => {
    const scope = openCancelScope({ timers: new TestClock() });
    const shielded = scope.shield({ ...({ scope } as object) });
    scope.cancel();
    expect(shielded.isCancelled).toBe(false);
  });
});

describe('cancelling from inside', () => {
  test('ends the wait that does it', async () => {
    const result = reasonOf(
      withTimeout(
        10,
        async (scope) => {
          scope.cancel('changed my mind');
          return 'value';
        },
        { timers: new TestClock() },
      ),
    );
    expect(await result).toBe('changed my mind');
  });

  test('a listener that cancels again, or closes, changes nothing', () => {
    const scope = openCancelScope();
    const reasons: unknown[] = [];
    scope.onCancel((reason) => {
      reasons.push(reason);
      scope.cancel('again');
      scope.onCancel((late) => reasons.push(late));
    });
    scope.onCancel((reason) => {
      reasons.push(reason);
    });
    scope.cancel('once');
    expect(reasons).toEqual(['once', 'once', 'once']);
  });

  test('a listener that closes the scope keeps the others from being called', () => {
    const scope = openCancelScope();
    const second = vi.fn();
    scope.onCancel(() => {
      scope.close();
    });
    scope.onCancel(second);
    scope.cancel('once');
    expect([second.mock.calls.length, scope.isCancelled]).toEqual([0, true]);
  });

  test('everybody who waits is told once, however he waits', () => {
    const timers = new TestClock();
    const scope = openCancelScope({ timers, timeoutMs: 10 });
    const told: string[] = [];
    scope.onCancel(() => told.push('listener'));
    watchOp({ scope }, { onCancel: () => told.push('waiter') });
    watchOp({ scope, timeoutMs: 10 }, { onCancel: () => told.push('waiter with a limit') });
    openCancelScope({ scope }).onCancel(() => told.push('inner scope'));
    timers.advance(1000);
    expect(told.sort()).toEqual(['inner scope', 'listener', 'waiter', 'waiter with a limit']);
    expect(timers.pending).toBe(0);
  });
});
