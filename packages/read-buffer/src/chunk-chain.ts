// The bytes of the stream that are not read yet, as a list of segments: chunks as they were fed, and carries, the
// buffer's own memory, where bytes had to be joined or had to outlive a borrow. Offsets count from the start of the
// stream; indices are places in one segment's memory. The current segment is unpacked into fields, so that reading a
// field is one comparison and one load.
//
// Who may see a carry: views are valid until the next feed or endBorrow. So a carry that was read is set aside
// (`_retired`), and may be written again only after one of these began (`_spare`).
import { BufferOverflowError } from './errors.js';
import type { Framing } from './frame-layout.js';
import type { Place } from './search.js';
import { CARRY_AT_ONCE_BYTES, carryBytes, copyBytes, emptySegment, newCarry, Segment } from './segment.js';

/** A larger carry is used again only for a frame that needs at least a quarter of it. */
const KEPT_CARRY_BYTES = 64 * 1024;
/** Tails of borrowed chunks that do not begin with a frame header are collected in blocks of at least this size. */
const TAIL_BLOCK_BYTES = 1024;

/** What a reader has done so far. The numbers only grow. */
export interface ReadBufferStats {
  /** Bytes copied to join or to keep them. What `readBytes` and `readInto` hand out is not counted. */
  readonly copiedBytes: number;
  /** Frames that `takeFrame` found. */
  readonly framesTaken: number;
  /** Reads that had to join chunks first. */
  readonly slowReads: number;
}

/** Keeps the segments; the classes above it read from them. */
export abstract class ChunkChain {
  protected _segment: Segment = emptySegment(0);
  protected _bytes: Uint8Array = this._segment.bytes;
  protected _view: DataView = this._segment.view;
  protected _base = 0;
  protected _cursor = 0;
  /** How far fields may be read in `_bytes`: to the end of the current frame, or of the segment without framing. */
  protected _end = 0;
  protected _segmentEnd = 0;
  /** Offset of the end of all bytes that were fed. */
  protected _totalEnd = 0;
  /** Index of the current frame's payload, or -1 if there is none, or a part of it is gone. */
  protected _payloadStart = -1;
  protected _payloadLength = 0;
  /** Offset that the stream must reach before the next frame can be judged again; 0 if that is not known. */
  protected _pendingEnd = 0;
  protected _framing: Framing | null = null;
  /** Offsets of the open marks, the oldest first, and their handles. */
  protected _markOffsets: number[] = [];
  protected _markHandles: number[] = [];
  /** Where `readUntil` goes on. */
  protected _scan: Place | undefined = undefined;
  protected readonly _stats: { copiedBytes: number; framesTaken: number; slowReads: number };
  protected readonly _maxBufferedBytes: number;
  private _oldest: Segment = this._segment;
  private _last: Segment = this._segment;
  private _isBorrowing = false;
  private _borrowed: Segment | undefined = undefined;
  /** The segment before the borrowed one. */
  private _beforeBorrowed: Segment | undefined = undefined;
  private _spare: Uint8Array | undefined = undefined;
  private _retired: Uint8Array | undefined = undefined;
  private _nextMark = 1;

  constructor(maxBufferedBytes: number) {
    this._maxBufferedBytes = maxBufferedBytes;
    this._stats = { copiedBytes: 0, framesTaken: 0, slowReads: 0 };
  }

  /** What was copied, taken and joined so far. One object, updated as the reader goes on. */
  get stats(): ReadBufferStats {
    return this._stats;
  }

  /** How many bytes were fed and not read, in the current frame and after it. */
  get bufferedBytes(): number {
    return this._totalEnd - this._base - this._cursor;
  }

  /**
   * Appends `chunk` without copying it, except for what completes a frame that began in an earlier chunk.
   *
   * @param chunk - Owned from now on: the caller must not write to it again. An empty chunk is a no-op.
   * @throws {BufferOverflowError} If more than `maxBufferedBytes` would wait, counted from the oldest open mark; nothing
   *   is taken.
   * @remarks Lifetime: views that were given out before are no longer valid. The chunk is held until it was read.
   */
  feed(chunk: Uint8Array): void {
    this._append(chunk, false);
  }

