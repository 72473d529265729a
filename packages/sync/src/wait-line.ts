import { throwIfOver, watchOp } from '@millrace/timeouts';
import type { Cancellable, Op, OpWatch, TimerSource } from '@millrace/timeouts';
import { SyncClosedError } from './errors.js';
import { observer } from './observer.js';

/** What everything in this package can be told at construction. */
export interface SyncOptions {
  /** What errors and `@millrace/sync/debug` call it. Default: the name of its class. */
  readonly name?: string | undefined;
  /** The clock of the operations that are given none. Default: the host's. */
  readonly timers?: TimerSource | undefined;
}

/**
 * Those who wait for one thing, in the order they came. Whoever is called off leaves at once, wherever they stand.
 *
 * Theory of operation: a waiter is in the line exactly as long as its promise is pending, and one of three calls ends
 * both in the same tick: `grant`, `fail`, or `onCancel` from its limits. So nothing can be granted to a waiter that has
 * been called off, nor the other way round, and no wake-up is under way when its promise settles.
 */
export class WaitLine<T, W extends LineWaiter<T> = LineWaiter<T>> {
  readonly name: string;
  length = 0;
  isClosed = false;
  first: W | undefined;
  private _last: W | undefined;
  readonly timers: TimerSource | undefined;

  constructor(name: string, options: SyncOptions | undefined) {
    this.name = options?.name ?? name;
    this.timers = options?.timers;
  }

  /** A rejection, if nothing may begin: the line is closed, or `op` is over already. */
  refuse(op: Op | undefined, operation: string): Promise<never> | undefined {
    return this.isClosed ? Promise.reject(new SyncClosedError(this.name)) : refusalOf(op, this.name, operation);
  }

  /** Puts `waiter` at the end of the line. */
  enter(waiter: W, op: Op | undefined, operation: string): void {
    waiter.previous = this._last;
    if (this._last === undefined) this.first = waiter;
    else this._last.next = waiter;
    this._last = waiter;
    this.length++;
    observer?.observeWait(waiter, this, operation);
    if (op === undefined) return;
    try {
      // May call it off at once, so it comes last.
      waiter.watch = watchOp(op, waiter, `${this.name}.${operation}`, this.timers);
    } catch (error) {
      // What has no end must not stay in line, and nobody else would take it out.
      waiter.onCancel(error);
    }
  }

  has(waiter: W): boolean {
    return this.first === waiter || waiter.previous !== undefined;
  }

  /** Takes `waiter`, which must be in the line, out of it. */
  remove(waiter: W): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this._last = previous;
    else next.previous = previous;
    waiter.previous = undefined;
    waiter.next = undefined;
    this.length--;
    observer?.observeLeave(waiter);
  }

  /** Called when a waiter was called off, after it left. */
  onLeft?(reason: unknown): void;

  failAll(error: unknown): void {
    while (this.first !== undefined) this.first.fail(error);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.failAll(new SyncClosedError(this.name));
  }
}

/** A rejection, if `op` is over already. */
export function refusalOf(op: Op | undefined, name: string, operation: string): Promise<never> | undefined {
  if (op === undefined) return undefined;
  return rejectionOf(() => {
    throwIfOver(op, `${name}.${operation}`);
  });
}

/** A rejection with what `check` throws, if it does. */
export function rejectionOf(check: () => void): Promise<never> | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    const reason = error as Error; // or whatever was given; it is passed on untouched
    return Promise.reject(reason);
  }
}

/** Waits at the end of `line` until granted. `op` is one that was not refused. */
export function waitIn<T>(line: WaitLine<T>, op: Op | undefined, operation: string): Promise<T> {
  const waiter = new LineWaiter(line);
  line.enter(waiter, op, operation);
  return waiter.promise;
}

/** One who waits in a line. */
export class LineWaiter<T> implements Cancellable {
  readonly promise: Promise<T>;
  previous: this | undefined = undefined;
  next: this | undefined = undefined;
  watch: OpWatch | undefined = undefined;
  protected readonly _line: WaitLine<T, LineWaiter<T>>;
  protected _resolve: (value: T) => void = ignore;
  protected _reject: (reason: unknown) => void = ignore;

  constructor(line: WaitLine<T, LineWaiter<T>>) {
    this._line = line;
    this.promise = new Promise((resolve, reject) => {
      this._resolve = resolve;
      this._reject = reject;
    });
  }

  grant(value: T): void {
    this._line.remove(this);
    this.watch?.release();
    this._resolve(value);
  }

  fail(error: unknown): void {
    this._line.remove(this);
    this.watch?.release();
    this._reject(error);
  }

  onCancel(reason: unknown): void {
    if (!this._line.has(this)) return;
    this._line.remove(this);
    this._reject(reason);
    this._line.onLeft?.(reason);
  }
}

function ignore(): void {
  // Stands in until the promise is made.
}
