import { ReadBuffer, type RunDecoder } from '@millrace/read-buffer';
import { type Decoder, Incomplete, isIncomplete } from './codec.js';
import { isBytes } from './content.js';
import { Cursor, NO_BYTES, NO_VIEW } from './cursor.js';
import { wrongType } from './errors.js';
import type { Layout } from './layout.js';

/** A chunk up to this long is copied behind what waits: cheaper than to go through a buffer. */
const SHORT_CHUNK_BYTES = 256;
/** The block for what waits has room for some short chunks. */
const BLOCK_BYTES = 1024;

/** Why a decoder does not go on: it is running, or it failed. */
interface Refusal {
  readonly error: unknown;
}
const RUNNING: Refusal = { error: undefined };

/**
 * Decodes one stream. What has to wait for more is kept as frames (see cursor.ts) and, where a number or a string was
 * cut, as bytes: in a block while all chunks are short, else in a buffer.
 */
export class StreamDecoder<T> implements Decoder<T> {
  readonly #layout: Layout<T>;
  readonly #cursor = new Cursor();
  #block: Uint8Array = NO_BYTES;
  #view: DataView = NO_VIEW;
  /** The bytes that wait are those from `#start` to `#end` of the block, or all in the buffer. */
  #start = 0;
  #end = 0;
  /** How far the block may be filled; -1 while the buffer is in use. */
  #limit = 0;
  #buffer: ReadBuffer | undefined = undefined;
  #refusal: Refusal | undefined = undefined;
  #value: T | typeof Incomplete = Incomplete;
  /** Where the last try began. */
  #tryStart = 0;
  readonly #try: RunDecoder;
  readonly #goOn: RunDecoder;

  constructor(layout: Layout<T>) {
    this.#layout = layout;
    const cursor = this.#cursor;
    this.#try = (bytes, view, start, end) => {
      cursor.set(bytes, view, start, end);
      this.#tryStart = start;
      this.#value = cursor.begin(layout);
      return isIncomplete(this.#value) ? start : cursor.at;
    };
    this.#goOn = (bytes, view, start, end) => {
      cursor.set(bytes, view, start, end);
      this.#value = cursor.run(layout) as T | typeof Incomplete;
      if (!isIncomplete(this.#value)) cursor.need = 0;
      return cursor.at;
    };
  }

  get isPartial(): boolean {
    return this.#holdsBytes || this.#cursor.hasFrames;
  }

  get #holdsBytes(): boolean {
    return this.#limit < 0 || this.#end > this.#start;
  }

