import { throwIfOver, watchOp } from '@millrace/timeouts';
import type { Arm, Op } from '@millrace/timeouts';
import { check, QueueClosedError, QueueFullError } from './errors.js';
import { Line, Place } from './line.js';
import { lineArm } from './line-arm.js';
import { iterate } from './loop.js';
import type { End, Turn } from './loop.js';
import { DROP_NEWEST, ERROR, overflowOf, weightOf } from './options.js';
import type { QueueOptions } from './options.js';
import { makeSorted, Ring } from './store.js';
import type { Store } from './store.js';

const DONE: Promise<void> = Promise.resolve();

/**
 * A bounded queue between tasks: who puts waits for room, who takes waits for items, each in the order of arrival.
 *
 * An item is delivered, or the operation that waited for it is called off; never both, never neither. An operation
 * that was called off has left nothing behind: the item of a `put` is not in the queue, and a `take` has got none.
 *
 * @typeParam T - Anything but `undefined`, which is what `tryTake` says where there is nothing. A promise among the
 * items is awaited by `take`.
 * @remarks
 * Cancellation: every operation that waits takes an {@link Op}. Calling one off takes O(1), however many wait.
 * Cost: putting and taking are O(1). With a comparator a put takes 0.1 us at a hundred items, 2 us at a hundred thousand.
 * Reentrancy: no code of the caller runs inside an operation, apart from `weigh`, the comparator and `onDrop`.
 */
// perf: size. Names that are private to the language become one letter in a bundle, and a bare `length` or `place` is a
// shorter condition than a comparison; bench/sizes.json has what the queue weighs.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- anything but undefined
export class AsyncQueue<T extends {} | null> implements AsyncIterable<T> {
  /** As constructed: items, or the unit of `weigh`. */
  declare readonly capacity: number;
  readonly #options: QueueOptions<T>;
  readonly #overflow: number;
  readonly #store: Readonly<Store<T>>;
  /** Whether the last item of the store is taken next, not the first. */
  readonly #isLast: boolean;
  /** Up to how many items {@link #tryAdd} goes: none where code of the caller may run, and after the end. */
  #room: number;
  #unfinished = 0;
  /** What takes are told when nothing is left, once the queue has ended. */
  #end: End | undefined;
  /** Calls of `#balance` during the one that runs, it included. */
  #balancing = 0;
  #isDropping = false;

  /**
   * Makes an empty queue.
   *
   * @throws {RangeError} If an option is none of its values.
   */
  constructor(options: QueueOptions<T>) {
    const { capacity, order = 'fifo', weigh, onDrop } = options;
    this.#isLast = order !== 'fifo';
    const isPriority = typeof order === 'function';
    this.capacity = capacity;
    this.#options = { ...options };
    this.#store = isPriority ? makeSorted(order) : new Ring();
    check(typeof capacity === 'number' && capacity >= 0, 'a number capacity >= 0', capacity);
    this.#room = (weigh ?? onDrop ?? isPriority) ? 0 : Math.floor(capacity);
    this.#overflow = overflowOf(options);
    check(isPriority || (order as string) === 'fifo' || order === 'lifo', 'order fifo, lifo, function', order);
  }

  /** Items that are in the queue now. */
  get size(): number {
    return this.#store.size;
  }

  /** The sum of their weights; without `weigh` the same as {@link size}. */
  get weight(): number {
    return this.#store.weight;
  }

  /** Whether the queue has ended, by {@link close}, {@link fail} or {@link abort}; items may be left to take. */
  get isClosed(): boolean {
    return !!this.#end;
  }

  /** Operations that wait for an item. */
  get waitingTakers(): number {
    return this.#takers.length;
  }

  /** Operations that wait for room. */
  get waitingPutters(): number {
    return this.#putters.length;
  }

