import { BufferOverflowError } from './errors.js';
import { FieldWriter } from './field-writer.js';
import { checkLayout, DEFAULT_LAYOUT, type FrameLayout } from './frame-layout.js';
import type { WriteBufferOptions } from './options.js';
import { checkInteger, refusal } from './ranges.js';

/** Writes frames, and places that are filled in later. */
export abstract class FrameWriter extends FieldWriter {
  private readonly _layout: FrameLayout;
  private readonly _typeBytes: number;
  private readonly _headerBytes: number;
  /** Of the bytes from the length on, how many it does not count; -1 if it counts the type byte before it. */
  private readonly _uncountedBytes: number;
  /** The longest length that `endFrame` may write without a closer look. */
  private readonly _plainLimit: number;
  /**
   * The handle of the innermost open frame, 0 if there is none. 1 + where it begins after `_start`; for what is rare, a
   * frame in another one or without the type byte of the layout, -1 - (twice that and 1 if it has a type byte).
   */
  protected _frame = 0;
  /** The handles of the frames around it, the innermost last. */
  protected _outerFrames: number[] = [];

  /** Makes an empty buffer. Throws a RangeError if an option is out of its range. */
  constructor(options: WriteBufferOptions = {}) {
    super(options);
    const { frame = DEFAULT_LAYOUT } = options;
    checkLayout(frame);
    const { typeBytes, lengthBytes, lengthIncludes, maxFrameBytes } = frame;
    this._layout = { ...frame };
    this._typeBytes = typeBytes;
    this._headerBytes = typeBytes + lengthBytes;
    this._uncountedBytes = lengthIncludes === 'payload' ? lengthBytes : lengthIncludes === 'length' ? 0 : 0 - typeBytes;
    // perf: a small integer in every buffer, or it would be a heap number in all of them.
    this._plainLimit =
      lengthBytes === 4 && frame.littleEndian !== true
        ? Math.min(maxFrameBytes - typeBytes - this._uncountedBytes, 0x7fff_ffff)
        : -1;
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
    const at = this._cursor;
    const end = at + this._headerBytes;
    const typeBytes = type === undefined ? 0 : 1;
    const isRare = end > this._limit || this._frame !== 0 || typeBytes !== this._typeBytes;
    if (isRare || (type !== undefined && (type & 0xff) !== type)) return this._beginRareFrame(type);
    if (type !== undefined) this._bytes[at] = type;
    // What is in the length does not matter: no byte leaves before `endFrame` wrote it.
    this._cursor = end;
    return (this._frame = at - this._start + 1);
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
    const at = this._start + frame - 1 + this._typeBytes;
    const length = this._cursor - at - this._uncountedBytes;
    // perf: a big-endian int32 in one outer frame, as most are, has no more to it.
    if (frame === this._frame && frame > 0 && length <= this._plainLimit && this._referenceBytes === 0) {
      this._view.setInt32(at, length);
      this._frame = 0;
    } else this._endRareFrame(frame);
  }

  /**
   * Appends a zero int32 to be patched later.
   *
   * @returns Its place, for {@link patchInt32}: valid until the next `take` or `reset`.
   * @throws {BufferOverflowError} If `maxBytes` would be exceeded; nothing is written.
   */
  reserveInt32(): number {
    this.writeInt32(0);
    return this._cursor - this._start - 4;
  }

  /**
   * Overwrites the four bytes at `at`.
   *
   * @param at - What `reserveInt32` returned, or a place in what `writePlan` wrote.
   * @throws {RangeError} If `value` is no int32, or `at` is not four bytes before the end or earlier; nothing changes.
   */
  patchInt32(at: number, value: number): void {
    if ((value | 0) !== value) throw refusal('Int32', value);
    checkInteger('place', at, 0, this._cursor - this._start - 4);
    this._view.setInt32(this._start + at, value);
  }

  protected _checkNoOpenFrame(): void {
    if (this._frame !== 0) throw new TypeError('a frame is open');
  }

  private _beginRareFrame(type: number | undefined): number {
    const typeBytes = type === undefined ? 0 : 1;
    if (typeBytes > this._typeBytes) throw new TypeError('expected no type');
    if (type !== undefined) checkInteger('frame type', type, 0, 0xff);
    const at = this._reserve(typeBytes + this._layout.lengthBytes);
    if (type !== undefined) this._bytes[at] = type;
    if (this._frame !== 0) this._outerFrames.push(this._frame);
    return (this._frame = -1 - typeBytes - 2 * (at - this._start));
  }

  private _endRareFrame(frame: number): void {
    if (frame !== this._frame || frame === 0) {
      throw new TypeError(`expected innermost frame ${this._frame}, saw ${frame}`);
    }
    const { lengthBytes, littleEndian, maxFrameBytes } = this._layout;
    const typeBytes = frame > 0 ? this._typeBytes : (-1 - frame) % 2;
    const place = frame > 0 ? frame - 1 : (-1 - frame - typeBytes) / 2;
    const uncountedBytes = Math.max(this._uncountedBytes, -typeBytes);
    const at = this._start + place + typeBytes;
    let length = this._cursor - at - uncountedBytes;
    const references = this._references;
    for (let i = references.length - 1; (references[i]?.at ?? 0) > place; i--) {
      length += references[i]?.chunk.length ?? 0;
    }
    const otherBytes = uncountedBytes + typeBytes;
    const longest = Math.min(maxFrameBytes - otherBytes, 2 ** (8 * lengthBytes) - 1);
    if (length > longest) throw new BufferOverflowError('frame', length + otherBytes, longest + otherBytes);
    for (let i = 0; i < lengthBytes; i++) {
      this._bytes[at + (littleEndian === true ? i : lengthBytes - 1 - i)] = length >>> (8 * i);
    }
    this._frame = this._outerFrames.pop() ?? 0;
  }
}
