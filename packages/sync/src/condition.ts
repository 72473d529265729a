import { openCancelScope, timersOf } from '@millrace/timeouts';
import type { Op } from '@millrace/timeouts';
import { LeaseError } from './errors.js';
import { Lock } from './lock.js';
import { PermitLease } from './permits.js';
import type { Lease } from './permits.js';
import { LineWaiter, WaitLine } from './wait-line.js';
import type { SyncOptions } from './wait-line.js';

/** What a {@link Condition} tells of itself. */
export interface ConditionStats {
  /** How many wait to be notified. Those who were, and now wait for the lock, count there. */
  readonly waiting: number;
}

/**
 * Lets the holder of a lock wait, without the lock, until somebody says that something has changed.
 *
 * A wait gives the lock back and gets in line in one go, so no notification is missed in between. It always ends with
 * the lock held again, however it ends, so that the lease is good until the end of the block.
 */
export class Condition {
  /** The lock that goes with it; several conditions can share one. */
  readonly lock: Lock;
  private readonly _line: WaitLine<void, ConditionWaiter>;

  /**
   * Makes a condition.
   *
   * @param lock - The lock that guards what the condition is about. Default: a new one.
   */
  constructor(lock?: Lock, options?: SyncOptions) {
    this.lock = lock ?? new Lock(options);
    this._line = new WaitLine('Condition', options);
  }

  /**
   * Gives `lease` back, waits until notified, and takes the lock again.
   *
   * Who is notified gets in line for the lock at that moment. What was true then need not be true any more when it has
   * the lock: look again, or use {@link Condition.waitFor}.
   *
   * @param lease - The caller's lease of {@link Condition.lock}. It is not held during the wait, and is afterwards.
   * @param op - What may end the wait. The rejection comes when the lock is held again, which no limit shortens.
   * @throws {LeaseError} If `lease` is not held, or is of another lock; nothing changes.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the condition is closed, then or before; or if the lock is: then the lease is not held.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @remarks
   * Cancellation: one who was notified and is called off while it waits for the lock hands the notification on.
   */
  wait(lease: Lease, op?: Op): Promise<void> {
    if (!this._isHeld(lease)) return Promise.reject(this._leaseError());
    const refusal = this._line.refuse(op, 'wait');
    if (refusal !== undefined) return refusal;
    const waiter = new ConditionWaiter(this, this._line, lease);
    // Before it is in line, as it may be called off when it gets there.
    lease.lend();
    (lease.permits.lenders ??= new Set()).add(waiter);
    this._line.enter(waiter, op, 'wait');
    return waiter.promise;
  }

  /**
   * Waits like {@link Condition.wait}, again and again, until `predicate` is true. The limits of `op` are for all of it.
   *
   * @param predicate - Called with the lock held; at first at once, before any wait. What it throws rejects.
   */
  async waitFor(lease: Lease, predicate: () => boolean, op?: Op): Promise<void> {
    const { name, timers } = this._line;
    if (!this._isHeld(lease)) throw this._leaseError();
    const refusal = this._line.refuse(op, 'waitFor');
    if (refusal !== undefined) return refusal;
    const scope = openCancelScope({ ...op, timers: timersOf(op, timers) }, `${name}.waitFor`);
    try {
      while (!predicate()) await this.wait(lease, { scope });
    } finally {
      scope.close();
    }
  }

  /**
   * Lets those go on who have waited longest.
   *
   * The lock need not be held, as nothing can come between two statements. Who holds it lets them wait until it is released.
   *
   * @param count - How many, if so many wait: 0 or more. Default 1.
   * @throws {RangeError} If `count` is negative or NaN.
   */
  notify(count = 1): void {
    if (!(count >= 0)) throw new RangeError(`expected count to be 0 or more, saw ${count}`);
    for (let left = count; left > 0 && this._line.first !== undefined; left--) this._line.first.grant();
  }

  /** Lets everybody go on who waits now. */
  notifyAll(): void {
    this.notify(Infinity);
  }

  /** Tells how things stand. */
  stats(): ConditionStats {
    return { waiting: this._line.length };
  }

  /** Ends all waits with a {@link SyncClosedError}, as soon as each has the lock again. The lock is not closed. */
  close(): void {
    this._line.close();
  }

  private _isHeld(lease: Lease): lease is PermitLease {
    return lease instanceof PermitLease && lease.permits === this.lock._permits && lease.isHeld;
  }

  private _leaseError(): LeaseError {
    return new LeaseError(this.lock._permits.name, 'another one in a wait for a condition');
  }
}

/** Waits twice: for a notification, and for the lock. Its limits count all along. */
class ConditionWaiter extends LineWaiter<void> {
  private readonly _condition: Condition;
  private readonly _lease: PermitLease;
  private _isNotified = false;
  private _failure: { readonly error: unknown } | undefined = undefined;

  constructor(condition: Condition, line: WaitLine<void, ConditionWaiter>, lease: PermitLease) {
    super(line);
    this._condition = condition;
    this._lease = lease;
  }

  override grant(): void {
    this._isNotified = true;
    this._return();
  }

  override fail(error: unknown): void {
    this._failure = { error };
    this._return();
  }

  override onCancel(error: unknown): void {
    const isInLine = !this._isNotified && this._failure === undefined;
    this._failure ??= { error };
    if (isInLine) this._return();
    else if (this._isNotified) this._condition.notify();
  }

  /** Goes for the lock. */
  private _return(): void {
    this._line.remove(this);
    const { permits } = this._lease;
    permits.lenders?.delete(this);
    const held = permits.refuse(undefined, '') ?? permits.wait(this._lease, undefined);
    held.then(
      () => {
        this.watch?.release();
        if (this._failure === undefined) this._resolve();
        else this._reject(this._failure.error);
      },
      (error: unknown) => {
        this.watch?.release();
        this._reject(error);
      },
    );
  }
}
