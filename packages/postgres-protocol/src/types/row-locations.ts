import type { WriteBuffer } from '@millrace/write-buffer';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { WireType } from './wire-type.js';

const UINT16_MAX = 0xffff;
const UINT32_MAX = 0xffffffff;

/** `tid`, where a row is, as `'(block,offset)'`. */
export const tid: WireType = {
  oid: 27, // pg_type.dat, as every OID of this file
  name: 'tid',
  reader: () => readTid,
  write: writeTid,
};

/** `pg_lsn`, where a record of the write-ahead log is, as `'16/B374D848'`: its two halves in hexadecimal. */
export const pgLsn: WireType = {
  oid: 3220,
  name: 'pg_lsn',
  reader: () => readPgLsn,
  write: writePgLsn,
};

function readTid(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('tid', 6, end - start);
  return `(${view.getUint32(start)},${view.getUint16(start + 4)})`;
}

const TID = /^\((\d{1,10}),(\d{1,5})\)$/;

function writeTid(out: WriteBuffer, value: unknown): void {
  const expected = "'(block,offset)', an integer below 2^32 and one below 2^16";
  if (typeof value !== 'string') throw wrongKind(expected, value);
  const match = TID.exec(value);
  if (match === null) throw outOfRange(expected, 'a string of another form');
  const block = Number(match[1]);
  const offset = Number(match[2]);
  if (block > UINT32_MAX || offset > UINT16_MAX) throw outOfRange(expected, 'a number out of range');
  out.writeInt32(6);
  out.writeUint32(block);
  out.writeUint16(offset);
}

function readPgLsn(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('pg_lsn', 8, end - start);
  return `${upperHex(view.getUint32(start))}/${upperHex(view.getUint32(start + 4))}`;
}

function upperHex(word: number): string {
  return word.toString(16).toUpperCase();
}

const PG_LSN = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i;

function writePgLsn(out: WriteBuffer, value: unknown): void {
  const expected = "'X/X', each X up to eight hexadecimal digits";
  if (typeof value !== 'string') throw wrongKind(expected, value);
  const match = PG_LSN.exec(value);
  if (match === null) throw outOfRange(expected, 'a string of another form');
  out.writeInt32(8);
  out.writeUint32(Number.parseInt(match[1] ?? '', 16));
  out.writeUint32(Number.parseInt(match[2] ?? '', 16));
}
