import { FrameError } from './errors.js';
import { FieldReader } from './field-reader.js';
import { type FrameLayout, framingOf } from './frame-layout.js';

/** Options of {@link ReadBuffer}. */
export interface ReadBufferOptions {
  /** The most bytes that may wait to be read, from 1 to 2^32 - 1. Default 2^31 - 1. */
  readonly maxBufferedBytes?: number | undefined;
  /** How frames are found. Left out, there are no frames and fields are read from the stream. */
  readonly frame?: FrameLayout | undefined;
}

/**
 * Takes chunks as they arrive, and gives out whole frames and the fields in them, wherever the chunks were cut.
 *
 * With framing, `takeFrame` goes from frame to frame and the other methods see the current frame only. Without, they
 * see all that was fed. Numbers are big-endian. A read that fails leaves the cursor in place.
 *
 * @remarks
 * Lifetime: views are valid until the next feed or `endBorrow`; what `read…` and `take…` return is the caller's.
 * Cost: fields are read where they arrived. Only what straddles two chunks, and what outlives a borrow, is copied, once.
 */
export class ReadBuffer extends FieldReader {
  private _type = -1;

  /**
   * Makes an empty buffer.
   *
   * @throws {RangeError} If an option is out of its range, or `maxFrameBytes` is more than `maxBufferedBytes`.
   */
  constructor(options: ReadBufferOptions = {}) {
    const { maxBufferedBytes = 2 ** 31 - 1, frame } = options;
    if (!(maxBufferedBytes >>> 0 === maxBufferedBytes && maxBufferedBytes > 0)) {
      throw new RangeError(`maxBufferedBytes must be an integer from 1 to 4294967295, saw ${maxBufferedBytes}`);
    }
    super(maxBufferedBytes);
    this._framing = frame === undefined ? null : framingOf(frame, maxBufferedBytes);
  }

  /** The type byte of the current frame, or -1 where there is none. */
  get type(): number {
    return this._type;
  }

  /** How long the payload of the current frame is, in bytes, whatever was read of it; 0 without a frame. */
  get payloadLength(): number {
    return this._payloadLength;
  }

  /**
   * Skips what is left of the current frame, closes all marks, and goes on to the next frame if all of it is there.
   *
   * @returns `false` if the next frame is incomplete: feed more, and call it again. There is no current frame then.
   * @throws {FrameError} If the header says a length above `maxFrameBytes` or below the header's own: as soon as the
   *   header is there, before any payload is awaited. The cursor stays before the header; each call throws again.
   * @throws {TypeError} If framing is off; nothing changes.
   * @remarks Lifetime: ends that of `payload()`.
   */
  takeFrame(): boolean {
    const framing = this._framing;
    if (framing === null) throw new TypeError('framing is off: set a layout with setFrame or in the constructor');
    this._leaveFrame();
    if (this._pendingEnd > this._totalEnd) return false;
    if (this._cursor === this._segmentEnd) this._settle();
    const { headerBytes } = framing;
    const frameBytes = this._frameBytes();
    if (this._pendingEnd > this._totalEnd) {
      this._vacate();
      return false;
    }
    if (!(frameBytes >= headerBytes && frameBytes <= framing.maxFrameBytes)) {
      throw new FrameError(frameBytes, framing.maxFrameBytes, headerBytes);
    }
    if (frameBytes > this._segmentEnd - this._cursor) this._join(frameBytes);
    const start = this._cursor;
    this._type = framing.typeBytes === 0 ? -1 : this._view.getUint8(start);
    this._payloadLength = frameBytes - headerBytes;
    this._payloadStart = start + headerBytes;
    this._cursor = this._payloadStart;
    this._end = start + frameBytes;
    this._stats.framesTaken += 1;
    return true;
  }

  /**
   * Shows the whole payload of the current frame, whatever was read of it. The cursor does not move.
   *
   * @throws {TypeError} If there is no current frame, or a part of it that was read is gone: after `takePayload`, or
   *   after a feed or `endBorrow` that followed a read of it.
   * @remarks Lifetime: until the next `takeFrame`, feed or `endBorrow`.
   */
  payload(): Uint8Array {
    const start = this._payloadStart;
    if (start < 0) throw new TypeError('there is no current frame, or a part of it is gone');
    return this._bytes.subarray(start, start + this._payloadLength);
  }

  /**
   * Hands over the whole payload of the current frame, whatever was read of it. Nothing of the frame is left to read.
   *
   * @throws {TypeError} As `payload` does; nothing changes.
   * @remarks
   * Lifetime: the payload is the caller's.
   * Cost: one copy, or none where the frame had to be joined in a carry that is not much larger than the payload.
   */
  takePayload(): Uint8Array {
    const view = this.payload();
    const { bytes, isCarry, end } = this._segment;
    // Only a carry that holds nothing else that may still be read, and does not keep much more memory alive.
    const isAlone = isCarry && end === this._end && this._markOffsets.length === 0;
    this._cursor = this._end;
    this._payloadStart = -1;
    if (isAlone && 2 * view.length >= bytes.length) {
      this._giveCarryAway();
      return view;
    }
    this._stats.copiedBytes += view.length;
    return view.slice();
  }

  /**
   * Changes the layout between frames, or turns framing off (`null`) or on. Skips what is left of the current frame and
   * closes all marks.
   *
   * @throws {RangeError} If the layout makes no sense, or its `maxFrameBytes` is more than `maxBufferedBytes`; nothing
   *   changes.
   */
  setFrame(layout: FrameLayout | null): void {
    const framing = layout === null ? null : framingOf(layout, this._maxBufferedBytes);
    this._leaveFrame();
    this._framing = framing;
    this._pendingEnd = 0;
    this._end = framing === null ? this._segmentEnd : this._cursor;
  }

  protected override _expectFrame(): void {
    this._frameBytes();
  }

  private _leaveFrame(): void {
    if (this._framing !== null) this._cursor = this._end;
    this._payloadStart = -1;
    this._payloadLength = 0;
    this._type = -1;
    if (this._markOffsets.length > 0) this._closeMarks(0);
  }

  /** Returns how long the next frame is, or its header alone while that is incomplete. Sets `_pendingEnd`. */
  private _frameBytes(): number {
    const framing = this._framing;
    const available = this.bufferedBytes;
    let frameBytes = 0;
    if (framing !== null) {
      const { headerBytes } = framing;
      if (available < headerBytes) frameBytes = headerBytes;
      else {
        frameBytes = this._frameLength(framing.typeBytes, framing.lengthBytes, framing.littleEndian);
        frameBytes += framing.uncountedBytes;
        // A hostile length is not waited for: takeFrame throws.
        if (!(frameBytes >= headerBytes && frameBytes <= framing.maxFrameBytes)) {
          this._pendingEnd = 0;
          return frameBytes;
        }
      }
    }
    this._pendingEnd = frameBytes > available ? this._totalEnd - available + frameBytes : 0;
    return frameBytes;
  }

  private _frameLength(typeBytes: number, lengthBytes: number, littleEndian: boolean): number {
    const at = this._cursor + typeBytes;
    if (lengthBytes === 4 && at + 4 <= this._segmentEnd) return this._view.getUint32(at, littleEndian);
    let length = 0;
    for (let i = 0; i < lengthBytes; i++) {
      length = length * 256 + this._byteAt(at + (littleEndian ? lengthBytes - 1 - i : i));
    }
    return length;
  }
}
