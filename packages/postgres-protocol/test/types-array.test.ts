import { hex } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { arrayLowerBounds } from '../src/types/array-lower-bounds.js';
import { decodeValue, encodeValue, toHex } from './fixtures/value-wire.js';

const INT4_ARRAY = 1007;
const JSONB_ARRAY = 3807;

describe('arrays with lower bounds', () => {
  // '[0:1][2:3]={{1,NULL},{3,4}}'::int4[]
  const wire =
    '0000000200000001000000170000000200000000000000020000000200000004' +
    '00000001ffffffff00000004000000030000000400000004';

  test('keep them, out of the way of the elements', () => {
    const array = decodeValue(INT4_ARRAY, hex(wire)) as unknown[];
    expect(array).toEqual([
      [1, null],
      [3, 4],
    ]);
    expect(arrayLowerBounds(array)).toEqual([0, 2]);
    expect(Object.keys(array)).toEqual(['0', '1']);
    expect(JSON.stringify(array)).toBe('[[1,null],[3,4]]');
  });

  test('are written back with them', () => {
    expect(toHex(encodeValue(INT4_ARRAY, decodeValue(INT4_ARRAY, hex(wire))))).toBe(wire);
  });

  test('lose them when copied, and then start at 1', () => {
    const array = decodeValue(INT4_ARRAY, hex(wire)) as unknown[];
    const copy = decodeValue(INT4_ARRAY, encodeValue(INT4_ARRAY, [...array]));
    expect(arrayLowerBounds(copy)).toBeUndefined();
  });

  test('start at 1 again when the number of dimensions has changed', () => {
    const array = decodeValue(INT4_ARRAY, hex(wire)) as unknown[];
    array.splice(0, 2, 7, 8, 9);
    const encoded = encodeValue(INT4_ARRAY, array);
    expect(toHex(encoded.subarray(0, 20))).toBe('0000000100000000000000170000000300000001');
  });

  test('only such arrays have bounds', () => {
    expect(arrayLowerBounds(decodeValue(INT4_ARRAY, encodeValue(INT4_ARRAY, [1])))).toBeUndefined();
    expect(arrayLowerBounds([1])).toBeUndefined();
    expect(arrayLowerBounds(null)).toBeUndefined();
    expect(arrayLowerBounds('text')).toBeUndefined();
  });
});

describe('arrays of jsonb', () => {
  // array[['1','[2]'],['3',null]]::jsonb[]
  const wire =
    '000000020000000100000eda00000002000000010000000200000001' + '00000002013100000004015b325d000000020133ffffffff';

  test('with two dimensions stay so', () => {
    const array = decodeValue(JSONB_ARRAY, hex(wire));
    expect(array).toEqual([
      [1, [2]],
      [3, null],
    ]);
    expect(toHex(encodeValue(JSONB_ARRAY, array))).toBe(wire);
  });

  test('have one dimension when they were made in JavaScript', () => {
    const encoded = encodeValue(JSONB_ARRAY, [
      [1, [2]],
      [3, null],
    ]);
    expect(toHex(encoded.subarray(0, 4))).toBe('00000001');
    expect(decodeValue(JSONB_ARRAY, encoded)).toEqual([
      [1, [2]],
      [3, null],
    ]);
  });

  test('with two dimensions that were made ragged are refused', () => {
    const array = decodeValue(JSONB_ARRAY, hex(wire)) as unknown[];
    array[1] = [3];
    expect(() => encodeValue(JSONB_ARRAY, array)).toThrow(
      'parameter $1 (jsonb[]): element [1]: expected an array of 2 elements as its first sibling, got an array of 1',
    );
  });
});

test('a dimension of size 0, which old servers send, is an empty array', () => {
  expect(decodeValue(INT4_ARRAY, hex('00000001 00000000 00000017 00000000 00000001'))).toEqual([]);
  expect(decodeValue(INT4_ARRAY, hex('00000002 00000000 00000017 7fffffff 00000001 00000000 00000001'))).toEqual([]);
});

test('many elements in many dimensions keep their order', () => {
  let next = 0;
  const make = (depth: number): unknown => (depth === 0 ? next++ : Array.from({ length: 3 }, () => make(depth - 1)));
  const array = make(6);
  expect(decodeValue(INT4_ARRAY, encodeValue(INT4_ARRAY, array))).toEqual(array);
});
