import { hex } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayLowerBounds, type ValueOptions } from '../src/index.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { decodeValue, encodeValue, toHex } from './fixtures/value-wire.js';

const typed: ValueOptions = { arrays: 'typed' };

describe("arrays: 'typed'", () => {
  test.each<[name: string, arrayOid: number, array: readonly unknown[], same: unknown]>([
    ['int2', 1005, [-32768, 32767], Int16Array.of(-32768, 32767)],
    ['int4', 1007, [-2147483648, 7], Int32Array.of(-2147483648, 7)],
    ['oid', 1028, [4294967295, 0], Uint32Array.of(4294967295, 0)],
    ['float4', 1021, [0.5, -Infinity], Float32Array.of(0.5, -Infinity)],
    ['float8', 1022, [0.1, -0, NaN], Float64Array.of(0.1, -0, NaN)],
    ['int8', 1016, [-(2n ** 63n), 1n], BigInt64Array.of(-(2n ** 63n), 1n)],
  ])('makes a typed array of %s[], and such a one is written as the plain one', (_, oid, array, same) => {
    const wire = encodeValue(oid, array);
    expect(decodeValue(oid, wire, typed)).toStrictEqual(same);
    expect(toHex(encodeValue(oid, same))).toBe(toHex(wire));
    expect(decodeValue(oid, wire)).toStrictEqual([...array]);
  });

  test('makes an empty typed array of an empty array', () => {
    expect(decodeValue(1007, encodeValue(1007, []), typed)).toStrictEqual(new Int32Array(0));
    expect(toHex(encodeValue(1007, new Int32Array(0)))).toBe(toHex(encodeValue(1007, [])));
  });

  test('leaves arrays as they are that have NULLs, more dimensions or another lower bound', () => {
    for (const array of [
      [1, null],
      [null],
      [
        [1, 2],
        [3, 4],
      ],
    ]) {
      expect(decodeValue(1007, encodeValue(1007, array), typed)).toStrictEqual(array);
    }
    const bounded = hex('00000001 00000000 00000017 00000001 00000000 00000004 00000007');
    expect(decodeValue(1007, bounded, typed)).toEqual([7]);
    expect(arrayLowerBounds(decodeValue(1007, bounded, typed))).toEqual([0]);
  });

  test('leaves arrays of other types as they are', () => {
    expect(decodeValue(1009, encodeValue(1009, ['a']), typed)).toStrictEqual(['a']);
    expect(decodeValue(1000, encodeValue(1000, [true]), typed)).toStrictEqual([true]);
    expect(decodeValue(1016, encodeValue(1016, [1n]), { arrays: 'typed', int8: 'number' })).toStrictEqual([1]);
    expect(decodeValue(1016, encodeValue(1016, [1n]), { arrays: 'typed', int8: 'string' })).toStrictEqual(['1']);
  });

  test('finds elements of other lengths that add up to the right one', () => {
    const wire = hex('00000001 00000000 00000017 00000002 00000001 00000002 0001 00000006 000000000002');
    for (const options of [typed, {}]) {
      const decode = (): unknown => decodeValue(1007, wire, options);
      expect(decode).toThrow(MalformedValueError);
      expect(decode).toThrow('int4 is 4 bytes long, got 2');
    }
  });

  test('writes typed arrays on every level, and of every kind whose elements fit', () => {
    const nested = [Int32Array.of(1, 2), Int32Array.of(3, 4)];
    expect(toHex(encodeValue(1007, nested))).toBe(toHex(encodeValue(1007, [[1, 2], [3, 4]]))); // prettier-ignore
    expect(toHex(encodeValue(1007, Int16Array.of(-1)))).toBe(toHex(encodeValue(1007, [-1])));
    expect(() => encodeValue(1007, Float64Array.of(1, 0.5))).toThrow('parameter $1 (int4[]): element [1]');
    expect(() => encodeValue(1007, new DataView(new ArrayBuffer(4)))).toThrow('expected an array of int4');
  });

  test('gives every array of int4 back', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { freq: 20 }), { maxLength: 50 }), (array) => {
        const wire = encodeValue(1007, array);
        expect(decodeValue(1007, wire)).toEqual(array);
        expect(Array.from(decodeValue(1007, wire, typed) as Int32Array)).toEqual(array);
      }),
    );
  });
});

