import type { WriteBuffer } from '@millrace/write-buffer';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { ValueReader, WireType } from './wire-type.js';

// The OIDs of this file are those of pg_type.dat.

/** `macaddr` as `08:00:2b:01:02:03`; written from the spellings that the server reads. */
export const macaddr: WireType = {
  oid: 829,
  name: 'macaddr',
  reader: () => readMacaddr,
  write: writeMacaddr,
};

/** `macaddr8`, an EUI-64, as `08:00:2b:ff:fe:01:02:03`; written from one of 6 bytes too, which gets `ff:fe` in the middle. */
export const macaddr8: WireType = {
  oid: 774,
  name: 'macaddr8',
  reader: () => readMacaddr8,
  write: writeMacaddr8,
};

const readMacaddr: ValueReader = (bytes, _view, start, end) => {
  checkLength('macaddr', 6, end - start);
  return printBytes(bytes, start, end);
};

const readMacaddr8: ValueReader = (bytes, _view, start, end) => {
  checkLength('macaddr8', 8, end - start);
  return printBytes(bytes, start, end);
};

function printBytes(bytes: Uint8Array, start: number, end: number): string {
  let printed = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    printed += `${at === start ? '' : ':'}${byte < 0x10 ? '0' : ''}${byte.toString(16)}`;
  }
  return printed;
}

const SEPARATED = /^[0-9a-f]{1,2}(?:(?::[0-9a-f]{1,2}){5}|(?:-[0-9a-f]{1,2}){5})$/i;
const GROUPED = /^(?:[0-9a-f]{6}[:-]?[0-9a-f]{6}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{4}(?:-[0-9a-f]{4}){2})$/i;

function writeMacaddr(out: WriteBuffer, value: unknown): void {
  const expected = 'a MAC address of 6 bytes, such as 08:00:2b:01:02:03';
  if (typeof value !== 'string') throw wrongKind(expected, value);
  let digits: string;
  if (SEPARATED.test(value))
    digits = value.replace(/[0-9a-f]+[:-]?/gi, (byte) => byte.replace(/[:-]/, '').padStart(2, '0'));
  else if (GROUPED.test(value)) digits = value.replace(/[:.-]/g, '');
  else throw outOfRange(expected, 'another string');
  writeDigits(out, digits);
}

function writeMacaddr8(out: WriteBuffer, value: unknown): void {
  const expected = 'a MAC address of 8 or 6 bytes, such as 08:00:2b:01:02:03:04:05';
  if (typeof value !== 'string') throw wrongKind(expected, value);
  const digits = value.replace(/[:.-]/g, '');
  const separators = new Set(value.replace(/[0-9a-f]/gi, ''));
  if (
    !/^(?:[0-9a-f]{2}[:.-]?)+$/i.test(value) ||
    separators.size > 1 ||
    (digits.length !== 16 && digits.length !== 12)
  ) {
    throw outOfRange(expected, 'another string');
  }
  writeDigits(out, digits.length === 16 ? digits : `${digits.slice(0, 6)}fffe${digits.slice(6)}`);
}

function writeDigits(out: WriteBuffer, digits: string): void {
  out.writeInt32(digits.length / 2);
  for (let i = 0; i < digits.length; i += 2) out.writeUint8(Number.parseInt(digits.slice(i, i + 2), 16));
}
