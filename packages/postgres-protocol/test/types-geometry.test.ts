import { describe, expect, test } from 'vitest';
import { GEOMETRY_TYPES } from '../src/types/geometry-types.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { RefusedValueError } from '../src/types/refused-value-error.js';
import type { WireType } from '../src/types/wire-type.js';
import { isValue, readMutations } from './fixtures/mutations.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

function typeOf(name: string): WireType {
  const type = GEOMETRY_TYPES.find(([{ name: known }]) => known === name)?.[0];
  if (type === undefined) throw new Error(`there is no type ${name}`);
  return type;
}

const ZERO = '0000000000000000';
const ONE = '3ff0000000000000';
const TWO = '4000000000000000';
const INFINITY = '7ff0000000000000';
const NAN = '7ff8000000000000';

const goldens: readonly [name: string, wire: string, value: unknown][] = [
  ['point', ONE + TWO, { x: 1, y: 2 }],
  ['point', INFINITY + NAN, { x: Infinity, y: NaN }],
  ['lseg', ZERO + ZERO + ONE + TWO, { start: { x: 0, y: 0 }, end: { x: 1, y: 2 } }],
  ['box', ONE + TWO + ZERO + ZERO, { high: { x: 1, y: 2 }, low: { x: 0, y: 0 } }],
  ['line', ONE + TWO + NAN, { a: 1, b: 2, c: NaN }],
  ['circle', ONE + TWO + INFINITY, { center: { x: 1, y: 2 }, radius: Infinity }],
  ['path', `0000000001${ONE}${TWO}`, { points: [{ x: 1, y: 2 }], isClosed: false }],
  ['path', `0100000001${ONE}${TWO}`, { points: [{ x: 1, y: 2 }], isClosed: true }],
  [
    'polygon',
    `00000002${ONE}${TWO}${ZERO}${ONE}`,
    {
      points: [
        { x: 1, y: 2 },
        { x: 0, y: 1 },
      ],
    },
  ],
];

describe.each(goldens)('%# %s', (name, wire, value) => {
  const type = typeOf(name);

  test('is a plain object, in both directions', () => {
    expect(readHex(type, wire)).toStrictEqual(value);
    expect(writeHex(type, value)).toBe(wire);
  });

  test('cut short anywhere or made longer is malformed', () => {
    for (let length = 0; length < wire.length; length += 2) expect(isValue(type, wire.slice(0, length))).toBe(false);
    expect(isValue(type, `${wire}00`)).toBe(false);
  });

  test('with any bytes changed is a value or malformed, and nothing else', () => {
    readMutations(type, wire, 73, 200);
  });
});

test.each([
  ['path', `0200000001${ONE}${TWO}`, 'path is open (0) or closed (1), got 2'],
  ['path', '0100000000', 'path has no 0 points in 0 bytes'],
  ['path', '01000000', 'path is at least 5 bytes long, got 4'],
  ['polygon', `7fffffff${ONE}${TWO}`, 'polygon has no 2147483647 points in 16 bytes'],
  ['polygon', 'ffffffff', 'polygon has no -1 points in 0 bytes'],
  ['polygon', '0000', 'polygon is at least 4 bytes long, got 2'],
  ['lseg', ONE, 'lseg is 32 bytes long, got 8'],
])('a malformed %s is named: $2', (name, wire, message) => {
  expect(() => readHex(typeOf(name), wire)).toThrow(MalformedValueError);
  expect(() => readHex(typeOf(name), wire)).toThrow(message);
});

const origin = { x: 0, y: 0 };

test.each<[name: string, value: unknown, message: string]>([
  ['point', '(1,2)', 'expected a point { x, y }, got a string'],
  ['point', [1, 2], 'expected a point { x, y }, got an array'],
  ['point', { x: 1 }, 'expected a number as y, got undefined'],
  ['point', { x: 1n, y: 2 }, 'expected a number as x, got a bigint'],
  ['lseg', { start: origin }, 'expected a point { x, y } as end, got undefined'],
  ['box', { low: origin }, 'expected a point { x, y } as high, got undefined'],
  ['box', { high: origin }, 'expected a point { x, y } as low, got undefined'],
  ['line', { a: 1, b: 2, c: null }, 'expected a number as c, got null'],
  ['line', { a: 0, b: -1e-6, c: 1 }, 'expected a line whose a and b are not both 0, got both'],
  ['circle', { center: origin, radius: -1 }, 'expected a radius of at least 0, got a negative one'],
  ['circle', { radius: 1 }, 'expected a point { x, y } as center, got undefined'],
  ['circle', { center: origin, radius: '1' }, 'expected a number as radius, got a string'],
  ['path', { points: [origin] }, 'expected a boolean as isClosed, got undefined'],
  ['path', { points: [], isClosed: true }, 'expected at least one point, got none'],
  ['polygon', [origin], 'expected a polygon { points }, got an array'],
  ['polygon', { points: origin }, 'expected an array of points { x, y } as points, got an object'],
  ['polygon', { points: [origin, null] }, 'expected a point { x, y }, got null'],
])('a %s that is none is refused: $2', (name, value, message) => {
  expect(() => writeHex(typeOf(name), value)).toThrow(RefusedValueError);
  expect(() => writeHex(typeOf(name), value)).toThrow(message);
});
