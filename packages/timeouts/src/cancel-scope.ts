import { CancelListener, CancelListeners } from './cancel-listeners.js';
import { checkMs, MAX_DELAY_MS } from './check-ms.js';
import { timersOf } from './default-timers.js';
import { TimeoutError } from './errors.js';
import type { Op } from './op.js';
import { watchSignal } from './signal-hub.js';
import type { Timer, TimerSource } from './timer-source.js';

/**
 * One budget over several waits: everything that is waited for through a scope ends when the scope is cancelled.
 *
 * A scope is cancelled by {@link CancelScope.cancel}, by its time running out, by the signal that it was given, or by
 * the scope around it, whichever comes first, and only once. It stays cancelled. Close it when the work is done; a
 * scope is disposable, so `using` does that.
 *
 * @remarks
 * Cost: no timer, signal or listener exists before something waits.
 */
export interface CancelScope extends Disposable {
  /** The clock that the budget is counted on. */
  readonly timers: TimerSource;

  /**
   * A signal that is aborted when the scope is cancelled, for APIs that take one. It is made on the first read.
   *
   * After `close` it is never aborted any more.
   */
  readonly signal: AbortSignal;

  /** Milliseconds left of the budget, 0 once it is used up, `Infinity` if there is none. */
  readonly remainingMs: number;

  /**
   * Whether the scope was cancelled.
   *
   * @remarks
   * Reentrancy: a budget that has run out is noticed here, before its timer fires; the listeners are then called from
   * inside the read.
   */
  readonly isCancelled: boolean;

  /**
   * Throws the reason if the scope was cancelled.
   *
   * @throws The reason itself: a {@link TimeoutError}, or whatever the signal or `cancel` was given.
   */
  throwIfCancelled(): void;

  /**
   * Waits for `promise` or for the cancellation, whichever comes first.
   *
   * A promise that loses is still watched, so that a late rejection of it is not unhandled.
   *
   * @param promise - What to wait for.
   * @param onCancel - Called once if the scope is cancelled before `promise` has settled, and never otherwise. Tell
   * the operation to stop here. What it throws takes the place of the reason.
   * @returns What `promise` settles with, or a rejection with the reason, untouched.
   * @remarks
   * Cancellation: in a scope that is cancelled already the result is the reason, even if `promise` has settled.
   */
  race<T>(promise: Promise<T>, onCancel?: () => void): Promise<T>;

  /**
   * Calls `listener` with the reason when the scope is cancelled, or now if it is already.
   *
   * It does what an `abort` listener on {@link CancelScope.signal} does, without making a signal.
   *
   * @param listener - Called at most once. What it throws is thrown by whoever cancels, after all listeners were called.
   * @returns Takes the listener off again; does nothing once it was called.
   * @remarks
   * Reentrancy: listeners run inside `cancel`, in the order they came.
   */
  onCancel(listener: (reason: unknown) => void): () => void;

  /**
   * Cancels the scope now; does nothing if it was cancelled or closed before.
   *
   * @param reason - What the waits reject with. Default: a DOMException named `AbortError`.
   */
  cancel(reason?: unknown): void;

  /**
   * Releases the timer and all listeners. Waits that are pending go on without the scope; a scope that is closed
   * can no longer be cancelled, so close the inner ones first.
   */
  close(): void;
}

/**
 * Opens a scope with the budget of `op`: the earliest of its `timeoutMs`, its `deadline`, its `signal` and its `scope`.
 *
 * @param op - What the caller said. Without it the scope ends only by `cancel`.
 * @param operation - What is being done, for the message of the {@link TimeoutError}.
 * @returns The scope. Close it when the work is done.
 * @throws {RangeError} If `op.timeoutMs` is NaN or negative.
 * @remarks
 * Lifetime: its timer does not hold the process open.
 */
export function openCancelScope(op?: Op, operation?: string): CancelScope {
  return new Scope(op, operation);
}

class Scope implements CancelScope {
  readonly timers: TimerSource;
  private readonly _operation: string | undefined;
  private readonly _outerSignal: AbortSignal | undefined;
  private readonly _outerScope: CancelScope | undefined;
  private readonly _budgetMs: number;
  private readonly _expiresAt: number;
  private readonly _listeners = new CancelListeners(() => {
    this._unwatch();
  });
  private _state: 'open' | 'cancelled' | 'closed' = 'open';
  private _reason: unknown;
  private _controller: AbortController | undefined;
  private _timer: Timer | undefined;
  private _signalListener: CancelListener | undefined;
  private _leaveOuterScope: (() => void) | undefined;

  constructor(op: Op | undefined, operation: string | undefined) {
    const timeoutMs = checkMs(op?.timeoutMs ?? Infinity, 'timeoutMs');
    const deadline = op?.deadline;
    this.timers = timersOf(op);
    this._operation = operation;
    this._outerSignal = op?.signal;
    this._outerScope = op?.scope;
    const deadlineMs = deadline === undefined ? Infinity : deadline.remainingMs;
    const ownMs = Math.min(timeoutMs, deadlineMs);
    this._expiresAt = ownMs === Infinity ? Infinity : this.timers.now() + ownMs;
    // The error names the whole budget, of which a deadline may have been used in part before this scope opened.
    this._budgetMs = deadline !== undefined && deadlineMs < timeoutMs ? deadline.timeoutMs : timeoutMs;
  }

