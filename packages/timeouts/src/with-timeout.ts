import { openCancelScope } from './cancel-scope.js';
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
 * @param op - Further limits; the earliest counts.
 * @returns What `run` returns.
 * @throws {TimeoutError} When the time is up.
 * @throws {RangeError} If `timeoutMs` or `op.timeoutMs` is NaN or negative; `run` is not called.
 * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends it.
 * @remarks
 * Cancellation: `run` goes on until it looks at its scope. What it returns or throws afterwards is dropped.
 * Lifetime: the scope is closed when the result settles. The limit does not hold the process open.
 */
export async function withTimeout<T>(timeoutMs: number, run: (scope: CancelScope) => Promise<T>, op?: Op): Promise<T> {
  const limitMs = Math.min(checkMs(timeoutMs, 'timeoutMs'), checkMs(op?.timeoutMs ?? Infinity, 'op.timeoutMs'));
  const scope = openCancelScope({ ...op, timeoutMs: limitMs });
  try {
    scope.throwIfCancelled();
    return await scope.race(run(scope));
  } finally {
    scope.close();
  }
}
