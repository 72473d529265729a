import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { BinaryType } from './binary-type.js';
import { checkLength, MalformedValueError } from './malformed-value-error.js';
import { wrongKind } from './refused-value-error.js';

/** `bool` as a boolean; only a boolean is one. */
export const bool: BinaryType = {
  oid: 16, // pg_type.dat
  name: 'bool',
  reader: () => readBool,
  write: writeBool,
};

function readBool(input: ReadBuffer, length: number): boolean {
  checkLength('bool', 1, length);
  const byte = input.readUint8();
  if (byte > 1) throw new MalformedValueError(`bool is the byte 0 or 1, got ${byte}`);
  return byte === 1;
}

function writeBool(out: WriteBuffer, value: unknown): void {
  if (typeof value !== 'boolean') throw wrongKind('a boolean', value);
  out.writeInt32(1);
  out.writeUint8(value ? 1 : 0);
}
