import type { Op } from './op.js';

/**
 * Rejects an `op` that could never end what begins with it, though it says so.
 *
 * @throws {TypeError} If `signal` is not an AbortSignal.
 */
export function checkOp(op: Op): void {
  const signal: unknown = op.signal;
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.aborted !== 'boolean') {
    throw new TypeError(`expected signal to be an AbortSignal, but saw ${String(signal as string)}`);
  }
}
