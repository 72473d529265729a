import { endAll } from './cancel-targets.js';
import type { CancelTarget } from './cancel-targets.js';
import type { OwnScope } from './cancel-scope.js';
import { checkMs } from './check-ms.js';
import { checkOp } from './check-op.js';
import { timersOf } from './default-timers.js';
import { timedOut } from './errors.js';
import type { Op } from './op.js';
import { hubOf } from './signal-hub.js';
import { TimerEntry } from './timer-entry.js';
import { TimerRing } from './timer-ring.js';
import type { TimerSource } from './timer-source.js';

/** Everything that can end one operation, in one object. */
export abstract class OpLimits extends TimerEntry implements CancelTarget {
  readonly timers: TimerSource;
  /** @internal */
  _state: 'open' | 'cancelled' | 'closed' = 'open';
  protected readonly _operation: string | undefined;
  protected readonly _outer: OwnScope | undefined = undefined;
  protected readonly _signal: AbortSignal | undefined = undefined;
  /** The whole budget, for the error; a deadline may have been used in part before. */
  protected _budgetMs: number;
  protected _expiresAt: number;
  #ring: TimerRing | undefined = undefined;
  #isAttached = false;

  /**
   * Reads the clock, if there is a time limit: a ring may count from later, and then a blocked loop goes unnoticed.
   *
   * @throws {RangeError} If `timeoutMs` is NaN or negative.
   * @throws {TypeError} As {@link checkOp} does.
   */
  constructor(op: Op | undefined, timeoutMs: number, operation: string | undefined, own: TimerSource | undefined) {
    super();
    this._budgetMs = checkMs(timeoutMs, 'timeoutMs');
    this._operation = operation;
    this.timers = timersOf(op, own);
    this._expiresAt = timeoutMs === Infinity ? Infinity : this.timers.now() + timeoutMs;
    if (op === undefined) return;
    checkOp(op);
    this._outer = op.scope as OwnScope | undefined;
    this._signal = op.signal;
    const { deadline } = op;
    if (deadline === undefined) return;
    const deadlineAt = deadline._expiresOn(this.timers);
    if (deadlineAt < this._expiresAt) {
      this._expiresAt = deadlineAt;
      this._budgetMs = deadline.timeoutMs;
    }
  }

  override onExpire(overdueMs: number): void {
    this._end(timedOut(this._budgetMs, -overdueMs, this._operation));
  }

  /**
   * Ends the operation, if it is not over, and what depends on it.
   *
   * @internal
   */
  _end(reason: unknown): void {
    endAll(new Set([this]), reason);
  }

  /** @internal */
  _tell(reason: unknown): Set<CancelTarget> | undefined {
    if (this._state !== 'open') return undefined;
    this._state = 'cancelled';
    this._detach();
    return this._onEnd(reason);
  }

  /**
   * Begins to wait, or ends the operation if it is over before it began.
   *
   * @internal
   * @returns Whether it waits.
   */
  _start(op: Op | undefined): boolean {
    // A timeout that has just begun is worth no look at the clock, a deadline may have passed before.
    this._notice(this._budgetMs === 0 || op?.deadline !== undefined);
    this._attach();
    return this._state === 'open';
  }

  /** Called once, when one of the limits is reached; returns who is to be told. */
  protected abstract _onEnd(reason: unknown): Set<CancelTarget> | undefined;

  /** Ends the operation if one of its limits is reached and nobody has told it so. */
  protected _notice(looksAtClock: boolean): void {
    if (this._signal?.aborted === true) {
      this._end(this._signal.reason);
    } else if (this._outer?.isCancelled === true) {
      this._end(this._outer._reason);
    } else if (looksAtClock) {
      const leftMs = this._leftMs();
      if (leftMs <= 0) this.onExpire(-leftMs);
    }
  }

  /** Milliseconds left of the operation's own budget, negative when it is overdue. */
  protected _leftMs(): number {
    return this._expiresAt - this.timers.now();
  }

  /**
   * Sees to it that somebody ends the operation: called when something waits, none of the limits being reached.
   *
   * @throws What the clock or the signal throws; nothing is left behind.
   */
  protected _attach(): void {
    if (this.#isAttached || this._state !== 'open') return;
    this._outer?._add(this);
    this.#isAttached = true;
    try {
      if (this._signal !== undefined) hubOf(this._signal).add(this);
      if (this._expiresAt !== Infinity) this._arm();
    } catch (error) {
      this._detach();
      throw error;
    }
  }

  /** Ends the wait without a word. */
  protected _close(): void {
    if (this._state === 'open') this._state = 'closed';
    this._detach();
  }

  /** Lets go of everything: called when nothing waits any more. */
  protected _detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    this._outer?._remove(this);
    if (this._signal !== undefined) hubOf(this._signal).remove(this);
    this.#ring?.disarm(this);
  }

  protected _arm(): void {
    this.#ring ??= TimerRing.of(this.timers);
    this.#ring.armAt(this, this._expiresAt);
  }
}
