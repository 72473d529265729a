import { hex } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { GEOMETRY_TYPES } from '../src/types/geometry-types.js';
import { NUMBER_LIKE_TYPES } from '../src/types/identifier-types.js';
import { NETWORK_TYPES } from '../src/types/network-types.js';
import { RANGE_TYPES } from '../src/types/range-types.js';
import { builtInTypes } from '../src/types/registry.js';
import { SEARCH_TYPES } from '../src/types/search-types.js';
import { TEXT_LIKE_TYPES } from '../src/types/text-like-types.js';
import { TIME_TYPES } from '../src/types/time-types.js';
import { typeGoldens } from './fixtures/type-goldens.js';
import { decodeValue, encodeValue, toHex } from './fixtures/value-wire.js';

const title = (typeName: string, literal: string): string => `${typeName} ${literal.slice(0, 60)}`;

describe('values as a live server sent them', () => {
  for (const { typeOid, typeName, literal, wire, value } of typeGoldens) {
    test(`${title(typeName, literal)} decodes to its JavaScript value`, () => {
      expect(decodeValue(typeOid, hex(wire))).toStrictEqual(value);
    });

    test(`${title(typeName, literal)} is written as the server writes it`, () => {
      // The server puts a display scale into the infinities of numeric that its own input function ignores, and the
      // text of json keeps the spaces of its literal.
      if (/^(json|Infinity|-Infinity)/.test(typeName === 'numeric' ? literal : typeName)) {
        expect(decodeValue(typeOid, encodeValue(typeOid, value))).toStrictEqual(value);
      } else {
        expect(toHex(encodeValue(typeOid, value))).toBe(wire);
      }
    });
  }

  test('there is one for every type but those that no literal has, and those with tests of their own', () => {
    const covered = new Set(typeGoldens.map(({ typeOid }) => typeOid));
    const others = new Set(
      [TIME_TYPES, NUMBER_LIKE_TYPES, TEXT_LIKE_TYPES, NETWORK_TYPES, GEOMETRY_TYPES, SEARCH_TYPES, RANGE_TYPES]
        .flat()
        .flatMap(([type, arrayOid]) => [type.oid, arrayOid]),
    );
    const missing = [...builtInTypes()].filter(({ oid }) => !covered.has(oid) && !others.has(oid));
    expect(missing.map(({ name }) => name)).toEqual(['unknown', 'void']);
  });
});