  get signal(): AbortSignal {
    if (this._controller === undefined) {
      this._controller = new AbortController();
      if (this.isCancelled) this._controller.abort(this._reason);
      else if (this._state === 'open') this._watch();
    }
    return this._controller.signal;
  }

  get remainingMs(): number {
    const outerMs = this._outerScope?.remainingMs ?? Infinity;
    if (this._expiresAt === Infinity) return outerMs;
    return Math.min(outerMs, Math.max(0, this._expiresAt - this.timers.now()));
  }

  get isCancelled(): boolean {
    if (this._state === 'open') this._notice();
    return this._state === 'cancelled';
  }

  throwIfCancelled(): void {
    if (this.isCancelled) throw this._reason;
  }

  race<T>(promise: Promise<T>, onCancel?: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this._raceInto(promise, onCancel, resolve, reject);
    });
  }

  onCancel(listener: (reason: unknown) => void): () => void {
    const entry = new CancelListener(listener);
    this._listen(entry);
    return () => {
      entry.remove();
    };
  }

  cancel(reason?: unknown): void {
    if (this._state !== 'open') return;
    this._state = 'cancelled';
    this._reason = reason === undefined ? new DOMException('the scope was cancelled', 'AbortError') : reason;
    this._release();
    try {
      this._listeners.dispatch(this._reason);
    } finally {
      this._controller?.abort(this._reason);
    }
  }

  close(): void {
    if (this._state === 'open') this._state = 'closed';
    this._listeners.clear();
    this._release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private _raceInto<T>(
    promise: Promise<T>,
    onCancel: (() => void) | undefined,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ): void {
    const listener = new CancelListener((reason) => {
      try {
        onCancel?.();
      } catch (error) {
        reject(error);
        return;
      }
      reject(reason);
    });
    promise.then(
      (value) => {
        listener.remove();
        resolve(value);
      },
      (error: unknown) => {
        listener.remove();
        reject(error);
      },
    );
    this._listen(listener);
  }

  private _listen(listener: CancelListener): void {
    if (this.isCancelled) {
      listener.fn(this._reason);
    } else if (this._state === 'open') {
      this._listeners.add(listener);
      this._watch();
    }
  }

  /** Cancels the scope if one of its limits was reached and nobody has told it so. */
  private _notice(): void {
    if (this._outerSignal?.aborted === true) {
      this.cancel(this._outerSignal.reason);
    } else if (this._outerScope?.isCancelled === true) {
      // Called at once, as the outer scope is cancelled already.
      this._outerScope.onCancel((reason) => {
        this.cancel(reason);
      });
    } else if (this._expiresAt !== Infinity) {
      const overdueMs = this.timers.now() - this._expiresAt;
      if (overdueMs >= 0) this._expire(overdueMs);
    }
  }

  private _expire(overdueMs: number): void {
    const timeoutMs = this._budgetMs;
    this.cancel(new TimeoutError({ timeoutMs, elapsedMs: timeoutMs + overdueMs, operation: this._operation }));
  }

  /** Makes sure that somebody wakes this scope: called when the first thing waits. */
  private _watch(): void {
    const cancel = (reason: unknown): void => {
      this.cancel(reason);
    };
    if (this._outerSignal !== undefined) this._signalListener ??= watchSignal(this._outerSignal, cancel);
    if (this._outerScope !== undefined) this._leaveOuterScope ??= this._outerScope.onCancel(cancel);
    if (this._timer !== undefined || this._expiresAt === Infinity) return;
    const leftMs = this._expiresAt - this.timers.now();
    // An outer scope that ends sooner needs no second timer here.
    if (leftMs <= (this._outerScope?.remainingMs ?? Infinity)) this._arm(Math.max(0, leftMs));
  }

  private _arm(delayMs: number): void {
    this._timer = this.timers.callLater(Math.min(delayMs, MAX_DELAY_MS), () => {
      const overdueMs = this.timers.now() - this._expiresAt;
      if (overdueMs >= 0) this._expire(overdueMs);
      // A source that rounds down would be early. A whole millisecond, or a tiny rest might never move its clock.
      else this._arm(Math.max(1, -overdueMs));
    });
    this._timer.unref();
  }

  /** Lets go of the outer signal and scope while nothing waits; the timer, which is only this scope's, stays. */
  private _unwatch(): void {
    if (this._controller !== undefined && this._state === 'open') return;
    this._signalListener?.remove();
    this._signalListener = undefined;
    this._leaveOuterScope?.();
    this._leaveOuterScope = undefined;
  }

  private _release(): void {
    this._timer?.cancel();
    this._timer = undefined;
    this._unwatch();
  }
}
