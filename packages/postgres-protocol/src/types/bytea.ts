import type { WriteBuffer } from '@millrace/write-buffer';
import type { WireType } from './wire-type.js';
import { wrongKind } from './refused-value-error.js';

/** `bytea` as a `Uint8Array` of its own, exactly as long as the value; written from any `Uint8Array`, so from a Buffer. */
export const bytea: WireType = {
  oid: 17, // pg_type.dat
  name: 'bytea',
  reader: () => readBytea,
  write: writeBytea,
};

function readBytea(bytes: Uint8Array, _view: DataView, start: number, end: number): Uint8Array {
  return bytes.slice(start, end);
}

function writeBytea(out: WriteBuffer, value: unknown): void {
  if (!isUint8Array(value)) throw wrongKind('a Uint8Array', value);
  out.writeLengthPrefixedBytes(value);
}

/** Also true for one from another realm, such as Node's own Buffer seen from a test runner's sandbox. */
function isUint8Array(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}
