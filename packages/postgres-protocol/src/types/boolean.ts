import type { WriteBuffer } from '@millrace/write-buffer';
import type { WireType } from './wire-type.js';
import { checkLength, MalformedValueError } from './malformed-value-error.js';
import { wrongKind } from './refused-value-error.js';

/** `bool` as a boolean; only a boolean is one. */
export const bool: WireType = {
  oid: 16, // pg_type.dat
  name: 'bool',
  reader: () => readBool,
  inline: () => ({ byteLength: 1, expression: 'boolOf(bytes[at])', constants: { boolOf } }),
  write: writeBool,
};

function readBool(bytes: Uint8Array, _view: DataView, start: number, end: number): boolean {
  checkLength('bool', 1, end - start);
  return boolOf(bytes[start] as number);
}

function boolOf(byte: number): boolean {
  if (byte > 1) throw new MalformedValueError(`bool is the byte 0 or 1, got ${byte}`);
  return byte === 1;
}

function writeBool(out: WriteBuffer, value: unknown): void {
  if (typeof value !== 'boolean') throw wrongKind('a boolean', value);
  out.writeInt32(1);
  out.writeUint8(value ? 1 : 0);
}
