import type { Op } from '@millrace/timeouts';
import { Permits } from './permits.js';
import type { Lease } from './permits.js';
import type { SyncOptions } from './wait-line.js';

/** What a {@link RWLock} tells of itself. */
export interface RWLockStats {
  /** How many read. */
  readonly readers: number;
  /** Whether somebody writes. */
  readonly isWriting: boolean;
  /** How many wait, to read or to write. */
  readonly waiting: number;
}

/** A writer takes the permits of all the readers that there could ever be. */
const ALL = 2 ** 30;

/**
 * A lock that many can hold to read, or one to write.
 *
 * It prefers writers: once one waits, whoever comes to read later waits behind it, so that readers who keep coming
 * cannot keep it out. Apart from that everybody is served in the order they came, so writers do not keep readers out
 * either. Not reentrant, and a reader that asks to write waits for itself.
 */
export class RWLock {
  private readonly _permits: Permits;

  /** Makes a lock that nobody holds. */
  constructor(options?: SyncOptions) {
    this._permits = new Permits('RWLock', ALL, options);
  }

  /**
   * Waits until nobody writes or waits to write, and holds writers off until the lease is released.
   *
   * @param op - What may end the wait.
   * @returns The lease. Release it, or put it into an `await using`.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the lock is closed, then or before.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @remarks
   * Cancellation: either the promise is fulfilled or nothing was taken.
   */
  read(op?: Op): Promise<Lease> {
    return this._permits.take(1, op, 'read');
  }

  /**
   * Waits until nobody else reads or writes, and holds everybody off until the lease is released.
   *
   * @param op - What may end the wait. If a writer gives up, the readers behind it go on at once.
   * @returns The lease. Release it, or put it into an `await using`.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the lock is closed, then or before.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @remarks
   * Cancellation: either the promise is fulfilled or nothing was taken.
   */
  write(op?: Op): Promise<Lease> {
    return this._permits.take(ALL, op, 'write');
  }

  /** Reads if that is possible at once. Undefined: somebody writes or waits to write, or the lock is closed. */
  tryRead(): Lease | undefined {
    return this._permits.tryTake(1, 'read');
  }

  /** Writes if that is possible at once. Undefined: the lock is held in some way, or closed. */
  tryWrite(): Lease | undefined {
    return this._permits.tryTake(ALL, 'write');
  }

  /** Tells how things stand. */
  stats(): RWLockStats {
    const taken = ALL - this._permits.available;
    const isWriting = taken === ALL;
    return { readers: isWriting ? 0 : taken, isWriting, waiting: this._permits.length };
  }

  /** Ends all waits with a {@link SyncClosedError}; nobody gets the lock any more. Does nothing the second time. */
  close(): void {
    this._permits.close();
  }
}
