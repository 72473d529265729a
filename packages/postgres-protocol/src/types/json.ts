import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { BinaryType } from './binary-type.js';
import { MalformedValueError } from './malformed-value-error.js';
import { kindOf, RefusedValueError, wrongKind } from './refused-value-error.js';

// Both types take any value that JSON.stringify takes, and give what JSON.parse gives. A JavaScript string is a JSON
// string, not JSON text: '{"a":1}' is stored as a string of seven characters. `null` is SQL NULL, not JSON's null.

/** `json`: parsed; keeps what JSON.parse keeps, so not the digits of a number beyond 2^53. */
export const json: BinaryType = {
  oid: 114, // pg_type.dat
  name: 'json',
  reader: () => readJson,
  write: writeJson,
};

/** `jsonb`: as `json`. */
export const jsonb: BinaryType = {
  oid: 3802, // pg_type.dat
  name: 'jsonb',
  reader: () => readJsonb,
  write: writeJsonb,
};

const JSONB_VERSION = 1; // jsonb_send in jsonb.c: the only version there has been

function readJson(input: ReadBuffer, length: number): unknown {
  const source = input.readUtf8(length);
  try {
    return JSON.parse(source) as unknown;
  } catch {
    // No cause: the parser's message quotes the text, which is somebody's data.
    throw new MalformedValueError('the value is not JSON');
  }
}

function readJsonb(input: ReadBuffer, length: number): unknown {
  if (length < 1) throw new MalformedValueError(`jsonb is at least 1 byte long, got ${length}`);
  const version = input.readUint8();
  if (version !== JSONB_VERSION) throw new MalformedValueError(`jsonb is of version 1, got ${version}`);
  return readJson(input, length - 1);
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
