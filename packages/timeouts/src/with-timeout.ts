import { OwnScope } from './cancel-scope.js';
import type { CancelScope } from './cancel-scope.js';
import { checkMs } from './check-ms.js';
import type { Op } from './op.js';

/**
 * Runs something under a time limit.
 *
 * The result is that of `run`, or a rejection as soon as the time is up; it does not wait for `run` to notice. Hand
 * the scope on to what `run` waits for, so that it ends too.
 *
 * @param timeoutMs - Milliseconds, 0 or more; `Infinity` sets no limit.
 * @param run - The work. It is not called if the limits are reached already: a `timeoutMs` of 0, an aborted signal.
 * @param op - Further limits; the earliest counts. `operation` is what is being done, for the error. `onLate` is given the value that `run` returns after the rejection,
 * so that what was acquired can be given back; what it throws is an unhandled rejection.
 * @returns What `run` returns.
 * @throws {TimeoutError} When the time is up.
 * @throws {RangeError} If `timeoutMs` or `op.timeoutMs` is NaN or negative; `run` is not called.
 * @throws {TypeError} If `op.signal` is not an AbortSignal, or `op.scope` is closed; `run` is not called.
 * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends it.
 * @remarks
 * Cancellation: `run` goes on until it looks at its scope. What it throws afterwards is dropped.
 * Lifetime: a wait in the scope that `run` has left pending, such as the loser of a `Promise.race`, goes on without a
 * limit: hand it a scope inside this one, and cancel that. The scope is closed when the result settles. The limit does not hold the process open.
 */
export function withTimeout<T>(
  timeoutMs: number,
  run: (scope: CancelScope) => Promise<T>,
  op?: Op & { operation?: string | undefined; onLate?: ((value: T) => void) | undefined },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const limitMs = Math.min(checkMs(timeoutMs, 'timeoutMs'), checkMs(op?.timeoutMs ?? Infinity, 'op.timeoutMs'));
    const scope = new OwnScope(op, limitMs, op?.operation, undefined);
    scope._reject = reject;
    if (!scope._start(op)) return;
    const fail = (error: unknown): void => {
      scope.close();
      scope._reject?.(error);
    };
    try {
      run(scope).then((value) => {
        if (scope._state === 'cancelled') op?.onLate?.(value);
        scope.close();
        resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}
