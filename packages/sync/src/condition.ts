import { openCancelScope, timersOf } from '@millrace/timeouts';
import type { Op } from '@millrace/timeouts';
import { checkCount } from './check-count.js';
import { LeaseError, SyncClosedError } from './errors.js';
import { Lock } from './lock.js';
import { LeaseWaiter, PermitLease } from './permits.js';
import type { Borrower, Lease } from './permits.js';
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
   * @throws {LeaseError} If `lease` is not held, or is of another lock; nothing changes. Also if the block of the lease
   * ends before the wait: then the lock is not taken again.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the condition is closed, then or before; or if the lock is: then the lease is not held.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   * @remarks
   * Cancellation: one who was notified and is called off while it waits for the lock, or whose block ends meanwhile, hands
   * the notification on.
   */
  wait(lease: Lease, op?: Op): Promise<void> {
    if (!this._isMine(lease)) return Promise.reject(this._foreignError(lease));
    const misuse = lease.misuse;
    if (misuse !== undefined) return Promise.reject(misuse);
    const refusal = this._line.refuse(op, 'wait');
    if (refusal !== undefined) return refusal;
    const waiter = new ConditionWaiter(this, this._line, lease);
    // Before it is in line, as it may be called off when it gets there.
    lease.lend(waiter);
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
    if (!this._isMine(lease)) throw this._foreignError(lease);
    const misuse = lease.misuse;
    if (misuse !== undefined) throw misuse;
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
   * @param count - How many, if so many wait: an integer of at least 0, or `Infinity`. Default 1.
   * @throws {RangeError} If `count` is something else; nobody is notified.
   */
  notify(count = 1): void {
    if (count !== Infinity) checkCount('count', count, 0);
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

  private _isMine(lease: Lease): lease is PermitLease {
    return lease instanceof PermitLease && lease.permits === this.lock._permits;
  }

  private _foreignError(lease: unknown): LeaseError {
    const seen = lease instanceof PermitLease ? `one of another lock or semaphore, ${lease.permits.name}` : 'no lease';
    return new LeaseError(this.lock._permits.name, seen);
  }
}

/** Waits twice: for a notification, and for the lock. Its limits count all along. */
class ConditionWaiter extends LineWaiter<void> implements Borrower {
  private readonly _condition: Condition;
  private readonly _lease: PermitLease;
  /** Whether it has a notification that it has not handed on. */
  private _isNotified = false;
  private _failure: { readonly error: unknown } | undefined = undefined;
  /** Its place in the line for the lock. */
  private _turn: LeaseWaiter | undefined = undefined;

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
    else this._handOn();
  }

  abandon(error: Error): void {
    this._failure ??= { error };
    const { permits } = this._lease;
    if (this._turn === undefined) this._leave();
    else if (permits.has(this._turn)) permits.remove(this._turn);
    this._end();
    this._handOn();
  }

  /** Goes for the lock. */
  private _return(): void {
    this._leave();
    const { permits } = this._lease;
    const turn = new LeaseWaiter(permits, this._lease);
    this._turn = turn;
    if (permits.isClosed) {
      this._lose(new SyncClosedError(permits.name));
      return;
    }
    permits.queue(turn, undefined);
    turn.promise.then(
      () => {
        const { misuse } = this._lease;
        // The block has ended since.
        if (misuse !== undefined) this.abandon(misuse);
        else this._end();
      },
      (error: unknown) => {
        this._lose(error);
      },
    );
  }

  private _lose(error: unknown): void {
    this._lease.forfeit();
    // Without the lock, whatever came before matters no more.
    this._failure = { error };
    this._end();
  }

  private _leave(): void {
    this._line.remove(this);
    this._lease.permits.borrowers?.delete(this);
  }

  private _handOn(): void {
    if (!this._isNotified) return;
    this._isNotified = false;
    this._condition.notify();
  }

  private _end(): void {
    this.watch?.release();
    if (this._failure === undefined) this._resolve();
    else this._reject(this._failure.error);
  }
}
