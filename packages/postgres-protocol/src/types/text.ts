import { decodeUtf8 } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { WireType } from './wire-type.js';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import { checkWellFormed } from './well-formed.js';

// The OIDs of this file are those of pg_type.dat.

/** `text`, and with it every type whose binary format is its text: a string, written from a string only. */
export const text: WireType = textType(25, 'text');
export const varchar: WireType = textType(1043, 'varchar');
/** `char(n)`: comes padded with spaces, as the server prints it. */
export const bpchar: WireType = textType(1042, 'bpchar');
/** `name`: the server refuses more than 63 bytes. */
export const name: WireType = textType(19, 'name');
/** The type of a literal that nothing gave a type to. */
export const unknown: WireType = textType(705, 'unknown');

/** `"char"`, the one-byte type of the catalogs: `''` for the byte 0, `'\ooo'` (octal) above ASCII, as PostgreSQL 16 prints it. */
export const char: WireType = {
  oid: 18,
  name: '"char"',
  reader: () => readChar,
  inline: () => ({ byteLength: 1, expression: 'CHARS[bytes[at]]', constants: { CHARS } }),
  write: writeChar,
};

/** `void`, what a function without a result returns: `null`. It cannot be a parameter's type. */
export const voidType: WireType = {
  oid: 2278,
  name: 'void',
  reader: () => readVoid,
  write(_out, value) {
    throw wrongKind('null', value);
  },
};

function textType(oid: number, name: string): WireType {
  return { oid, name, reader: () => readText, write: writeText };
}

/** Reads a value in text format, or of a type whose binary format is the same. */
export function readText(bytes: Uint8Array, _view: DataView, start: number, end: number): string {
  return decodeUtf8(bytes, start, end);
}

function writeText(out: WriteBuffer, value: unknown): void {
  // Numbers and booleans are refused, not printed: a `text` parameter that gets one is mostly a missing cast in the SQL.
  if (typeof value !== 'string') throw wrongKind('a string', value);
  writeString(out, value);
}

/**
 * Writes what a parameter of a type without a binary format may be: the text that the server's input function reads.
 * It is PostgreSQL's own syntax for the type, which a number, a bigint or a boolean prints as.
 */
export function writeAsText(out: WriteBuffer, value: unknown): void {
  switch (typeof value) {
    case 'string':
      writeString(out, value);
      return;
    case 'number':
    case 'bigint':
    case 'boolean':
      writeString(out, String(value));
      return;
    default:
      throw wrongKind("a string in PostgreSQL's syntax for the type, a number, a bigint or a boolean", value);
  }
}

/** Appends a string and its int32 length; what the server cannot hold is refused. */
function writeString(out: WriteBuffer, value: string): void {
  checkWellFormed(value);
  out.writeLengthPrefixedUtf8(value);
}

function readVoid(_bytes: Uint8Array, _view: DataView, start: number, end: number): null {
  checkLength('void', 0, end - start);
  return null;
}

const CHARS: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0) return '';
  return byte < 0x80 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
});

function readChar(bytes: Uint8Array, _view: DataView, start: number, end: number): string {
  checkLength('"char"', 1, end - start);
  return CHARS[bytes[start] as number] as string;
}

const OCTAL_CHAR = /^\\[0-3][0-7]{2}$/;

function writeChar(out: WriteBuffer, value: unknown): void {
  const expected = 'an ASCII character, an empty string or an octal escape such as \\377';
  if (typeof value !== 'string') throw wrongKind(expected, value);
  let byte = value.length === 0 ? 0 : value.charCodeAt(0);
  if (value.length > 1 || byte >= 0x80) {
    if (!OCTAL_CHAR.test(value)) throw outOfRange(expected, 'another string');
    byte = Number.parseInt(value.slice(1), 8);
  }
  out.writeInt32(1);
  out.writeUint8(byte);
}
