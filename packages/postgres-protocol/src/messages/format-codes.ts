import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import { readCount, writeCount } from './counts.js';

/** 0: text, 1: binary. */
export type FormatCode = 0 | 1;

/** Reads a format code of 16 bits. */
export function readFormatCode(input: ReadBuffer): FormatCode {
  return formatOfPeer(input.readUint16());
}

/** Returns `code`, which came from the peer, if it is one. */
export function formatOfPeer(code: number): FormatCode {
  if (code !== 0 && code !== 1) throw new RemoteProtocolError(`a format code is 0 or 1, got ${code}`);
  return code;
}

/** Reads a count and as many format codes. */
export function readFormatCodes(input: ReadBuffer): FormatCode[] {
  const count = readCount(input, 'format codes', 2);
  const codes: FormatCode[] = [];
  for (let i = 0; i < count; i++) codes.push(readFormatCode(input));
  return codes;
}

/** Appends a format code of 16 bits. Throws a RangeError if it is none. */
export function writeFormatCode(out: WriteBuffer, code: FormatCode): void {
  checkFormatCode(code);
  out.writeUint16(code);
}

/** Appends a count and the format codes. Throws a RangeError for what is none, or for too many. */
export function writeFormatCodes(out: WriteBuffer, codes: readonly FormatCode[]): void {
  writeCount(out, 'format codes', codes.length);
  for (const code of codes) writeFormatCode(out, code);
}

/** Throws a RangeError unless `code` is 0 or 1. */
export function checkFormatCode(code: number): asserts code is FormatCode {
  if (code !== 0 && code !== 1) throw new RangeError(`a format code is 0 or 1, got ${String(code)}`);
}

/**
 * Returns what is wrong with so many format codes for so many values. They go together if there are none (all text), one
 * for all, or one for each.
 */
export function formatsFault(formats: number, values: number): string | undefined {
  if (formats === 0 || formats === 1 || formats === values) return undefined;
  return `there are 0, 1 or ${values} format codes for ${values} values, got ${formats}`;
}