describe('values beyond the goldens', () => {
  test('void is null', () => {
    expect(decodeValue(2278, hex(''))).toBeNull();
  });

  test('unknown is a string', () => {
    expect(decodeValue(705, hex('6869'))).toBe('hi');
  });

  test('"char" above ASCII is an octal escape in both directions', () => {
    expect(decodeValue(18, hex('ff'))).toBe('\\377');
    expect(toHex(encodeValue(18, '\\377'))).toBe('ff');
  });

  test('int8 comes as the options ask', () => {
    const wire = hex('fffffffffffffffe');
    expect(decodeValue(20, wire)).toBe(-2n);
    expect(decodeValue(20, wire, { int8: 'number' })).toBe(-2);
    expect(decodeValue(20, wire, { int8: 'string' })).toBe('-2');
    const array = hex('00000001 00000000 00000014 00000001 00000001 00000008 001fffffffffffff');
    expect(decodeValue(1016, array, { int8: 'number' })).toEqual([9007199254740991]);
  });

  test.each(['0020000000000000', 'ffe0000000000000', '7fffffffffffffff', '8000000000000000', '0020000000000001'])(
    'int8 %s is refused as a number, not rounded',
    (wire) => {
      const decode = (): unknown => decodeValue(20, hex(wire), { int8: 'number' });
      expect(decode).toThrow(RangeError);
      expect(decode).toThrow('column "value" (int8): the value is not a safe integer as a number');
    },
  );

  test.each(['ffe0000000000001', '001fffffffffffff'])('int8 %s is the last safe one', (wire) => {
    expect(Math.abs(decodeValue(20, hex(wire), { int8: 'number' }) as number)).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('jsonb and json keep a __proto__ key as data', () => {
    const decoded = decodeValue(114, new TextEncoder().encode('{"__proto__":{"admin":true}}')) as object;
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect((decoded as { admin?: boolean }).admin).toBeUndefined();
  });

  test('numeric digits behind the scale are not printed', () => {
    expect(decodeValue(1700, hex('0002 0000 0000 0001 0001 1388'))).toBe('1.5');
    expect(decodeValue(1700, hex('0001 8000 0000 3fff 0001'))).toBe(`0.${'0'.repeat(16383)}`);
  });
});

describe('what a type takes besides what it gives', () => {
  test.each<[name: string, typeOid: number, value: unknown, same: unknown]>([
    ['int4 from a bigint', 23, 5n, 5],
    ['oid from a bigint', 26, 4294967295n, 4294967295],
    ['int8 from a safe integer', 20, -9007199254740991, -9007199254740991n],
    ['int8 from digits', 20, '-9223372036854775808', -9223372036854775808n],
    ['int8 from digits with a sign and zeros', 20, '+0000000000000000000000012', 12n],
    ['int8 from digits as a server with that option gives them', 20, '9223372036854775807', 2n ** 63n - 1n],
    ['numeric from a bigint', 1700, -(10n ** 30n), `-1${'0'.repeat(30)}`],
    ['numeric from a number', 1700, 0.1, '0.1'],
    ['numeric from a number that prints with an exponent', 1700, 1e21, `1${'0'.repeat(21)}`],
    ['numeric from a small number', 1700, 1.5e-7, '0.00000015'],
    ['numeric from a string with an exponent', 1700, '1.50E+1', '15.0'],
    ['numeric from a string without a digit before the point', 1700, '-.5', '-0.5'],
    ['numeric from a string without a digit behind the point', 1700, '+5.', '5'],
    ['numeric from zeros on both sides', 1700, '000100.00', '100.00'],
    ['numeric from minus zero', 1700, '-0.0', '0.0'],
    ['numeric from zero with an exponent', 1700, '0e5', '0'],
    ['numeric from zero with an exponent beyond all numbers', 1700, '0e200000', '0'],
    ['numeric from inf', 1700, '-inf', '-Infinity'],
    ['uuid from 32 digits', 2950, '00112233445566778899AABBCCDDEEFF', '00112233-4455-6677-8899-aabbccddeeff'],
    ['bytea from a view', 17, new Uint8Array([1, 2, 3, 4]).subarray(1, 3), Uint8Array.of(2, 3)],
    ['float4 rounds', 700, 0.1, 0.10000000149011612],
    ['json from an object with toJSON', 114, new Date(0), '1970-01-01T00:00:00.000Z'],
    ['jsonb from a string, as a JSON string', 3802, '{"a":1}', '{"a":1}'],
    ['jsonb from an array', 3802, [1, [2]], [1, [2]]],
    ['jsonb[] of arrays, in one dimension', 3807, [[1, 2], [3]], [[1, 2], [3]]],
    ['int4[] that is empty in the second dimension', 1007, [[], []], []],
  ])('%s', (_, typeOid, value, same) => {
    expect(decodeValue(typeOid, encodeValue(typeOid, value))).toStrictEqual(same);
  });

  test('-0 is written as the integer 0', () => {
    expect(toHex(encodeValue(23, -0))).toBe('00000000');
    expect(toHex(encodeValue(20, -0))).toBe('0000000000000000');
  });

  test('types without a binary format take and give text', () => {
    expect(encodeText(['(1,2)', 1.5, 12n, true])).toEqual(['(1,2)', '1.5', '12', 'true']);
    expect(decodeValue(70_000, new TextEncoder().encode('(1,2)'))).toBe('(1,2)');
  });
});

function encodeText(values: readonly unknown[]): string[] {
  return values.map((value) => new TextDecoder().decode(encodeValue(70_000, value)));
}
