import type { ReadBuffer } from '@millrace/read-buffer';
import { type Decoder, Incomplete } from './codec.js';
import { Cursor, NO_BYTES, NO_VIEW } from './cursor.js';
import type { Layout } from './layout.js';

/** A chunk up to this long is copied behind what waits: cheaper than a DataView of its own. */
const SHORT_CHUNK_BYTES = 128;
/** The block for what waits has room for some short chunks. */
const BLOCK_BYTES = 1024;
/** A block that a long string needed is given up above this. */
const KEPT_BLOCK_BYTES = 64 * 1024;

type Run = (bytes: Uint8Array, view: DataView, start: number, end: number) => number;

/** Why a decoder does not go on: it is running, or it failed. */
interface Refusal {
  readonly error: unknown;
}
const RUNNING: Refusal = { error: undefined };

/**
 * Decodes one stream. What has to wait for more is kept as frames (see cursor.ts) and, where a number or a string was
 * cut, as bytes in a block.
 */
export class StreamDecoder<T> implements Decoder<T> {
  private readonly _layout: Layout<T>;
  private readonly _cursor = new Cursor();
  private _block: Uint8Array = NO_BYTES;
  private _view: DataView = NO_VIEW;
  /** The bytes that wait are those from `_start` to `_end` of the block: a leaf that was cut. */
  private _start = 0;
  private _end = 0;
  private _refusal: Refusal | undefined = undefined;
  private _value: T | typeof Incomplete = Incomplete;
  /** Where the last try began. */
  private _tryStart = 0;
  private readonly _try: Run;
  private readonly _goOn: Run;

  constructor(layout: Layout<T>) {
    this._layout = layout;
    const cursor = this._cursor;
    this._try = (bytes, view, start, end) => {
      cursor.set(bytes, view, start, end);
      this._tryStart = start;
      this._value = layout.decodeAt(cursor);
      return this._value === Incomplete ? start : cursor.at;
    };
    this._goOn = (bytes, view, start, end) => {
      cursor.set(bytes, view, start, end);
      this._value = cursor.run(layout) as T | typeof Incomplete;
      if (this._value !== Incomplete) cursor.need = 0;
      return cursor.at;
    };
  }

  get isPartial(): boolean {
    return this._end > this._start || this._cursor.hasFrames;
  }

  decode(input: ReadBuffer): T | typeof Incomplete {
    if (this._refusal !== undefined) throw refused(this._refusal);
    this._refusal = RUNNING;
    try {
      const value = this._decodeFrom(input);
      this._refusal = undefined;
      this._cursor.set(NO_BYTES, NO_VIEW, 0, 0);
      return value;
    } catch (error) {
      throw this._fail(error);
    }
  }

  feed(chunk: Uint8Array, onValue: (value: T) => void): void {
    if (this._refusal !== undefined) throw refused(this._refusal);
    const { length } = chunk;
    const isShort = length <= SHORT_CHUNK_BYTES;
    if (isShort) {
      // perf: fizzbuzz stream in short chunks
      if (this._end + length > this._block.length) this._makeRoom(length);
      const block = this._block;
      let end = this._end;
      for (let i = 0; i < length; i++) block[end++] = chunk[i] ?? 0;
      this._end = end;
      if (end - this._start < this._cursor.need) return;
    }
    this._refusal = RUNNING;
    try {
      if (isShort) this._drainBlock(onValue);
      else this._drainChunk(chunk, onValue);
      this._refusal = undefined;
    } catch (error) {
      throw this._fail(error);
    }
  }

  /** Decodes one value, or leaves `input` as it was. Keeps nothing for the next call. */
  decodeOnce(input: ReadBuffer): T | typeof Incomplete {
    let value: T | typeof Incomplete = Incomplete;
    try {
      // Within one stretch of bytes, as nearly always, there is nothing to be undone.
      if (!input.readRun(this._try) && input.length === 0) this._try(NO_BYTES, NO_VIEW, 0, 0);
      value = this._value;
      if (value === Incomplete) value = this._decodeAcross(input);
      return value;
    } finally {
      // perf: struct; where a value is complete, nothing else is left.
      if (value === Incomplete) this._clear();
      else this._cursor.set(NO_BYTES, NO_VIEW, 0, 0);
      this._value = Incomplete;
    }
  }

  /** Goes on in the next stretches of bytes, if the value may be complete there. */
  private _decodeAcross(input: ReadBuffer): T | typeof Incomplete {
    const cursor = this._cursor;
    const doneBytes = cursor.at - this._tryStart;
    if (input.length - doneBytes < cursor.need) return Incomplete;
    let value: T | typeof Incomplete = Incomplete;
    const mark = input.mark();
    try {
      cursor.keep();
      input.skip(doneBytes);
      value = this._decodeFrom(input);
      return value;
    } finally {
      if (value === Incomplete) input.rollback(mark);
      else input.commit(mark);
    }
  }

