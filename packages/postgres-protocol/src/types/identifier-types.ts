import { bit, varbit } from './bit-string.js';
import { checkLength } from './malformed-value-error.js';
import { money } from './money.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import { pgLsn, tid } from './row-locations.js';
import { pgSnapshot, txidSnapshot } from './snapshot.js';
import type { InlineRead, WireType } from './wire-type.js';

// The OIDs of this file are those of pg_type.dat.

/** `xid`, a transaction, as a number. */
export const xid: WireType = uint32Type(28, 'xid');
/** `cid`, a command within a transaction, as a number. */
export const cid: WireType = uint32Type(29, 'cid');

/** `xid8`, a transaction that never wraps around, as a bigint. */
export const xid8: WireType = {
  oid: 5069,
  name: 'xid8',
  reader: () => (_bytes, view, start, end) => {
    checkLength('xid8', 8, end - start);
    return view.getBigUint64(start);
  },
  inline: (): InlineRead => ({ byteLength: 8, expression: 'view.getBigUint64(at)', typedArray: 'BigUint64Array' }),
  write(out, value) {
    const integer = xid8From(value);
    out.writeInt32(8);
    out.writeBigUint64(integer);
  },
};

/**
 * Types that are numbers, and what else identifies something: each beside the OID of its array type.
 *
 * The `reg…` types are the OID of what they name. Their names are text: `$1::text::regclass` reads one,
 * `relation::regclass::text` prints it.
 */
export const NUMBER_LIKE_TYPES: readonly (readonly [WireType, arrayOid: number | undefined])[] = [
  [xid, 1011],
  [cid, 1012],
  [xid8, 271],
  [tid, 1010],
  [pgLsn, 3221],
  [pgSnapshot, 5039],
  [txidSnapshot, 2949],
  [money, 791],
  [bit, 1561],
  [varbit, 1563],
  [nameType(24, 'regproc'), 1008],
  [nameType(2202, 'regprocedure'), 2207],
  [nameType(2203, 'regoper'), 2208],
  [nameType(2204, 'regoperator'), 2209],
  [nameType(2205, 'regclass'), 2210],
  [nameType(2206, 'regtype'), 2211],
  [nameType(4191, 'regcollation'), 4192],
  [nameType(3734, 'regconfig'), 3735],
  [nameType(3769, 'regdictionary'), 3770],
  [nameType(4089, 'regnamespace'), 4090],
  [nameType(4096, 'regrole'), 4097],
];

function nameType(oid: number, name: string): WireType {
  return uint32Type(oid, name, `; a name is text: write $1::text::${name}`);
}

function uint32Type(oid: number, name: string, advice = ''): WireType {
  return {
    oid,
    name,
    reader: () => (_bytes, view, start, end) => {
      checkLength(name, 4, end - start);
      return view.getUint32(start);
    },
    inline: (): InlineRead => ({ byteLength: 4, expression: 'view.getUint32(at)', typedArray: 'Uint32Array' }),
    write(out, value) {
      const integer = uint32From(value, advice);
      out.writeInt32(4);
      out.writeUint32(integer);
    },
  };
}

function uint32From(value: unknown, advice: string): number {
  const expected = `an integer from 0 to 4294967295${advice}`;
  if (typeof value !== 'number' && typeof value !== 'bigint') throw wrongKind(expected, value);
  const integer = Number(value);
  if (!Number.isInteger(integer)) throw outOfRange(expected, 'a number that is no integer');
  if (integer < 0 || integer > 0xffffffff) throw outOfRange(expected, `a ${typeof value} out of range`);
  return integer;
}

function xid8From(value: unknown): bigint {
  const expected = 'a bigint, a safe integer or a string of decimal digits from 0 to 2^64-1';
  let integer: bigint;
  if (typeof value === 'bigint') integer = value;
  else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw outOfRange(expected, 'a number that is not a safe integer');
    integer = BigInt(value);
  } else if (typeof value === 'string') {
    if (!/^\d{1,20}$/.test(value)) throw outOfRange(expected, 'a string of another form');
    integer = BigInt(value);
  } else throw wrongKind(expected, value);
  if (BigInt.asUintN(64, integer) !== integer) throw outOfRange(expected, `a ${typeof value} out of range`);
  return integer;
}
