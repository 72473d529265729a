import type { Codec } from './codec.js';
import { type Content, copyBytes, rawContent, textContent } from './content.js';
import { Incomplete } from './codec.js';
import { same } from './cursor.js';
import { DecodeError, LimitError, checkInteger } from './errors.js';
import { type CopyOf, type DecodeAt, type EncodeTo, Layout, type Open, isCounted, layoutOf } from './layout.js';
import { Fixed } from './numbers.js';
import { decodeUtf8 } from '@millrace/read-buffer';
import { type UntilOptions, until } from './until.js';

/** The limit of {@link bytes} and {@link utf8} where none is given: 16 MiB. */
export const DEFAULT_MAX_BYTES: number = 2 ** 24;

/** Options of {@link bytes} and {@link utf8}. */
export interface SizedOptions {
  /** The most bytes that a prefix may announce, or that may come before a delimiter. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
}

/** How much a prefix that is an unsigned number of fixed size can say, or nothing for other prefixes. */
function plainPrefix(prefix: Layout<number> | undefined): Fixed<number> | undefined {
  return prefix instanceof Fixed && prefix.kind.startsWith('u') && prefix.byteLength <= 4 ? prefix : undefined;
}

/** Throws unless a length that was decoded is one. */
export function checkLength(length: number, what: string, max: number): number {
  if (length <= max && length >= 0 && Number.isInteger(length)) return length;
  if (typeof length !== 'number') throw new DecodeError(`expected ${what}, saw a ${typeof length}`);
  throw new LimitError(what, length, max);
}

/** Bytes or text, with a length that is fixed or comes before them. */
export class Sized<T> extends Layout<T> {
  declare readonly isText: boolean;
  /** The length where there is no prefix, and the greatest one, too; else 0. */
  declare readonly minBytes: number;
  declare readonly prefix: Layout<number> | undefined;
  /** The prefix, if it is an unsigned number of fixed size. */
  declare readonly plain: Fixed<number> | undefined;
  declare readonly maxBytes: number;
  declare decodeAt: DecodeAt<T>;
  declare encodeTo: EncodeTo<T>;
  readonly #content: Content<T>;

  constructor(content: Content<T>, length: number | Layout<number>, maxBytes: number) {
    super();
    const prefix = typeof length === 'number' ? undefined : length;
    this.isText = content.isText;
    this.#content = content;
    this.prefix = prefix;
    this.minBytes = typeof length === 'number' ? checkInteger('length', length, 0) : 0;
    this.maxBytes = prefix === undefined ? this.minBytes : maxBytes;
    this.encodeTo = (out, value) => {
      const byteLength = checkInteger('a length in bytes', content.byteLength(value), this.minBytes, this.maxBytes);
      prefix?.encodeTo(out, byteLength);
      if (!isCounted(out, byteLength)) content.write(out, value);
    };
    const plain = plainPrefix(prefix);
    this.plain = plain;
    this.decodeAt = plain === undefined ? this.frames(content.decode) : this.#plainDecoder(plain);
  }

  least(): number {
    return this.prefix?.least() ?? this.minBytes;
  }

  override copy(copyOf: CopyOf): Layout<T> {
    return this.prefix === undefined ? this : new Sized(this.#content, copyOf(this.prefix), this.maxBytes);
  }

  override frames<U>(opened: Open<U>): DecodeAt<U> {
    const { prefix, minBytes, maxBytes } = this;
    const open = this.#content.trim?.(opened) ?? opened;
    const content =
      (byteLength: number): DecodeAt<U> =>
      (c) => {
        const at = c.take(byteLength);
        return at < 0 ? Incomplete : open(c, at, c.at);
      };
    if (prefix === undefined) return content(minBytes);
    return (c) => c.then(prefix, (own) => c.then({ decodeAt: content(checkLength(own, 'a length', maxBytes)) }, same));
  }

  // perf: struct without generated code; short strings have such prefixes.
  #plainDecoder({ byteLength, read }: Fixed<number>): DecodeAt<T> {
    const { maxBytes, isText } = this;
    return (c) => {
      const { bytes, at, end } = c;
      if (end - at < byteLength) return c.short(byteLength);
      const length = read(c) as number;
      if (length > maxBytes) throw new LimitError('a length', length, maxBytes);
      const start = at + byteLength;
      const stop = start + length;
      c.at = at;
      // The prefix is read again when the rest is there.
      if (stop > end) return c.short(stop - at);
      c.at = stop;
      return (isText ? decodeUtf8(bytes, start, stop) : copyBytes(bytes, start, stop)) as T;
    };
  }
}

/**
 * Bytes: `bytes(16)` are always 16, `bytes(u16)` have their length before them, `bytes({ until: '\r\n' })` end with that.
 *
 * @param length - A number of bytes, or the codec of a prefix, or a delimiter, which is not part of the value.
 * @returns A codec of Uint8Array. What is decoded is a copy.
 * @throws {RangeError} If a number or an option is out of its range.
 */
export function bytes(length: number | Codec<number> | UntilOptions, options: SizedOptions = {}): Codec<Uint8Array> {
  return sized(rawContent, length, options);
}

/**
 * Text in UTF-8, like {@link bytes}: a length counts bytes, not characters. Bytes that are not UTF-8 become U+FFFD.
 *
 * @param length - A number of bytes, or the codec of a prefix, or a delimiter, which is not part of the text.
 */
export function utf8(length: number | Codec<number> | UntilOptions, options: SizedOptions = {}): Codec<string> {
  return sized(textContent, length, options);
}

/** Text in UTF-8 that ends with a zero byte, and cannot contain U+0000. At most 16 MiB. */
export const cstring: Codec<string> = /* @__PURE__ */ utf8({ until: '\0' });

function sized<T extends string | Uint8Array>(
  content: Content<T>,
  length: number | Codec<number> | UntilOptions,
  { maxBytes = DEFAULT_MAX_BYTES }: SizedOptions,
): Codec<T> {
  checkInteger('maxBytes', maxBytes, 0);
  if (typeof length === 'number') return new Sized(content, length, maxBytes);
  if ('until' in length) return until(content, length.until, maxBytes);
  return new Sized(content, layoutOf(length), maxBytes);
}
