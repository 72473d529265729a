import type { WriteBuffer } from '@millrace/write-buffer';
import type { WireType } from './wire-type.js';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';

/** `uuid` as 8-4-4-4-12 lower-case digits; written from that form or from 32 digits, in either case. */
export const uuid: WireType = {
  oid: 2950, // pg_type.dat
  name: 'uuid',
  reader: () => readUuid,
  write: writeUuid,
};

// perf: uuid columns; two digits for each byte from a table are faster than toString(16) of words and slicing.
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function readUuid(bytes: Uint8Array, _view: DataView, start: number, end: number): string {
  checkLength('uuid', 16, end - start);
  const first = hexWord(bytes, start);
  const second = `${hexPair(bytes, start + 4)}-${hexPair(bytes, start + 6)}`;
  return `${first}-${second}-${hexPair(bytes, start + 8)}-${hexPair(bytes, start + 10)}${hexWord(bytes, start + 12)}`;
}

function hexWord(bytes: Uint8Array, at: number): string {
  return hexPair(bytes, at) + hexPair(bytes, at + 2);
}

function hexPair(bytes: Uint8Array, at: number): string {
  return (HEX[bytes[at] as number] as string) + (HEX[bytes[at + 1] as number] as string);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_DIGITS = /^[0-9a-f]{32}$/i;

function writeUuid(out: WriteBuffer, value: unknown): void {
  const expected = 'a UUID: 32 hexadecimal digits, plain or as 8-4-4-4-12';
  if (typeof value !== 'string') throw wrongKind(expected, value);
  const digits = UUID.test(value) ? value.replaceAll('-', '') : value;
  if (!UUID_DIGITS.test(digits)) throw outOfRange(expected, 'another string');
  out.writeInt32(16);
  for (let i = 0; i < 32; i += 8) out.writeUint32(Number.parseInt(digits.slice(i, i + 8), 16));
}
