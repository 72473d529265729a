import { describe, expect, test } from 'vitest';
import { arrayLowerBounds } from '../src/index.js';
import { encodeParameters } from './fixtures/value-wire.js';

const OIDS = [
  16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 600, 700, 701, 705, 1007, 1009, 1016, 1043, 1082, 1114, 1115, 1184, 1231,
  1700, 2278, 2950, 2951, 3802, 3807,
];

const cycle: Record<string, unknown> = {};
cycle['4711471147'] = [cycle];

/** Arrays whose dimensions are not what they seem. */
const bent = Object.defineProperty(['4711471147'], Symbol.for('millrace.postgres.array-lower-bounds'), {
  value: [4711471147],
});
const long = new Proxy([1], {
  get: (array, key) => (key === 'length' ? 4711471147.5 : (Reflect.get(array, key) as unknown)),
});

/** All that a logger prints of an error. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)} ${textOf(error.cause)}`;
}

describe('the error for a value that cannot be sent', () => {
  test.each(OIDS)('has nothing of the value in it, for type %d', (oid) => {
    let refused = 0;
    const marked: readonly unknown[] = [
      4711471147,
      4711471147.5,
      -4711471147e250,
      4711471147n ** 9n,
      '4711471147x',
      '4711471147\0',
      '4711471147-99-99T00:00:00Z',
      `${'4711471147'.repeat(40)}.5`,
      Symbol('4711471147'),
      { '4711471147': 4711471147n },
      cycle,
      new Map([['4711471147', 1]]),
      new Uint16Array([47114]),
      [4711471147.5],
      ['4711471147x', { '4711471147': 1n }],
      [[1, 2], ['4711471147']],
      bent,
      long,
    ];
    for (const [i, value] of marked.entries()) {
      try {
        encodeParameters([oid], [value]);
      } catch (error) {
        refused++;
        expect(textOf(error), `value ${i}`).not.toMatch(/471147/);
        expect(error, `value ${i}`).toMatchObject({ message: expect.stringContaining('parameter $1 (') as string });
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  test('keeps what a toJSON method has thrown', () => {
    const cause = new Error('not today');
    const value = {
      toJSON(): never {
        throw cause;
      },
    };
    expect(() => encodeParameters([114], [value])).toThrow(expect.objectContaining({ cause }));
  });
});

test('the bounds of an array are for the owner to read', () => {
  expect(arrayLowerBounds(bent)).toEqual([4711471147]);
  expect(arrayLowerBounds([1])).toBeUndefined();
});
