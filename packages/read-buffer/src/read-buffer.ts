import { FrameError } from './errors.js';
import { FieldReader, type RunDecoder } from './field-reader.js';
import { type FrameLayout, type Framing, framingOf } from './frame-layout.js';

/** A payload that is handed over may have so many bytes around it in its memory: its header, and room. */
const SLACK_BYTES = 64;

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
      throw new RangeError(`expected maxBufferedBytes from 1 to 4294967295, saw ${maxBufferedBytes}`);
    }
    super();
    this._maxBufferedBytes = maxBufferedBytes;
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
    // perf: micro, 1-byte drip: nothing that was fed can have completed the frame.
    if (this._neededBytes > 0 && this._payloadStart === -2) return false;
    const framing = this._framing;
    const start = this._end;
    const available = this._bytesEnd - start;
    // perf: micro, frames of 20 B. A negative length, and whatever else may be the case, is _nextFrame's business.
    if (framing?.lengthBytes === 4 && available >= framing.headerBytes && this._marks.length === 0) {
      const length = this._view.getInt32(start + framing.typeBytes, framing.littleEndian);
      const frameBytes = length + framing.uncountedBytes;
      if (frameBytes <= available && isSound(framing, frameBytes)) {
        this._enterFrame(framing, start, frameBytes);
        return true;
      }
    }
    const frameBytes = this._nextFrame();
    if (frameBytes === 0) return false;
    this._enterFrame(this._layout(), this._cursor, frameBytes);
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
    if (this._layout().typeBytes !== 1) throw new TypeError('expected a layout with a type byte');
    if (this._nextFrame() === 0) return false;
    if (this._bytes[this._cursor] !== type) return false;
    const hasAdvanced = this._decodeRun(decode, this._bytesEnd);
    this._end = this._cursor;
    return hasAdvanced;
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
    if (start < 0) throw new TypeError('expected a current frame with all of its bytes');
    return this._bytes.subarray(start, start + this._payloadLength);
  }

  /**
   * Hands over the whole payload of the current frame, whatever was read of it. Nothing of the frame is left to read.
   *
   * @throws {TypeError} As `payload` does; nothing changes.
   * @remarks
   * Lifetime: the payload is the caller's.
   * Cost: one copy, or none where the frame had to be joined in a carry that has up to 64 bytes more than the payload: its
   * `buffer` is the carry then, so pass on the payload, not its `buffer`.
   */
  takePayload(): Uint8Array {
    const view = this.payload();
    // Only a carry that holds nothing else that may still be read, and does not keep much more memory alive.
    const isAlone = this._isCarry && this._bytesEnd === this._end && this._marks.length === 0;
    this._cursor = this._end;
    this._payloadStart = -1;
    if (isAlone && this._bytes.length - view.length <= SLACK_BYTES) {
      this._giveAway();
      return view;
    }
    this._copiedBytes += view.length;
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
    this._roomEnd = 0;
    this._end = framing === null ? this._bytesEnd : this._cursor;
  }

  protected override _expectFrame(isFeeding: boolean): number {
    const framing = this._framing;
    if (framing === null) return 0;
    const { headerBytes } = framing;
    const available = this.bufferedBytes;
    let frameBytes = headerBytes;
    if (available >= headerBytes) {
      this._pull(headerBytes, isFeeding);
      frameBytes = frameBytesAt(this._view, this._cursor, framing);
    }
    // A hostile length is not waited for: takeFrame throws.
    this._neededBytes = frameBytes > available && isSound(framing, frameBytes) ? frameBytes : 0;
    return frameBytes;
  }

  /** Leaves the current frame, and returns the bytes of the next one, which is contiguous then; 0 if it is incomplete. */
  private _nextFrame(): number {
    const framing = this._layout();
    this._leaveFrame();
    if (this._neededBytes > 0) return 0;
    const frameBytes = this._expectFrame(false);
    if (this._neededBytes > 0) {
      this._vacate();
      return 0;
    }
    if (!isSound(framing, frameBytes)) throw new FrameError(frameBytes, framing.maxFrameBytes, framing.headerBytes);
    this._pull(frameBytes);
    return frameBytes;
  }

  private _layout(): Framing {
    if (this._framing === null) throw new TypeError('expected a layout, framing is off');
    return this._framing;
  }

  private _enterFrame({ typeBytes, headerBytes }: Framing, start: number, frameBytes: number): void {
    const payloadStart = start + headerBytes;
    this._type = typeBytes === 0 ? -1 : (this._bytes[start] as number);
    this._payloadLength = frameBytes - headerBytes;
    this._payloadStart = payloadStart;
    this._cursor = payloadStart;
    this._end = start + frameBytes;
    this._framesTaken += 1;
  }

  private _leaveFrame(): void {
    if (this._framing !== null) this._cursor = this._end;
    this._payloadStart = -2;
    this._payloadLength = 0;
    this._type = -1;
    this._closeMarks(0);
  }
}

function isSound(framing: Framing, frameBytes: number): boolean {
  return frameBytes >= framing.headerBytes && frameBytes <= framing.maxFrameBytes;
}

/** Returns how long the frame is whose header begins at `start`. */
function frameBytesAt(view: DataView, start: number, framing: Framing): number {
  const { lengthBytes, littleEndian } = framing;
  const at = start + framing.typeBytes;
  const length =
    lengthBytes === 4
      ? view.getUint32(at, littleEndian)
      : lengthBytes === 2
        ? view.getUint16(at, littleEndian)
        : view.getUint8(at);
  return length + framing.uncountedBytes;
}
