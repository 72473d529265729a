import type { CancelScope, Op } from '@millrace/timeouts';
import { Flight } from './flight.js';
import type { FlightOptions } from './flight.js';
import { refusalOf, waitIn } from './wait-line.js';

/** What {@link singleFlight} makes. */
export interface SingleFlight<K, T> {
  /**
   * Waits for the value of `key`, and starts the function if it is not running for it.
   *
   * @param key - Compared as the keys of a Map are.
   * @param op - What may end the wait: for this caller; the others go on waiting.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @throws Whatever the function throws.
   */
  (key: K, op?: Op): Promise<T>;
  /** Waits for the run for `key` that is under way. Undefined: there is none, and none is started. */
  tryJoin(key: K, op?: Op): Promise<T> | undefined;
  /** Lets the next call for `key` start a run of its own, even if one is under way; that one goes on for its waiters. */
  forget(key: K): void;
  /** Tells how things stand. */
  stats(): SingleFlightStats;
}

/** What a {@link SingleFlight} tells of itself. */
export interface SingleFlightStats {
  /** For how many keys a run is under way. */
  readonly running: number;
  /** How many wait for one. */
  readonly waiting: number;
}

/**
 * Makes a function that runs `run` at most once at a time for each key: calls that come meanwhile get the same result.
 *
 * Nothing is remembered when a run has settled.
 *
 * @param run - Makes the value of a key. Its scope is cancelled when everybody who waited was called off: the run is
 * then given up, and the next call starts another.
 * @returns The function.
 */
export function singleFlight<K, T>(
  run: (key: K, scope: CancelScope) => Promise<T>,
  options?: FlightOptions<T>,
): SingleFlight<K, T> {
  const flights = new Map<K, Flight<T>>();
  const name = options?.name ?? 'singleFlight';
  const forget = (key: K, flight: Flight<T> | undefined): void => {
    if (flights.get(key) === flight) flights.delete(key);
  };
  const tryJoin = (key: K, op?: Op): Promise<T> | undefined => {
    const flight = flights.get(key);
    return flight && (refusalOf(op, name, 'get') ?? waitIn(flight, op, 'get'));
  };
  const get = (key: K, op?: Op): Promise<T> => {
    const refusal = refusalOf(op, name, 'get') ?? tryJoin(key, op);
    if (refusal !== undefined) return refusal;
    const flight: Flight<T> = new Flight<T>(name, options, () => {
      forget(key, flight);
    });
    flights.set(key, flight);
    const value = waitIn(flight, op, 'get');
    void flight.run((scope) => run(key, scope), options?.onLate);
    return value;
  };
  return Object.assign(get, {
    tryJoin,
    forget: (key: K) => void flights.delete(key),
    stats: () => {
      let waiting = 0;
      for (const flight of flights.values()) waiting += flight.length;
      return { running: flights.size, waiting };
    },
  });
}
