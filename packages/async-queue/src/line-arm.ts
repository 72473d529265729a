import type { Arm, Waiter } from '@millrace/timeouts';
import { type Line, Place } from './line.js';

/**
 * Makes the arm of a `select` out of a line: every waiter has one place in it, however often it enlists.
 *
 * @param serve - Serves whoever can be; called when a waiter has come or left.
 */
export function lineArm<T, R>(line: Line<T>, tryCommit: Arm<R>['tryCommit'], serve: () => void): Arm<R> {
  const places = new Map<Waiter, Place<T>>();
  return {
    tryCommit,
    enlist(waiter) {
      if (places.has(waiter)) return;
      const place = new Place(line);
      place.waiter = waiter;
      places.set(waiter, place);
      serve();
    },
    withdraw(waiter) {
      places.get(waiter)?.withdraw();
      places.delete(waiter);
      serve();
    },
  };
}
