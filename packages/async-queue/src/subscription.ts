import { throwIfOver, watchOp } from '@millrace/timeouts';
import type { Arm, Op, TimerSource } from '@millrace/timeouts';
import { QueueClosedError } from './errors.js';
import { LaggedError } from './lagged-error.js';
import { Line, Place } from './line.js';
import { lineArm } from './line-arm.js';
import { iterate } from './loop.js';
import type { End } from './loop.js';

/** What a subscription asks of its channel. Items are counted from the channel's first one. */
export interface Source<T> {
  itemAt(at: number): T;
  /** The first item that is not overwritten. */
  oldest(): number;
  /** The subscription has taken the item at `at`. */
  isTaken(at: number): void;
  /** The subscription is over; it has not taken what was put from `from` on. */
  isLeft(from: number): void;
}

/**
 * One listener of a broadcast channel: it takes every item once, at its own pace.
 *
 * Several takes may wait at a time; they get different items, in the order they came. Close it when it is not needed
 * any more: a channel with `lag: 'wait'` waits for it.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- anything but undefined, as in a queue
export class Subscription<T extends {} | null> implements AsyncIterable<T>, Disposable {
  /** How many items it has missed so far, because they were overwritten before it took them. */
  missed = 0;
  private readonly _source: Source<T>;
  private readonly _isSkipping: boolean;
  private readonly _timers: TimerSource | undefined;
  private readonly _takers: Line<T>;
  /** The next item to take, and how many were put. */
  private _cursor: number;
  private _count: number;
  private _end: End | undefined;
  /** Calls of `_serve` during the one that runs, it included. */
  private _serving = 0;
  private _isClosed = false;

  /** @internal */
  constructor(source: Source<T>, options: { count: number; isSkipping: boolean; timers: TimerSource | undefined }) {
    this._source = source;
    this._cursor = options.count;
    this._count = options.count;
    this._isSkipping = options.isSkipping;
    this._timers = options.timers;
    this._takers = new Line(() => {
      this._serve();
    });
  }

  /** Items that were put and not taken yet, those included that were overwritten. */
  get size(): number {
    return this._count - this._cursor;
  }

  /** Operations that wait for an item. */
  get waitingTakers(): number {
    return this._takers.length;
  }

  /**
   * Takes the next item if there is one.
   *
   * @returns `undefined` where there is none, whether or not the channel is closed.
   * @throws {LaggedError} If items were missed since the last take and the channel's `lag` is `'error'`. The next take
   * gets the oldest item that is left.
   */
  tryTake(): T | undefined {
    if (this._cursor === this._count) return undefined;
    this._catchUp();
    const at = this._cursor++;
    const item = this._source.itemAt(at);
    this._source.isTaken(at);
    return item;
  }

  /**
   * Takes the next item, after those who wait already.
   *
   * @throws {LaggedError} As {@link tryTake} does.
   * @throws {QueueClosedError} If this or the channel is closed and nothing is left; what that was failed with, untouched.
   * @throws What ends `op`; then no item was taken.
   */
  take(op?: Op): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      throwIfOver(op, 'take');
      const item = this.tryTake();
      if (item !== undefined) {
        resolve(item);
        return;
      }
      if (this._end !== undefined) throw this._end.error;
      const place = new Place<T>(this._takers, undefined, 0, resolve, reject);
      place.watch = watchOp(op, place, 'take', this._timers);
    }) as Promise<T>;
  }

  /**
   * Returns taking as an arm for `select`. Its `tryCommit` throws what {@link take} would.
   *
   * @remarks Reentrancy: a waiter may commit inside `wake`. One that comes later keeps its place.
   */
  taking(): Arm<T> {
    return lineArm(
      this._takers,
      () => {
        const value = this.tryTake();
        if (value !== undefined) return { value };
        if (this._end !== undefined) throw this._end.error;
        return undefined;
      },
      () => {
        this._serve();
      },
    );
  }

  /**
   * Takes item after item until the channel is closed and nothing is left.
   *
   * Leaving the loop closes the subscription, also by an error in its body. An error of the subscription does not: after
   * a {@link LaggedError} another loop goes on.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return iterate(
      () => this.take(),
      () => this._end,
      () => {
        this.close();
      },
    );
  }

  /** Stops listening: what was not taken is dropped, takes that wait and later ones reject with a {@link QueueClosedError}. */
  close(): void {
    if (this._isClosed) return;
    this._isClosed = true;
    const from = Math.max(this._cursor, this._source.oldest());
    this._cursor = this._count;
    this.finish({ error: new QueueClosedError('the subscription is closed'), isClean: true });
    this._source.isLeft(from);
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal Called by the channel when it has got items, up to `count`. */
  advance(count: number): void {
    this._count = count;
    this._serve();
  }

  /** @internal Called by the channel when it has ended. */
  finish(end: End): void {
    this._end ??= end;
    this._serve();
  }

  /** Goes on behind what was overwritten. */
  private _catchUp(): void {
    const missed = this._source.oldest() - this._cursor;
    if (missed <= 0) return;
    this.missed += missed;
    this._cursor += missed;
    if (!this._isSkipping) throw new LaggedError(missed);
  }

  private _give(taker: Place<T>): void {
    // Taking may let in another item, and that one is for whoever is next in line.
    taker.withdraw();
    try {
      taker.settle(this.tryTake());
    } catch (error) {
      taker.fail(error);
    }
  }

  /** What is served may call this again: then it starts over, or a thousand waiters would be a thousand calls deep. */
  private _serve(): void {
    if (this._serving++ > 0) return;
    try {
      do {
        this._serving = 1;
        this._serveLine();
      } while (this._serving > 1);
    } finally {
      this._serving = 0;
    }
  }

  private _serveLine(): void {
    const takers = this._takers;
    while (takers.length > 0 && this.size > 0) {
      const taker = takers.next;
      if (taker.waiter === undefined) this._give(taker);
      else taker.waiter.wake();
      // Who was told and has not come yet keeps its turn.
      if (taker === takers.next) break;
    }
    while (this._end !== undefined && this.size === 0 && takers.length > 0) takers.next.fail(this._end.error);
  }
}
