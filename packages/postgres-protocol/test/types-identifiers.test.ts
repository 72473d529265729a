import { describe, expect, test } from 'vitest';
import { NUMBER_LIKE_TYPES } from '../src/types/identifier-types.js';
import type { WireType } from '../src/types/wire-type.js';
import { identifierGoldens } from './fixtures/time-goldens.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

const types = new Map(NUMBER_LIKE_TYPES.map(([type]) => [type.name, type]));

function typeOf(name: string): WireType {
  const type = types.get(name);
  if (type === undefined) throw new Error(`there is no type ${name}`);
  return type;
}

describe.each(identifierGoldens)('$typeName $literal', ({ typeName, wire, value }) => {
  const type = typeOf(typeName);

  test('is read from the bytes of the server, and written to the same', () => {
    expect(readHex(type, wire)).toBe(value);
    expect(writeHex(type, value)).toBe(wire);
  });

  test('of another length is refused, whatever lies behind it', () => {
    for (const hex of ['', wire.slice(2), `${wire}00`]) expect(() => readHex(type, hex)).toThrow(`${typeName} `);
  });
});

test.each(['xid', 'cid', 'xid8', 'money', 'regclass'])('%s is read in place as its reader reads it', (name) => {
  const inline = typeOf(name).inline?.({});
  const view = new DataView(Uint8Array.of(0xaa, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8).buffer);
  const bytes = new Uint8Array(view.buffer);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- as the row decoder does with the expression
  const readInPlace = new Function('bytes', 'view', 'at', `return ${inline?.expression ?? ''}`) as (
    ...of: unknown[]
  ) => unknown;
  const end = 1 + (inline?.byteLength ?? 0);
  const read = typeOf(name).reader({})(bytes, view, 1, end);
  expect(readInPlace(bytes, view, 1)).toBe(read);
  const Column = globalThis[inline?.typedArray ?? 'Int8Array'] as unknown as {
    from(of: unknown[]): ArrayLike<unknown>;
  };
  expect(Column.from([read])[0]).toBe(read);
});

describe('parameters', () => {
  test.each([
    ['xid', 7n, '00000007'],
    ['regtype', 23n, '00000017'],
    ['xid8', 7, '0000000000000007'],
    ['xid8', '18446744073709551615', 'ffffffffffffffff'],
    ['pg_lsn', 'ffffffff/0000000a', 'ffffffff0000000a'],
    ['tid', '(0004,02)', '000000040002'],
  ])('of %s may be %s', (name, value, wire) => {
    expect(writeHex(typeOf(name), value)).toBe(wire);
  });

  test.each([
    ['xid', -1, 'expected an integer from 0 to 4294967295, got a number out of range'],
    ['xid', 4_294_967_296, 'got a number out of range'],
    ['xid', 4_294_967_296n, 'got a bigint out of range'],
    ['cid', 1.5, 'got a number that is no integer'],
    ['cid', NaN, 'got a number that is no integer'],
    ['cid', '1', 'got a string'],
    ['regclass', 'pg_class', 'a name is text: write $1::text::regclass, got a string'],
    ['xid8', -1n, 'got a bigint out of range'],
    ['xid8', 2n ** 64n, 'got a bigint out of range'],
    ['xid8', '18446744073709551616', 'got a string out of range'],
    ['xid8', '0x10', 'got a string of another form'],
    ['xid8', 2 ** 53, 'got a number that is not a safe integer'],
    ['xid8', true, 'got a boolean'],
    [
      'money',
      12.5,
      'expected a bigint of the smallest unit (or write $1::text::money and pass a string), got a number',
    ],
    ['money', '$12.50', 'got a string'],
    ['money', 2n ** 63n, 'expected a bigint from -2^63 to 2^63-1, got one out of range'],
    ['tid', '(4294967296,0)', 'got a number out of range'],
    ['tid', '(0,65536)', 'got a number out of range'],
    ['tid', '(0, 1)', 'got a string of another form'],
    ['tid', [0, 1], 'got an array'],
    ['pg_lsn', '0', 'got a string of another form'],
    ['pg_lsn', '100000000/0', 'got a string of another form'],
    ['pg_lsn', 'G/0', 'got a string of another form'],
    ['pg_lsn', 0n, 'got a bigint'],
    ['pg_snapshot', '10:20', 'got a string of another form'],
    ['pg_snapshot', '10:20:,', 'got a string of another form'],
    ['pg_snapshot', '0:20:', 'got limits that are no limits'],
    ['pg_snapshot', '20:10:', 'got limits that are no limits'],
    ['pg_snapshot', '1:18446744073709551616:', 'got limits that are no limits'],
    ['pg_snapshot', '10:20:9', 'got a transaction out of order or beyond the limits'],
    ['pg_snapshot', '10:20:20', 'got a transaction out of order'],
    ['pg_snapshot', '10:20:14,13', 'got a transaction out of order'],
    ['txid_snapshot', 10, 'got a number'],
  ])('of %s may not be %s', (name, value, message) => {
    expect(() => writeHex(typeOf(name), value)).toThrow(message);
  });
});

test.each([
  ['ffffffff00000000000000010000000000000001', 'of 20 bytes says that it has -1 transactions'],
  ['0000000100000000000000010000000000000001', 'of 20 bytes says that it has 1 transactions'],
  ['7fffffff00000000000000010000000000000001', 'of 20 bytes says that it has 2147483647 transactions'],
])('a snapshot whose count lies, %s, is refused', (wire, message) => {
  expect(() => readHex(typeOf('pg_snapshot'), wire)).toThrow(`pg_snapshot ${message}`);
});
