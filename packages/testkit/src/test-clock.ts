import { hostTurn } from './drain-microtasks.js';

/** A callback that waits for its time on a {@link TestClock}. */
export interface TestTimer {
  /** Takes the timer off the clock. Without effect once it has fired or was cancelled. */
  cancel(): void;
  /** Counts the timer in {@link TestClock.pendingRefs} again: on a real host it would keep the process alive. */
  ref(): void;
  /** Leaves the timer out of {@link TestClock.pendingRefs}: on a real host it would not keep the process alive. */
  unref(): void;
}

/** How many timers one call fires before it concludes that they re-arm each other for ever. */
const MAX_TIMERS_PER_CALL = 100_000;

/**
 * A clock and timers that stand still until the test moves them: pass one wherever a `TimerSource` is taken.
 *
 * A timer fires when the clock is moved to or past its time. Timers fire in the order of their times, those of the
 * same time in the order they were made, and each sees its own time as `now()`. A timer made by a firing timer takes
 * part in the same move.
 *
 * @remarks
 * Reentrancy: a timer may make and cancel timers; it cannot move the clock.
 * Cost: making and cancelling are O(log n) comparisons in n pending timers; a cancelled timer holds no memory.
 */
export class TestClock {
  private _nowMs: number;
  private _isMoving = false;
  private _order = 0;
  /** Sorted by time, then by order of making. */
  private readonly _timers: PendingTimer[] = [];

  /**
   * Makes a clock that shows `startMs`.
   *
   * @param startMs - The first value of `now()`, in milliseconds. Default 0.
   * @throws {RangeError} If `startMs` is not finite.
   */
  constructor(startMs = 0) {
    if (!Number.isFinite(startMs)) throw new RangeError(`expected a finite startMs, saw ${startMs}`);
    this._nowMs = startMs;
  }

  /** Returns the time, in milliseconds. It changes only when the test moves the clock. */
  now(): number {
    return this._nowMs;
  }

  /** Counts the timers that have neither fired nor been cancelled. `0` at the end of a test shows that none leaked. */
  get pending(): number {
    return this._timers.length;
  }

  /** When the next timer fires, in milliseconds on this clock; `Infinity` if none is pending. */
  get nextDueMs(): number {
    return this._timers[0]?.dueMs ?? Infinity;
  }

  /** Counts the pending timers that would keep a real process alive: all but those with `unref()`. */
  get pendingRefs(): number {
    return this._timers.filter((timer) => timer.hasRef).length;
  }

