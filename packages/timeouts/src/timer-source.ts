/**
 * A clock that can call back: the one place where time enters a program.
 *
 * Every loop is one, {@link hostTimers} is the host's, and a test clock is a third. Whoever waits takes one, so that
 * virtual time reaches everything.
 */
export interface TimerSource {
  /**
   * Reads the clock.
   *
   * @returns Milliseconds since an arbitrary moment, fractions included. Never goes backwards.
   */
  now(): number;

  /**
   * Calls `fn` once, at or after `delayMs` from now, never before and never from inside this call.
   *
   * @param delayMs - Milliseconds, 0 or more and finite.
   * @param fn - Called without arguments. What it throws is the source's to report.
   * @returns A handle to call it off.
   * @throws {RangeError} If `delayMs` is NaN or infinite; nothing is scheduled.
   */
  callLater(delayMs: number, fn: () => void): Timer;

  /**
   * `false` says that this is the host's time, on which deadlines may be rounded up and a timer that nobody needs any
   * more may run out, because to read the clock and to call a timer off costs more than the rest. Any other clock
   * leaves it out: there all is exact, and nothing is left behind.
   */
  readonly isSimulated?: boolean | undefined;
}

/** A call that was scheduled with {@link TimerSource.callLater}. */
export interface Timer {
  /** Calls it off. Does nothing once the call was made or called off. */
  cancel(): void;
  /** Lets the pending call hold the process open, which is how a timer starts. */
  ref(): void;
  /** Lets the process end although the call is pending. */
  unref(): void;
}
