import { throwIfOver, watchOp, type Cancellable, type Op, type OpWatch, type TimerSource } from '@millrace/timeouts';

/** Those who wait for the same thing, each with limits of its own. */
export class WaitLine<T> {
  private readonly _operation: string;
  private readonly _timers: TimerSource | undefined;
  /** Made for the first one who waits: a connection that is idle has two lines. */
  private _waits: Set<Wait<T>> | undefined = undefined;

  constructor(operation: string, timers: TimerSource | undefined) {
    this._operation = operation;
    this._timers = timers;
  }

  /** How many wait. */
  get length(): number {
    return this._waits?.size ?? 0;
  }

  /** Waits to be settled, or for what ends `op`. */
  wait(op: Op | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      throwIfOver(op, this._operation);
      const waits = (this._waits ??= new Set());
      const wait = new Wait(waits, resolve, reject);
      waits.add(wait);
      wait.watch = watchOp(op, wait, this._operation, this._timers);
    });
  }

  /** Lets everybody go on with `value`. */
  settle(value: T): void {
    while (this.settleFirst(value));
  }

  /** Lets the first one go on with `value`; returns whether there was one. */
  settleFirst(value: T): boolean {
    const wait = this._takeFirst();
    wait?.resolve(value);
    return wait !== undefined;
  }

  /** Lets everybody fail with `error`. */
  fail(error: Error): void {
    for (let wait = this._takeFirst(); wait !== undefined; wait = this._takeFirst()) wait.reject(error);
  }

  private _takeFirst(): Wait<T> | undefined {
    const waits = this._waits;
    if (waits === undefined || waits.size === 0) return undefined;
    const [first] = waits;
    if (first !== undefined) waits.delete(first);
    first?.watch?.release();
    return first;
  }
}

class Wait<T> implements Cancellable {
  watch: OpWatch | undefined = undefined;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  private readonly _line: Set<Wait<T>>;

  constructor(line: Set<Wait<T>>, resolve: (value: T) => void, reject: (reason: unknown) => void) {
    this._line = line;
    this.resolve = resolve;
    this.reject = reject;
  }

  onCancel(reason: unknown): void {
    this._line.delete(this);
    this.reject(reason);
  }
}
