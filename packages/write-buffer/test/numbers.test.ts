import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { WriteBuffer } from '../src/index.js';
import { integerBytes, type NumberMethod, numberMethods } from './fixtures/number-methods.js';

const HOSTILE: readonly unknown[] = [
  NaN,
  -1,
  0.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 31) - 1,
  Infinity,
  -1n,
  2n ** 63n,
  2n ** 64n,
  '1',
  '',
  null,
  undefined,
  true,
  {},
  [],
  [1],
];

const canHold = ({ min, max }: NumberMethod, value: number | bigint): boolean =>
  min === undefined ||
  max === undefined ||
  ((typeof value === 'bigint' || Number.isInteger(value)) && value >= min && value <= max);

describe('WriteBuffer numbers', () => {
  test.each(numberMethods)('$name exists and writes $byteLength bytes', ({ write, byteLength, takesBigInt }) => {
    const out = new WriteBuffer();
    write(out, takesBigInt ? 1n : 1);
    expect(out.length).toBe(byteLength);
  });

  test.each(numberMethods.filter(({ min }) => min !== undefined))(
    '$name takes its smallest and its largest integer, and none beyond',
    ({ write, byteLength, min = 0n, max = 0n, takesBigInt, littleEndian }) => {
      const given = (value: bigint): unknown => (takesBigInt ? value : Number(value));
      const out = new WriteBuffer();
      write(out, given(min));
      write(out, given(max));
      for (const beyond of [min - 1n, max + 1n]) {
        expect(() => {
          write(out, given(beyond));
        }).toThrow(RangeError);
      }
      expect([...out.take()]).toEqual([
        ...integerBytes(min, byteLength, littleEndian),
        ...integerBytes(max, byteLength, littleEndian),
      ]);
    },
  );

  test.each(numberMethods)('$name writes what it can hold, or throws and writes nothing', (method) => {
    for (const value of HOSTILE) {
      for (const head of ['', '07']) {
        const out = new WriteBuffer();
        out.writeBytes(hex(head));
        const type = method.takesBigInt ? 'bigint' : 'number';
        const fits = typeof value === type && canHold(method, value as number | bigint);
        if (fits) method.write(out, value);
        else {
          expect(() => {
            method.write(out, value);
          }, String(value)).toThrow(typeof value === type ? RangeError : Error);
          expect(out.view()).toEqual(hex(head));
        }
        expect(out.length).toBe(head.length / 2 + (fits ? method.byteLength : 0));
        out.writeUint8(9);
        expect(out.take().at(-1)).toBe(9);
      }
    }
  });

  test.each(numberMethods)('$name throws at maxBytes, and writes nothing', ({ write, byteLength, takesBigInt }) => {
    const out = new WriteBuffer({ maxBytes: 10 });
    out.writeBytes(new Uint8Array(11 - byteLength));
    expect(() => {
      write(out, takesBigInt ? 1n : 1);
    }).toThrow(
      expect.objectContaining({
        code: 'ERR_WRITE_BUFFER_OVERFLOW',
        requested: byteLength,
        available: byteLength - 1,
      }),
    );
    expect(out.length).toBe(11 - byteLength);
  });
});

describe('WriteBuffer varints', () => {
  const samples: [bigint, string][] = [
    [0n, '00'],
    [1n, '01'],
    [127n, '7f'],
    [128n, '8001'],
    [300n, 'ac02'],
    [16_383n, 'ff7f'],
    [2n ** 28n - 1n, 'ffffff7f'],
    [2n ** 28n, '8080808001'],
    [2n ** 31n, '8080808008'],
    [2n ** 32n, '8080808010'],
    [2n ** 35n + 1n, '818080808001'],
    [2n ** 53n - 1n, 'ffffffffffffff0f'],
    [2n ** 53n, '8080808080808010'],
    [2n ** 63n, '80808080808080808001'],
    [2n ** 64n - 1n, 'ffffffffffffffffff01'],
  ];

  test.each(samples)('of %d have seven bits per byte, the lowest first', (value, bytes) => {
    const out = new WriteBuffer();
    out.writeVarintBigInt(value);
    expect(out.take()).toEqual(hex(bytes));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) return;
    out.writeVarint(Number(value));
    expect(out.take()).toEqual(hex(bytes));
  });

  test('throw for what they cannot say, and write nothing', () => {
    const out = new WriteBuffer();
    out.writeUint8(7);
    for (const value of [-1, NaN, 0.5, 128.5, 2 ** 53, Infinity, '200', null, undefined, {}]) {
      expect(() => {
        out.writeVarint(value as number); // what plain JavaScript can do
      }).toThrow(RangeError);
    }
    for (const value of [-1n, 2n ** 64n]) {
      expect(() => {
        out.writeVarintBigInt(value);
      }).toThrow(RangeError);
    }
    for (const value of [1, undefined]) {
      expect(() => {
        out.writeVarintBigInt(value as unknown as bigint); // what plain JavaScript can do
      }).toThrow(TypeError);
    }
    expect(out.take()).toEqual(hex('07'));
  });

  test('write nothing where not all of their bytes fit', () => {
    const out = new WriteBuffer({ maxBytes: 9 });
    expect(() => {
      out.writeVarintBigInt(2n ** 63n);
    }).toThrow(expect.objectContaining({ requested: 10, available: 9 }));
    out.writeVarint(2 ** 49);
    expect(() => {
      out.writeVarint(128);
    }).toThrow(expect.objectContaining({ requested: 2, available: 1 }));
    expect(out.length).toBe(8);
  });
});
