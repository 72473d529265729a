// The bytes of the stream that are not read yet: one stretch of memory that is read from (`_bytes`), and a queue of the
// chunks that came after it. Offsets count from the start of the stream; indices are places in `_bytes`.
//
// The stretch is a chunk as it was fed, or a carry: memory of the buffer itself, where bytes had to be joined or had to
// outlive a borrow. All that must be in one piece goes through `_pull`: a field or a frame that spans chunks, what is
// left at the end of a borrow, and what an open mark keeps. Carries grow geometrically, so all of this is linear.
//
// Who may see a carry: views are valid until the next feed or endBorrow. So only these two reuse memory (`_spare`).
import { BufferOverflowError } from './errors.js';
import type { Framing } from './frame-layout.js';
import { uncleared } from './host-strings.js';
import { TextWindow } from './text-window.js';

/** A longer frame gets this much at first, and more only as its bytes arrive: its header alone proves nothing. */
const CARRY_AT_ONCE_BYTES = 16 * 1024 * 1024;
/** A larger carry is used again only for a frame that needs at least a quarter of it. */
const KEPT_CARRY_BYTES = 64 * 1024;
/** So that the next small frame that straddles two chunks finds a carry that is large enough. */
const MIN_CARRY_BYTES = 128;
/** Where no frame says how much is to come, bytes are collected in carries of at least this size. */
const BLOCK_BYTES = 1024;
/** Chunks up to this size are collected in a carry: cheaper than a view of their own. */
const SHORT_CHUNK_BYTES = 64;

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

/** What a reader has done so far. The numbers only grow. */
export interface ReadBufferStats {
  /** Bytes copied to join or to keep them. What `readBytes` and `readInto` hand out is not counted. */
  readonly copiedBytes: number;
  /** Frames that `takeFrame` found. */
  readonly framesTaken: number;
  /** Reads that had to join chunks first. */
  readonly slowReads: number;
}

/** A chunk, or what is left of it, that waits behind what is being read. */
interface QueuedChunk {
  bytes: Uint8Array;
  next: QueuedChunk | undefined;
}

/** Keeps the bytes; the classes above it read from them. */
export abstract class ChunkChain {
  protected _bytes: Uint8Array = NO_BYTES;
  protected _view: DataView = NO_VIEW;
  /** Offset of index 0 of `_bytes`. */
  protected _base = 0;
  protected _cursor = 0;
  /** How far fields may be read in `_bytes`: to the end of the current frame, or to `_bytesEnd` without framing. */
  protected _end = 0;
  /** Index after the last byte in `_bytes`. */
  protected _bytesEnd = 0;
  /** Index of the current frame's payload; -1 if a part of it is gone, -2 if there is no current frame. */
  protected _payloadStart = -1;
  protected _payloadLength = 0;
  /** How many bytes from the cursor on the next frame, or its header, takes; 0 if it is not known to be incomplete. */
  protected _neededBytes = 0;
  protected _framing: Framing | null = null;
  /** Offsets of the open marks, the oldest first, and their handles. */
  protected _marks: number[] = [];
  private _markHandles: number[] = [];
  /** Whether `_bytes` is the buffer's own: it may be written behind `_bytesEnd`, and used again when it was read. */
  protected _isCarry = false;
  /** A short chunk that ends before this index can be copied behind the carry, with nothing else to look at. */
  protected _roomEnd = 0;
  protected readonly _text: TextWindow = new TextWindow();
  protected _copiedBytes = 0;
  protected _framesTaken = 0;
  protected _slowReads = 0;
  protected _maxBufferedBytes = 0;
  private _queue: QueuedChunk | undefined = undefined;
  private _lastQueued: QueuedChunk | undefined = undefined;
  private _queuedBytes = 0;
  private _isBorrowing = false;
  /** The borrowed chunk, if it had to wait in the queue; empty when it was read or copied. */
  private _borrowed: QueuedChunk | undefined = undefined;
  private _spare: Uint8Array = NO_BYTES;
  /** Of the last spare. perf: micro, 1-byte drip: a new one for each frame would take longer than its other costs. */
  private _spareView: DataView = NO_VIEW;
  private _nextMark = 1;

  /** What was copied, taken and joined so far; a new object each time. */
  get stats(): ReadBufferStats {
    return { copiedBytes: this._copiedBytes, framesTaken: this._framesTaken, slowReads: this._slowReads };
  }

