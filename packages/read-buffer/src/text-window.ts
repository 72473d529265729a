import { longLatin1, longUtf8, shortString } from './host-strings.js';

/** A string of 13 characters or more keeps the window alive that it was cut from. */
const WINDOW_BYTES = 4096;
/** A window pays where strings are no farther apart and no longer than this. */
const NEAR_BYTES = 256;

/**
 * Decodes the strings of one piece of memory. Where they lie close together it decodes a window around them once, as
 * ISO 8859-1, and cuts the strings out of that: a third of the time of a call into the host for each of them.
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

  /** Whether this is the window of `bytes`. */
  isOf(bytes: Uint8Array): boolean {
    return this._bytes === bytes;
  }

  /** Decodes as ISO 8859-1; bytes from `limit` on are not looked at. */
  latin1(start: number, end: number, limit: number): string {
    const bytes = this._bytes;
    if (end - start <= 6) return shortString(bytes, start, end - start);
    return this._cut(start, end, limit) ?? longLatin1(bytes, start, end);
  }

  /** Decodes as UTF-8; bytes from `limit` on are not looked at. */
  utf8(start: number, end: number, limit: number): string {
    const bytes = this._bytes;
    const byteLength = end - start;
    if (byteLength > 6) {
      const text = this._cut(start, end, limit);
      if (text !== undefined && this._isAsciiFrom(start, end)) return text;
    } else if (isAscii(bytes, start, end)) return shortString(bytes, start, byteLength);
    return longUtf8(bytes, start, end);
  }

  private _cut(start: number, end: number, limit: number): string | undefined {
    if (start < this._start || end > this._end) {
      const gapBytes = start - this._lastEnd;
      this._lastEnd = end;
      if (!(gapBytes >= 0 && gapBytes < NEAR_BYTES && end - start <= NEAR_BYTES)) return undefined;
      this._start = start;
      this._end = Math.min(start + WINDOW_BYTES, limit);
      this._text = longLatin1(this._bytes, start, this._end);
    }
    return this._text.substring(start - this._start, end - this._start);
  }

  private _isAsciiFrom(start: number, end: number): boolean {
    const view = this._view;
    let all = 0;
    let at = start;
    // perf: micro, text rows. By words it takes a quarter of the time.
    for (; at + 4 <= end; at += 4) all |= view.getInt32(at);
    return (all & 0x80808080) === 0 && isAscii(this._bytes, at, end);
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
 * Cost: up to 6 bytes of ASCII without a call into the host, and within a run decoder nearly all strings.
 * Lifetime: the string never keeps `bytes` alive; one of 13 characters or more may keep 4 KiB of text around it.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`expected 0 <= start <= end <= ${bytes.length}, saw ${start} and ${end}`);
  }
  if (running?.isOf(bytes) === true && end <= runEnd) return running.utf8(start, end, runEnd);
  const byteLength = end - start;
  return byteLength <= 6 && isAscii(bytes, start, end)
    ? shortString(bytes, start, byteLength)
    : longUtf8(bytes, start, end);
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i] as number;
  return all < 0x80;
}
