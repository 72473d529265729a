import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { BinaryType } from './binary-type.js';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';

/** `uuid` as 8-4-4-4-12 lower-case digits; written from that form or from 32 digits, in either case. */
export const uuid: BinaryType = {
  oid: 2950, // pg_type.dat
  name: 'uuid',
  reader: () => readUuid,
  write: writeUuid,
};

function readUuid(input: ReadBuffer, length: number): string {
  checkLength('uuid', 16, length);
  const first = hexWord(input.readUint32());
  const second = hexWord(input.readUint32());
  const third = hexWord(input.readUint32());
  const fourth = hexWord(input.readUint32());
  return `${first}-${second.slice(0, 4)}-${second.slice(4)}-${third.slice(0, 4)}-${third.slice(4)}${fourth}`;
}

function hexWord(word: number): string {
  return word.toString(16).padStart(8, '0');
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