  /** How many bytes were fed and not read, in the current frame and after it. */
  get bufferedBytes(): number {
    return this._bytesEnd - this._cursor + this._queuedBytes;
  }

  /**
   * Appends `chunk` without copying it, except for what completes a frame that began in an earlier chunk, and for short
   * chunks that come after bytes that had to be copied.
   *
   * @param chunk - Owned from now on: the caller must not write to it again. An empty chunk is a no-op.
   * @throws {BufferOverflowError} If more than `maxBufferedBytes` would wait, counted from the oldest open mark; nothing
   *   is taken.
   * @throws {TypeError} If `chunk` is not a Uint8Array; nothing is taken.
   * @remarks Lifetime: views that were given out before are no longer valid. The chunk is held until it was read.
   */
  feed(chunk: Uint8Array): void {
    if (!this._copyShort(chunk)) this._append(chunk);
  }

  /**
   * Appends `chunk` like {@link feed}, but only lends it: `endBorrow` must be called before its memory changes.
   *
   * @param chunk - Must not change until `endBorrow`.
   * @throws {TypeError} If a borrow is open, or as `feed` does; nothing is taken.
   * @throws {BufferOverflowError} As `feed` does; nothing is taken and no borrow is open.
   * @remarks Lifetime: views that were given out before are no longer valid.
   */
  feedBorrowed(chunk: Uint8Array): void {
    if (this._isBorrowing) throw new TypeError('a borrow is open: endBorrow ends it');
    if (!this._copyShort(chunk)) this._append(chunk);
    this._isBorrowing = true;
    this._borrowed = this._lastQueued;
  }

  /**
   * Ends the borrow: copies what was not read of the borrowed chunk (from the oldest open mark on, if there is one), and
   * forgets the chunk. Without an open borrow it does nothing.
   *
   * @remarks
   * Lifetime: views that were given out before are no longer valid. What is left of the current frame can still be read.
   * Cost: copies the unread tail. Where it is the beginning of a frame, the copy has room for the whole frame, or for
   * 16 MiB of a longer one.
   */
  endBorrow(): void {
    const wasBorrowing = this._isBorrowing;
    this._isBorrowing = false;
    if (!wasBorrowing || (this._isCarry && this._queue === undefined)) return;
    const borrowed = this._borrowed;
    this._borrowed = undefined;
    const queuedBytes = borrowed?.bytes.length ?? 0;
    if (borrowed !== undefined && (this._isCarry ? queuedBytes > SHORT_CHUNK_BYTES : queuedBytes > 0)) {
      // It still waits in the queue: what is before it stays where it is.
      borrowed.bytes = borrowed.bytes.slice();
      this._copiedBytes += borrowed.bytes.length;
      return;
    }
    if (this._marks.length === 0) {
      // A frame that was read may still be marked: then the next one has to wait.
      if (this._cursor === this._end) this._expectFrame(true);
      if (this._vacate()) return;
    }
    this._pull(this.bufferedBytes, true);
    if (!this._isCarry) this._own(0, true);
    this._makeRoom();
  }

  /**
   * Remembers this place, to come back to it with `rollback`. May be nested.
   *
   * Until the oldest mark is closed, the bytes from there on are kept, whatever is read. `takeFrame`, `takeRun` and
   * `setFrame` close all marks.
   *
   * @returns A handle for `rollback` or `commit`.
   */
  mark(): number {
    this._marks.push(this._base + this._cursor);
    this._markHandles.push(this._nextMark);
    return this._nextMark++;
  }

  /**
   * Goes back to where `mark` was set, and closes it and the marks set after it.
   *
   * @throws {TypeError} If `mark` is not open; nothing changes.
   */
  rollback(mark: number): void {
    const index = this._markIndex(mark);
    this._cursor = (this._marks[index] as number) - this._base;
    this._closeMarks(index);
  }

  /**
   * Stays where it is, and closes `mark` and the marks set after it.
   *
   * @throws {TypeError} If `mark` is not open; nothing changes.
   */
  commit(mark: number): void {
    this._closeMarks(this._markIndex(mark));
  }

  /** Returns how many bytes the next frame, or its header, takes, and sets `_neededBytes` if they are not all there. */
  protected abstract _expectFrame(isFeeding: boolean): number;

