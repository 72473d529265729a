import type { OwnScope } from './cancel-scope.js';
import type { Op } from './op.js';

/**
 * Rejects an `op` that could never end what begins with it, though it says so.
 *
 * @throws {TypeError} If `signal` is not an AbortSignal, or `scope` is closed.
 */
export function checkOp(op: Op): void {
  const signal: unknown = op.signal;
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.aborted !== 'boolean') {
    throw new TypeError(`expected signal to be an AbortSignal, but saw ${signal as string}`);
  }
  checkOpen(op.scope as OwnScope | undefined);
}

/** @throws {TypeError} If `scope` is closed: it cannot be cancelled any more. */
export function checkOpen(scope: OwnScope | undefined): void {
  if (scope?._state === 'closed') throw new TypeError('the scope is closed');
}
