import type { Op } from '@millrace/timeouts';
import { Permits } from './permits.js';
import type { Lease } from './permits.js';
import type { SyncOptions } from './wait-line.js';

/** What a {@link Lock} tells of itself. */
export interface LockStats {
  /** Whether somebody has the lock. */
  readonly isLocked: boolean;
  /** How many wait for it. */
  readonly waiting: number;
}

/**
 * A lock that one at a time can hold; the others wait in the order they came.
 *
 * The lock goes from one holder straight to the next: it is never free in between, and nobody can get ahead of those who
 * wait. It is not reentrant: who holds it and asks again waits for itself.
 */
export class Lock {
  /** @internal */
  readonly _permits: Permits;

  /** Makes a lock that nobody holds. */
  constructor(options?: SyncOptions) {
    this._permits = new Permits('Lock', 1, options);
  }

  /**
   * Waits until the lock is free, and takes it.
   *
   * @param op - What may end the wait. One that is over already never gets the lock, be it free or not.
   * @returns The lease. Release it, or put it into an `await using`.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the lock is closed, then or before.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @remarks
   * Cancellation: either the promise is fulfilled or the lock was not taken.
   * Cost: leaving the line takes constant time, wherever one stands.
   */
  lock(op?: Op): Promise<Lease> {
    return this._permits.take(1, op, 'lock');
  }

  /** Takes the lock if that is possible at once. Undefined: it is held, or closed. */
  tryLock(): Lease | undefined {
    return this._permits.tryTake(1, 'lock');
  }

  /** Whether somebody has the lock. */
  get isLocked(): boolean {
    return this._permits.available === 0;
  }

  /** Tells how things stand. */
  stats(): LockStats {
    return { isLocked: this.isLocked, waiting: this._permits.length };
  }

  /**
   * Ends all waits with a {@link SyncClosedError}, those on its conditions included; nobody gets the lock any more. Does
   * nothing the second time.
   */
  close(): void {
    this._permits.close();
  }
}
