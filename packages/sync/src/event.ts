import type { Arm, Op, Waiter } from '@millrace/timeouts';
import { SyncClosedError } from './errors.js';
import { WaitLine, waitIn } from './wait-line.js';
import type { SyncOptions } from './wait-line.js';

/** What an {@link Event} tells of itself. */
export interface EventStats {
  /** Whether it has happened and was not cleared. */
  readonly isSet: boolean;
  /** How many wait for it, in a `wait` or in a `select`. */
  readonly waiting: number;
}

/**
 * Something that happens once, or until it is cleared, and that any number of tasks can wait for.
 *
 * Everybody who waits when it is set goes on, even if it is cleared in the same tick. It is an arm of `select`, too.
 */
export class Event implements Arm<void> {
  private readonly _line: WaitLine<void>;
  private readonly _enlisted = new Set<Waiter>();
  private _isSet = false;

  /** Makes an event that has not happened. */
  constructor(options?: SyncOptions) {
    this._line = new WaitLine('Event', options);
  }

  /** Whether it has happened and was not cleared. */
  get isSet(): boolean {
    return this._isSet;
  }

  /** Lets everybody who waits go on, and whoever comes before the next {@link Event.clear}. */
  set(): void {
    this._isSet = true;
    const line = this._line;
    while (line.first !== undefined) line.first.grant();
    this._wake();
  }

  /** Lets whoever comes from now on wait for the next {@link Event.set}. */
  clear(): void {
    this._isSet = false;
  }

  /**
   * Waits until the event is set.
   *
   * @param op - What may end the wait.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the event is closed, then or before.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   */
  wait(op?: Op): Promise<void> {
    const line = this._line;
    return line.refuse(op, 'wait') ?? (this._isSet ? Promise.resolve() : waitIn(line, op, 'wait'));
  }

  /** Whether one would not have to wait: the same as {@link Event.isSet}. */
  tryWait(): boolean {
    return this._isSet;
  }

  /** Tells how things stand. */
  stats(): EventStats {
    return { isSet: this._isSet, waiting: this._line.length + this._enlisted.size };
  }

  /** Ends all waits with a {@link SyncClosedError}, also those in a `select`. Does nothing the second time. */
  close(): void {
    this._line.close();
    this._wake();
  }

  /**
   * For `select`: whether the event is set.
   *
   * @throws {SyncClosedError} If the event is closed.
   */
  tryCommit(): { value: undefined } | undefined {
    if (this._line.isClosed) throw new SyncClosedError(this._line.name);
    return this._isSet ? { value: undefined } : undefined;
  }

  /** For `select`: wakes `waiter` each time the event is set, and when it is closed. */
  enlist(waiter: Waiter): void {
    this._enlisted.add(waiter);
  }

  /** For `select`: forgets `waiter`. */
  withdraw(waiter: Waiter): void {
    this._enlisted.delete(waiter);
  }

  private _wake(): void {
    // A waiter may leave and come back meanwhile.
    for (const waiter of [...this._enlisted]) waiter.wake();
  }
}
