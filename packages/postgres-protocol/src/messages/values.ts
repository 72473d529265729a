// Values as they are on the wire: an int32 with the length, or -1 for NULL, then the bytes.
import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import { readCount, writeCount } from './counts.js';

/** A value as bytes, in whatever format; `null` is SQL NULL. */
export type RawValue = Uint8Array | null;

/** The length that stands for NULL. */
const NULL_LENGTH = -1;

const LENGTH_BYTES = 4;

/** Appends one value. */
export function writeValue(out: WriteBuffer, value: RawValue): void {
  if (value === null) out.writeInt32(NULL_LENGTH);
  else out.writeLengthPrefixedBytes(value);
}

/** Reads one value, as a copy. */
export function readValue(input: ReadBuffer): RawValue {
  const length = input.readInt32();
  if (length === NULL_LENGTH) return null;
  if (length < 0) throw new RemoteProtocolError(`a value has a length of 0 or more, or -1 for NULL, got ${length}`);
  return input.readBytes(length);
}

/** Appends a count and the values. Throws a RangeError for too many. */
export function writeValues(out: WriteBuffer, values: readonly RawValue[]): void {
  writeCount(out, 'values', values.length);
  for (const value of values) writeValue(out, value);
}

/** Reads a count and as many values, as copies. */
export function readValues(input: ReadBuffer): RawValue[] {
  const count = readCount(input, 'values', LENGTH_BYTES);
  const values: RawValue[] = [];
  for (let i = 0; i < count; i++) values.push(readValue(input));
  return values;
}
