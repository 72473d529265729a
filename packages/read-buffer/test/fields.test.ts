import { describe, expect, test } from 'vitest';
import { everyChunking, everySplit, hex } from '@millrace/testkit';
import { ReadBuffer } from '../src/index.js';

/** Runs `check` on a buffer without framing that was fed `bytes`, in every split, owned and in one borrow at the end. */
function forEverySplit(bytes: Uint8Array, check: (buffer: ReadBuffer) => void): void {
  for (const chunks of everySplit(bytes)) {
    const owned = new ReadBuffer();
    for (const chunk of chunks) owned.feed(chunk);
    check(owned);

    const borrowed = new ReadBuffer();
    for (const chunk of chunks) {
      borrowed.feedBorrowed(chunk);
      borrowed.endBorrow();
      chunk.fill(0xee);
    }
    check(borrowed);
  }
}

describe('ReadBuffer fields', () => {
  const fields: [string, string, (buffer: ReadBuffer) => unknown, unknown][] = [
    ['readUint8', 'fe', (buffer) => buffer.readUint8(), 0xfe],
    ['readInt8', 'fe', (buffer) => buffer.readInt8(), -2],
    ['readUint16', 'fffe', (buffer) => buffer.readUint16(), 0xfffe],
    ['readInt16', 'fffe', (buffer) => buffer.readInt16(), -2],
    ['readUint32', 'fffffffe', (buffer) => buffer.readUint32(), 2 ** 32 - 2],
    ['readInt32', 'fffffffe', (buffer) => buffer.readInt32(), -2],
    ['readBigUint64', 'fffffffffffffffe', (buffer) => buffer.readBigUint64(), 2n ** 64n - 2n],
    ['readBigInt64', '8000000000000000', (buffer) => buffer.readBigInt64(), -(2n ** 63n)],
    ['readFloat32', '3fc00000', (buffer) => buffer.readFloat32(), 1.5],
    ['readFloat64', 'c000000000000001', (buffer) => buffer.readFloat64(), -2.0000000000000004],
    ['readUint16LE', 'feff', (buffer) => buffer.readUint16LE(), 0xfffe],
    ['readInt16LE', 'feff', (buffer) => buffer.readInt16LE(), -2],
    ['readUint32LE', 'feffffff', (buffer) => buffer.readUint32LE(), 2 ** 32 - 2],
    ['readInt32LE', 'feffffff', (buffer) => buffer.readInt32LE(), -2],
    ['readBigUint64LE', 'feffffffffffffff', (buffer) => buffer.readBigUint64LE(), 2n ** 64n - 2n],
    ['readBigInt64LE', '0000000000000080', (buffer) => buffer.readBigInt64LE(), -(2n ** 63n)],
    ['readFloat32LE', '0000c03f', (buffer) => buffer.readFloat32LE(), 1.5],
    ['readFloat64LE', '01000000000000c0', (buffer) => buffer.readFloat64LE(), -2.0000000000000004],
    ['readSafeInt64', 'ffe0000000000001', (buffer) => buffer.readSafeInt64(), -Number.MAX_SAFE_INTEGER],
    ['readSafeInt64LE', 'ffffffffffff1f00', (buffer) => buffer.readSafeInt64LE(), Number.MAX_SAFE_INTEGER],
    ['readUtf8', 'c3a9e282acf09f9880', (buffer) => buffer.readUtf8(9), 'é€😀'],
    ['readLatin1', '61e9ff80', (buffer) => buffer.readLatin1(4), 'aéÿ\x80'],
    ['readCString', '61c3a900', (buffer) => buffer.readCString(), 'aé'],
    ['readBytes', '010203', (buffer) => buffer.readBytes(3), hex('010203')],
    ['viewBytes', '010203', (buffer) => buffer.viewBytes(3), hex('010203')],
    ['readUntil', '01020d0a', (buffer) => buffer.readUntil(hex('0d0a')), hex('01020d0a')],
  ];

  test.each(fields)('%s reads the same wherever the chunks are split', (_, bytes, read, expected) => {
    forEverySplit(hex(`aa ${bytes} bb`), (buffer) => {
      expect(buffer.readUint8()).toBe(0xaa);
      expect(read(buffer)).toEqual(expected);
      expect(buffer.length).toBe(1);
      expect(buffer.readUint8()).toBe(0xbb);
      expect(buffer.length).toBe(0);
    });
  });

  test.each(fields)('%s fails on a truncated field and leaves the cursor in place', (name, bytes, read) => {
    const field = hex(bytes);
    forEverySplit(Uint8Array.of(0xaa, ...field.subarray(0, -1)), (buffer) => {
      buffer.skip(1);
      const available = field.length - 1;
      if (name === 'readUntil') expect(read(buffer)).toBeUndefined();
      else {
        expect(() => read(buffer)).toThrow(
          expect.objectContaining({ code: 'ERR_READ_BUFFER_UNDERFLOW', requested: field.length, available }),
        );
      }
      buffer.feed(field.subarray(-1));
      expect(buffer.readBytes(field.length)).toEqual(field);
    });
  });

  test('the numbers of one message read the same under all its chunkings', () => {
    for (const chunks of everyChunking(hex('01 0002 fffffffd 0000000000000004'))) {
      const buffer = new ReadBuffer();
      for (const chunk of chunks) buffer.feed(chunk);
      const values = [buffer.readUint8(), buffer.readInt16(), buffer.readInt32(), buffer.readBigInt64()];
      expect(values).toEqual([1, 2, -3, 4n]);
    }
  });

  const counted: [string, (buffer: ReadBuffer, byteLength: number) => unknown][] = [
    ['readBytes', (buffer, byteLength) => buffer.readBytes(byteLength)],
    ['viewBytes', (buffer, byteLength) => buffer.viewBytes(byteLength)],
    ['readUtf8', (buffer, byteLength) => buffer.readUtf8(byteLength)],
    ['readLatin1', (buffer, byteLength) => buffer.readLatin1(byteLength)],
    [
      'skip',
      (buffer, byteLength) => {
        buffer.skip(byteLength);
      },
    ],
  ];

  describe.each([true, false])('with framing: %s', (isFramed) => {
    const make = (): ReadBuffer => {
      const buffer = new ReadBuffer();
      if (isFramed) {
        buffer.setFrame({ typeBytes: 0, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 10 });
        buffer.feed(hex('03 010203 7777'));
        buffer.takeFrame();
      } else buffer.feed(hex('010203'));
      return buffer;
    };

    test.each(counted)('%s rejects a length that is none, or too large, and leaves the cursor in place', (_, read) => {
      for (const byteLength of [4, -1, NaN, 0.5, Infinity, -Infinity, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53]) {
        const buffer = make();
        expect(() => read(buffer, byteLength)).toThrow(
          expect.objectContaining({ code: 'ERR_READ_BUFFER_UNDERFLOW', requested: byteLength, available: 3 }),
        );
        expect(buffer.readBytes(3)).toEqual(hex('010203'));
      }
    });

    test('a length of 0 reads nothing, also at the end', () => {
      const buffer = make();
      for (let i = 0; i < 2; i++) {
        expect([buffer.readUtf8(0), buffer.readLatin1(0), buffer.readBytes(0).length]).toEqual(['', '', 0]);
        expect([buffer.viewBytes(0).length, buffer.tryViewBytes(0)?.length]).toEqual([0, 0]);
        buffer.skip(buffer.length);
      }
    });

    test('tryViewBytes gives undefined for more than there is, and rejects what is no length', () => {
      const buffer = make();
      expect(buffer.tryViewBytes(4)).toBeUndefined();
      for (const byteLength of [-1, NaN, 0.5]) {
        expect(() => buffer.tryViewBytes(byteLength)).toThrow(
          expect.objectContaining({ code: 'ERR_READ_BUFFER_UNDERFLOW', requested: byteLength, available: 3 }),
        );
      }
      expect(buffer.tryViewBytes(3)).toEqual(hex('010203'));
    });

    test('peeking reaches the last byte and no further', () => {
      const buffer = make();
      expect([buffer.peekUint8(), buffer.peekUint8(2)]).toEqual([1, 3]);
      for (const offset of [-1, 3, NaN, 0.5, 2 ** 32]) expect(() => buffer.peekUint8(offset)).toThrow('expected');
      for (const offset of [-1, 0, NaN]) expect(() => buffer.peekInt32(offset)).toThrow('expected');
      expect(buffer.length).toBe(3);
    });

    test('indexOf does not look beyond the end', () => {
      const buffer = make();
      expect([buffer.indexOf(3), buffer.indexOf(0x77), buffer.indexOf(hex('0277')), buffer.indexOf(1, 1)]).toEqual([
        2, -1, -1, -1,
      ]);
      expect([buffer.indexOf(hex('0203')), buffer.indexOf(3, 2), buffer.indexOf(3, 3), buffer.indexOf(3, 9)]).toEqual([
        1, 2, -1, -1,
      ]);
      expect(() => buffer.indexOf(new Uint8Array(0))).toThrow(RangeError);
      for (const needle of [-1, 256, NaN, 'a' as unknown as number]) {
        expect(() => buffer.indexOf(needle)).toThrow(RangeError);
      }
      for (const from of [-1, NaN, 0.5]) expect(() => buffer.indexOf(1, from)).toThrow(RangeError);
    });

    test('readInto fills its target or leaves it alone', () => {
      const buffer = make();
      const target = new Uint8Array(4);
      expect(() => {
        buffer.readInto(target);
      }).toThrow(expect.objectContaining({ requested: 4, available: 3 }));
      expect(target).toEqual(new Uint8Array(4));
      buffer.readInto(target.subarray(1));
      expect(target).toEqual(hex('00010203'));
    });
  });
});

