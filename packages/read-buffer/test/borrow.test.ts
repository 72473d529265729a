import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { ReadBuffer } from '../src/index.js';

const frame = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 2 ** 20 } as const;

describe('ReadBuffer.feedBorrowed', () => {
  test('allows one borrow at a time', () => {
    const buffer = new ReadBuffer();
    buffer.feedBorrowed(hex('01'));
    expect(() => {
      buffer.feedBorrowed(hex('02'));
    }).toThrow(TypeError);
    buffer.endBorrow();
    buffer.feedBorrowed(hex(''));
    expect(() => {
      buffer.feedBorrowed(hex('02'));
    }).toThrow('a borrow is open');
    buffer.endBorrow();
    buffer.endBorrow();
    buffer.feedBorrowed(hex('02'));
    expect(buffer.readBytes(2)).toEqual(hex('0102'));
  });

  test('opens no borrow when it fails', () => {
    const buffer = new ReadBuffer({ maxBufferedBytes: 2 });
    expect(() => {
      buffer.feedBorrowed(hex('010203'));
    }).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_OVERFLOW' }));
    buffer.feedBorrowed(hex('0102'));
    expect(buffer.length).toBe(2);
  });

  test('may be followed by owned chunks before the borrow ends', () => {
    const slab = hex('010203');
    const buffer = new ReadBuffer();
    buffer.feedBorrowed(slab);
    buffer.feed(hex('0405'));
    expect(buffer.readUint8()).toBe(1);
    buffer.endBorrow();
    slab.fill(0xee);
    expect(buffer.readBytes(4)).toEqual(hex('02030405'));
  });
});

describe('ReadBuffer.endBorrow', () => {
  test('copies only what was not read', () => {
    const buffer = new ReadBuffer();
    buffer.feedBorrowed(new Uint8Array(1000));
    buffer.skip(990);
    buffer.endBorrow();
    expect(buffer.stats.copiedBytes).toBe(10);
    buffer.feedBorrowed(new Uint8Array(1000));
    buffer.skip(1010);
    buffer.endBorrow();
    expect(buffer.stats.copiedBytes).toBe(10);
  });

  test.each([10, 100])(
    'leaves owned chunks before and after a borrowed one of %d bytes where they are',
    (byteLength) => {
      const buffer = new ReadBuffer();
      const slab = new Uint8Array(byteLength).fill(2);
      buffer.feed(new Uint8Array(1000).fill(1));
      buffer.feedBorrowed(slab);
      buffer.feed(new Uint8Array(1000).fill(3));
      buffer.endBorrow();
      slab.fill(0xee);
      expect(buffer.stats.copiedBytes).toBe(byteLength);
      expect(buffer.readBytes(1000)).toEqual(new Uint8Array(1000).fill(1));
      expect(buffer.readBytes(byteLength)).toEqual(new Uint8Array(byteLength).fill(2));
      expect(buffer.readBytes(1000)).toEqual(new Uint8Array(1000).fill(3));
    },
  );

  test('makes room for the whole frame, so that it is completed without another copy', () => {
    const buffer = new ReadBuffer({ frame });
    const bytes = hex(`44 00002714 ${'07'.repeat(10_000)}`);
    for (const [start, end] of [
      [0, 100],
      [100, 5000],
      [5000, 10_005],
    ]) {
      buffer.feedBorrowed(bytes.slice(start, end));
      buffer.endBorrow();
    }
    expect(buffer.takeFrame()).toBe(true);
    expect(buffer.payload()).toEqual(new Uint8Array(10_000).fill(7));
    expect(buffer.stats.copiedBytes).toBe(10_005);
  });

  test('never throws for a hostile header: the next takeFrame does', () => {
    const buffer = new ReadBuffer({ frame });
    buffer.feedBorrowed(hex('44 ffffffff 00'));
    buffer.endBorrow();
    buffer.feed(hex('00'));
    expect(() => buffer.takeFrame()).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_FRAME' }));
  });

  test('keeps a marked frame when the next one is incomplete', () => {
    const buffer = new ReadBuffer({ frame });
    buffer.feed(hex('01 00000006 6162'));
    buffer.takeFrame();
    const mark = buffer.mark();
    buffer.skip(2);
    buffer.feedBorrowed(hex('02 0000'));
    buffer.endBorrow();
    buffer.feed(hex('0005 63'));
    buffer.rollback(mark);
    expect([buffer.readUtf8(2), buffer.takeFrame(), buffer.readUtf8(1)]).toEqual(['ab', true, 'c']);
  });
});

describe('ReadBuffer maxBufferedBytes', () => {
  test.each([undefined, { ...frame, maxFrameBytes: 10 }])(
    'takes the limit and nothing beyond it (framing: %j)',
    (layout) => {
      const buffer = new ReadBuffer({ maxBufferedBytes: 10, frame: layout });
      buffer.feed(hex('01 0000000e 0000'));
      expect(() => {
        buffer.feed(hex('00000000'));
      }).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_OVERFLOW', requested: 4, available: 3 }));
      buffer.feed(hex('000000'));
      expect(buffer.bufferedBytes).toBe(10);
      expect(() => {
        buffer.feed(hex('00'));
      }).toThrow('chunk does not fit: expected at most 0 bytes, saw 1');
      buffer.feed(hex(''));
    },
  );

  test('has room again when bytes were read, but not while they are marked', () => {
    const buffer = new ReadBuffer({ maxBufferedBytes: 4 });
    buffer.feed(hex('01020304'));
    const mark = buffer.mark();
    buffer.skip(4);
    expect(() => {
      buffer.feed(hex('05'));
    }).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_OVERFLOW' }));
    buffer.commit(mark);
    buffer.feed(hex('05060708'));
    expect(buffer.length).toBe(4);
  });

  test.each([0, -1, NaN, 1.5, Infinity, 2 ** 32])('cannot be %d', (maxBufferedBytes) => {
    expect(() => new ReadBuffer({ maxBufferedBytes })).toThrow(RangeError);
  });

  test('cannot be less than a frame', () => {
    expect(() => new ReadBuffer({ maxBufferedBytes: 2 ** 20 - 1, frame })).toThrow(RangeError);
    expect(new ReadBuffer({ maxBufferedBytes: 2 ** 20, frame }).length).toBe(0);
  });
});

describe('ReadBuffer.feed', () => {
  test('rejects what is not bytes', () => {
    const buffer = new ReadBuffer();
    expect(() => {
      buffer.feed('abc' as unknown as Uint8Array); // what plain JavaScript can do
    }).toThrow(TypeError);
  });

  test('costs the same per chunk however many wait, without framing', () => {
    const buffer = new ReadBuffer();
    const chunks = 20_000;
    for (let i = 0; i < chunks; i++) {
      buffer.feed(Uint8Array.of(i & 0x7f));
      expect(buffer.readUntil(0xff)).toBeUndefined();
    }
    for (let i = 3; i < chunks; i += 4) expect(buffer.readInt32() & 0xff).toBe(i & 0x7f);
    expect(buffer.length).toBe(0);
    expect(buffer.stats.copiedBytes).toBeLessThan(3 * chunks);
  });
});
