import type { WriteBuffer } from '@millrace/write-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { WireType } from './wire-type.js';

/** `pg_snapshot`, which transactions a query sees, as `'xmin:xmax:xip,xip…'`. */
export const pgSnapshot: WireType = snapshotType(5038, 'pg_snapshot'); // pg_type.dat
/** `txid_snapshot`, the older name of `pg_snapshot`. */
export const txidSnapshot: WireType = snapshotType(2970, 'txid_snapshot'); // pg_type.dat

/** An int32 count, then xmin and xmax, then that many transactions between the two; each an unsigned int64. */
const HEAD_BYTES = 20;
const XID_BYTES = 8;

function snapshotType(oid: number, name: string): WireType {
  return {
    oid,
    name,
    reader: () => (_bytes, view, start, end) => readSnapshot(name, view, start, end),
    write: writeSnapshot,
  };
}

function readSnapshot(name: string, view: DataView, start: number, end: number): string {
  const length = end - start;
  if (length < HEAD_BYTES) {
    throw new MalformedValueError(`${name} is at least ${HEAD_BYTES} bytes long, got ${length}`);
  }
  const count = view.getInt32(start);
  // A count that lies would read what belongs to the next value.
  if (length !== HEAD_BYTES + count * XID_BYTES) {
    throw new MalformedValueError(`${name} of ${length} bytes says that it has ${count} transactions`);
  }
  const xids: bigint[] = [];
  for (let at = start + HEAD_BYTES; at < end; at += XID_BYTES) xids.push(view.getBigUint64(at));
  return `${view.getBigUint64(start + 4)}:${view.getBigUint64(start + 12)}:${xids.join(',')}`;
}

const SNAPSHOT = /^(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/;

function writeSnapshot(out: WriteBuffer, value: unknown): void {
  const expected = "'xmin:xmax:xip,xip,…' in ascending order";
  if (typeof value !== 'string') throw wrongKind(expected, value);
  const match = SNAPSHOT.exec(value);
  if (match === null) throw outOfRange(expected, 'a string of another form');
  const [, min = '', max = '', list = ''] = match;
  const xmin = BigInt(min);
  const xmax = BigInt(max);
  const xids = list === '' ? [] : list.split(',').map(BigInt);
  // What pg_snapshot_recv checks too; an int64 beyond its range must not wrap around here.
  if (xmin === 0n || xmax < xmin || BigInt.asUintN(64, xmax) !== xmax) {
    throw outOfRange(expected, 'limits that are no limits');
  }
  let last = xmin;
  for (const xid of xids) {
    if (xid < last || xid >= xmax) throw outOfRange(expected, 'a transaction out of order or beyond the limits');
    last = xid;
  }
  out.writeInt32(HEAD_BYTES + xids.length * XID_BYTES);
  out.writeInt32(xids.length);
  for (const xid of [xmin, xmax, ...xids]) out.writeBigUint64(xid);
}