  decode(input: ReadBuffer): T | typeof Incomplete {
    if (this.#refusal !== undefined) throw refused(this.#refusal);
    if (this.#holdsBytes) throw new TypeError('expected feed, which began a value');
    this.#refusal = RUNNING;
    try {
      this.#read(input, this.#goOn);
      this.#refusal = undefined;
      this.#cursor.set(NO_BYTES, NO_VIEW, 0, 0);
      return this.#value;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  feed(chunk: Uint8Array, onValue: (value: T) => void): void {
    if (this.#refusal !== undefined) throw refused(this.#refusal);
    if (!(chunk instanceof Uint8Array || isBytes(chunk))) throw wrongType('a Uint8Array', chunk);
    const { length } = chunk;
    let end = this.#end;
    const isShort = length <= SHORT_CHUNK_BYTES && (end + length <= this.#limit || this.#makeRoom(length));
    if (isShort) {
      // perf: fizzbuzz stream in short chunks
      const block = this.#block;
      end = this.#end;
      for (let i = 0; i < length; i++) block[end++] = chunk[i] as number;
      this.#end = end;
      if (end - this.#start < this.#cursor.need) return;
    }
    this.#refusal = RUNNING;
    try {
      if (isShort) this.#drainBlock(onValue);
      else this.#drainChunk(chunk, onValue);
      this.#refusal = undefined;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Decodes one value, or leaves `input` as it was. Keeps nothing for the next call. */
  decodeOnce(input: ReadBuffer): T | typeof Incomplete {
    const cursor = this.#cursor;
    try {
      // Within one stretch of bytes, as nearly always, there is nothing to be undone.
      if (!input.readRun(this.#try) && input.length === 0) this.#try(NO_BYTES, NO_VIEW, 0, 0);
      if (isIncomplete(this.#value)) this.#readAcross(input, cursor.at - this.#tryStart);
      return this.#value;
    } finally {
      // perf: struct; where a value is complete, nothing else is left.
      if (isIncomplete(this.#value)) this.#clear();
      else cursor.set(NO_BYTES, NO_VIEW, 0, 0);
      this.#value = Incomplete;
    }
  }

  /** Goes on behind `doneBytes` in the next stretches of bytes, if the value may be complete there. */
  #readAcross(input: ReadBuffer, doneBytes: number): void {
    if (input.length - doneBytes < this.#cursor.need) return;
    const mark = input.mark();
    try {
      this.#cursor.keep();
      input.skip(doneBytes);
      this.#read(input, this.#goOn);
    } finally {
      if (isIncomplete(this.#value)) input.rollback(mark);
      else input.commit(mark);
    }
  }

  /** Calls `run` on one stretch of bytes after the other, until there is a value, or too few bytes for the next leaf. */
  #read(input: ReadBuffer, run: RunDecoder): void {
    const cursor = this.#cursor;
    this.#value = Incomplete;
    while (isIncomplete(this.#value) && input.length >= cursor.need) {
      const { length } = input;
      // A leaf that was cut is joined first. What ends with a delimiter asks for one byte more each time: it gets twice
      // as many, for linear time.
      if (cursor.need > 1) input.peekUint8(Math.min(length, Math.max(cursor.need, 2 * cursor.scanned)) - 1);
      if (length > 0) input.readRun(run);
      // Nothing begins before its first byte, if it has one.
      else if (this.#layout.least() > 0) return;
      else run(NO_BYTES, NO_VIEW, 0, 0);
    }
  }

  #drainBlock(onValue: (value: T) => void): void {
    const cursor = this.#cursor;
    // perf: fizzbuzz stream in short chunks; nearly always it is there already.
    if (cursor.bytes !== this.#block) cursor.set(this.#block, this.#view, 0, 0);
    cursor.at = this.#start;
    cursor.end = this.#end;
    this.#drain(onValue);
    this.#start = cursor.at;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  #drainChunk(chunk: Uint8Array, onValue: (value: T) => void): void {
    const cursor = this.#cursor;
    const buffer = (this.#buffer ??= new ReadBuffer());
    if (this.#end > this.#start) buffer.feed(this.#block.slice(this.#start, this.#end));
    this.#start = this.#end = 0;
    buffer.feedBorrowed(chunk);
    this.#read(buffer, (bytes, view, start, end) => {
      cursor.set(bytes, view, start, end);
      this.#drain(onValue);
      return cursor.at;
    });
    buffer.endBorrow();
    cursor.set(NO_BYTES, NO_VIEW, 0, 0);
    this.#limit = buffer.length > 0 ? -1 : this.#block.length;
  }

  #drain(onValue: (value: T) => void): void {
    const cursor = this.#cursor;
    const layout = this.#layout;
    if (cursor.hasFrames) {
      const value = cursor.run(layout) as T | typeof Incomplete;
      if (isIncomplete(value)) return;
      onValue(value);
    }
    if (layout.drain !== undefined) {
      layout.drain(cursor, onValue);
      return;
    }
    while (cursor.at < cursor.end) {
      const { at } = cursor;
      cursor.emptyItems = 0;
      const value = layout.decodeAt(cursor);
      if (isIncomplete(value)) {
        cursor.keep();
        return;
      }
      if (cursor.at === at) throw new TypeError('expected values of some bytes: a stream of none has no end');
      onValue(value);
    }
    cursor.need = 1;
  }

  /** Moves what waits to the beginning of the block. Returns false if `byteLength` bytes more do not fit then. */
  #makeRoom(byteLength: number): boolean {
    const heldBytes = this.#end - this.#start;
    if (this.#limit < 0 || heldBytes + byteLength > BLOCK_BYTES) return false;
    if (this.#limit === 0) {
      this.#limit = BLOCK_BYTES;
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#view = new DataView(this.#block.buffer);
    }
    this.#block.copyWithin(0, this.#start, this.#end);
    this.#start = 0;
    this.#end = heldBytes;
    return true;
  }

  #clear(): void {
    this.#cursor.clear();
    this.#start = this.#end = 0;
    this.#buffer = undefined;
  }

  #fail(error: unknown): unknown {
    this.#clear();
    this.#limit = 0;
    this.#refusal = { error };
    return error;
  }
}

function refused(refusal: Refusal): unknown {
  return refusal === RUNNING ? new TypeError('the decoder is running') : refusal.error;
}
