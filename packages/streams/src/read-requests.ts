// What a read asks for, one class for each kind. A request knows the buffer and nothing of waiting: the reader asks it
// again after each chunk. While a chunk is borrowed the bytes go straight from it to where they are wanted.
import { BufferOverflowError, type ReadBuffer } from '@millrace/read-buffer';
import { IncompleteReadError, StreamLimitError } from './errors.js';

const LF = 0x0a;
const CR = 0x0d;
/** What is longer than this is collected in its final memory as it arrives, not in the buffer. */
const COLLECT_ABOVE_BYTES = 1024;
/** So much memory is made for what has not come yet; more only in proportion to what has. */
const RESERVE_BYTES = 2 ** 20;
const MAX_BYTES = 2 ** 31 - 1;

/** One read. `undefined` from `take` means that more must arrive. */
export abstract class ReadRequest<T> {
  /** What a timeout calls it. */
  readonly operation: string;

  /** Bytes that it took out of the buffer already and would give back. */
  heldBytes = 0;
  protected _target: Uint8Array | undefined = undefined;

  constructor(operation: string) {
    this.operation = operation;
  }

  /** Takes what was asked for; `undefined` if it is not all there. Consumes nothing then, and nothing where it throws. */
  abstract take(buffer: ReadBuffer): T | undefined;

  /** What it comes to where no more will arrive and `take` found too little. */
  abstract atEnd(buffer: ReadBuffer): T;

  /** Puts the bytes back that it holds; the buffer is empty if there are any. */
  giveBack(buffer: ReadBuffer): void {
    if (this.heldBytes > 0) buffer.feed((this._target as Uint8Array).subarray(0, this.heldBytes));
    this.heldBytes = 0;
    this._target = undefined;
  }
}

/** One byte or more, whatever is there. */
class AnyBytes extends ReadRequest<Uint8Array | undefined> {
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super('read');
    if (!(maxBytes >= 1)) throw new RangeError(`expected maxBytes of 1 or more, saw ${maxBytes}`);
    this.maxBytes = maxBytes === Infinity ? maxBytes : checkCount('maxBytes', maxBytes);
  }

  override take(buffer: ReadBuffer): Uint8Array | undefined {
    const count = Math.min(buffer.bufferedBytes, this.maxBytes);
    return count === 0 ? undefined : copyOut(buffer, count);
  }

  override atEnd(): undefined {
    return undefined;
  }
}

/** The request of every `read()` without a limit. */
export const ANY_BYTES: ReadRequest<Uint8Array | undefined> = new AnyBytes(Infinity);

export function anyBytes(maxBytes: number | undefined): ReadRequest<Uint8Array | undefined> {
  return maxBytes === undefined || maxBytes === Infinity ? ANY_BYTES : new AnyBytes(maxBytes);
}

/** As many bytes as were said. */
export class ExactBytes extends ReadRequest<Uint8Array> {
  private readonly _byteCount: number;

  constructor(byteCount: number) {
    super('readExactly');
    this._byteCount = checkCount('byteCount', byteCount);
  }

  override take(buffer: ReadBuffer): Uint8Array | undefined {
    const { bufferedBytes } = buffer;
    if (this._target === undefined) {
      if (bufferedBytes >= this._byteCount) return copyOut(buffer, this._byteCount);
      if (this._byteCount <= COLLECT_ABOVE_BYTES) return undefined;
    }
    const count = Math.min(bufferedBytes, this._byteCount - this.heldBytes);
    const target = this._memory(this.heldBytes + count);
    moveInto(target, this.heldBytes, buffer, count);
    this.heldBytes += count;
    if (this.heldBytes < this._byteCount) return undefined;
    this.heldBytes = 0;
    return target;
  }

  /** Makes room for `usedBytes`. How many are wanted is often what a peer says, who must not get memory by saying it. */
  private _memory(usedBytes: number): Uint8Array {
    const target = this._target;
    if (target !== undefined && usedBytes <= target.length) return target;
    const larger = new Uint8Array(Math.min(this._byteCount, Math.max(RESERVE_BYTES, 4 * usedBytes)));
    if (target !== undefined) larger.set(target.subarray(0, this.heldBytes));
    return (this._target = larger);
  }

  override atEnd(buffer: ReadBuffer): never {
    this.giveBack(buffer);
    throw new IncompleteReadError(copyOut(buffer, buffer.bufferedBytes), this._byteCount);
  }
}

/** Everything up to and including a delimiter. */
export class BytesUntil extends ReadRequest<Uint8Array> {
  private readonly _delimiter: number | Uint8Array;
  private readonly _maxBytes: number;