describe('ReadBuffer.readCString', () => {
  test('stays in its frame', () => {
    const buffer = new ReadBuffer({
      frame: { typeBytes: 0, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 10 },
    });
    buffer.feed(hex('02 6162 02 6300'));
    buffer.takeFrame();
    expect(() => buffer.readCString()).toThrow(expect.objectContaining({ requested: 3, available: 2 }));
    expect(buffer.readUtf8(2)).toBe('ab');
    buffer.takeFrame();
    expect(buffer.readCString()).toBe('c');
  });
});

describe('ReadBuffer.readUntil', () => {
  test('gives the same lines under every chunking, fed one by one', () => {
    for (const chunks of everyChunking(hex('0d0a 610d 0d0a 0a0d 0a62'))) {
      const buffer = new ReadBuffer();
      const lines: Uint8Array[] = [];
      for (const chunk of chunks) {
        buffer.feedBorrowed(chunk);
        for (let line = buffer.readUntil(hex('0d0a')); line !== undefined; line = buffer.readUntil(hex('0d0a'))) {
          lines.push(line);
        }
        buffer.endBorrow();
        chunk.fill(0xee);
      }
      expect(lines).toEqual([hex('0d0a'), hex('610d0d0a'), hex('0a0d0a')]);
      expect(buffer.readUtf8(1)).toBe('b');
    }
  });

  test('takes a line of exactly maxBytes and rejects one byte more, wherever the chunks are split', () => {
    for (const chunks of everySplit(hex('6162630d0a'))) {
      const buffer = new ReadBuffer();
      for (const chunk of chunks) buffer.feed(chunk);
      expect(() => buffer.readUntil(hex('0d0a'), 4)).toThrow(
        expect.objectContaining({ code: 'ERR_READ_BUFFER_OVERFLOW', available: 4 }),
      );
      expect(buffer.readUntil(hex('0d0a'), 5)).toEqual(hex('6162630d0a'));
    }
  });

  test('waits below maxBytes, and fails as soon as they are full', () => {
    const buffer = new ReadBuffer();
    buffer.feed(hex('616263'));
    expect(buffer.readUntil(10, 4)).toBeUndefined();
    buffer.feed(hex('64'));
    expect(() => buffer.readUntil(10, 4)).toThrow('no delimiter');
    expect(buffer.length).toBe(4);
    for (const maxBytes of [-1, NaN, 0.5]) expect(() => buffer.readUntil(10, maxBytes)).toThrow(RangeError);
  });

  test('looks from the beginning again for another delimiter', () => {
    const buffer = new ReadBuffer();
    buffer.feed(hex('610062'));
    expect(buffer.readUntil(10)).toBeUndefined();
    const delimiter = hex('62');
    expect(buffer.readUntil(hex('63'))).toBeUndefined();
    expect(buffer.readUntil(0)).toEqual(hex('6100'));
    expect(buffer.readUntil(delimiter)).toEqual(hex('62'));
  });
});

