import { decodeUtf8 } from '@millrace/read-buffer';
import { wrongType } from './errors.js';
import type { EncodeTo, Open } from './layout.js';

/** What bytes on the wire are for the program: text, or bytes. */
export interface Content<T> {
  readonly isText: boolean;
  decode: Open<T>;
  /** Counts the bytes of a value. Throws if it has the wrong type. */
  byteLength(value: T): number;
  /** Where the first `delimiter` begins in a value that is followed by it, in a unit of its own. */
  indexOf(value: T, delimiter: Uint8Array): number;
  write: EncodeTo<T>;
  /** Takes off what `write` adds to a value. */
  trim?<U>(open: Open<U>): Open<U>;
}

/** UTF-8. */
export const textContent: Content<string> = {
  isText: true,
  decode: (c, start, stop) => decodeUtf8(c.bytes, start, stop),
  byteLength: utf8Length,
  indexOf(value, delimiter) {
    // Other bytes may be a part of a character, or what is written for a lone surrogate.
    if (delimiter.some((byte) => byte > 0x7f)) return rawContent.indexOf(new TextEncoder().encode(value), delimiter);
    const text = decodeUtf8(delimiter, 0, delimiter.length);
    const index = (value + text).indexOf(text);
    return index === value.length ? -1 : index;
  },
  write: (out, value) => {
    out.writeUtf8(value);
  },
};

/** Bytes as they are. */
export const rawContent: Content<Uint8Array> = {
  isText: false,
  decode: (c, start, stop) => copyBytes(c.bytes, start, stop),
  byteLength(value) {
    if (!isBytes(value)) throw wrongType('a Uint8Array', value);
    return value.length;
  },
  indexOf(value, delimiter) {
    const joined = new Uint8Array(value.length + delimiter.length);
    joined.set(value);
    joined.set(delimiter, value.length);
    const index = findBytes(joined, delimiter, 0, joined.length);
    return index === value.length ? -1 : index;
  },
  write: (out, value) => {
    out.writeBytes(value);
  },
};

/** Whether a value is a Uint8Array, of any realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>)[Symbol.toStringTag] === 'Uint8Array';
}

/** Copies a part of `source`, which may be a Buffer: its slice would be a view. */
export function copyBytes(source: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  // perf: for a few bytes a loop is cheaper than the view that `set` needs.
  if (copy.length < 32) for (let i = start; i < end; i++) copy[i - start] = source[i] as number;
  else copy.set(source.subarray(start, end));
  return copy;
}

/** Counts the bytes of a string in UTF-8; a lone surrogate becomes U+FFFD. Throws a TypeError if it is no string. */
export function utf8Length(value: string): number {
  if (typeof value !== 'string') throw wrongType('a string', value);
  let byteLength = value.length;
  for (let i = 0; i < value.length; i++) {
    const point = value.codePointAt(i) as number;
    if (point > 0x7f) byteLength += point > 0x7ff ? 2 : 1;
    if (point > 0xffff) i += 1; // four bytes for two units
  }
  return byteLength;
}

/**
 * Finds `needle` in the bytes from `start` up to `end`, or returns -1. Not `indexOf` alone, which has no end: a search in
 * what is left of a chunk would walk on through the whole block.
 */
export function findBytes(bytes: Uint8Array, needle: Uint8Array, start: number, end: number): number {
  const [first = 0] = needle;
  const last = end - needle.length;
  for (let at = start; at <= last; at++) {
    if (last - at > 64) {
      const skipped = bytes.subarray(at, last + 1).indexOf(first);
      if (skipped < 0) return -1;
      at += skipped;
    }
    let matched = 0;
    while (matched < needle.length && bytes[at + matched] === needle[matched]) matched += 1;
    if (matched === needle.length) return at;
  }
  return -1;
}