  /**
   * Puts `item` if that is possible at once.
   *
   * @returns Whether the queue has taken charge of the item: it is in the queue, or was handed to somebody who waited,
   * or dropped as `overflow` says. `false` where it is full, others wait with theirs, or it is closed.
   * @throws {RangeError} If `item` is undefined, its weight is not between 0 and the capacity, or `onDrop` runs; nothing
   * is put.
   * @throws What `weigh`, the comparator or `onDrop` throws; nothing is put, what was dropped before is dropped.
   * @remarks
   * Cost: allocates nothing, but for the ring's growth, and one object where the capacity is 0 or there is a comparator.
   */
  tryPut(item: T): boolean {
    return this.#tryAdd(item) || this.#offer(item, weightOf(item, this.#options));
  }

  /**
   * Puts `item`, after those who wait already, as soon as there is room for it.
   *
   * @returns Resolves when the queue has taken charge of the item; with a capacity of 0 when somebody has taken it.
   * @throws {RangeError} As {@link tryPut} does, as a rejection.
   * @throws {QueueFullError} If there is no room and `overflow` is `'error'`; nothing is put.
   * @throws {QueueClosedError} If the queue is closed, or while this waits; what it was failed or aborted with, untouched.
   * @throws What ends `op`. If this rejects, for whatever reason, the item is still the caller's.
   */
  put(item: T, op?: Op): Promise<void> {
    try {
      if (!op && this.#tryAdd(item)) return DONE;
      const weight = weightOf(item, this.#options);
      throwIfOver(op, 'put');
      if (this.#offer(item, weight)) return DONE;
      if (!this.#end && this.#overflow === ERROR) throw new QueueFullError(weight, this.capacity - this.weight);
      return this.#wait(this.#putters, 'put', op, undefined, item, weight);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
      return Promise.reject(error);
    }
  }

  /**
   * Takes the next item if there is one.
   *
   * @returns `undefined` where there is none, whether or not the queue is closed.
   * @remarks Cost: allocates nothing.
   */
  tryTake(): T | undefined {
    if (this.#supply) return this.#next();
    return undefined;
  }

  /**
   * Takes the next item, after those who wait already.
   *
   * @throws {QueueClosedError} If the queue is closed and nothing is left; what it was failed or aborted with, untouched.
   * @throws What ends `op`; then no item was taken.
   */
  take(op?: Op): Promise<T> {
    return !op && this.#supply ? Promise.resolve(this.#next()) : this.#wait(this.#takers, 'take', op);
  }

  /**
   * Takes what is there, at once, if anything is and nobody waits already. Otherwise it waits for one item as {@link take}
   * does, and takes what else is there when it goes on: a microtask after it got that one.
   *
   * @param count - How many at most: an integer of 1 or more, or `Infinity`.
   * @returns At least one item. Promises among them are left as they are, so that one that rejects costs no other item.
   * @throws {RangeError} If `count` is anything else; nothing is taken.
   * @throws As {@link take} does.
   */
  takeUpTo(count: number, op?: Op): Promise<T[]> {
    return this.#takeBatch(count, op, {});
  }

  /**
   * Ends the queue: what is in it can be taken still.
   *
   * Puts that wait reject with a {@link QueueClosedError}, as do later ones, and takes once nothing is left; `for await`
   * loops end. Does nothing if the queue has ended.
   */
  close(): void {
    this.#finish(new QueueClosedError('queue closed'), true);
  }

  /**
   * Ends the queue like {@link close}, but with `error` where that has a QueueClosedError; loops throw it too.
   *
   * @param error - Passed on untouched, be it `undefined`.
   */
  fail(error: unknown): void {
    this.#finish(error);
  }

  /**
   * Ends the queue now and empties it, also if it was closed before and is not empty yet.
   *
   * @param reason - What every operation that waits, and every later one, rejects with. Default: a
   * {@link QueueClosedError}, at which loops end.
   * @returns The items that were in the queue: the oldest first, also for `'lifo'`; with a comparator what would be taken
   * last first. Those of puts that waited are not among them: their puts reject.
   */
  abort(reason?: unknown): T[] {
    const dropped: T[] = [];
    while (this.size) dropped.push(this.#drop());
    if (dropped.length) this.#end = undefined;
    if (reason === undefined) this.close();
    else this.fail(reason);
    return dropped;
  }

  /**
   * Says that the work for one item is done; for {@link join}.
   *
   * @throws {RangeError} If it was called for every item already.
   */
  taskDone(): void {
    check(this.#unfinished > 0, 'items that are not done', 0);
    this.#unfinished--;
    this.#balance();
  }

  /** Resolves when {@link taskDone} was called for every item that was put. What is dropped or aborted does not count. */
  join(op?: Op): Promise<void> {
    return this.#wait(this.#joiners, 'join', op);
  }

  /**
   * Returns taking as an arm for `select`: commits with one item. On a queue that has ended and is empty, its
   * `tryCommit` throws what {@link take} would.
   *
   * @remarks
   * Reentrancy: a waiter may commit inside `wake`. One that comes later keeps its place, but may find the item gone.
   */
  taking(): Arm<T> {
    return lineArm(
      this.#takers,
      () => {
        if (this.#supply) return { value: this.#next() };
        if (this.#end && !this.size) throw this.#end.error;
        return undefined;
      },
      this.#balance,
    );
  }

  /**
   * Takes item after item until the queue has ended and is empty. Several loops share the items.
   *
   * @remarks
   * Cancellation: the iterator's `return`, which leaving the loop calls, gives up its place in the line: a `next` that
   * waits says that it is done.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return iterate(
      (turn) => (this.#supply ? Promise.resolve(this.#next()) : this.#wait(this.#takers, 'take', undefined, turn)),
      () => this.#end,
    );
  }

  /**
   * Like a loop over the queue itself, but over what {@link takeUpTo} takes.
   *
   * @param count - Items per batch at most: an integer of 1 or more, or `Infinity`.
   * @param op - What may end the wait for each batch; a deadline, a signal and a scope thus end the loop.
   */
  batches(count: number, op?: Op): AsyncIterableIterator<T[]> {
    return iterate(
      (turn) => this.#takeBatch(count, op, turn),
      () => this.#end,
    );
  }

  async #takeBatch(count: number, op: Op | undefined, turn: Turn): Promise<T[]> {
    check(count > 0 && !(count % 1), 'an integer count > 0', count);
    turn.isBatch = true;
    throwIfOver(op, 'take');
    const isReady = !this.#takers.length && this.#supply;
    const items: T[] = !isReady
      ? await this.#wait(this.#takers, 'take', op, turn)
      : this.#isLast || this.#putters.length
        ? []
        : (this.#store as Ring<T>).takeMany(count);
    while (items.length < count && this.#supply) items.push(this.#next());
    return items;
  }

  #finish(error: unknown, isClean?: boolean): void {
    this.#end ??= { error, isClean };
    this.#room = 0;
    this.#balance();
  }

  /** What can be taken: in the store and, where the capacity is 0, in the hands of putters. */
  get #supply(): number {
    return this.size + this.#putters.length;
  }

  /** Puts where nobody waits, nothing is weighed, and there is room for it; then it is all that a put comes to. */
  #tryAdd(item: T): boolean {
    return (
      (item as unknown) !== undefined &&
      this.size < this.#room &&
      !(this.#takers.length + this.#putters.length) &&
      this.#add(item, 1)
    );
  }

  #add(item: T, weight: number): true {
    this.#store.add(item, weight);
    this.#unfinished++;
    return true;
  }

  #offer(item: T, weight: number): boolean {
    check(!this.#isDropping, 'a put outside onDrop', 'one inside');
    try {
      while (!this.#end) {
        const taker = this.#takers.next;
        // perf: micro/async-queue/hand-off. Past the store, to a promise that waits for just this.
        if (this.#takers.length && !taker.waiter && !this.#supply) {
          this.#unfinished++;
          taker.settle(item);
          return true;
        }
        if (!this.#putters.length && this.weight + weight <= this.capacity) return this.#add(item, weight);
        if (!this.capacity && this.#takers.length) {
          const place = new Place(this.#putters, item, weight);
          this.#balance();
          if (!place.line) return true;
          place.withdraw();
        }
        if (this.#overflow < DROP_NEWEST) break;
        const isNewest = this.#overflow === DROP_NEWEST || !this.size;
        const dropped = isNewest ? item : this.#drop();
        this.#isDropping = true;
        this.#options.onDrop?.(dropped);
        if (isNewest) return true;
      }
      return false;
    } finally {
      // Also where onDrop or the comparator throws: what was dropped by then may be all that somebody joins.
      this.#isDropping = false;
      if (this.#takers.length || this.#joiners.length) this.#balance();
    }
  }

  #drop(): T {
    if (this.#unfinished) this.#unfinished--;
    return this.#store.take(false);
  }

  /** Takes one item; there is one. */
  #next(): T {
    if (!this.size) {
      this.#unfinished++;
      const putter = this.#putters.next;
      putter.settle();
      return putter.item as T;
    }
    const item = this.#store.take(this.#isLast);
    if (this.#putters.length) this.#admit();
    return item;
  }

  /** Lets in the items of putters that there is room for. */
  #admit(): void {
    for (
      let putter;
      (putter = this.#putters.next), this.#putters.length && this.weight + putter.weight <= this.capacity;
    ) {
      try {
        // Out of the line first: the comparator may make room, too, and nobody is to let it in twice or call it off.
        putter.withdraw();
        this.#add(putter.item as T, putter.weight);
        putter.settle();
      } catch (error) {
        // The comparator's, for which the putter is told and not whoever made the room.
        putter.fail(error);
      }
    }
  }

  /** With a `turn` it can be given up; that of a batch resolves to an array, so that an item that is a promise stays one. */
  #wait<R>(line: Line<T>, operation: string, op?: Op, turn?: Turn, item?: T, weight?: number): Promise<R> {
    let place = undefined as Place<T> | undefined;
    const promise = new Promise<unknown>((resolve, reject) => {
      throwIfOver(op, operation);
      const done = turn?.isBatch
        ? (taken: unknown): void => {
            resolve([taken]);
          }
        : resolve;
      place = new Place(line, item, weight, done, reject);
    });
    if (place) {
      if (turn) turn.place = place;
      // perf: micro/async-queue/hand-off. A take where there is nothing changes nothing.
      if (this.#end || this.#supply || line === this.#joiners) this.#balance();
      if (place.line) place.watch = watchOp(op, place, operation, this.#options.timers);
    }
    return promise as Promise<R>;
  }

  /**
   * Settles whatever can be settled, the first in line first. Every change ends here, so that between two calls nobody
   * waits for what is there.
   *
   * What is settled may change the queue and call this again: then it starts over, or a thousand waiters would be a
   * thousand calls deep.
   */
  readonly #balance = (): void => {
    if (this.#balancing++) return;
    try {
      do {
        this.#balancing = 1;
        this.#settle();
      } while (this.#balancing > 1);
    } finally {
      this.#balancing = 0;
    }
  };

  #settle(): void {
    const takers = this.#takers;
    while (this.#end && this.#putters.length) this.#putters.next.fail(this.#end.error);
    this.#admit();
    while (takers.length && this.#supply) {
      const taker = takers.next;
      if (!taker.waiter) taker.settle(this.#next());
      else taker.waiter.wake();
      // Who was told and has not come yet keeps its turn.
      if (taker === takers.next) break;
    }
    while (this.#end && !this.size && takers.length) takers.next.fail(this.#end.error);
    while (!this.#unfinished && this.#joiners.length) this.#joiners.next.settle();
  }

  readonly #takers: Line<T> = new Line<T>(this.#balance);
  readonly #putters: Line<T> = new Line<T>(this.#balance);
  readonly #joiners: Line<T> = new Line<T>(this.#balance);
}
