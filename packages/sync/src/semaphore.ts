import type { Op } from '@millrace/timeouts';
import { checkCount } from './check-count.js';
import { Permits } from './permits.js';
import type { Lease } from './permits.js';
import { rejectionOf } from './wait-line.js';
import type { SyncOptions } from './wait-line.js';

/** What a {@link Semaphore} tells of itself. */
export interface SemaphoreStats {
  /** Permits in all. */
  readonly capacity: number;
  /** Permits that nobody holds. Some may be left although somebody waits: who is first in line wants more. */
  readonly available: number;
  /** How many wait for permits. */
  readonly waiting: number;
}

/**
 * A number of permits, for so many users at a time, or for so many bytes, connections, whatever is counted.
 *
 * Permits are granted in the order in which they were asked for. Who wants many is not overtaken by those who want few.
 */
export class Semaphore {
  private readonly _permits: Permits;

  /**
   * Makes a semaphore with all its permits there.
   *
   * @param capacity - How many permits, an integer of at least 1.
   * @throws {RangeError} If `capacity` is something else.
   */
  constructor(capacity: number, options?: SyncOptions) {
    checkCount('capacity', capacity, 1);
    this._permits = new Permits('Semaphore', capacity, options);
  }

  /**
   * Waits until it is its turn and `permits` are there, and takes them.
   *
   * @param permits - How many, from 1 to the capacity. Default 1.
   * @param op - What may end the wait. If somebody who wants many gives up, those behind go on at once.
   * @returns The lease of all of them. Release it, or put it into an `await using`.
   * @throws {RangeError} (a rejection) If `permits` is out of range: it would wait for ever.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the semaphore is closed, then or before.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @remarks
   * Cancellation: either the promise is fulfilled or nothing was taken.
   */
  acquire(permits = 1, op?: Op): Promise<Lease> {
    const refusal = rejectionOf(() => {
      checkCount('permits', permits, 1, this._permits.capacity);
    });
    return refusal ?? this._permits.take(permits, op, 'acquire');
  }

  /**
   * Takes `permits` if that is possible at once. Undefined: there are too few, somebody waits, or it is closed.
   *
   * @param permits - How many, from 1 to the capacity. Default 1.
   * @throws {RangeError} If `permits` is out of range; nothing is taken.
   */
  tryAcquire(permits = 1): Lease | undefined {
    checkCount('permits', permits, 1, this._permits.capacity);
    return this._permits.tryTake(permits, 'acquire');
  }

  /**
   * Changes the number of permits. What is held beyond it is not taken away, but comes back to nobody.
   *
   * @param capacity - How many permits, an integer of at least 1. Who waits for more is rejected with a RangeError.
   * @throws {RangeError} If `capacity` is something else; nothing changes.
   */
  resize(capacity: number): void {
    checkCount('capacity', capacity, 1);
    this._permits.resize(capacity);
  }

  /** Tells how things stand. */
  stats(): SemaphoreStats {
    const { capacity, available, length } = this._permits;
    return { capacity, available: Math.max(0, available), waiting: length };
  }

  /** Ends all waits with a {@link SyncClosedError}; nobody gets permits any more. Does nothing the second time. */
  close(): void {
    this._permits.close();
  }
}
