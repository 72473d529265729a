import { hex } from '@millrace/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { TypeRegistry } from '../src/types/type-registry.js';
import { catalogRow, decodeTyped, encodeTyped } from './fixtures/typed-values.js';
import { toHex } from './fixtures/value-wire.js';

const HSTORE = 20_000;
const types = new TypeRegistry();
types.learn([catalogRow({ oid: HSTORE, name: 'hstore', schema: 'extensions', visible: false, send: 'hstore_send' })]);

const WIRE = '00000002 00000001 61 00000001 31 00000001 62 ffffffff';

test('hstore is a Map, and is written from one or from an object', () => {
  const map = new Map([
    ['a', '1'],
    ['b', null],
  ]);
  expect(decodeTyped(types, HSTORE, hex(WIRE))).toStrictEqual(map);
  expect(toHex(encodeTyped(types, HSTORE, map))).toBe(WIRE.replaceAll(' ', ''));
  expect(toHex(encodeTyped(types, HSTORE, { a: '1', b: null }))).toBe(WIRE.replaceAll(' ', ''));
  expect(decodeTyped(types, HSTORE, hex('00000000'))).toStrictEqual(new Map());
});

test.each<[what: string, value: unknown, message: string]>([
  ['a string', 'a=>1', 'parameter $1 (hstore): expected a Map, or an object, of strings and nulls, got a string'],
  ['an array', [['a', '1']], 'got an array'],
  ['a value that is no string', { a: 1 }, 'hstore value: expected a string, got a number'],
  ['undefined', { a: undefined }, 'hstore value: expected a string, got undefined'],
  ['a key that is no string', new Map([[1, 'a']]), 'hstore key: expected a string, got a number'],
])('hstore refuses %s', (_, value, message) => {
  expect(() => encodeTyped(types, HSTORE, value)).toThrow(message);
});

test.each([
  ['no count', '0000'],
  ['a count below zero', 'ffffffff'],
  ['a count beyond the bytes', '7fffffff 00000001 61 ffffffff'],
  ['a key that is NULL', '00000001 ffffffff ffffffff'],
  ['a key beyond the end', '00000001 00000005 61 ffffffff'],
  ['a value that is not there', '00000001 00000004 61616161'],
  ['a length below -1', '00000001 00000001 61 fffffffe'],
  ['bytes behind it', '00000000 00'],
])('hstore with %s is malformed', (_, wire) => {
  expect(() => decodeTyped(types, HSTORE, hex(wire))).toThrow(MalformedValueError);
});

test('whatever a Map of strings holds comes back', () => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.option(text))), (pairs) => {
      const map = new Map(pairs);
      expect(decodeTyped(types, HSTORE, encodeTyped(types, HSTORE, map))).toStrictEqual(map);
    }),
  );
});
