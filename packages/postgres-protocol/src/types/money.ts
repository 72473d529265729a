import type { WriteBuffer } from '@millrace/write-buffer';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { InlineRead, WireType } from './wire-type.js';

/**
 * `money` as a bigint of the smallest unit: `1250n` for $12.50. How many digits of it are a fraction is `lc_monetary`
 * of the server, which the wire does not say. Written from a bigint only: a number could as well mean whole dollars.
 */
export const money: WireType = {
  oid: 790, // pg_type.dat
  name: 'money',
  reader: () => readMoney,
  inline: (): InlineRead => ({ byteLength: 8, expression: 'view.getBigInt64(at)', typedArray: 'BigInt64Array' }),
  write: writeMoney,
};

function readMoney(_bytes: Uint8Array, view: DataView, start: number, end: number): bigint {
  checkLength('money', 8, end - start);
  return view.getBigInt64(start);
}

function writeMoney(out: WriteBuffer, value: unknown): void {
  const expected = 'a bigint of the smallest unit (or write $1::text::money and pass a string)';
  if (typeof value !== 'bigint') throw wrongKind(expected, value);
  if (BigInt.asIntN(64, value) !== value) throw outOfRange('a bigint from -2^63 to 2^63-1', 'one out of range');
  out.writeInt32(8);
  out.writeBigInt64(value);
}