describe('ReadBuffer views', () => {
  test('of a chunk share its memory, and joined ones do not', () => {
    const first = hex('010203');
    const second = hex('040506');
    const buffer = new ReadBuffer();
    buffer.feed(first);
    buffer.feed(second);
    expect(buffer.viewBytes(2).buffer).toBe(first.buffer);
    expect(buffer.tryViewBytes(2)).toBeUndefined();
    const joined = buffer.viewBytes(2);
    expect([joined.buffer === first.buffer, joined.buffer === second.buffer]).toEqual([false, false]);
    expect(joined).toEqual(hex('0304'));
    expect(buffer.nextRun()).toEqual(hex('0506'));
    expect(buffer.tryViewBytes(2)?.buffer).toBe(second.buffer);
  });

  test('stay valid while more is joined, until the next feed', () => {
    const buffer = new ReadBuffer();
    for (const chunk of everySplit(hex('0102030405060708')).next().value ?? []) buffer.feed(chunk.subarray(0, 3));
    for (const byte of [4, 5, 6, 7, 8]) buffer.feed(Uint8Array.of(byte));
    const views = [buffer.viewBytes(4), buffer.viewBytes(2), buffer.viewBytes(2)];
    expect(views).toEqual([hex('01020304'), hex('0506'), hex('0708')]);
  });

  test('and copies are plain Uint8Arrays, whatever was fed', () => {
    const buffer = new ReadBuffer();
    // As Node's Buffer is: a subclass whose slice is a view.
    class Chunk extends Uint8Array {
      override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
        return this.subarray(start, end);
      }
    }
    const chunk = Chunk.from(hex('616263646566'));
    buffer.feed(chunk);
    const copy = buffer.readBytes(2);
    expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype);
    expect(Object.getPrototypeOf(buffer.viewBytes(2))).toBe(Uint8Array.prototype);
    chunk.fill(0);
    expect(copy).toEqual(hex('6162'));
  });
});

