import { checkMs } from './check-ms.js';
import { timedOut } from './errors.js';
import { checkOp } from './check-op.js';
import type { Op } from './op.js';
import { OpLimits } from './op-limits.js';
import type { TimerSource } from './timer-source.js';

/** A pending operation that its caller can call off: the waiter of a queue, a lock, a connection. */
export interface Cancellable {
  /**
   * Takes the operation out of its line and lets it end with `reason`.
   *
   * @param reason - A {@link TimeoutError}, or whatever the signal or the scope was given; to be passed on untouched.
   * @remarks
   * Reentrancy: runs inside the abort, the cancel or the timer. It must not throw.
   */
  onCancel(reason: unknown): void;
}

/** The tie between a waiter and the limits of its operation, made by {@link watchOp}. */
export interface OpWatch {
  /** Cuts the tie; call it when the operation has settled. O(1). Does nothing once `onCancel` was called. */
  release(): void;
}

/**
 * Calls `waiter.onCancel` once, when something in `op` ends the operation: the way to make a primitive cancellable.
 *
 * Where one of the limits is reached already, that happens inside this call. So put the waiter in line first. It happens
 * too, with the error, where `op` cannot be watched: a `timeoutMs` that is NaN, a clock that is closed.
 *
 * @param op - What the caller said.
 * @param waiter - Who is to be told.
 * @param operation - What is being done, for the message of the {@link TimeoutError}.
 * @param own - The clock that your object was constructed with, if it was.
 * @returns The tie to cut; `undefined` if there is none: there was no `op`, or it has ended the operation already.
 * @throws Nothing, unless `waiter.onCancel` does; {@link throwIfOver} finds what is wrong in `op` before anything is done.
 * @remarks
 * Cost: nothing without an `op`, else one object.
 * Lifetime: a timeout does not hold the process open.
 */
export function watchOp(
  op: Op | undefined,
  waiter: Cancellable,
  operation?: string,
  own?: TimerSource,
): OpWatch | undefined {
  if (op === undefined) return undefined;
  let watch: Watch | undefined;
  try {
    watch = new Watch(op, waiter, operation, own);
    if (watch._start(op)) return watch;
  } catch (error) {
    // The waiter is in line already, and nobody else would take it out.
    if (watch === undefined) waiter.onCancel(error);
    else if (watch._state === 'open') watch._end(error);
    else throw error; // it is the waiter's own
  }
  return undefined;
}

/**
 * Throws if something in `op` has ended the operation before it began: the check that comes before any change.
 *
 * @param op - What the caller said.
 * @param operation - What would have been done, for the error.
 * @throws {TimeoutError} If its deadline has passed, or its `timeoutMs` is 0.
 * @throws {RangeError} If `op.timeoutMs` is NaN or negative.
 * @throws {TypeError} If `op.signal` is not an AbortSignal, or `op.scope` is closed.
 * @throws The reason of `op.signal` or `op.scope`, untouched, if that is cancelled.
 */
export function throwIfOver(op: Op | undefined, operation?: string): void {
  if (op === undefined) return;
  const { signal, scope, deadline } = op;
  const timeoutMs = checkMs(op.timeoutMs ?? Infinity, 'timeoutMs');
  checkOp(op);
  if (signal?.aborted === true) throw signal.reason;
  scope?.throwIfCancelled();
  deadline?.throwIfExpired(operation);
  if (timeoutMs === 0) throw timedOut(0, 0, operation);
}

class Watch extends OpLimits implements OpWatch {
  readonly #waiter: Cancellable;

  constructor(op: Op, waiter: Cancellable, operation: string | undefined, own: TimerSource | undefined) {
    super(op, op.timeoutMs ?? Infinity, operation, own);
    this.#waiter = waiter;
  }

  release(): void {
    this._close();
  }

  protected override _onEnd(reason: unknown): undefined {
    this.#waiter.onCancel(reason);
  }
}
