import { describe, expect, test } from 'vitest';
import { everySplit, hex } from '@millrace/testkit';
import { ReadBuffer } from '../src/index.js';

/** A buffer without framing that was fed `bytes`, once for every split. */
function* everyFeed(bytes: Uint8Array): Generator<ReadBuffer> {
  for (const chunks of everySplit(bytes)) {
    const buffer = new ReadBuffer();
    for (const chunk of chunks) buffer.feed(chunk);
    yield buffer;
  }
}

const values: [string, bigint][] = [
  ['00', 0n],
  ['01', 1n],
  ['7f', 127n],
  ['8001', 128n],
  ['ff7f', 16_383n],
  ['ac02', 300n],
  ['8000', 0n],
  ['ffffffff0f', 2n ** 32n - 1n],
  ['8080808010', 2n ** 32n],
  ['ffffffffffffff0f', 2n ** 53n - 1n],
  ['80808080808080808000', 0n],
];
const large: [string, bigint][] = [
  ['8080808080808010', 2n ** 53n],
  ['ffffffffffffffff7f', 2n ** 63n - 1n],
  ['ffffffffffffffffff01', 2n ** 64n - 1n],
];

describe('ReadBuffer.readVarint', () => {
  test.each(values)('reads %s, wherever the chunks are split', (bytes, value) => {
    for (const buffer of everyFeed(hex(`aa ${bytes} bb`))) {
      buffer.skip(1);
      expect(buffer.readVarint()).toBe(Number(value));
      expect(buffer.readUint8()).toBe(0xbb);
    }
  });

  test.each(large)('rejects %s, which is no safe integer, and leaves the cursor in place', (bytes, value) => {
    for (const buffer of everyFeed(hex(bytes))) {
      expect(() => buffer.readVarint()).toThrow(RangeError);
      expect(buffer.readVarintBigInt()).toBe(value);
    }
  });
});

describe('ReadBuffer.readVarintBigInt', () => {
  test.each([...values, ...large])('reads %s, wherever the chunks are split', (bytes, value) => {
    for (const buffer of everyFeed(hex(`${bytes} bb`))) {
      expect(buffer.readVarintBigInt()).toBe(value);
      expect(buffer.readUint8()).toBe(0xbb);
    }
  });
});

describe.each(['readVarint', 'readVarintBigInt'] as const)('ReadBuffer.%s', (read) => {
  test.each(['', '80', 'ffffff', '808080808080808080'])(
    'fails on %s, which does not end, until more is fed',
    (bytes) => {
      for (const buffer of everyFeed(hex(bytes))) {
        const available = buffer.length;
        expect(() => buffer[read]()).toThrow(
          expect.objectContaining({ code: 'ERR_READ_BUFFER_UNDERFLOW', requested: available + 1, available }),
        );
        buffer.feed(hex('00'));
        expect(Number(buffer[read]())).toBe(bytes === 'ffffff' ? 2 ** 21 - 1 : 0);
      }
    },
  );

  test.each(['ffffffffffffffffff02', 'ffffffffffffffffffff01', `${'80'.repeat(11)}00`])(
    'rejects %s, which has more than 64 bits, and leaves the cursor in place',
    (bytes) => {
      for (const buffer of everyFeed(hex(bytes))) {
        expect(() => buffer[read]()).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_OVERFLOW' }));
        expect(buffer.length).toBe(bytes.length / 2);
      }
    },
  );

  test('stays in its frame', () => {
    const buffer = new ReadBuffer({
      frame: { typeBytes: 0, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 10 },
    });
    buffer.feed(hex('02 8080 02 0501'));
    buffer.takeFrame();
    expect(() => buffer[read]()).toThrow(expect.objectContaining({ requested: 3, available: 2 }));
    buffer.takeFrame();
    expect(Number(buffer[read]())).toBe(5);
  });
});

describe('ReadBuffer.readSafeInt64', () => {
  test.each([
    ['0020000000000000', 2n ** 53n],
    ['ffe0000000000000', -(2n ** 53n)],
    ['7fffffffffffffff', 2n ** 63n - 1n],
    ['8000000000000000', -(2n ** 63n)],
  ])('rejects %s, which is no safe integer, and leaves the cursor in place', (bytes, value) => {
    for (const buffer of everyFeed(hex(bytes))) {
      expect(() => buffer.readSafeInt64()).toThrow(RangeError);
      expect(buffer.readBigInt64()).toBe(value);
    }
    for (const buffer of everyFeed(hex(bytes).reverse())) {
      expect(() => buffer.readSafeInt64LE()).toThrow('expected a safe integer');
      expect(buffer.readBigInt64LE()).toBe(value);
    }
  });
});