  /**
   * Calls `fn` once when the clock has moved by `delayMs`. Never calls it at once, not even for a delay of 0.
   *
   * @param delayMs - Milliseconds from now. A negative delay counts as 0.
   * @throws {RangeError} If `delayMs` is not finite, which no host can wait for; nothing is scheduled.
   */
  callLater(delayMs: number, fn: () => void): TestTimer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`expected a finite delayMs, saw ${delayMs}`);
    const timer = new PendingTimer(this._timers, this._nowMs + Math.max(0, delayMs), this._order++, fn);
    this._timers.splice(placeOf(this._timers, timer), 0, timer);
    return timer;
  }

  /**
   * Moves the clock forward by `ms` and fires every timer that becomes due.
   *
   * Code that waits for a promise does not run before the caller awaits something: use {@link advanceAsync} for it.
   *
   * @param ms - Milliseconds, 0 or more.
   * @throws {RangeError} If `ms` is negative or not finite; the clock does not move.
   * @throws {Error} If called by a timer, or if timers re-arm each other without an end.
   * @throws Whatever a timer throws; the clock stays at the time of that timer, the later ones stay pending.
   */
  advance(ms: number): void {
    const untilMs = this._begin(ms);
    try {
      for (let fired = 0; this._fireNext(untilMs); fired++) checkEndless(fired, MAX_TIMERS_PER_CALL);
      this._nowMs = untilMs;
    } finally {
      this._isMoving = false;
    }
  }

  /**
   * Moves the clock forward like {@link advance}, and lets promises settle before the first timer, after each timer,
   * and at the end: all microtasks run, as they would on a host between two timers.
   *
   * @param ms - Milliseconds, 0 or more. `advanceAsync(0)` only lets promises settle and fires what is due now.
   * @throws {RangeError} If `ms` is negative or not finite (a rejection); the clock does not move.
   * @throws {Error} As {@link advance} does, as a rejection.
   * @remarks Reentrancy: until the promise settles, a second move of the clock throws.
   */
  async advanceAsync(ms: number): Promise<void> {
    const untilMs = this._begin(ms);
    try {
      await hostTurn();
      for (let fired = 0; this._fireNext(untilMs); fired++) {
        checkEndless(fired, MAX_TIMERS_PER_CALL);
        await hostTurn();
      }
      this._nowMs = untilMs;
    } finally {
      this._isMoving = false;
    }
  }

  /**
   * Fires all timers, moving the clock to the time of each, until none is pending.
   *
   * @param maxTimers - How many timers may fire, 0 or more. Default 1000.
   * @returns How many fired.
   * @throws {Error} If timers are still pending after `maxTimers` fired, or if called by a timer.
   */
  runAll(maxTimers = 1000): number {
    this._begin(0);
    try {
      let fired = 0;
      for (; this._timers.length > 0; fired++) {
        checkEndless(fired, maxTimers);
        this._fireNext(Infinity);
      }
      return fired;
    } finally {
      this._isMoving = false;
    }
  }

  /**
   * Fires all timers like {@link runAll}, and lets promises settle as {@link advanceAsync} does.
   *
   * @param maxTimers - How many timers may fire, 0 or more. Default 1000.
   * @returns How many fired.
   * @throws {Error} As {@link runAll} does, as a rejection.
   */
  async runAllAsync(maxTimers = 1000): Promise<number> {
    this._begin(0);
    try {
      await hostTurn();
      let fired = 0;
      for (; this._timers.length > 0; fired++) {
        checkEndless(fired, maxTimers);
        this._fireNext(Infinity);
        await hostTurn();
      }
      return fired;
    } finally {
      this._isMoving = false;
    }
  }

  private _begin(ms: number): number {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`expected a finite number of milliseconds >= 0, saw ${ms}`);
    if (this._isMoving) throw new Error('the clock is already being moved; await advanceAsync before the next move');
    this._isMoving = true;
    return this._nowMs + ms;
  }

  private _fireNext(untilMs: number): boolean {
    const timer = this._timers[0];
    if (timer === undefined || timer.dueMs > untilMs) return false;
    this._timers.shift();
    this._nowMs = timer.dueMs;
    timer.fn();
    return true;
  }
}

class PendingTimer implements TestTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly fn: () => void;
  hasRef = true;
  private readonly _timers: PendingTimer[];

  constructor(timers: PendingTimer[], dueMs: number, order: number, fn: () => void) {
    this._timers = timers;
    this.dueMs = dueMs;
    this.order = order;
    this.fn = fn;
  }

  cancel(): void {
    const place = placeOf(this._timers, this);
    if (this._timers[place] === this) this._timers.splice(place, 1);
  }

  ref(): void {
    this.hasRef = true;
  }

  unref(): void {
    this.hasRef = false;
  }
}

/** Where `timer` is, or belongs, in the sorted list. */
function placeOf(timers: readonly PendingTimer[], timer: PendingTimer): number {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = timers[middle];
    if (other === undefined) break;
    const isBefore = other.dueMs < timer.dueMs || (other.dueMs === timer.dueMs && other.order < timer.order);
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}

function checkEndless(fired: number, maxTimers: number): void {
  if (fired >= maxTimers) throw new Error(`timers are still pending after ${fired} fired: do they re-arm themselves?`);
}
