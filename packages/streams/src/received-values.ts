import { throwIfOver, watchOp, type Cancellable, type Op, type OpWatch, type TimerSource } from '@millrace/timeouts';

/** The bytes of a chunk, which count until the value numbered `upTo` is taken. */
interface ChunkMark {
  readonly upTo: number;
  readonly bytes: number;
}

/** What the values wait in when nobody takes them; tells how much that is. */
export class ReceivedValues<T> {
  private readonly _timers: TimerSource;
  private _values: T[] = [];
  private _head = 0;
  private _waiters: Wait<T>[] = [];
  private _pushedCount = 0;
  private _takenCount = 0;
  private _marks: ChunkMark[] = [];
  private _markedCount = 0;
  private _bytes = 0;
  private _partialBytes = 0;
  private _phase: 'open' | 'ended' | 'failed' = 'open';
  private _error: unknown = undefined;
  private _wasTold = false;

  constructor(timers: TimerSource) {
    this._timers = timers;
  }

  /** How many values wait. */
  get count(): number {
    return this._values.length - this._head;
  }

  /** The bytes of all chunks of which a value waits. */
  get bytes(): number {
    return this._bytes;
  }

  /** How many values came, all told. */
  get pushedCount(): number {
    return this._pushedCount;
  }

  /** Whether somebody was told why there are no more values. */
  get wasTold(): boolean {
    return this._wasTold;
  }

  push(value: T): void {
    if (this._phase !== 'open') return;
    this._pushedCount += 1;
    const waiter = this._waiters.shift();
    if (waiter === undefined) {
      this._values.push(value);
      return;
    }
    this._takenCount += 1;
    waiter.settle(value);
  }

  /** Takes note that the values pushed since the last call were in a chunk of `byteCount` bytes. */
  endChunk(byteCount: number): void {
    this._partialBytes += byteCount;
    const upTo = this._pushedCount;
    if (upTo === this._markedCount) return; // a part of one value: nobody could take it
    this._markedCount = upTo;
    const bytes = this._partialBytes;
    this._partialBytes = 0;
    if (upTo === this._takenCount) return;
    this._marks.push({ upTo, bytes });
    this._bytes += bytes;
  }

  take(op: Op | undefined): Promise<T | undefined> {
    try {
      throwIfOver(op, 'receive');
    } catch (error) {
      return Promise.reject(error as Error);
    }
    if (this.count > 0) return Promise.resolve(this._shift());
    if (this._phase === 'failed') {
      this._wasTold = true;
      return Promise.reject(this._error as Error);
    }
    if (this._phase === 'ended') return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const waiter = new Wait<T>(this._waiters, resolve, reject);
      this._waiters.push(waiter);
      waiter.watch = watchOp(op, waiter, 'receive', this._timers);
    });
  }

  /** Says that nothing more will come. */
  end(): void {
    if (this._phase !== 'open') return;
    this._phase = 'ended';
    for (const waiter of this._waiters.splice(0)) waiter.settle(undefined);
  }

  /** Says why nothing more will come; what waits can still be taken. */
  fail(error: unknown): void {
    if (this._phase !== 'open') return;
    this._phase = 'failed';
    this._error = error;
    for (const waiter of this._waiters.splice(0)) {
      this._wasTold = true;
      waiter.fail(error);
    }
  }

  private _shift(): T {
    const value = this._values[this._head] as T;
    this._values[this._head] = undefined as T; // taken values are the taker's alone
    this._head += 1;
    this._takenCount += 1;
    if (this._head === this._values.length) {
      this._values.length = this._head = 0;
    } else if (this._head >= 1024 && this._head * 2 >= this._values.length) {
      this._values.splice(0, this._head);
      this._head = 0;
    }
    for (let mark = this._marks[0]; mark !== undefined && mark.upTo <= this._takenCount; mark = this._marks[0]) {
      this._bytes -= mark.bytes;
      this._marks.shift();
    }
    return value;
  }
}

/** Somebody who waits for the next value. */
class Wait<T> implements Cancellable {
  watch: OpWatch | undefined = undefined;
  readonly #line: Wait<T>[];
  readonly #resolve: (value: T | undefined) => void;
  readonly #reject: (reason: unknown) => void;

  constructor(line: Wait<T>[], resolve: (value: T | undefined) => void, reject: (reason: unknown) => void) {
    this.#line = line;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(value: T | undefined): void {
    this.watch?.release();
    this.#resolve(value);
  }

  fail(error: unknown): void {
    this.watch?.release();
    this.#reject(error);
  }

  onCancel(reason: unknown): void {
    const at = this.#line.indexOf(this);
    if (at >= 0) this.#line.splice(at, 1);
    this.#reject(reason);
  }
}