  /** Goes on to the next chunk, where all before it was read. Returns whether there is one. */
  protected _advance(): boolean {
    const queued = this._queue;
    if (queued === undefined) return false;
    const { bytes } = queued;
    if (this._marks.length > 0) this._pull(bytes.length);
    else {
      this._unqueue(queued, bytes.length);
      this._enter(bytes);
    }
    return true;
  }

  /** Forgets the memory where all was read, so that an idle reader holds no chunk. Returns whether it was. */
  protected _vacate(): boolean {
    const isIdle = this.bufferedBytes === 0;
    if (isIdle) this._enter(NO_BYTES);
    return isIdle;
  }

  /** Leaves the carry, all of which was read, to somebody else. */
  protected _giveAway(): void {
    this._isCarry = false;
    this._spareView = NO_VIEW;
    this._enter(NO_BYTES);
  }

  /** Makes the next `byteCount` bytes contiguous, in a carry if they are not. There must be as many. */
  protected _pull(byteCount: number, isFeeding = false): void {
    while (this._cursor === this._bytesEnd && this._marks.length === 0 && this._advance());
    let missing = byteCount - (this._bytesEnd - this._cursor);
    if (!(missing > 0)) return;
    this._own(missing, isFeeding);
    if (!isFeeding) this._slowReads += 1;
    for (let queued = this._queue; queued !== undefined && missing > 0; queued = this._queue) {
      const { bytes } = queued;
      const count = Math.min(missing, bytes.length);
      copyBytes(this._bytes, this._bytesEnd, bytes, 0, count);
      this._unqueue(queued, count);
      this._extend(count);
      missing -= count;
    }
  }

  /** Copies a short chunk behind the carry, where that is all there is to do. perf: micro, 1-byte drip. */
  private _copyShort(chunk: Uint8Array): boolean {
    if (this._roomEnd === 0 || !isBytes(chunk)) return false;
    const end = this._bytesEnd;
    const { length } = chunk;
    if (end + length >= this._roomEnd || length > SHORT_CHUNK_BYTES) return false;
    copyBytes(this._bytes, end, chunk, 0, length);
    this._extend(length);
    return true;
  }

  /** Counts bytes that were copied behind the others. */
  private _extend(byteLength: number): void {
    this._bytesEnd += byteLength;
    this._copiedBytes += byteLength;
    if (this._framing === null) this._end = this._bytesEnd;
  }

  private _append(chunk: Uint8Array): void {
    if (!isBytes(chunk)) throw new TypeError(`expected a Uint8Array, saw ${typeof chunk}`);
    const restBytes = this.bufferedBytes;
    const room = this._maxBufferedBytes - (restBytes + this._cursor - this._keptFrom());
    if (chunk.length > room) throw new BufferOverflowError('chunk does not fit', chunk.length, room);
    const isShort = restBytes <= SHORT_CHUNK_BYTES && chunk.length <= SHORT_CHUNK_BYTES;
    if (isShort && this._framing === null && this._queue === undefined && this._isCarry) {
      this._own(chunk.length, true);
      this._roomEnd = this._bytesEnd + chunk.length + 1;
      this._copyShort(chunk);
    } else if (chunk.length > 0) this._enqueue(chunk);
    // What belongs to an incomplete frame is joined with it at once: its header first, which says how long it is.
    while (this._neededBytes > 0) {
      this._pull(Math.min(this._neededBytes, this.bufferedBytes), true);
      if (this._neededBytes > this.bufferedBytes) break;
      this._expectFrame(true);
    }
    this._makeRoom();
  }

  private _enqueue(chunk: Uint8Array): void {
    // A plain Uint8Array, whatever it was: so that views are plain, too, and slices are copies.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const queued: QueuedChunk = { bytes, next: undefined };
    if (this._lastQueued === undefined) this._queue = queued;
    else this._lastQueued.next = queued;
    this._lastQueued = queued;
    this._queuedBytes += bytes.length;
    this._pull(0); // goes on to it, if there is nothing else
  }

  /** Takes the first `byteCount` bytes out of the queue's first chunk. */
  private _unqueue(queued: QueuedChunk, byteCount: number): void {
    this._queuedBytes -= byteCount;
    if (byteCount < queued.bytes.length) queued.bytes = queued.bytes.subarray(byteCount);
    else {
      queued.bytes = NO_BYTES;
      this._queue = queued.next;
      if (queued.next === undefined) this._lastQueued = undefined;
    }
  }

