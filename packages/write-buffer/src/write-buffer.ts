import type { ChunkOwner } from './chunk-owner.js';
import { BufferOverflowError } from './errors.js';
import { checkLayout, DEFAULT_LAYOUT, type FrameLayout, lengthOf, longestFrame, writeLength } from './frame-layout.js';
import { encodeUtf8, hostStrings } from './host-strings.js';
import { checkCount, checkInt32, outOfRange } from './ranges.js';
import { holdSlab, noteChunkOut, recycleChunk, releaseSlab, type Slab } from './slab.js';

/** Options of {@link WriteBuffer}. */
export interface WriteBufferOptions {
  /** The size of the blocks in which batches are composed, in bytes, 16 or more. Default 16 KiB. */
  readonly slabBytes?: number | undefined;
  /** The most bytes that may wait to be taken. Default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** How `beginFrame` and `endFrame` write lengths. Default: an int32 that counts itself, after the type if any. */
  readonly frame?: FrameLayout | undefined;
}

/**
 * Encodes into `bytes` from offset `at` on, and returns the offset after the last byte it wrote.
 *
 * @param bytes - Where to write. Only the room that {@link WriteBuffer.writeRun} was asked for may be touched.
 * @param view - The same memory with the same indices.
 * @param at - The offset of the first byte of that room.
 * @remarks Lifetime: both views are lent for the call. Reentrancy: it must not use the buffer that called it.
 */
export type RunEncoder = (bytes: Uint8Array, view: DataView, at: number) => number;

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

/**
 * Composes messages one after the other, and hands over all that was written as one contiguous chunk.
 *
 * Numbers are big-endian. Each write appends at the end; a write that throws has written nothing.
 *
 * @remarks
 * Lifetime: memory comes from slabs that all buffers share. An empty buffer holds none.
 * Cost: a write is one check of the room and one store; a batch that outgrows its slab is moved, in linear time overall.
 */
export class WriteBuffer implements ChunkOwner {
  private readonly _slabBytes: number;
  private readonly _maxBytes: number;
  private readonly _layout: FrameLayout;
  private _slab: Slab | undefined = undefined;
  private _bytes: Uint8Array = NO_BYTES;
  private _view: DataView = NO_VIEW;
  /** The batch is what lies between `_start` and `_cursor`; it may grow up to `_limit` where it is. */
  private _start = 0;
  private _cursor = 0;
  private _limit = 0;
  /** Handles of the open frames, the innermost last. */
  private _openFrames: number[] = [];
  private _atomicDepth = 0;

  /** Makes an empty buffer. Throws a RangeError if an option is out of its range. */
  constructor(options: WriteBufferOptions = {}) {
    const { slabBytes = 16 * 1024, maxBytes = 2 ** 30, frame = DEFAULT_LAYOUT } = options;
    checkCount('slabBytes', slabBytes, 16);
    checkCount('maxBytes', maxBytes, 1);
    checkLayout(frame);
    this._slabBytes = slabBytes;
    this._maxBytes = maxBytes;
    this._layout = { ...frame };
  }

  /** How many bytes wait to be taken, those of open frames included. */
  get length(): number {
    return this._cursor - this._start;
  }

  /**
   * Appends an integer of 8 bits, from 0 to 255.
   *
   * @throws {RangeError} If `value` is not an integer in that range; nothing is written.
   * @throws {BufferOverflowError} If `maxBytes` would be exceeded; nothing is written. This holds for every write below.
   */
  writeUint8(value: number): void {
    if ((value & 0xff) !== value) throw outOfRange('uint8', 0, 0xff, value);
    const at = this._reserve(1);
    this._bytes[at] = value;
  }

  /** Appends an integer of 8 bits, from -128 to 127; see {@link writeUint8}. */
  writeInt8(value: number): void {
    if ((value << 24) >> 24 !== value) throw outOfRange('int8', -0x80, 0x7f, value);
    const at = this._reserve(1);
    this._bytes[at] = value;
  }

  /** Appends an integer of 16 bits, from 0 to 65535; see {@link writeUint8}. */
  writeUint16(value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange('uint16', 0, 0xffff, value);
    const at = this._reserve(2);
    this._view.setUint16(at, value);
  }

  /** Appends an integer of 16 bits, from -32768 to 32767; see {@link writeUint8}. */
  writeInt16(value: number): void {
    if ((value << 16) >> 16 !== value) throw outOfRange('int16', -0x8000, 0x7fff, value);
    const at = this._reserve(2);
    this._view.setInt16(at, value);
  }

