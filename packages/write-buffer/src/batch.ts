import { BufferOverflowError } from './errors.js';
import type { WriteBufferOptions } from './options.js';
import { checkInteger } from './ranges.js';
import type { Reference } from './reference.js';
import { holdSlab, MAX_POOLED_SLAB_BYTES, releaseSlab, type Slab } from './slab.js';

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

/**
 * The memory of the batch that is being composed: a stretch of a slab, and references to chunks that go in between.
 * The subclasses add what can be written. They are one class in the end, so that a call site meets only one.
 */
export abstract class Batch {
  /** Held only while the batch has bytes in it. */
  protected _slab: Slab | undefined = undefined;
  protected _bytes: Uint8Array = NO_BYTES;
  protected _view: DataView = NO_VIEW;
  /** The written bytes lie between `_start` and `_cursor`; they may grow up to `_limit` where they are. */
  protected _start = 0;
  protected _cursor = 0;
  protected _limit = 0;
  /** In order, with the sum of their lengths. */
  protected readonly _references: Reference[] = [];
  protected _referenceBytes = 0;
  private readonly _slabBytes: number;
  private readonly _maxBytes: number;
  /** The size of the largest batch of late: it follows a larger one at once, and goes down by an eighth per batch. */
  private _recentBytes = 0;

  protected constructor({ slabBytes = 16 * 1024, maxBytes = 2 ** 30 }: WriteBufferOptions) {
    checkInteger('slabBytes', slabBytes, 16);
    checkInteger('maxBytes', maxBytes, 1);
    this._slabBytes = slabBytes;
    this._maxBytes = maxBytes;
  }

  /** How many bytes wait to be taken, those of open frames and of references included. */
  get length(): number {
    return this._cursor - this._start + this._referenceBytes;
  }

  /** Makes room for `byteCount` bytes, counts them as written, and returns where they begin in `_bytes`. */
  protected _reserve(byteCount: number): number {
    const at = this._cursor;
    const end = at + byteCount;
    if (end > this._limit) return this._reserveElsewhere(byteCount);
    this._cursor = end;
    return at;
  }

  /** Throws unless `byteCount` bytes may be added. */
  protected _checkRoom(byteCount: number): void {
    const available = this._maxBytes - this.length;
    if (byteCount > available) throw new BufferOverflowError('write', byteCount, available);
  }

  /** Moves the batch to where `byteCount` more bytes fit, and reserves them. */
  private _reserveElsewhere(byteCount: number): number {
    this._checkRoom(byteCount);
    const writtenBytes = this._cursor - this._start;
    const neededBytes = writtenBytes + byteCount;
    // Doubled until it is enough for the batches of late, which also moves a growing batch in linear time.
    let slabBytes = this._slabBytes;
    while (slabBytes < Math.max(neededBytes, this._recentBytes)) slabBytes *= 2;
    const slab = holdSlab(neededBytes, slabBytes);
    const start = slab.used;
    slab.bytes.set(this._bytes.subarray(this._start, this._cursor), start);
    releaseSlab(this._slab, this._start);
    this._slab = slab;
    this._bytes = slab.bytes;
    this._view = slab.view;
    this._start = start;
    this._setLimit();
    this._cursor = start + neededBytes;
    return start + writtenBytes;
  }

  /** After a change of slab or references: how far the batch may grow where it is. */
  protected _setLimit(): void {
    this._limit = Math.min(this._bytes.length, this._start + this._maxBytes - this._referenceBytes);
  }

  /** Shortens the batch. Returns the references that are no longer part of it; who owns them is still to be told. */
  protected _cut(writtenBytes: number, referenceCount: number): readonly Reference[] {
    const dropped = this._references.splice(referenceCount);
    for (const { chunk } of dropped) this._referenceBytes -= chunk.length;
    this._cursor = this._start + writtenBytes;
    if (writtenBytes === 0) this._release();
    else this._setLimit();
    return dropped;
  }

  /** Lets go of the slab: the batch was handed over, or is empty. */
  protected _release(): void {
    const recentBytes = this._recentBytes;
    const batchBytes = Math.min(this._cursor - this._start, MAX_POOLED_SLAB_BYTES);
    this._recentBytes = Math.max(batchBytes, recentBytes - (recentBytes >>> 3));
    releaseSlab(this._slab, this._cursor);
    this._slab = undefined;
    this._bytes = NO_BYTES;
    this._view = NO_VIEW;
    this._start = 0;
    this._cursor = 0;
    this._limit = 0;
  }
}