describe('numeric', () => {
  test.each([
    ['all digits before and behind the point', `${'9'.repeat(131_072)}.${'9'.repeat(16_383)}`],
    ['the least', `-0.${'0'.repeat(16_382)}1`],
    ['the first digit alone', `1${'0'.repeat(131_071)}`],
  ])('is exact to the limits of the server: %s', (_, digits) => {
    expect(decodeValue(1700, encodeValue(1700, digits)) === digits).toBe(true);
  });

  test.each([['1'.repeat(131_073)], [`0.${'0'.repeat(16_383)}1`], ['1e131072'], ['1e-16384']])(
    'beyond them is refused',
    (digits) => {
      expect(() => encodeValue(1700, digits)).toThrow('at most 131072 digits before the point and 16383 behind it');
    },
  );

  test('of few digits takes the short way to the same string', () => {
    const digits = fc
      .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 26n }), fc.integer({ min: 0, max: 24 }))
      .map(([isNegative, coefficient, scale]) => {
        const padded = coefficient.toString().padStart(scale + 1, '0');
        const whole = padded.slice(0, padded.length - scale);
        const value = scale === 0 ? whole : `${whole}.${padded.slice(-scale)}`;
        return isNegative && coefficient > 0n ? `-${value}` : value;
      });
    fc.assert(
      fc.property(digits, (value) => {
        const wire = encodeValue(1700, value);
        expect(decodeValue(1700, wire)).toBe(value);
        expect(decodeValue(1700, wire, { numeric: 'number' })).toBe(Number(value));
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, number]>([
    ['0', 0],
    ['0.1', 0.1],
    ['-123.450', -123.45],
    ['1e22', 1e22],
    ['9007199254740993', 9007199254740992],
    ['1e-400', 0],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
  ])("%s is the nearest number where numeric: 'number' asks for it", (digits, value) => {
    expect(decodeValue(1700, encodeValue(1700, digits), { numeric: 'number' })).toBe(value);
  });

  test('beyond all numbers is refused, not infinite', () => {
    const decode = (): unknown => decodeValue(1700, encodeValue(1700, '-1e309'), { numeric: 'number' });
    expect(decode).toThrow(RangeError);
    expect(decode).toThrow(
      'column "value" (numeric): the value is beyond the largest number; ask for numeric as \'string\'',
    );
  });

  test('malformed as a number is malformed', () => {
    for (const wire of ['0000', '0001 0000 0000 0000 2710', '0001 0000 1234 0000 0001', '0001 0000 0000 4000 0001']) {
      expect(() => decodeValue(1700, hex(wire), { numeric: 'number' })).toThrow(MalformedValueError);
    }
  });

  test('has arrays of numbers too', () => {
    expect(decodeValue(1231, encodeValue(1231, ['1.5', null]), { numeric: 'number' })).toEqual([1.5, null]);
  });
});

describe("json: 'text'", () => {
  test('gives the text, digit for digit', () => {
    const source = '{"n": 12345678901234567890.10, "n": 1}';
    const bytes = new TextEncoder().encode(source);
    expect(decodeValue(114, bytes, { json: 'text' })).toBe(source);
    expect(decodeValue(3802, Uint8Array.of(1, ...bytes), { json: 'text' })).toBe(source);
    expect(() => decodeValue(3802, Uint8Array.of(2, ...bytes), { json: 'text' })).toThrow(
      'jsonb is of version 1, got 2',
    );
  });

  test('does not change how a parameter is written', () => {
    const wire = encodeValue(114, 'text');
    expect(decodeValue(114, wire, { json: 'text' })).toBe('"text"');
  });
});