  /** Goes on to other memory, where all before it was read. */
  private _enter(bytes: Uint8Array): void {
    this._retire();
    this._base += this._bytesEnd;
    this._bytes = bytes;
    this._view = bytes === NO_BYTES ? NO_VIEW : viewOf(bytes);
    this._text.reset(bytes, this._view);
    this._isCarry = false;
    this._cursor = 0;
    this._bytesEnd = bytes.length;
    this._end = this._framing === null ? bytes.length : 0;
    // An empty payload is never gone.
    this._payloadStart = this._payloadStart >= 0 && this._payloadLength === 0 ? 0 : -1;
    this._roomEnd = 0;
  }

  /** Puts what is not read, and what is marked, into a carry with room for `moreBytes`, unless it is in one. */
  private _own(moreBytes: number, isFeeding: boolean): void {
    if (this._isCarry && this._bytesEnd + moreBytes <= this._bytes.length) return;
    const from = this._keptFrom();
    const heldBytes = this._bytesEnd - from;
    const neededBytes = Math.min(this._neededBytes, Math.max(CARRY_AT_ONCE_BYTES, 2 * heldBytes));
    const grownBytes = this._isCarry ? 2 * heldBytes : 0;
    const carry = this._allocate(Math.max(heldBytes + moreBytes, neededBytes, grownBytes), isFeeding);
    copyBytes(carry, 0, this._bytes, from, this._bytesEnd);
    this._retire();
    this._bytes = carry;
    this._view = this._spareView.buffer === carry.buffer ? this._spareView : viewOf(carry);
    this._text.reset(carry, this._view);
    this._isCarry = true;
    this._copiedBytes += heldBytes;
    this._base += from;
    this._cursor -= from;
    this._end -= from;
    this._bytesEnd = heldBytes;
    if (this._payloadStart >= 0) this._payloadStart = Math.max(-1, this._payloadStart - from);
    this._roomEnd = 0;
  }

  /** Index of the first byte that may still be read. */
  private _keptFrom(): number {
    const [oldest] = this._marks;
    return oldest === undefined ? this._cursor : oldest - this._base;
  }

  protected _closeMarks(count: number): void {
    if (this._marks.length === count) return; // perf: micro, frames of 20 B: setting a length costs more than a frame
    this._marks.length = count;
    this._markHandles.length = count;
  }

  private _markIndex(mark: number): number {
    const index = this._markHandles.lastIndexOf(mark);
    if (index < 0) throw new TypeError(`expected the handle of an open mark, saw ${mark}`);
    return index;
  }

  /** Finds out how much may be copied behind the carry. */
  private _makeRoom(): void {
    const limit = this._framing === null ? this._maxBufferedBytes : this._neededBytes;
    const isOpen = this._isCarry && this._queue === undefined;
    // What a mark keeps counts, too.
    const limitEnd = this._keptFrom() + limit;
    this._roomEnd = isOpen ? Math.min(this._bytes.length, limitEnd) : 0;
  }

  private _retire(): void {
    if (!this._isCarry || this._spare.length >= this._bytes.length) return;
    this._spare = this._bytes;
    this._spareView = this._view;
  }

  /** Returns memory of `byteLength` bytes or more for a carry: the one of the last carry, if it is not too large. */
  private _allocate(byteLength: number, isFeeding: boolean): Uint8Array {
    const spare = this._spare;
    const isFit = spare.length <= KEPT_CARRY_BYTES || 4 * byteLength >= spare.length;
    if (isFeeding) {
      this._spare = NO_BYTES;
      if (isFit && spare.length >= byteLength) return spare;
      this._spareView = NO_VIEW; // it would keep that memory
    }
    const isBlock = isFeeding && this._neededBytes === 0;
    const leastBytes = isBlock ? BLOCK_BYTES : MIN_CARRY_BYTES;
    return byteLength > KEPT_CARRY_BYTES ? uncleared(byteLength) : new Uint8Array(Math.max(byteLength, leastBytes));
  }
}

/** Copies bytes; for a few of them a loop is cheaper than the view that `set` needs. */
function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start < 16) for (let i = start; i < end; i++) target[at + i - start] = source[i] as number;
  else target.set(source.subarray(start, end), at);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isBytes(chunk: Uint8Array): boolean {
  return ArrayBuffer.isView(chunk) && chunk.BYTES_PER_ELEMENT === 1;
}