  /** Appends an integer of 32 bits, from 0 to 2^32 - 1; see {@link writeUint8}. */
  writeUint32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange('uint32', 0, 0xffffffff, value);
    const at = this._reserve(4);
    this._view.setUint32(at, value);
  }

  /** Appends an integer of 32 bits, from -2^31 to 2^31 - 1; see {@link writeUint8}. */
  writeInt32(value: number): void {
    checkInt32(value);
    const at = this._reserve(4);
    this._view.setInt32(at, value);
  }

  /** Appends an integer of 64 bits, from 0 to 2^64 - 1; see {@link writeUint8}. */
  writeBigUint64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw outOfRange('uint64', 0, 2n ** 64n - 1n, value);
    const at = this._reserve(8);
    this._view.setBigUint64(at, value);
  }

  /** Appends an integer of 64 bits, from -2^63 to 2^63 - 1; see {@link writeUint8}. */
  writeBigInt64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw outOfRange('int64', -(2n ** 63n), 2n ** 63n - 1n, value);
    const at = this._reserve(8);
    this._view.setBigInt64(at, value);
  }

  /** Appends an IEEE 754 number of 32 bits: the nearest one to `value`, which for large values is an infinity. */
  writeFloat32(value: number): void {
    const at = this._reserve(4);
    this._view.setFloat32(at, value);
  }

  /** Appends an IEEE 754 number of 64 bits. */
  writeFloat64(value: number): void {
    const at = this._reserve(8);
    this._view.setFloat64(at, value);
  }

  /** Appends a copy of `bytes`. */
  writeBytes(bytes: Uint8Array): void {
    const at = this._reserve(bytes.length);
    this._bytes.set(bytes, at);
  }

  /**
   * Appends `text` in UTF-8, without a length or an end. A lone surrogate, which UTF-8 cannot say, becomes U+FFFD.
   *
   * @returns How many bytes were written.
   */
  writeUtf8(text: string): number {
    const byteLength = this._encode(text, 0, 0);
    this._cursor += byteLength;
    return byteLength;
  }

  /**
   * Appends `text` in UTF-8 and a zero byte that ends it. A lone surrogate becomes U+FFFD.
   *
   * @returns How many bytes were written, the zero included.
   * @throws {RangeError} If `text` contains U+0000, which would end it early; nothing is written.
   */
  writeCString(text: string): number {
    const nul = text.indexOf('\0');
    if (nul >= 0) throw new RangeError(`a string that a zero byte ends cannot contain U+0000, saw one at index ${nul}`);
    const byteLength = this._encode(text, 0, 1);
    this._cursor += byteLength;
    this._bytes[this._cursor++] = 0;
    return byteLength + 1;
  }

  /** Appends an int32 with the number of bytes that follow, and `text` in UTF-8; see {@link writeUtf8}. */
  writeLengthPrefixedUtf8(text: string): void {
    const byteLength = this._encode(text, 4, 0);
    this._view.setInt32(this._cursor, byteLength);
    this._cursor += 4 + byteLength;
  }

  /**
   * Appends an int32 with the number of bytes that follow, and a copy of `bytes`; see {@link writeBytes}.
   *
   * @throws {RangeError} If there are 2^31 bytes or more; nothing is written.
   */
  writeLengthPrefixedBytes(bytes: Uint8Array): void {
    checkInt32(bytes.length);
    const at = this._reserve(4 + bytes.length);
    this._view.setInt32(at, bytes.length);
    this._bytes.set(bytes, at + 4);
  }

  /**
   * Makes room for `maxBytes` bytes in one piece and lets `encode` fill as many of them as it wants.
   *
   * @param maxBytes - The most that `encode` may write, from 0 to 2^31 - 1.
   * @param encode - Called once, before this returns. It returns the offset after its last byte.
   * @throws {RangeError} If `maxBytes` is out of its range, or `encode` returns an offset outside of its room: nothing
   *   is counted as written.
   * @throws {TypeError} If `encode` used this buffer: what it wrote that way stays, the run is not counted.
   * @throws {BufferOverflowError} If `maxBytes` bytes would exceed the buffer's `maxBytes`; `encode` is not called.
   * @throws Whatever `encode` throws; nothing is counted as written.
   * @remarks Cost: one check of the room and one call, however much is written.
   */
  writeRun(maxBytes: number, encode: RunEncoder): void {
    if ((maxBytes | 0) !== maxBytes || maxBytes < 0) throw outOfRange('maxBytes of a run', 0, 0x7fffffff, maxBytes);
    if (this._cursor + maxBytes > this._limit) {
      this._growForRun(maxBytes, encode);
      return;
    }
    const at = this._cursor;
    const bytes = this._bytes;
    const end = encode(bytes, this._view, at);
    if (this._cursor !== at || this._bytes !== bytes) {
      throw new TypeError('the encoder of a run used the buffer that it encodes for');
    }
    // Stated as "in range", then negated, so that NaN is not.
    if (!(end >= at && end <= at + maxBytes && Number.isInteger(end))) {
      throw outOfRange('the offset after a run', at, at + maxBytes, end);
    }
    this._cursor = end;
  }

  /** Makes room for a run first. Should the run then write nothing, an empty buffer must give its slab back. */
  private _growForRun(maxBytes: number, encode: RunEncoder): void {
    this._grow(maxBytes);
    try {
      this.writeRun(maxBytes, encode);
    } finally {
      if (this.length === 0) this._release();
    }
  }

  /**
   * Begins a frame: writes the type byte, if there is one, and leaves room for the length. Frames may be nested.
   *
   * @param type - From 0 to 255. Left out, the frame has no type byte, whatever the layout says.
   * @returns A handle for {@link endFrame}.
   * @throws {TypeError} If a type is given and the layout has none; nothing is written.
   * @throws {RangeError} If `type` is not an integer in its range; nothing is written.
   * @throws {BufferOverflowError} If `maxBytes` would be exceeded; nothing is written.
   */
  beginFrame(type?: number): number {
    const { typeBytes, lengthBytes } = this._layout;
    const hasType = type === undefined ? 0 : 1;
    if (hasType > typeBytes) throw new TypeError('the layout of this buffer has no type byte, saw a type');
    if (type !== undefined && (type & 0xff) !== type) throw outOfRange('frame type', 0, 0xff, type);
    const at = this._reserve(hasType + lengthBytes);
    if (type !== undefined) this._bytes[at] = type;
    // A zero, so that nothing of an earlier batch can show through.
    writeLength(this._layout, this._view, at + hasType, 0);
    const frame = 2 * (at - this._start) + hasType;
    this._openFrames.push(frame);
    return frame;
  }

  /**
   * Ends the innermost open frame and writes its length.
   *
   * @param frame - What `beginFrame` returned.
   * @throws {TypeError} If `frame` is not the innermost open frame; nothing changes.
   * @throws {BufferOverflowError} If the frame is longer than `maxFrameBytes` or than its length field can say; it stays
   *   open, so that it cannot be taken.
   */
  endFrame(frame: number): void {
    const innermost = this._openFrames[this._openFrames.length - 1];
    if (innermost === undefined || innermost !== frame) {
      throw new TypeError(`expected the handle of the innermost open frame (${String(innermost)}), saw ${frame}`);
    }
    const layout = this._layout;
    const hasType = frame % 2;
    const start = this._start + (frame - hasType) / 2;
    const headerBytes = hasType + layout.lengthBytes;
    const frameBytes = this._cursor - start;
    const longest = longestFrame(layout, headerBytes);
    if (frameBytes > longest) throw new BufferOverflowError('frame', frameBytes, longest);
    writeLength(layout, this._view, start + hasType, lengthOf(layout, frameBytes, headerBytes));
    this._openFrames.pop();
  }

  /**
   * Appends a zero int32 to be patched later.
   *
   * @returns Its place, for {@link patchInt32}: valid until the next `take` or `reset`.
   * @throws {BufferOverflowError} If `maxBytes` would be exceeded; nothing is written.
   */
  reserveInt32(): number {
    const at = this._reserve(4);
    this._view.setInt32(at, 0);
    return at - this._start;
  }

  /**
   * Overwrites the four bytes at `at`.
   *
   * @param at - What `reserveInt32` returned.
   * @throws {RangeError} If `value` is no int32, or `at` is not four bytes before the end or earlier; nothing changes.
   */
  patchInt32(at: number, value: number): void {
    checkInt32(value);
    if (!(Number.isSafeInteger(at) && at >= 0 && at <= this.length - 4)) {
      throw new RangeError(`expected a place from 0 to ${this.length - 4}, saw ${at}`);
    }
    this._view.setInt32(this._start + at, value);
  }

  /**
   * Runs `compose`, and undoes its writes if it throws: no torn frame is ever taken. May be nested.
   *
   * @param compose - Writes to this buffer, synchronously.
   * @returns What `compose` returned.
   * @throws Whatever `compose` throws, after length and open frames are again what they were. A `patchInt32` of a place
   *   reserved before is not undone.
   * @remarks Reentrancy: `compose` can neither `take` nor `reset`.
   */
  atomic<T>(compose: () => T): T {
    const length = this.length;
    const openFrames = this._openFrames.length === 0 ? undefined : this._openFrames.slice();
    this._atomicDepth += 1;
    try {
      return compose();
    } catch (error) {
      this._cursor = this._start + length;
      if (openFrames === undefined) this._openFrames.length = 0;
      else this._openFrames = openFrames;
      if (length === 0) this._release();
      throw error;
    } finally {
      this._atomicDepth -= 1;
    }
  }

  /**
   * Shows what was written, as a view.
   *
   * @throws {TypeError} If a frame is open.
   * @remarks Lifetime: until the next write, `take` or `reset`.
   */
  view(): Uint8Array {
    this._checkNoOpenFrame();
    return this.length === 0 ? new Uint8Array(0) : this._bytes.subarray(this._start, this._cursor);
  }

  /**
   * Hands over what was written, without copying it, and empties the buffer.
   *
   * @returns One chunk, of length 0 if nothing was written. Later writes never touch it, until it is recycled.
   * @throws {TypeError} If a frame is open, or inside `atomic`; nothing changes.
   * @remarks
   * Lifetime: the chunk is the caller's until it goes to {@link recycle}, which is optional. Its memory is part of a
   * larger block: do not transfer `chunk.buffer` to another thread.
   */
  take(): Uint8Array {
    this._checkNoOpenFrame();
    this._checkNotAtomic();
    const slab = this._slab;
    if (slab === undefined || this._cursor === this._start) return new Uint8Array(0);
    const chunk = this._bytes.subarray(this._start, this._cursor);
    noteChunkOut(slab, chunk);
    this._start = this._cursor;
    this._release();
    return chunk;
  }

  /**
   * Gives back a chunk that `take` handed over, so that its memory can be used again once all the chunks of the same
   * slab came back. A chunk that is not from here, or came back before, is ignored.
   *
   * @param chunk - The very object that `take` returned. It must not be read or written afterwards.
   */
  recycle(chunk: Uint8Array): void {
    recycleChunk(chunk);
  }

  /**
   * Drops what was written and closes all frames. Chunks taken before stay valid.
   *
   * @throws {TypeError} Inside `atomic`; nothing changes.
   */
  reset(): void {
    this._checkNotAtomic();
    this._cursor = this._start;
    this._openFrames.length = 0;
    this._release();
  }

  /** Makes room for `byteCount` bytes, counts them as written, and returns where they begin in `_bytes`. */
  private _reserve(byteCount: number): number {
    // Stated as "it fits", then negated, so that NaN does not fit.
    if (!(this._cursor + byteCount <= this._limit)) this._grow(byteCount);
    const at = this._cursor;
    this._cursor = at + byteCount;
    return at;
  }

  /** Encodes `text` at `headBytes` after the cursor, with room for `tailBytes` more. The cursor does not move. */
  private _encode(text: string, headBytes: number, tailBytes: number): number {
    const { length } = text;
    // One UTF-16 unit takes three bytes at most. Where they fit, nothing has to be counted first.
    if (!(this._cursor + headBytes + 3 * length + tailBytes <= this._limit)) {
      if (typeof text !== 'string') throw new TypeError(`expected a string, saw ${typeof text}`);
      const neededBytes = headBytes + hostStrings.utf8Length(text) + tailBytes;
      if (this._cursor + neededBytes > this._limit) this._grow(neededBytes);
    }
    return encodeUtf8(this._bytes, this._cursor + headBytes, text);
  }

  /** Moves the batch to where `byteCount` more bytes fit. */
  private _grow(byteCount: number): void {
    if (!(byteCount >= 0)) throw new TypeError('expected a Uint8Array, saw something without a length');
    const { length } = this;
    const neededBytes = length + byteCount;
    if (neededBytes > this._maxBytes) throw new BufferOverflowError('write', byteCount, this._maxBytes - length);
    // Beyond a slab: twice as long as before, for linear time, with some room for what usually follows a large value.
    const goalBytes =
      neededBytes <= this._slabBytes ? neededBytes : Math.max(neededBytes + this._slabBytes, 2 * length);
    const slab = holdSlab(Math.min(goalBytes, Math.max(this._maxBytes, this._slabBytes)), this._slabBytes);
    slab.bytes.set(this._bytes.subarray(this._start, this._cursor), slab.used);
    const old = this._slab;
    if (old !== undefined) releaseSlab(old, this._start);
    this._slab = slab;
    this._bytes = slab.bytes;
    this._view = slab.view;
    this._start = slab.used;
    this._cursor = slab.used + length;
    this._limit = Math.min(slab.bytes.length, slab.used + this._maxBytes);
  }

  /** Lets go of the slab: the buffer is empty. */
  private _release(): void {
    if (this._slab === undefined) return;
    releaseSlab(this._slab, this._start);
    this._slab = undefined;
    this._bytes = NO_BYTES;
    this._view = NO_VIEW;
    this._start = 0;
    this._cursor = 0;
    this._limit = 0;
  }

  private _checkNoOpenFrame(): void {
    const count = this._openFrames.length;
    if (count > 0) throw new TypeError(`the bytes cannot be handed out while ${count} frames are open`);
  }

  private _checkNotAtomic(): void {
    if (this._atomicDepth > 0) throw new TypeError('take and reset cannot be called inside atomic');
  }
}
