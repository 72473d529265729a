import type { CancelTarget } from './cancel-targets.js';
import { checkMs } from './check-ms.js';
import { checkOpen } from './check-op.js';
import type { Op } from './op.js';
import { OpLimits } from './op-limits.js';
import type { TimerSource } from './timer-source.js';

/**
 * One budget over several waits: everything that is waited for through a scope ends when the scope is cancelled.
 *
 * A scope is cancelled by {@link CancelScope.cancel}, by its time running out, by the signal that it was given, or by
 * the scope around it, whichever comes first, and only once. It stays cancelled. Close it when the work is done; a
 * scope is disposable, so `using` does that. Every scope comes from {@link openCancelScope} or `shield`.
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

  /** Milliseconds left of the budget, 0 once it is used up or the scope cancelled, `Infinity` if there is none. */
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
   * @param onCancel - Called once if `race` rejects on the scope's behalf, and never otherwise: tell the operation to
   * stop here. What it throws takes the place of the reason.
   * @returns What `promise` settles with, or a rejection with the reason, untouched.
   * @remarks
   * Cancellation: in a scope that is cancelled already the result is the reason, even if `promise` has settled; in one
   * that is closed, a TypeError. `onCancel` is called then too.
   */
  race<T>(promise: Promise<T>, onCancel?: () => void): Promise<T>;

  /**
   * Calls `listener` with the reason when the scope is cancelled, or now if it is already.
   *
   * It does what an `abort` listener on {@link CancelScope.signal} does, without making a signal. After `close` it is
   * never called.
   *
   * @param listener - Called at most once. What it throws is thrown by whoever cancels, after all listeners were called.
   * @returns Takes the listener off again; does nothing once it was called.
   * @remarks
   * Reentrancy: listeners run inside `cancel`, in the order they came, those of inner scopes after them.
   */
  onCancel(listener: (reason: unknown) => void): () => void;

  /**
   * Cancels the scope now, and those inside it; does nothing if it was cancelled or closed before.
   *
   * @param reason - What the waits reject with. Default: a DOMException named `AbortError`.
   */
  cancel(reason?: unknown): void;

  /**
   * Gives the scope more time: moves the end of its own budget, be that a `timeoutMs` or a `deadline`.
   *
   * The limits around it, its signal and its outer scope, count as before. A scope without a budget gets none.
   *
   * @param ms - Milliseconds more, 0 or more; `Infinity` lifts the limit.
   * @throws {RangeError} If `ms` is NaN or negative; nothing changes.
   * @throws The reason, if the scope was cancelled already: what is over does not come back.
   */
  extend(ms: number): void;

  /**
   * Opens a scope that this one does not cancel: for what must be finished even so, such as a rollback.
   *
   * Neither this scope nor anything around it ends the new one. Give it a limit of its own.
   *
   * @param op - The limits of the new scope. Default: none. The clock is this scope's unless it names another.
   * @param operation - What is being done, for the error. Default: this scope's.
   * @returns The scope; close it when the work is done.
   * @throws {RangeError} If `op.timeoutMs` is NaN or negative.
   */
  shield(op?: Omit<Op, 'scope'>, operation?: string): CancelScope;

  /**
   * Releases the timer and all listeners. Waits that are pending go on without the scope, for ever if nothing else ends
   * them, so `cancel` first where some may be left; what begins in a scope that is closed is rejected with a TypeError.
   * It can no longer be cancelled, so close the inner ones first.
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
 * @throws {TypeError} If `op.signal` is not an AbortSignal, or `op.scope` is closed.
 * @remarks
 * Lifetime: its timer does not hold the process open.
 */
export function openCancelScope(op?: Op, operation?: string): CancelScope {
  return new OwnScope(op, op?.timeoutMs ?? Infinity, operation, undefined);
}

/** What {@link openCancelScope} opens: the one kind of scope there is. */
export class OwnScope extends OpLimits implements CancelScope {
  /** @internal */
  _reason: unknown = undefined;
  /**
   * Rejects what `withTimeout` returned.
   *
   * @internal
   */
  _reject: ((reason: unknown) => void) | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #targets: Set<CancelTarget> | undefined = undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      if (!this.isCancelled) this._attach();
      this.#controller ??= new AbortController(); // a listener may have read it meanwhile
      if (this._state === 'cancelled') this.#controller.abort(this._reason);
    }
    return this.#controller.signal;
  }

  get remainingMs(): number {
    if (this._state === 'cancelled') return 0;
    return Math.max(0, Math.min(this._leftMs(), this._outer?.remainingMs ?? Infinity));
  }

  get isCancelled(): boolean {
    if (this._state === 'open') this._notice(this._expiresAt !== Infinity);
    return this._state === 'cancelled';
  }

  throwIfCancelled(): void {
    if (this.isCancelled) throw this._reason;
  }

  race<T>(promise: Promise<T>, onCancel?: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail: (reason: unknown) => void = reject;
      const target: CancelTarget = {
        _tell: (reason) => {
          try {
            onCancel?.();
          } catch (error) {
            fail(error);
          }
          fail(reason);
          return undefined;
        },
      };
      promise.then(
        (value) => {
          this._remove(target);
          resolve(value);
        },
        (error: unknown) => {
          this._remove(target);
          fail(error);
        },
      );
      try {
        checkOpen(this);
        this.#listen(target);
      } catch (error) {
        target._tell(error);
      }
    });
  }

  onCancel(listener: (reason: unknown) => void): () => void {
    const target: CancelTarget = {
      _tell: (reason) => {
        listener(reason);
        return undefined;
      },
    };
    this.#listen(target);
    return () => {
      this._remove(target);
    };
  }

  cancel(reason?: unknown): void {
    this._end(reason === undefined ? new DOMException('the scope was cancelled', 'AbortError') : reason);
  }

  extend(ms: number): void {
    checkMs(ms, 'ms');
    this.throwIfCancelled();
    this._expiresAt += ms;
    this._budgetMs += ms;
    if (this._ringId !== 0) this._arm();
  }

  shield(op?: Omit<Op, 'scope'>, operation: string | undefined = this._operation): CancelScope {
    return new OwnScope({ ...op, scope: undefined }, op?.timeoutMs ?? Infinity, operation, this.timers);
  }

  close(): void {
    this._close();
    this.#targets?.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  _add(target: CancelTarget): void {
    if (this._state !== 'open') return;
    this._attach();
    this.#targets ??= new Set();
    this.#targets.add(target);
  }

  /** @internal */
  _remove(target: CancelTarget): void {
    const targets = this.#targets;
    if (targets?.delete(target) !== true || targets.size > 0) return;
    if (this.#controller === undefined && this._reject === undefined) this._detach();
  }

  protected override _onEnd(reason: unknown): Set<CancelTarget> | undefined {
    this._reason = reason;
    this._reject?.(reason);
    const controller = this.#controller;
    if (controller === undefined) return this.#targets;
    // The signal is told last.
    return (this.#targets ?? new Set()).add({
      _tell: () => {
        controller.abort(reason);
        return undefined;
      },
    });
  }

  #listen(target: CancelTarget): void {
    if (this.isCancelled) target._tell(this._reason);
    else this._add(target);
  }
}
