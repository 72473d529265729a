/**
 * A channel on which everybody gets everything.
 *
 * @packageDocumentation
 */
import { throwIfOver, watchOp } from '@millrace/timeouts';
import type { Op, TimerSource } from '@millrace/timeouts';
import { check, QueueClosedError } from './errors.js';
import { Line, Place } from './line.js';
import type { End } from './loop.js';
import { Subscription } from './subscription.js';

export { QueueClosedError } from './errors.js';
export { LaggedError } from './lagged-error.js';
export type { Subscription } from './subscription.js';

/** What a {@link Broadcast} is made of. */
export interface BroadcastOptions {
  /** How many items are kept for those who have not taken them yet; an integer of 1 or more. */
  capacity: number;
  /**
   * What happens where a subscription has not taken the oldest item and a new one needs its slot. `'error'`, the
   * default: the item is overwritten, and the subscription's next take says by a LaggedError how many it has missed.
   * `'skip'`: the same without the error; `missed` of the subscription counts. `'wait'`: the put waits for it.
   */
  lag?: 'error' | 'skip' | 'wait' | undefined;
  /** The clock for operations that name none. */
  timers?: TimerSource | undefined;
}

/**
 * A channel on which every subscription gets every item that is put after it was made, in the same order.
 *
 * There is one ring for all; a subscription is a position in it. What is put while nobody subscribes is gone.
 *
 * @remarks
 * Lifetime: the last `capacity` items stay referenced, taken or not; with `lag: 'wait'` until everybody has taken them.
 * Cost: a put looks at each subscription, taking is O(1). Closing a subscription is O(1), or with `lag: 'wait'` O(what it
 * has not taken).
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- anything but undefined, as in a queue
export class Broadcast<T extends {} | null> {
  /** As constructed. */
  readonly capacity: number;
  private readonly _lag: 'error' | 'skip' | 'wait';
  private readonly _timers: TimerSource | undefined;
  private readonly _items: (T | undefined)[] = [];
  /** With `lag: 'wait'`: how many subscriptions have not taken the item in each slot. */
  private readonly _owed: number[] = [];
  private readonly _subscriptions = new Set<Subscription<T>>();
  private readonly _putters = new Line<T>(() => {
    this._admit();
  });
  private _isAdmitting = false;
  /** How many items were put. */
  private _count = 0;
  private _end: End | undefined;

  /**
   * Makes a channel without subscriptions.
   *
   * @throws {RangeError} If an option is none of its values.
   */
  constructor(options: BroadcastOptions) {
    const { capacity, lag = 'error' } = options;
    check(Number.isSafeInteger(capacity) && capacity >= 1, 'an integer capacity >= 1', capacity);
    check(['error', 'skip', 'wait'].includes(lag), 'lag in error,skip,wait', lag);
    this.capacity = capacity;
    this._lag = lag;
    this._timers = options.timers;
  }

  /** Subscriptions that are open. */
  get subscriptionCount(): number {
    return this._subscriptions.size;
  }

  /** Puts that wait for a subscription to take; only with `lag: 'wait'`. */
  get waitingPutters(): number {
    return this._putters.length;
  }

  /**
   * Starts to listen: the subscription gets what is put from now on.
   *
   * @throws {QueueClosedError} If the channel is closed; what it was failed with, untouched.
   */
  subscribe(): Subscription<T> {
    if (this._end !== undefined) throw this._end.error;
    const subscription = new Subscription<T>(
      {
        itemAt: (at) => this._items[at % this.capacity] as T,
        oldest: () => Math.max(0, this._count - this.capacity),
        isTaken: (at) => {
          this._release(at);
          this._admit();
        },
        isLeft: (from) => {
          this._subscriptions.delete(subscription);
          for (let at = from; at < this._count; at++) this._release(at);
          this._admit();
        },
      },
      { count: this._count, isSkipping: this._lag === 'skip', timers: this._timers },
    );
    this._subscriptions.add(subscription);
    return subscription;
  }

  /**
   * Puts `item` for all subscriptions, if that is possible at once.
   *
   * @returns `false` if the channel is closed or, with `lag: 'wait'`, a subscription lags or others wait; the item is
   * then the caller's.
   * @throws {RangeError} If `item` is undefined.
   */
  tryPut(item: T): boolean {
    check((item as unknown) !== undefined, 'an item', item);
    if (this._end !== undefined || this._putters.length > 0 || !this._hasRoom) return false;
    this._put(item);
    return true;
  }

  /**
   * Puts `item` for all subscriptions; with `lag: 'wait'` as soon as there is room for it, after those who wait already.
   *
   * @throws {RangeError} As {@link tryPut} does, as a rejection.
   * @throws {QueueClosedError} If the channel is closed, or while this waits; what it was failed with, untouched.
   * @throws What ends `op`; then nobody gets the item.
   */
  put(item: T, op?: Op): Promise<void> {
    return new Promise<unknown>((resolve, reject) => {
      throwIfOver(op, 'put');
      if (this.tryPut(item)) {
        resolve(undefined);
        return;
      }
      if (this._end !== undefined) throw this._end.error;
      const place = new Place<T>(this._putters, item, 1, resolve, reject);
      place.watch = watchOp(op, place, 'put', this._timers);
    }) as Promise<void>;
  }

  /**
   * Ends the channel: subscriptions take what they have not taken, then their takes reject and their loops end. Puts
   * that wait reject. Does nothing if it has ended.
   */
  close(): void {
    this._finish({ error: new QueueClosedError('the channel is closed'), isClean: true });
  }

  /** Ends the channel like {@link close}, but with `error` where that has a QueueClosedError; loops throw it too. */
  fail(error: unknown): void {
    this._finish({ error, isClean: false });
  }

  private get _hasRoom(): boolean {
    return this._lag !== 'wait' || (this._owed[this._count % this.capacity] ?? 0) === 0;
  }

  private _put(item: T): void {
    const slot = this._count % this.capacity;
    this._items[slot] = this._subscriptions.size > 0 ? item : undefined;
    if (this._lag === 'wait') this._owed[slot] = this._subscriptions.size;
    this._count++;
    // None can be added in between: a subscriber's code runs later.
    for (const subscription of this._subscriptions) subscription.advance(this._count);
  }

  /** One subscription less has still to take the item at `at`. */
  private _release(at: number): void {
    if (this._lag !== 'wait') return;
    const slot = at % this.capacity;
    const owed = (this._owed[slot] ?? 0) - 1;
    this._owed[slot] = owed;
    if (owed === 0) this._items[slot] = undefined;
  }

  /** Lets in the items of putters that there is room for. What that hands over makes room: the one loop sees to it all. */
  private _admit(): void {
    if (this._isAdmitting) return;
    this._isAdmitting = true;
    try {
      while (this._putters.length > 0 && this._hasRoom) {
        const putter = this._putters.next;
        putter.settle();
        this._put(putter.item as T);
      }
    } finally {
      this._isAdmitting = false;
    }
  }

  private _finish(end: End): void {
    if (this._end !== undefined) return;
    this._end = end;
    while (this._putters.length > 0) this._putters.next.fail(end.error);
    for (const subscription of this._subscriptions) subscription.finish(end);
  }
}
