import { checkMs } from './check-ms.js';
import { defaultTimers } from './default-timers.js';
import { timedOut } from './errors.js';
import type { TimerSource } from './timer-source.js';

/**
 * A moment on a clock, by which something must be done.
 *
 * A deadline only answers questions: it holds no timer, so it costs nothing and never has to be released. Hand one
 * through many calls as `{ deadline }` and all of them share it.
 */
export class Deadline {
  /** A deadline that never comes. */
  static readonly never: Deadline = new Deadline(Infinity, Infinity, undefined);

  /** The whole budget in milliseconds, as it was given to {@link Deadline.after}. */
  readonly timeoutMs: number;
  /** The clock that it is counted on; `undefined` only for {@link Deadline.never}. */
  readonly timers: TimerSource | undefined;
  private readonly _expiresAt: number;

  private constructor(timeoutMs: number, expiresAt: number, timers: TimerSource | undefined) {
    this.timeoutMs = timeoutMs;
    this._expiresAt = expiresAt;
    this.timers = timers;
  }

  /**
   * Makes a deadline `ms` from now.
   *
   * @param ms - Milliseconds, 0 or more; `Infinity` never comes.
   * @param timers - The clock to count on. Default: {@link defaultTimers}.
   * @throws {RangeError} If `ms` is NaN or negative.
   */
  static after(ms: number, timers: TimerSource = defaultTimers()): Deadline {
    checkMs(ms, 'ms');
    return new Deadline(ms, timers.now() + ms, timers);
  }

  /** Milliseconds left; 0 once it has passed, `Infinity` if it never comes. */
  get remainingMs(): number {
    return Math.max(0, this.#leftMs());
  }

  /** Whether the moment has come. */
  get expired(): boolean {
    return this.#leftMs() <= 0;
  }

  /**
   * Returns whichever of the two comes first, this one if they come together.
   *
   * Deadlines on different clocks are compared by the time that they have left now.
   */
  earliest(other: Deadline): Deadline {
    return other.remainingMs < this.remainingMs ? other : this;
  }

  /**
   * Throws if the moment has come.
   *
   * @param operation - What would have been done, for the error.
   * @throws {TimeoutError} If the deadline has passed.
   */
  throwIfExpired(operation?: string): void {
    const leftMs = this.#leftMs();
    if (leftMs <= 0) throw timedOut(this.timeoutMs, leftMs, operation);
  }

  /**
   * The moment, on the clock `timers`.
   *
   * @internal
   */
  _expiresOn(timers: TimerSource): number {
    return this.timers === timers ? this._expiresAt : timers.now() + this.remainingMs;
  }

  #leftMs(): number {
    return this.timers === undefined ? Infinity : this._expiresAt - this.timers.now();
  }
}
