import { Incomplete } from './codec.js';
import { type Content, findBytes } from './content.js';
import type { Cursor } from './cursor.js';
import { LimitError, checkOption, wrongRange } from './errors.js';
import { type EncodeTo, Layout } from './layout.js';

/** The other kind of length: up to a delimiter. */
export interface UntilOptions {
  /** What ends the value, at least one byte. A string stands for its UTF-8. */
  readonly until: string | Uint8Array;
}

/** Bytes or text that end with a delimiter. */
export class Until<T> extends Layout<T> {
  readonly isText: boolean;
  encodeTo: EncodeTo<T>;
  private readonly _content: Content<T>;
  private readonly _delimiter: Uint8Array;
  private readonly _maxBytes: number;

  constructor(content: Content<T>, until: string | Uint8Array, maxBytes: number) {
    super();
    this.isText = content.isText;
    this._content = content;
    this._delimiter = typeof until === 'string' ? new TextEncoder().encode(until) : new Uint8Array(until);
    checkOption('the length of a delimiter', this._delimiter.length, 1);
    this._maxBytes = checkOption('maxBytes', maxBytes, 0);
    this.encodeTo = (out, value) => {
      this.size(value);
      content.write(out, value);
      out.writeBytes(this._delimiter);
    };
  }

  least(): number {
    return this._delimiter.length;
  }

  size(value: T): number {
    const byteLength = this._content.byteLength(value);
    if (byteLength > this._maxBytes) throw wrongRange('a length in bytes', 0, this._maxBytes, byteLength);
    const index = this._content.indexOf(value, this._delimiter);
    if (index >= 0) throw new RangeError(`expected a value without the delimiter that ends it, saw one at ${index}`);
    return byteLength + this._delimiter.length;
  }

  decodeAt = (c: Cursor): T | typeof Incomplete => {
    const { bytes, at, end, scanned } = c;
    const delimiterBytes = this._delimiter.length;
    c.scanned = 0;
    // One byte more than allowed is enough to know.
    const searchEnd = Math.min(end, at + this._maxBytes + delimiterBytes);
    const found = findBytes(bytes, this._delimiter, at + Math.max(0, scanned - delimiterBytes + 1), searchEnd);
    if (found >= 0) {
      c.at = found + delimiterBytes;
      return this._content.decode(bytes, at, found);
    }
    if (end - at >= this._maxBytes + delimiterBytes) {
      throw new LimitError('bytes before a delimiter', this._maxBytes + 1, this._maxBytes);
    }
    return c.short(Math.max(delimiterBytes, end - at + 1), end - at);
  };
}
