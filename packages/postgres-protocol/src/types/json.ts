import { decodeUtf8 } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { WireType } from './wire-type.js';
import { MalformedValueError } from './malformed-value-error.js';
import { kindOf, RefusedValueError, wrongKind } from './refused-value-error.js';

// Both types take any value that JSON.stringify takes, and give what JSON.parse gives. A JavaScript string is a JSON
// string, not JSON text: '{"a":1}' is stored as a string of seven characters. `null` is SQL NULL, not JSON's null.
// The option `json: 'text'` gives the text in place of the parsed value; it does not change what is written.

/** `json`: parsed; keeps what JSON.parse keeps, so not the digits of a number beyond 2^53. */
export const json: WireType = {
  oid: 114, // pg_type.dat
  name: 'json',
  reader: (options) => (options.json === 'text' ? readJsonText : readJson),
  valuesAreArrays: true,
  write: writeJson,
};

/** `jsonb`: as `json`. */
export const jsonb: WireType = {
  oid: 3802, // pg_type.dat
  name: 'jsonb',
  reader: (options) => (options.json === 'text' ? readJsonbText : readJsonb),
  valuesAreArrays: true,
  write: writeJsonb,
};

const JSONB_VERSION = 1; // jsonb_send in jsonb.c: the only version there has been

function readJson(bytes: Uint8Array, _view: DataView, start: number, end: number): unknown {
  const source = decodeUtf8(bytes, start, end);
  try {
    return JSON.parse(source) as unknown;
  } catch {
    // No cause: the parser's message quotes the text, which is somebody's data.
    throw new MalformedValueError('the value is not JSON');
  }
}

function readJsonText(bytes: Uint8Array, _view: DataView, start: number, end: number): string {
  return decodeUtf8(bytes, start, end);
}

function readJsonb(bytes: Uint8Array, view: DataView, start: number, end: number): unknown {
  checkVersion(bytes, start, end);
  return readJson(bytes, view, start + 1, end);
}

function readJsonbText(bytes: Uint8Array, _view: DataView, start: number, end: number): string {
  checkVersion(bytes, start, end);
  return decodeUtf8(bytes, start + 1, end);
}

function checkVersion(bytes: Uint8Array, start: number, end: number): void {
  if (end <= start) throw new MalformedValueError('jsonb is at least 1 byte long, got 0');
  const version = bytes[start];
  if (version !== JSONB_VERSION) throw new MalformedValueError(`jsonb is of version 1, got ${version}`);
}

function writeJson(out: WriteBuffer, value: unknown): void {
  out.writeLengthPrefixedUtf8(stringify(value));
}

function writeJsonb(out: WriteBuffer, value: unknown): void {
  const source = stringify(value);
  const lengthAt = out.reserveInt32();
  out.writeUint8(JSONB_VERSION);
  out.patchInt32(lengthAt, 1 + out.writeUtf8(source));
}

/** The library's type leaves out that there is no text for a function, a symbol, or a toJSON that returns undefined. */
const toJsonText = JSON.stringify as (value: unknown) => string | undefined;

function stringify(value: unknown): string {
  let source: string | undefined;
  try {
    source = toJsonText(value);
  } catch (cause) {
    // A TypeError is mostly the engine's own, for a cycle or a bigint, and quotes keys; else a toJSON method threw.
    const options = cause instanceof TypeError ? undefined : { cause };
    throw new RefusedValueError('type', `JSON.stringify refused ${kindOf(value)}`, options);
  }
  if (source === undefined) throw wrongKind('a value that JSON has', value);
  return source;
}
