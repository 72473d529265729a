import { longLatin1, longUtf8, shortString } from './host-strings.js';

/** A string of 13 characters or more keeps the window alive that it was cut from. */
const WINDOW_BYTES = 4096;
/** A window pays where strings are no farther apart and no longer than this. */
const NEAR_BYTES = 256;

/**
 * Decodes the strings of one piece of memory. Where they lie close together it decodes a window around them once, as
 * ISO 8859-1, and cuts the strings out of that: a fraction of the time of a call into the host for each of them.
 */
export class TextWindow {
  private _bytes: Uint8Array = new Uint8Array(0);
  private _view: DataView = new DataView(this._bytes.buffer);
  private _text = '';
  private _start = 0;
  private _end = 0;
  /** Where the last string ended that was not in the window. */
  private _lastEnd = -NEAR_BYTES;

  /** Forgets the text: other memory is read from now on, or the same with other bytes in it. */
  reset(bytes: Uint8Array, view: DataView): void {
    this._bytes = bytes;
    this._view = view;
    this._text = '';
    this._end = 0;
    this._lastEnd = -NEAR_BYTES;
  }

  /** Decodes as UTF-8 what is in the window of `bytes` and ASCII, else returns undefined. */
  cut(bytes: Uint8Array, start: number, end: number): string | undefined {
    const from = this._start;
    const isInside = bytes === this._bytes && start >= from && start <= end && end <= this._end;
    return isInside && isAscii(this._view, start, end) ? this._text.substring(start - from, end - from) : undefined;
  }

  /** Whether this is the window of `bytes`. */
  isOf(bytes: Uint8Array): boolean {
    return this._bytes === bytes;
  }

  /** Decodes as ISO 8859-1; bytes from `limit` on are not looked at. */
  latin1(start: number, end: number, limit: number): string {
    const isInside = this._moveTo(start, end, limit);
    return isInside
      ? this._text.substring(start - this._start, end - this._start)
      : longLatin1(this._bytes, start, end);
  }

  /** Decodes as UTF-8; bytes from `limit` on are not looked at. */
  utf8(start: number, end: number, limit: number): string {
    return this.cut(this._bytes, start, end) ?? this._utf8Slowly(start, end, limit);
  }

  private _utf8Slowly(start: number, end: number, limit: number): string {
    const text = this._moveTo(start, end, limit) ? this.cut(this._bytes, start, end) : undefined;
    if (text !== undefined) return text;
    const byteLength = end - start;
    // perf: a lone short string is not worth a call into the host.
    if (byteLength <= 6 && isAscii(this._view, start, end)) return shortString(this._bytes, start, byteLength);
    return longUtf8(this._bytes, start, end);
  }

  /** Makes the window include a string, if it is near the one before. Returns whether it does. */
  private _moveTo(start: number, end: number, limit: number): boolean {
    if (start >= this._start && end <= this._end) return true;
    const gapBytes = start - this._lastEnd;
    this._lastEnd = end;
    if (!(gapBytes >= 0 && gapBytes < NEAR_BYTES && end - start <= NEAR_BYTES)) return false;
    this._start = start;
    this._end = Math.min(start + WINDOW_BYTES, limit);
    this._text = longLatin1(this._bytes, start, this._end);
    return true;
  }
}

/** The window of the memory that a run decoder reads just now, and how far it goes. */
let running: TextWindow | undefined;
let runEnd = 0;

/** Lets `decodeUtf8` use `window` up to index `end`, or none. */
export function setRunning(window: TextWindow | undefined, end: number): void {
  running = window;
  runEnd = end;
}

/**
 * Decodes the bytes from `start` up to, not including, `end` as UTF-8.
 *
 * What is not UTF-8 becomes U+FFFD; a byte order mark is kept.
 *
 * @param bytes - Any bytes.
 * @param start - Index of the first byte.
 * @param end - Index after the last byte.
 * @throws {RangeError} If not 0 <= `start` <= `end` <= `bytes.length`.
 * @remarks
 * Cost: within a run decoder, strings that lie close together are cut out of a window that is decoded once.
 * Lifetime: the string never keeps `bytes` alive; one of 13 characters or more may keep 4 KiB of text around it.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return running?.cut(bytes, start, end) ?? decodeSlowly(bytes, start, end);
}

function decodeSlowly(bytes: Uint8Array, start: number, end: number): string {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`expected 0 <= start <= end <= ${bytes.length}, saw ${start} and ${end}`);
  }
  if (running?.isOf(bytes) === true && end <= runEnd) return running.utf8(start, end, runEnd);
  let all = 0;
  // perf: micro, codecs in small chunks: a lone short string is not worth a call into the host.
  if (end - start <= 6) for (let at = start; at < end; at++) all |= bytes[at] as number;
  else all = 0x80;
  return all < 0x80 ? shortString(bytes, start, end - start) : longUtf8(bytes, start, end);
}

/** perf: micro, text rows. By words, the last of which may overlap the one before, it takes a quarter of the time. */
function isAscii(view: DataView, start: number, end: number): boolean {
  const last = end - 4;
  let all = 0;
  if (last < start) for (let at = start; at < end; at++) all |= view.getInt8(at);
  else {
    for (let at = start; at < last; at += 4) all |= view.getInt32(at);
    all |= view.getInt32(last);
  }
  return (all & 0x80808080) === 0;
}
