import type { Op } from '@millrace/timeouts';
import { LeaseError, SyncClosedError } from './errors.js';
import { observer } from './observer.js';
import { LineWaiter, WaitLine } from './wait-line.js';
import type { SyncOptions } from './wait-line.js';

/**
 * What its holder owns of a lock or a semaphore: who has the lease has the right to give it back, and nobody else.
 *
 * Leases work with `using` and `await using`, which release what was not released by hand.
 */
export interface Lease extends Disposable, AsyncDisposable {
  /** Whether this is still held: not released, and not lent to a condition. */
  readonly isHeld: boolean;

  /**
   * Gives it back. Whoever waits for it has it when this returns.
   *
   * In a `finally` its errors would hide the one on its way: there let `[Symbol.dispose]()` do it, which throws neither.
   *
   * @throws {LeaseError} If it is not held: it was released before, or waits on a condition. Nothing changes.
   * @throws {SyncClosedError} If the lock or the semaphore was closed; the lease is not held any more.
   */
  release(): void;
}

/**
 * A number of permits, and the line of those who wait for some: what every lock here is made of.
 *
 * Theory of operation: permits go to the first in line or to nobody. While somebody waits nobody else gets any, even if
 * there are enough for them, so nobody is overtaken. Whenever permits come back or the line changes, those in front are
 * granted what they want, as far as it goes. Once closed, nobody gets any, and what comes back is only counted.
 */
export class Permits extends WaitLine<PermitLease, LeaseWaiter> {
  capacity: number;
  available: number;
  /** Those on a condition who were lent a lease and wait for a notification. Few locks ever have any. */
  borrowers: Set<Borrower> | undefined;

  constructor(name: string, capacity: number, options: SyncOptions | undefined) {
    super(name, options);
    this.capacity = capacity;
    this.available = capacity;
  }

  tryTake(weight: number, operation: string): PermitLease | undefined {
    if (this.isClosed || this.first !== undefined || weight > this.available) return undefined;
    const lease = new PermitLease(this, weight, operation);
    lease.hold(undefined);
    return lease;
  }

  take(weight: number, op: Op | undefined, operation: string): Promise<PermitLease> {
    const refusal = this.refuse(op, operation);
    if (refusal !== undefined) return refusal;
    const lease = this.tryTake(weight, operation);
    if (lease !== undefined) return Promise.resolve(lease);
    const waiter = new LeaseWaiter(this, new PermitLease(this, weight, operation));
    this.queue(waiter, op);
    return waiter.promise;
  }

  /** Lets `waiter` wait until its lease is held. */
  queue(waiter: LeaseWaiter, op: Op | undefined): void {
    this.enter(waiter, op, waiter.lease.operation);
    this.deal();
  }

  /** Takes back what a lease held. */
  give(weight: number): void {
    this.available += weight;
    this.deal();
  }

  resize(capacity: number): void {
    this.available += capacity - this.capacity;
    this.capacity = capacity;
    let waiter = this.first;
    while (waiter !== undefined) {
      const { next, lease } = waiter;
      if (lease.weight > capacity) {
        waiter.fail(new RangeError(`${this.name} has ${capacity} permits now, and ${lease.weight} were waited for`));
      }
      waiter = next;
    }
    this.deal();
  }

  /** Grants what there is to those in front. */
  deal(): void {
    for (let first = this.first; first !== undefined; first = this.first) {
      const { lease } = first;
      if (lease.weight > this.available) return;
      lease.hold(first);
      first.grant(lease);
    }
  }

  override close(): void {
    super.close();
    // They could never have their lease back.
    for (const borrower of [...(this.borrowers ?? [])]) borrower.fail(undefined);
  }

  /** Who was called off may have stood before others who want less. */
  override onLeft(): void {
    this.deal();
  }
}

/** One who waits on a condition and holds no lease meanwhile. */
export interface Borrower {
  /** Ends the wait for a notification. */
  fail(error: unknown): void;
  /** Ends the wait, whatever it is for; nobody is there to hold the lease after it. */
  abandon(error: Error): void;
}

/** One who waits for a lease. */
export class LeaseWaiter extends LineWaiter<PermitLease> {
  readonly lease: PermitLease;

  constructor(permits: Permits, lease: PermitLease) {
    super(permits);
    this.lease = lease;
  }
}

/** The lease of some permits. */
export class PermitLease implements Lease {
  readonly permits: Permits;
  readonly weight: number;
  /** What got it, for whoever debugs. */
  readonly operation: string;
  private _state: 'held' | 'lent' | 'released' = 'released';
  private _borrower: Borrower | undefined = undefined;

  constructor(permits: Permits, weight: number, operation: string) {
    this.permits = permits;
    this.weight = weight;
    this.operation = operation;
  }

  get isHeld(): boolean {
    return this._state === 'held' && !this.permits.isClosed;
  }

  release(): void {
    this._drop('released');
    if (this.permits.isClosed) throw new SyncClosedError(this.permits.name);
  }

  /** Takes the permits, of which there are enough. */
  hold(waiter: LeaseWaiter | undefined): void {
    this.permits.available -= this.weight;
    this._state = 'held';
    observer?.observeHold(this, this.permits, this.operation, waiter);
  }

  /** Why nobody can hold on to it now, if so. */
  get misuse(): Error | undefined {
    if (this._state !== 'held') return this._notHeld();
    return this.permits.isClosed ? new SyncClosedError(this.permits.name) : undefined;
  }

  /** Gives the permits back until `borrower` gets them again. */
  lend(borrower: Borrower): void {
    this._drop('lent');
    this._borrower = borrower;
    (this.permits.borrowers ??= new Set()).add(borrower);
  }

  /** What was lent does not come back. */
  forfeit(): void {
    this._state = 'released';
  }

  [Symbol.dispose](): void {
    // Releasing by hand before the end of a block is fine, and so is a close in between.
    if (this._state === 'held') this._drop('released');
    if (this._state !== 'lent') return;
    // Its block has ended, and did not wait for the condition: there is nobody to hold it when that is over.
    this.forfeit();
    const seen = 'one whose block ended while it waited on a condition';
    this._borrower?.abandon(new LeaseError(this.permits.name, seen));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }

  private _drop(state: 'lent' | 'released'): void {
    if (this._state !== 'held') throw this._notHeld();
    this._state = state;
    observer?.observeRelease(this);
    this.permits.give(this.weight);
  }

  private _notHeld(): LeaseError {
    const seen = this._state === 'released' ? 'one that was released' : 'one that waits on a condition';
    return new LeaseError(this.permits.name, seen, observer?.releaseOf(this));
  }
}
