import type { CancelScope, Op } from '@millrace/timeouts';
import { Flight } from './flight.js';
import type { FlightOptions } from './flight.js';
import { refusalOf, waitIn } from './wait-line.js';

/** What {@link once} makes. */
export interface Once<T> {
  /**
   * Waits for the value, and starts the function if it is not running and has not run.
   *
   * @param op - What may end the wait: for this caller; the others go on waiting.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @throws Whatever the function throws. It runs again for the next caller.
   */
  (op?: Op): Promise<T>;
  /** Returns the value if it is there. */
  tryGet(): { readonly value: T } | undefined;
  /** Tells how things stand. */
  stats(): OnceStats;
}

/** What a {@link Once} tells of itself. */
export interface OnceStats {
  /** Whether the value is there. */
  readonly isDone: boolean;
  /** How many wait for it. */
  readonly waiting: number;
}

/**
 * Makes a function that runs `run` on the first call and returns the same value ever after.
 *
 * Calls that come while it runs wait for the same run. If it fails all of them do, and nothing is remembered.
 *
 * @param run - Makes the value. Its scope is cancelled when everybody who waited was called off: the run is then given
 * up, and the next call starts another.
 * @returns The function.
 */
export function once<T>(run: (scope: CancelScope) => Promise<T>, options?: FlightOptions<T>): Once<T> {
  let done: { readonly value: T } | undefined;
  let flight: Flight<T> | undefined;
  const name = options?.name ?? 'once';
  const get = (op?: Op): Promise<T> => {
    const refusal = refusalOf(op, name, 'get');
    if (refusal !== undefined) return refusal;
    if (done !== undefined) return Promise.resolve(done.value);
    if (flight !== undefined) return waitIn(flight, op, 'get');
    const started = new Flight<T>(name, options, (result) => {
      flight = undefined;
      done = result;
    });
    flight = started;
    const value = waitIn(started, op, 'get');
    void started.run(run, options?.onLate);
    return value;
  };
  return Object.assign(get, {
    tryGet: () => done,
    stats: () => ({ isDone: done !== undefined, waiting: flight?.length ?? 0 }),
  });
}
