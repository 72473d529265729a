import { hex } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { Range } from '../src/types/range.js';
import { TypeRegistry } from '../src/types/type-registry.js';
import { catalogRow, decodeTyped, encodeTyped } from './fixtures/typed-values.js';
import { toHex } from './fixtures/value-wire.js';

const INT4RANGE = 3904;
const INT8RANGE = 3926;
const INT4MULTIRANGE = 4451;
const types = new TypeRegistry();

describe('a Range', () => {
  test('is immutable, and has its bounds as plain fields', () => {
    const range = new Range(1, 3);
    expect(Object.fromEntries(Object.entries(range))).toEqual({
      lower: 1,
      upper: 3,
      lowerInclusive: true,
      upperInclusive: false,
      isEmpty: false,
    });
    expect(Object.isFrozen(range)).toBe(true);
    expect(range).toEqual(new Range(1, 3, '[)'));
    expect(range).not.toEqual(new Range(1, 3, '[]'));
  });

  test('never includes a bound that it does not have', () => {
    expect(new Range(null, null, '[]')).toEqual(new Range(null, null, '()'));
    expect(Range.empty()).toMatchObject({ isEmpty: true, lower: null, upper: null, lowerInclusive: false });
  });

  test.each<[Range, string]>([
    [new Range(1, 3), '[1,3)'],
    [new Range(null, 'b c', '(]'), '(,"b c"]'],
    [new Range('', '"\\'), '["","""\\\\")'],
    [new Range(new Date(0), null), '[1970-01-01T00:00:00.000Z,)'],
    [Range.empty(), 'empty'],
  ])('is printed as %s', (range, text) => {
    expect(String(range)).toBe(text);
  });

  test('refuses other bounds', () => {
    expect(() => new Range(1, 2, '<>' as '[)')).toThrow(TypeError);
  });
});

describe('on the wire', () => {
  test.each<[unknown, string]>([
    [Range.empty(), '01'],
    [new Range(1, 2), '02 00000004 00000001 00000004 00000002'],
    [new Range(1, 2, '(]'), '04 00000004 00000001 00000004 00000002'],
    [new Range(null, null), '18'],
    [new Range(null, 2), '08 00000004 00000002'],
    [new Range(1, null), '12 00000004 00000001'],
  ])('%s is %s', (range, wire) => {
    expect(decodeTyped(types, INT4RANGE, hex(wire))).toStrictEqual(range);
    expect(toHex(encodeTyped(types, INT4RANGE, range))).toBe(wire.replaceAll(' ', ''));
  });

  test('a parameter may be an object of the fields', () => {
    expect(toHex(encodeTyped(types, INT4RANGE, { lower: 1, upper: null }))).toBe('120000000400000001');
    expect(toHex(encodeTyped(types, INT4RANGE, { isEmpty: true }))).toBe('01');
    const inclusive = { lower: undefined, upper: 2, upperInclusive: true };
    expect(toHex(encodeTyped(types, INT4RANGE, inclusive))).toBe('0c0000000400000002');
  });

  test.each<[what: string, oid: number, value: unknown, message: string]>([
    ['a string', INT4RANGE, '[1,2)', 'parameter $1 (int4range): expected a Range, or an object with lower and upper'],
    ['a bound of another kind', INT4RANGE, new Range<unknown>('1', 2), 'lower bound: expected an integer'],
    ['a bound out of range', INT4RANGE, new Range(1, 2 ** 40), 'upper bound: expected an integer'],
    ['a range as multirange', INT4MULTIRANGE, new Range(1, 2), 'expected an array of ranges'],
    ['no range in a multirange', INT4MULTIRANGE, [new Range(1, 2), 5], 'range [1]: expected a Range'],
  ])('%s is refused', (_, oid, value, message) => {
    expect(() => encodeTyped(types, oid, value)).toThrow(message);
  });

  test.each<[what: string, oid: number, wire: string]>([
    ['nothing', INT4RANGE, ''],
    ['unknown flags', INT4RANGE, '20'],
    ['an empty one with bytes', INT4RANGE, '01 00'],
    ['a bound without length', INT4RANGE, '0a 0000'],
    ['a bound that is NULL', INT4RANGE, '08 ffffffff'],
    ['a bound longer than the range', INT4RANGE, '08 00000005 00000001'],
    ['a bound of another length', INT4RANGE, '08 00000002 0001'],
    ['bytes behind the bounds', INT4RANGE, '18 00'],
    ['a multirange without count', INT4MULTIRANGE, '0000'],
    ['a negative count', INT4MULTIRANGE, 'ffffffff'],
    ['a count without ranges', INT4MULTIRANGE, '7fffffff 00000001 18'],
    ['a range longer than the multirange', INT4MULTIRANGE, '00000001 00000002 18'],
    ['a negative length', INT4MULTIRANGE, '00000001 ffffffff 18'],
    ['bytes behind the ranges', INT4MULTIRANGE, '00000001 00000001 18 00'],
  ])('%s is malformed', (_, oid, wire) => {
    expect(() => decodeTyped(types, oid, hex(wire))).toThrow(MalformedValueError);
  });

  test('the options of the subtype hold', () => {
    const wire = hex('02 00000008 0000000000000001 00000008 0000000000000002');
    expect(decodeTyped(types, INT8RANGE, wire, { int8: 'number' })).toEqual(new Range(1, 2));
    expect(decodeTyped(types, INT8RANGE, wire, { int8: 'string' })).toEqual(new Range('1', '2'));
    expect(decodeTyped(types, INT8RANGE, wire)).toEqual(new Range(1n, 2n));
  });
});

