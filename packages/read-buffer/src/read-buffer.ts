import { FrameError } from './errors.js';
import { FieldReader, type RunDecoder } from './field-reader.js';
import { type FrameLayout, type Framing, framingOf } from './frame-layout.js';

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
    const { typeBytes, headerBytes } = framing;
    const available = this._bytesEnd - this._end;
    let start = this._end;
    let frameBytes = 0;
    // perf: micro, frames of 20 B. Whatever else may be the case is _nextFrame's business.
    if (available >= headerBytes && framing.lengthBytes === 4 && this._markHandles.length === 0) {
      frameBytes = this._view.getUint32(start + typeBytes, framing.littleEndian) + framing.uncountedBytes;
    }
    if (!(frameBytes <= available && isSound(framing, frameBytes))) {
      frameBytes = this._nextFrame(framing);
      if (frameBytes === 0) return false;
      start = this._cursor;
    }
    this._type = typeBytes === 0 ? -1 : (this._bytes[start] as number);
    this._payloadLength = frameBytes - headerBytes;
    this._payloadStart = start + headerBytes;
    this._cursor = this._payloadStart;
    this._end = start + frameBytes;
    this._stats.framesTaken += 1;
    return true;
  }

  /**
   * Takes a run of frames of one type in one call: skips what is left of the current frame, and if the next one is of
   * `type`, calls `decode` once over all the bytes from there on that lie in one piece. There is no current frame then.
   *
   * `decode` reads the headers itself. It stops before a frame that is not whole, of another type, or of a length it
   * dislikes, which `takeFrame` will judge; and returns the offset after the last frame that it took. Frames that
   * straddle two chunks come in a run of their own, so that `while (input.takeRun(type, decode));` takes all there are.
   *
   * @param type - The type byte, from 0 to 255.
   * @param decode - See {@link RunDecoder}.
   * @returns Whether it advanced; `false` also if the next frame is incomplete or of another type.
   * @throws {FrameError} As `takeFrame` does, or if `decode` returned an offset outside of its bytes; the cursor stays
   *   before the frame. What `decode` throws passes through, likewise.
   * @throws {TypeError} If the layout has no type byte, or `decode` read from this buffer.
   */
  takeRun(type: number, decode: RunDecoder): boolean {
    const framing = this._framing;
    if (framing?.typeBytes !== 1) throw new TypeError('a run needs a layout with a type byte');
    if (this._nextFrame(framing) === 0) return false;
    const start = this._cursor;
    const bytes = this._bytes;
    if (bytes[start] !== type) return false;
    const end = this._bytesEnd;
    const next = decode(bytes, this._view, start, end);
    this._checkRun(next, bytes, start, end);
    this._cursor = next;
    this._end = next;
    return next > start;
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
    // Only a carry that holds nothing else that may still be read, and does not keep much more memory alive.
    const isAlone = this._isCarry && this._bytesEnd === this._end && this._markOffsets.length === 0;
    this._cursor = this._end;
    this._payloadStart = -1;
    if (isAlone && 2 * view.length >= this._bytes.length) {
      this._isCarry = false;
      this._roomBytes = 0;
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
    this._neededBytes = 0;
    this._roomBytes = 0;
    this._end = framing === null ? this._bytesEnd : this._cursor;
  }

  protected override _expectFrame(): number {
    const framing = this._framing;
    if (framing === null) return 0;
    const { typeBytes, lengthBytes, headerBytes, littleEndian, uncountedBytes } = framing;
    const available = this.bufferedBytes;
    let frameBytes = headerBytes;
    if (available >= headerBytes) {
      this._pull(headerBytes, true);
      frameBytes = uncountedBytes;
      for (let i = 0; i < lengthBytes; i++) {
        const at = this._cursor + typeBytes + (littleEndian ? i : lengthBytes - 1 - i);
        frameBytes += (this._bytes[at] as number) * 256 ** i;
      }
    }
    // A hostile length is not waited for: takeFrame throws.
    this._neededBytes = frameBytes > available && isSound(framing, frameBytes) ? frameBytes : 0;
    return frameBytes;
  }

  /** Leaves the current frame, and returns the bytes of the next one, which is contiguous then; 0 if it is incomplete. */
  private _nextFrame(framing: Framing): number {
    this._leaveFrame();
    if (this._neededBytes > 0) return 0;
    const frameBytes = this._expectFrame();
    if (this._neededBytes > 0) {
      this._vacate();
      return 0;
    }
    if (!isSound(framing, frameBytes)) throw new FrameError(frameBytes, framing.maxFrameBytes, framing.headerBytes);
    this._pull(frameBytes);
    return frameBytes;
  }

  private _leaveFrame(): void {
    if (this._framing !== null) this._cursor = this._end;
    this._payloadStart = -1;
    this._payloadLength = 0;
    this._type = -1;
    this._closeMarks(0);
  }
}

function isSound(framing: Framing, frameBytes: number): boolean {
  return frameBytes >= framing.headerBytes && frameBytes <= framing.maxFrameBytes;
}
