import { throwIfOver, type Op, type TimerSource } from '@millrace/timeouts';
import { WaitLine } from './wait-line.js';

/** The bytes of a chunk, which count until the value numbered `upTo` is taken. */
interface ChunkMark {
  readonly upTo: number;
  readonly bytes: number;
}

/** Where values wait that nobody has taken, and those who wait for values; counts both the values and their bytes. */
export class ReceivedValues<T> {
  private readonly _waiting: WaitLine<T | undefined>;
  private _values: (T | undefined)[] = [];
  private _head = 0;
  private _pushedCount = 0;
  private _takenCount = 0;
  private readonly _marks: ChunkMark[] = [];
  private _markedCount = 0;
  private _bytes = 0;
  private _partialBytes = 0;
  private _phase: 'open' | 'ended' | 'failed' = 'open';
  private _error: Error | undefined = undefined;
  private _hasThrown = false;

  constructor(timers: TimerSource) {
    this._waiting = new WaitLine('receive', timers);
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

  /** Whether more values may come. */
  get isOpen(): boolean {
    return this._phase === 'open';
  }

  /** Whether somebody was told why there are no more values. */
  get wasTold(): boolean {
    return this._hasThrown;
  }

  /** Gives `value` to the first one who waits, or keeps it; drops it after the end. */
  push(value: T): void {
    if (this._phase !== 'open') return;
    this._pushedCount += 1;
    if (this._waiting.settleFirst(value)) this._takenCount += 1;
    else this._values.push(value);
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

  /** Takes the next value, or waits for it; `undefined` at the end. */
  async take(op: Op | undefined): Promise<T | undefined> {
    throwIfOver(op, 'receive'); // nothing is taken then
    if (this.count > 0) return this.shift();
    if (this._phase === 'ended') return undefined;
    if (this._error === undefined) return this._waiting.wait(op);
    this._hasThrown = true;
    throw this._error;
  }

  /** Says that nothing more will come. */
  end(): void {
    if (this._phase !== 'open') return;
    this._phase = 'ended';
    this._waiting.settle(undefined);
  }

  /** Says why nothing more will come; what waits can still be taken. */
  fail(error: Error): void {
    if (this._phase !== 'open') return;
    this._phase = 'failed';
    this._error = error;
    this._hasThrown = this._waiting.length > 0;
    this._waiting.fail(error);
  }

  /** Takes the next value, which must be there. */
  shift(): T {
    const value = this._values[this._head] as T;
    this._values[this._head] = undefined; // a value that was taken is the taker's alone
    this._head += 1;
    this._takenCount += 1;
    if (this._head === this._values.length) {
      this._values = [];
      this._head = 0;
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