describe('in text, over a subtype that is text', () => {
  const RANGE = 20_001;
  const MULTIRANGE = 20_002;
  const own = new TypeRegistry();
  own.learn([
    catalogRow({ oid: 20_000, name: 'odd' }),
    catalogRow({ oid: RANGE, name: 'oddrange', kind: 'r', subtype: 20_000 }),
    catalogRow({ oid: MULTIRANGE, name: 'oddmultirange', kind: 'm', range: RANGE }),
  ]);
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

  test.each<[string, unknown]>([
    ['empty', Range.empty()],
    ['[a,b)', new Range('a', 'b')],
    ['(,"b ""\\\\,"]', new Range(null, 'b "\\,', '(]')],
    ['["",)', new Range('', null)],
    ['[{x},y)', new Range('{x}', 'y')],
  ])('%s is read', (text, range) => {
    expect(decodeTyped(own, RANGE, utf8(text))).toStrictEqual(range);
    expect(decodeTyped(own, MULTIRANGE, utf8(`{${text},[c,d]}`))).toStrictEqual([range, new Range('c', 'd', '[]')]);
    const printed = encodeTyped(own, RANGE, range);
    expect(decodeTyped(own, RANGE, printed)).toStrictEqual(range);
    expect(decodeTyped(own, MULTIRANGE, encodeTyped(own, MULTIRANGE, [range, range]))).toStrictEqual([range, range]);
  });

  test.each(['', '[', '[a', '[a,', '[a,b', '[a,b)x', '{}', '[a,"b)', '[a,b,c)', 'emptyx'])(
    '%s is malformed',
    (text) => {
      expect(() => decodeTyped(own, RANGE, utf8(text))).toThrow(MalformedValueError);
    },
  );

  test.each(['', '{', '{[a,b)', '{[a,b),', '{[a,b),}', '{}x', '[a,b)'])('%s is a malformed multirange', (text) => {
    expect(() => decodeTyped(own, MULTIRANGE, utf8(text))).toThrow(MalformedValueError);
  });

  test('a string is taken as the syntax that it is, other things are refused', () => {
    expect(encodeTyped(own, RANGE, '[a,b]')).toEqual(utf8('[a,b]'));
    expect(encodeTyped(own, MULTIRANGE, '{}')).toEqual(utf8('{}'));
    expect(() => encodeTyped(own, RANGE, 5)).toThrow('expected a Range');
    expect(() => encodeTyped(own, RANGE, new Range({}, null))).toThrow('bound: expected a string');
    expect(() => encodeTyped(own, MULTIRANGE, 5)).toThrow('expected an array of ranges');
  });

  test('whatever the bounds hold comes back', () => {
    const bound = fc.option(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')));
    const bounds = fc.constantFrom('[)', '[]', '(]', '()');
    fc.assert(
      fc.property(bound, bound, bounds, (lower, upper, kind) => {
        const range = new Range(lower, upper, kind);
        expect(decodeTyped(own, RANGE, encodeTyped(own, RANGE, range))).toStrictEqual(range);
      }),
    );
  });
});