describe('ReadBuffer.mark', () => {
  test('closes the inner marks with the outer one', () => {
    const buffer = new ReadBuffer();
    buffer.feed(hex('0102030405'));
    const outer = buffer.mark();
    buffer.skip(2);
    const inner = buffer.mark();
    buffer.skip(1);
    buffer.rollback(inner);
    expect(buffer.peekUint8()).toBe(3);
    const again = buffer.mark();
    buffer.rollback(outer);
    expect(buffer.peekUint8()).toBe(1);
    for (const closed of [outer, inner, again, NaN, 999]) {
      expect(() => {
        buffer.rollback(closed);
      }).toThrow(TypeError);
      expect(() => {
        buffer.commit(closed);
      }).toThrow(TypeError);
    }
    expect(buffer.length).toBe(5);
  });

  test('keeps what was read for the time after a borrow', () => {
    const buffer = new ReadBuffer();
    const slab = hex('010203');
    buffer.feedBorrowed(slab);
    buffer.skip(1);
    const mark = buffer.mark();
    buffer.skip(2);
    buffer.endBorrow();
    slab.fill(0xee);
    buffer.feed(hex('04'));
    expect(buffer.readUint8()).toBe(4);
    buffer.rollback(mark);
    expect(buffer.readBytes(3)).toEqual(hex('020304'));
  });

  test('is closed by takeFrame and setFrame', () => {
    const frame = { typeBytes: 0, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 10 } as const;
    const buffer = new ReadBuffer({ frame });
    buffer.feed(hex('01aa 01bb'));
    buffer.takeFrame();
    const first = buffer.mark();
    buffer.takeFrame();
    expect(() => {
      buffer.rollback(first);
    }).toThrow('expected the handle of an open mark');
    const second = buffer.mark();
    buffer.setFrame(null);
    expect(() => {
      buffer.commit(second);
    }).toThrow(TypeError);
  });
});