  constructor(delimiter: number | Uint8Array, maxBytes: number) {
    super('readUntil');
    this._delimiter = delimiter;
    this._maxBytes = checkCount('maxBytes', maxBytes);
  }

  override take(buffer: ReadBuffer): Uint8Array | undefined {
    try {
      return buffer.readUntil(this._delimiter, this._maxBytes);
    } catch (error) {
      if (error instanceof BufferOverflowError) throw new StreamLimitError(this._maxBytes, buffer.bufferedBytes);
      throw error;
    }
  }

  override atEnd(buffer: ReadBuffer): never {
    throw new IncompleteReadError(copyOut(buffer, buffer.bufferedBytes), undefined);
  }
}

/** A line of text, without what ends it. */
export class Line extends ReadRequest<string | undefined> {
  private readonly _maxBytes: number;
  private _searchedBytes = 0;

  constructor(maxBytes: number) {
    super('readLine');
    this._maxBytes = checkCount('maxBytes', maxBytes);
  }

  override take(buffer: ReadBuffer): string | undefined {
    const { bufferedBytes } = buffer;
    const found = buffer.indexOf(LF, this._searchedBytes);
    if (found < 0 ? bufferedBytes >= this._maxBytes : found >= this._maxBytes) {
      throw new StreamLimitError(this._maxBytes, bufferedBytes);
    }
    this._searchedBytes = bufferedBytes;
    return found < 0 ? undefined : readText(buffer, found, found + 1);
  }

  override atEnd(buffer: ReadBuffer): string | undefined {
    const { bufferedBytes } = buffer;
    return bufferedBytes === 0 ? undefined : readText(buffer, bufferedBytes, bufferedBytes);
  }
}

/** A look at what comes next. */
export class Peek extends ReadRequest<Uint8Array> {
  private readonly _byteCount: number;

  constructor(byteCount: number) {
    super('peek');
    this._byteCount = checkCount('byteCount', byteCount);
  }

  override take(buffer: ReadBuffer): Uint8Array | undefined {
    return buffer.bufferedBytes < this._byteCount ? undefined : look(buffer, this._byteCount);
  }

  override atEnd(buffer: ReadBuffer): Uint8Array {
    return look(buffer, buffer.bufferedBytes);
  }
}

/** Like {@link AnyBytes}, into memory of the caller. */
export class BytesInto extends ReadRequest<number> {
  private readonly _memory: Uint8Array;

  constructor(target: Uint8Array) {
    super('readInto');
    if (!(target instanceof Uint8Array)) throw new TypeError(`expected a Uint8Array, saw ${typeof target}`);
    if (target.length === 0) throw new RangeError('expected a target of 1 byte or more, saw an empty one');
    this._memory = target;
  }

  override take(buffer: ReadBuffer): number | undefined {
    const count = Math.min(buffer.bufferedBytes, this._memory.length);
    if (count === 0) return undefined;
    moveInto(this._memory, 0, buffer, count);
    return count;
  }

  override atEnd(): number {
    return 0;
  }
}

function checkCount(name: string, count: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_BYTES) return count;
  throw new RangeError(`expected ${name} from 0 to ${MAX_BYTES}, saw ${count}`);
}

function copyOut(buffer: ReadBuffer, byteCount: number): Uint8Array {
  const run = buffer.nextRun();
  if (run.length >= byteCount) {
    // perf: echo. Memory that is filled from other memory need not be zeroed first.
    const copy = new Uint8Array(run.length === byteCount ? run : run.subarray(0, byteCount));
    buffer.skip(byteCount);
    return copy;
  }
  const copy = new Uint8Array(byteCount);
  moveInto(copy, 0, buffer, byteCount);
  return copy;
}

/** Moves bytes out of the buffer, wherever its chunks were cut, without joining them. */
function moveInto(target: Uint8Array, at: number, buffer: ReadBuffer, byteCount: number): void {
  for (let moved = 0; moved < byteCount;) {
    const run = buffer.nextRun();
    const count = Math.min(run.length, byteCount - moved);
    target.set(count < run.length ? run.subarray(0, count) : run, at + moved);
    buffer.skip(count);
    moved += count;
  }
}

function look(buffer: ReadBuffer, byteCount: number): Uint8Array {
  const mark = buffer.mark();
  const bytes = buffer.readBytes(byteCount);
  buffer.rollback(mark);
  return bytes;
}

/** Reads `byteCount` bytes as text, without the CR at `end - 1` if there is one. */
function readText(buffer: ReadBuffer, end: number, byteCount: number): string {
  const hasCr = byteCount > end && end > 0 && buffer.peekUint8(end - 1) === CR;
  const textBytes = hasCr ? end - 1 : end;
  const text = buffer.readUtf8(textBytes);
  buffer.skip(byteCount - textBytes);
  return text;
}