  /**
   * Appends `chunk` like {@link feed}, but only lends it: `endBorrow` must be called before its memory changes.
   *
   * @param chunk - Must not change until `endBorrow`.
   * @throws {TypeError} If a borrow is open; nothing is taken.
   * @throws {BufferOverflowError} As `feed` does; nothing is taken and no borrow is open.
   * @remarks Lifetime: views that were given out before are no longer valid.
   */
  feedBorrowed(chunk: Uint8Array): void {
    if (this._isBorrowing) throw new TypeError('a borrow is open: call endBorrow before the next feedBorrowed');
    this._append(chunk, true);
    this._isBorrowing = true;
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
    this._isBorrowing = false;
    const segment = this._borrowed;
    if (segment === undefined) return;
    const before = this._beforeBorrowed;
    this._borrowed = undefined;
    this._beforeBorrowed = undefined;
    this._scan = undefined;
    this._reuseRetired();
    const offset = this._base + this._cursor;
    const oldest = this._markOffsets[0] ?? offset;
    const keepFrom = Math.max(oldest, segment.base + segment.start);
    const byteLength = segment.base + segment.end - keepFrom;
    if (byteLength <= 0) {
      this._replace(segment, new Uint8Array(0), segment.base + segment.end, 0, false);
      return;
    }
    // A frame that was read may still be marked: then the next one has to wait.
    const isHeader = this._framing !== null && this._end === this._cursor && offset === keepFrom && offset === oldest;
    if (isHeader && this._pendingEnd <= this._totalEnd) this._expectFrame();
    const isPending = isHeader && this._pendingEnd > this._totalEnd;
    this._stats.copiedBytes += byteLength;
    if (!isPending && this._joinTail(before, segment, keepFrom)) return;
    const roomBytes = isPending ? carryBytes(this._pendingEnd - offset, byteLength) : TAIL_BLOCK_BYTES;
    const carry = this._allocate(Math.max(byteLength, roomBytes));
    copyBytes(carry, 0, segment.bytes, keepFrom - segment.base, segment.end);
    this._replace(segment, carry, keepFrom, byteLength, true);
  }

  /**
   * Remembers this place, to come back to it with `rollback`. May be nested.
   *
   * Until the oldest mark is closed, the bytes from there on are kept, whatever is read. `takeFrame` and `setFrame` close
   * all marks.
   *
   * @returns A handle for `rollback` or `commit`.
   */
  mark(): number {
    const handle = this._nextMark++;
    this._markHandles.push(handle);
    this._markOffsets.push(this._base + this._cursor);
    return handle;
  }