  private _decodeFrom(input: ReadBuffer): T | typeof Incomplete {
    for (;;) {
      if (this._end === this._start) {
        if (input.length < this._cursor.need) return Incomplete;
        if (input.length === 0) {
          // Nothing begins before its first byte, if it has one.
          if (this._layout.least() > 0) return Incomplete;
          this._goOn(NO_BYTES, NO_VIEW, 0, 0);
        } else input.readRun(this._goOn);
        if (this._value === Incomplete && input.length < this._cursor.need) return Incomplete;
      }
      if (this._value === Incomplete && !this._decodeJoined(input)) return Incomplete;
      const value = this._value;
      this._value = Incomplete;
      if (value !== Incomplete) return value;
    }
  }

  /** Joins the leaf that was cut in the block, and goes on there. Returns false where the input is too short for that. */
  private _decodeJoined(input: ReadBuffer): boolean {
    const mark = input.mark();
    let keptBytes = 0;
    try {
      const { need, scanned } = this._cursor;
      const heldBytes = this._end - this._start;
      // What ends with a delimiter asks for one byte more each time: it gets twice as many, for linear time.
      const byteLength = Math.min(input.length, Math.max(need, scanned > 0 ? 2 * heldBytes + 64 : 0) - heldBytes);
      this._makeRoom(byteLength);
      input.readInto(this._block.subarray(this._end, this._end + byteLength));
      this._end += byteLength;
      keptBytes = byteLength;
      if (this._end - this._start < need) return false;
      const start = this._start;
      this._start = this._goOn(this._block, this._view, start, this._end);
      // The leaf was all that waited: what is left when it is complete came from the input just now.
      if (this._start > start) {
        keptBytes -= this._end - this._start;
        this._emptyBlock();
      }
      return true;
    } finally {
      input.rollback(mark);
      input.skip(keptBytes);
    }
  }

  private _drainBlock(onValue: (value: T) => void): void {
    const cursor = this._cursor;
    // perf: fizzbuzz stream in short chunks; nearly always it is there already.
    if (cursor.bytes !== this._block) cursor.set(this._block, this._view, 0, 0);
    cursor.at = this._start;
    cursor.end = this._end;
    this._drain(onValue);
    this._start = cursor.at;
    if (this._start === this._end) this._emptyBlock();
  }

  private _drainChunk(chunk: Uint8Array, onValue: (value: T) => void): void {
    const cursor = this._cursor;
    const { length } = chunk;
    let from = 0;
    while (this._end > this._start) {
      const heldBytes = this._end - this._start;
      const wantedBytes = Math.max(cursor.need - heldBytes, heldBytes, SHORT_CHUNK_BYTES);
      const byteLength = Math.min(length - from, wantedBytes);
      this._append(chunk.subarray(from, from + byteLength));
      from += byteLength;
      if (heldBytes + byteLength < cursor.need) return;
      this._drainBlock(onValue);
      const leftBytes = this._end - this._start;
      // The leaf was all that waited: what is left is read where it came from.
      if (leftBytes > byteLength) continue;
      from -= leftBytes;
      this._emptyBlock();
    }
    // A plain Uint8Array, so that slices are copies.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, length);
    cursor.set(bytes, new DataView(chunk.buffer, chunk.byteOffset, length), from, length);
    this._drain(onValue);
    this._append(bytes.subarray(cursor.at));
    cursor.set(NO_BYTES, NO_VIEW, 0, 0);
  }

  private _drain(onValue: (value: T) => void): void {
    const cursor = this._cursor;
    const layout = this._layout;
    if (cursor.hasFrames) {
      const value = cursor.run(layout) as T | typeof Incomplete;
      if (value === Incomplete) return;
      onValue(value);
    }
    if (layout.drain !== undefined) {
      layout.drain(cursor, onValue);
      return;
    }
    while (cursor.at < cursor.end) {
      const { at } = cursor;
      const value = layout.decodeAt(cursor);
      if (value === Incomplete) {
        cursor.keep();
        return;
      }
      if (cursor.at === at) throw new TypeError('a stream of values that take no bytes has no end');
      onValue(value);
    }
    cursor.need = 1;
  }

  private _append(bytes: Uint8Array): void {
    if (this._end + bytes.length > this._block.length) this._makeRoom(bytes.length);
    this._block.set(bytes, this._end);
    this._end += bytes.length;
  }

  /** Moves what waits to the beginning of the block, or of a larger one, where `byteLength` bytes more fit. */
  private _makeRoom(byteLength: number): void {
    if (this._end + byteLength <= this._block.length) return;
    const held = this._block.subarray(this._start, this._end);
    const neededBytes = held.length + byteLength;
    if (2 * neededBytes > this._block.length) {
      this._block = new Uint8Array(Math.max(BLOCK_BYTES, 2 * neededBytes));
      this._view = new DataView(this._block.buffer);
    }
    this._block.set(held);
    this._start = 0;
    this._end = held.length;
  }

  private _emptyBlock(): void {
    this._start = 0;
    this._end = 0;
    if (this._block.length <= KEPT_BLOCK_BYTES) return;
    this._block = NO_BYTES;
    this._view = NO_VIEW;
  }

  private _clear(): void {
    this._cursor.clear();
    this._emptyBlock();
    this._value = Incomplete;
  }

  private _fail(error: unknown): unknown {
    this._clear();
    this._refusal = { error };
    return error;
  }
}

function refused(refusal: Refusal): unknown {
  return refusal === RUNNING ? new TypeError('a decoder was called while it was running') : refusal.error;
}
