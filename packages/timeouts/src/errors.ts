/**
 * A budget of time was used up before the operation was done.
 *
 * Thrown by waits that were given a `timeoutMs` or a `deadline`. What the operation had done by then is the
 * operation's to say.
 */
export class TimeoutError extends Error {
  /** Always `'ERR_TIMEOUTS_EXPIRED'`. */
  readonly code = 'ERR_TIMEOUTS_EXPIRED';
  /** The budget that ran out, in milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds from the start of the budget until somebody noticed; never less than `timeoutMs`. */
  readonly elapsedMs: number;
  /** What was being waited for, where the waiter gave it a name. */
  readonly operation: string | undefined;

  /**
   * Makes the error; the message is composed from the figures.
   *
   * @param figures - `timeoutMs` and `elapsedMs` in milliseconds, and the name of the operation, if it has one.
   * @param options - `cause`, as for every Error.
   */
  constructor(
    figures: { timeoutMs: number; elapsedMs: number; operation?: string | undefined },
    options?: ErrorOptions,
  ) {
    const { timeoutMs, elapsedMs, operation } = figures;
    const subject = operation === undefined ? '' : `${operation} `;
    super(`${subject}timed out after ${round(elapsedMs)} ms (budget ${round(timeoutMs)} ms)`, options);
    this.timeoutMs = timeoutMs;
    this.elapsedMs = elapsedMs;
    this.operation = operation;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'TimeoutError';
  }
}

/** The error of a budget that has `leftMs`, 0 or less, left. */
export function timedOut(timeoutMs: number, leftMs: number, operation: string | undefined): TimeoutError {
  return new TimeoutError({ timeoutMs, elapsedMs: timeoutMs - leftMs, operation });
}

/** Three digits after the point: a microsecond is as fine as any clock here. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