  /**
   * Goes back to where `mark` was set, and closes it and the marks set after it.
   *
   * @throws {TypeError} If `mark` is not open; nothing changes.
   */
  rollback(mark: number): void {
    const index = this._markIndex(mark);
    const offset = this._markOffsets[index] ?? 0;
    let segment = this._oldest;
    while (offset > segment.base + segment.end && segment.next !== undefined) segment = segment.next;
    if (segment !== this._segment) {
      // Within a frame there is one segment only. At its start, this one ends where the current one begins.
      if (this._framing !== null) segment = this._segment;
      else this._enter(segment);
    }
    this._cursor = offset - segment.base;
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

  /** Finds out how long the next frame is, and sets `_pendingEnd` if it is not complete. Never throws. */
  protected abstract _expectFrame(): void;

  protected _closeMarks(count: number): void {
    this._markHandles.length = count;
    this._markOffsets.length = count;
    if (count === 0) this._dropRead();
  }

  /** Goes on to the next segment that has bytes, where the current one was read to its end. */
  protected _settle(): void {
    while (this._cursor === this._segmentEnd && this._segment.next !== undefined) this._enter(this._segment.next);
    if (this._markOffsets.length === 0) this._dropRead();
  }

  /** Forgets the memory of a segment that was read to its end, so that an idle reader holds no chunk. */
  protected _vacate(): void {
    const segment = this._segment;
    if (this._cursor !== segment.end || segment.next !== undefined || segment.end === 0) return;
    this._retire(segment);
    this._scan = undefined;
    this._replace(segment, new Uint8Array(0), segment.base + segment.end, 0, false);
  }

  /** Makes the next `byteCount` bytes contiguous, in a carry of their own. There must be as many. */
  protected _join(byteCount: number): void {
    const before = this._segment;
    const at = this._cursor;
    const carry = new Segment(this._allocate(byteCount), this._base + at, 0, byteCount, true);
    let filled = before.end - at;
    copyBytes(carry.bytes, 0, before.bytes, at, before.end);
    let segment = before.next;
    while (segment !== undefined && filled < byteCount) {
      const count = Math.min(byteCount - filled, segment.end - segment.start);
      copyBytes(carry.bytes, filled, segment.bytes, segment.start, segment.start + count);
      filled += count;
      segment.start += count;
      if (segment.start < segment.end) break;
      segment = this._unlink(segment);
    }
    carry.next = segment;
    if (segment === undefined) this._last = carry;
    if (this._markOffsets.length > 0) {
      before.end = at;
      before.next = carry;
    } else {
      this._unlink(before);
      this._oldest = carry;
    }
    this._scan = undefined;
    this._enter(carry);
    this._stats.copiedBytes += byteCount;
    this._stats.slowReads += 1;
  }

  /** Hands the carry of the current segment over: it will not be used again. */
  protected _giveCarryAway(): void {
    this._segment.isCarry = false;
  }

  private _append(chunk: Uint8Array, isBorrowed: boolean): void {
    if (!ArrayBuffer.isView(chunk)) throw new TypeError('expected a Uint8Array as the chunk');
    const room = this._maxBufferedBytes - (this._totalEnd - (this._markOffsets[0] ?? this._base + this._cursor));
    if (chunk.length > room) throw new BufferOverflowError('chunk does not fit', chunk.length, room);
    this._reuseRetired();
    // A plain Uint8Array, so that views are plain too and slices are copies.
    const isPlain = Object.getPrototypeOf(chunk) === Uint8Array.prototype;
    const bytes = isPlain ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const start = this._fillPending(bytes);
    if (start === bytes.length) return;
    const segment = new Segment(bytes, this._totalEnd - start, start, bytes.length, false);
    if (isBorrowed) {
      this._borrowed = segment;
      this._beforeBorrowed = this._last;
    }
    this._last.next = segment;
    this._last = segment;
    this._totalEnd += bytes.length - start;
  }

  /** Copies what the incomplete frame lacks, and returns how many bytes of `chunk` that took. */
  private _fillPending(chunk: Uint8Array): number {
    let taken = 0;
    if (this._pendingEnd <= this._totalEnd) return 0;
    this._settle();
    // A frame that has not begun need not be joined.
    if (this._cursor === this._segmentEnd) this._pendingEnd = 0;
    while (taken < chunk.length && this._pendingEnd > this._totalEnd) {
      const carry = this._carryPending();
      const room = carry.bytes.length - carry.end;
      const count = Math.min(this._pendingEnd - this._totalEnd, chunk.length - taken, room);
      copyBytes(carry.bytes, carry.end, chunk, taken, taken + count);
      taken += count;
      carry.end += count;
      this._segmentEnd = carry.end;
      this._totalEnd += count;
      this._stats.copiedBytes += count;
      if (this._pendingEnd === this._totalEnd) this._expectFrame();
    }
    return taken;
  }

  /** Returns the carry that holds all bytes from the cursor on, with room up to `_pendingEnd` or for a good part of it. */
  private _carryPending(): Segment {
    const offset = this._base + this._cursor;
    const neededBytes = this._pendingEnd - offset;
    const first = this._segment;
    const isLarge = first.bytes.length - this._cursor >= Math.min(neededBytes, CARRY_AT_ONCE_BYTES);
    if (first.isCarry && first.next === undefined && isLarge && first.end < first.bytes.length) return first;
    const heldBytes = this._totalEnd - offset;
    const carry = new Segment(this._allocate(carryBytes(neededBytes, heldBytes)), offset, 0, heldBytes, true);
    first.start = this._cursor;
    for (let segment: Segment | undefined = first; segment !== undefined;) {
      copyBytes(carry.bytes, segment.base + segment.start - offset, segment.bytes, segment.start, segment.end);
      this._stats.copiedBytes += segment.end - segment.start;
      segment = this._unlink(segment);
    }
    this._scan = undefined;
    this._oldest = carry;
    this._last = carry;
    this._enter(carry);
    return carry;
  }

  /** Appends the tail of a borrowed chunk to the carry before it, if there is one with room. */
  private _joinTail(before: Segment | undefined, segment: Segment, keepFrom: number): boolean {
    const byteLength = segment.base + segment.end - keepFrom;
    const fits =
      before?.isCarry === true &&
      before.next === segment &&
      segment.next === undefined &&
      segment !== this._segment &&
      keepFrom === before.base + before.end &&
      before.bytes.length - before.end >= byteLength;
    if (!fits) return false;
    copyBytes(before.bytes, before.end, segment.bytes, keepFrom - segment.base, segment.end);
    before.end += byteLength;
    before.next = undefined;
    this._last = before;
    if (before === this._segment) {
      this._segmentEnd = before.end;
      if (this._framing === null) this._end = before.end;
    }
    return true;
  }

  private _enter(segment: Segment): void {
    this._segment = segment;
    this._bytes = segment.bytes;
    this._view = segment.view;
    this._base = segment.base;
    this._cursor = segment.start;
    this._segmentEnd = segment.end;
    this._end = this._framing === null ? segment.end : segment.start;
    // An empty payload is never gone.
    this._payloadStart = this._payloadStart >= 0 && this._payloadLength === 0 ? segment.start : -1;
  }

  private _replace(segment: Segment, bytes: Uint8Array, base: number, byteLength: number, isCarry: boolean): void {
    const shift = segment.base - base;
    segment.replace(bytes, base, byteLength, isCarry);
    if (segment !== this._segment) return;
    this._bytes = segment.bytes;
    this._view = segment.view;
    this._base = base;
    this._cursor += shift;
    this._end += shift;
    this._segmentEnd = byteLength;
    this._payloadStart = this._payloadStart < 0 ? -1 : Math.max(-1, this._payloadStart + shift);
  }

  private _dropRead(): void {
    let oldest: Segment | undefined = this._oldest;
    while (oldest !== undefined && oldest !== this._segment) oldest = this._unlink(oldest);
    this._oldest = this._segment;
  }

  /** Empties a segment whose bytes were read or moved, so that nothing of it is kept, and returns the next one. */
  private _unlink(segment: Segment): Segment | undefined {
    const { next } = segment;
    this._retire(segment);
    segment.start = segment.end;
    segment.next = undefined;
    return next;
  }

  private _retire(segment: Segment): void {
    if (!segment.isCarry) return;
    if (this._retired === undefined || this._retired.length < segment.bytes.length) this._retired = segment.bytes;
  }

  private _reuseRetired(): void {
    if (this._retired === undefined) return;
    this._spare = this._retired;
    this._retired = undefined;
  }

  /** Returns memory of `byteLength` bytes or more for a carry: the one of the last carry, if it is not too large. */
  private _allocate(byteLength: number): Uint8Array {
    const spare = this._spare;
    const isFit = spare !== undefined && (spare.length <= KEPT_CARRY_BYTES || 4 * byteLength >= spare.length);
    if (isFit && spare.length >= byteLength) {
      this._spare = undefined;
      return spare;
    }
    // A header alone does not say yet how much its frame needs.
    if (byteLength > (this._framing?.headerBytes ?? 0)) this._spare = undefined;
    return newCarry(byteLength);
  }

  private _markIndex(mark: number): number {
    const index = this._markHandles.indexOf(mark);
    if (index < 0) throw new TypeError(`expected the handle of an open mark, saw ${mark}`);
    return index;
  }
}
