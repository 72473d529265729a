import { type Content, findBytes } from './content.js';
import { LimitError, checkInteger } from './errors.js';
import { type DecodeAt, type Layout, type Open, isCounted, layout } from './layout.js';

/** The other kind of length: up to a delimiter. */
export interface UntilOptions {
  /** What ends the value, at least one byte. A string stands for its UTF-8. */
  readonly until: string | Uint8Array;
}

/** Bytes or text that end with a delimiter. */
export function until<T>(content: Content<T>, end: string | Uint8Array, maxBytes: number): Layout<T> {
  const delimiter = typeof end === 'string' ? new TextEncoder().encode(end) : new Uint8Array(end);
  const delimiterBytes = checkInteger('a length in bytes', delimiter.length, 1);
  const size = (value: T): number => {
    const byteLength = checkInteger('a length in bytes', content.byteLength(value), 0, maxBytes);
    const index = content.indexOf(value, delimiter);
    if (index >= 0) throw new RangeError(`expected no delimiter in a value, saw one at ${index}`);
    return byteLength + delimiterBytes;
  };
  const frames =
    <U>(open: Open<U>): DecodeAt<U> =>
    (c) => {
      const { bytes, at, scanned } = c;
      const seenBytes = c.end - at;
      c.scanned = 0;
      const searchEnd = Math.min(c.end, at + maxBytes + delimiterBytes);
      const found = findBytes(bytes, delimiter, at + Math.max(0, scanned - delimiterBytes + 1), searchEnd);
      if (found >= 0) {
        c.at = found + delimiterBytes;
        return open(c, at, found);
      }
      if (seenBytes >= maxBytes + delimiterBytes) {
        throw new LimitError('a length in bytes', maxBytes + 1, maxBytes);
      }
      return c.short(Math.max(delimiterBytes, seenBytes + 1), seenBytes);
    };
  return layout<T>({
    least: () => delimiterBytes,
    encodeTo(out, value) {
      if (isCounted(out, size(value))) return;
      content.write(out, value);
      out.writeBytes(delimiter);
    },
    frames,
    decodeAt: frames(content.decode),
  });
}
