import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { BufferOverflowError, WriteBuffer } from '../src/index.js';

/** What `write` appends, in a buffer whose slab is so small that it grows and so large that it does not. */
function written(write: (out: WriteBuffer) => void): Uint8Array {
  const results = [16, 4096].map((slabBytes) => {
    const out = new WriteBuffer({ slabBytes });
    out.writeBytes(new Uint8Array(13)); // so that fields meet the end of the small slab
    write(out);
    return out.take().slice(13);
  });
  expect(results[0]).toEqual(results[1]);
  return results[1] ?? new Uint8Array(0);
}

describe('WriteBuffer numbers', () => {
  const cases: [string, (out: WriteBuffer) => void, string][] = [
    [
      'writeUint8',
      (out) => {
        for (const value of [0, 255]) out.writeUint8(value);
      },
      '00 ff',
    ],
    [
      'writeInt8',
      (out) => {
        for (const value of [-128, -1, 127]) out.writeInt8(value);
      },
      '80 ff 7f',
    ],
    [
      'writeUint16',
      (out) => {
        for (const value of [1, 65535]) out.writeUint16(value);
      },
      '0001 ffff',
    ],
    [
      'writeInt16',
      (out) => {
        for (const value of [-32768, -2, 32767]) out.writeInt16(value);
      },
      '8000 fffe 7fff',
    ],
    [
      'writeUint32',
      (out) => {
        for (const value of [1, 2 ** 32 - 1]) out.writeUint32(value);
      },
      '00000001 ffffffff',
    ],
    [
      'writeInt32',
      (out) => {
        for (const value of [-(2 ** 31), -2]) out.writeInt32(value);
      },
      '80000000 fffffffe',
    ],
    [
      'writeInt32 of -0',
      (out) => {
        out.writeInt32(-0);
      },
      '00000000',
    ],
    [
      'writeBigUint64',
      (out) => {
        out.writeBigUint64(2n ** 64n - 2n);
      },
      'fffffffffffffffe',
    ],
    [
      'writeBigInt64',
      (out) => {
        for (const value of [-(2n ** 63n), 5n]) out.writeBigInt64(value);
      },
      '8000000000000000 0000000000000005',
    ],
    [
      'writeFloat32',
      (out) => {
        for (const value of [1.5, 1e300]) out.writeFloat32(value);
      },
      '3fc00000 7f800000',
    ],
    [
      'writeFloat64',
      (out) => {
        for (const value of [-2, NaN]) out.writeFloat64(value);
      },
      'c000000000000000 7ff8000000000000',
    ],
  ];

  test.each(cases)('%s is big-endian', (_, write, bytes) => {
    expect(written(write)).toEqual(hex(bytes));
  });

  const bad: [string, (out: WriteBuffer) => void, string][] = [
    [
      'uint8',
      (out) => {
        out.writeUint8(256);
      },
      'expected Uint8, saw 256',
    ],
    [
      'uint8',
      (out) => {
        out.writeUint8(-1);
      },
      'expected Uint8, saw -1',
    ],
    [
      'int8',
      (out) => {
        out.writeInt8(128);
      },
      'expected Int8, saw 128',
    ],
    [
      'uint16',
      (out) => {
        out.writeUint16(65536);
      },
      'expected Uint16, saw 65536',
    ],
    [
      'int16',
      (out) => {
        out.writeInt16(-32769);
      },
      'expected Int16, saw -32769',
    ],
    [
      'uint32',
      (out) => {
        out.writeUint32(-1);
      },
      'expected Uint32, saw -1',
    ],
    [
      'uint32',
      (out) => {
        out.writeUint32(2 ** 32);
      },
      'saw 4294967296',
    ],
    [
      'int32',
      (out) => {
        out.writeInt32(2 ** 31);
      },
      'expected Int32, saw 2147483648',
    ],
    [
      'int32',
      (out) => {
        out.writeInt32(1.5);
      },
      'saw 1.5',
    ],
    [
      'int32',
      (out) => {
        out.writeInt32(NaN);
      },
      'saw NaN',
    ],
    [
      'uint64',
      (out) => {
        out.writeBigUint64(-1n);
      },
      'saw -1',
    ],
    [
      'uint64',
      (out) => {
        out.writeBigUint64(2n ** 64n);
      },
      'saw 18446744073709551616',
    ],
    [
      'int64',
      (out) => {
        out.writeBigInt64(2n ** 63n);
      },
      'saw 9223372036854775808',
    ],
  ];

  test.each(bad)('an %s out of its range is rejected, and nothing is written', (_, write, message) => {
    const out = new WriteBuffer();
    out.writeUint8(7);
    expect(() => {
      write(out);
    }).toThrow(RangeError);
    expect(() => {
      write(out);
    }).toThrow(message);
    expect(out.take()).toEqual(hex('07'));
  });

  test('a number for a bigint and a bigint for a number are rejected, and nothing is written', () => {
    const out = new WriteBuffer();
    expect(() => {
      out.writeBigInt64(5 as unknown as bigint); // what plain JavaScript can do
    }).toThrow(TypeError);
    expect(() => {
      out.writeInt32(5n as unknown as number); // what plain JavaScript can do
    }).toThrow(TypeError);
    expect(out.length).toBe(0);
  });
});

describe('WriteBuffer strings', () => {
  const samples = [
    '',
    'a',
    'plain ASCII, longer than a short string is',
    'é',
    'naïve',
    '€',
    '😀',
    'a'.repeat(23) + 'é',
    'ß'.repeat(5000),
    '😀'.repeat(3000),
  ];

  test.each(samples)('writeUtf8 agrees with TextEncoder on %j', (text) => {
    const encoded = new TextEncoder().encode(text);
    expect(
      written((out) => {
        expect(out.writeUtf8(text)).toBe(encoded.length);
      }),
    ).toEqual(encoded);
  });

  test.each(samples)('writeCString ends %j with a zero byte', (text) => {
    const encoded = new TextEncoder().encode(`${text}\0`);
    expect(
      written((out) => {
        expect(out.writeCString(text)).toBe(encoded.length);
      }),
    ).toEqual(encoded);
  });

  test.each(samples)('writeLengthPrefixedUtf8 counts the bytes of %j', (text) => {
    const encoded = new TextEncoder().encode(text);
    const bytes = written((out) => {
      out.writeLengthPrefixedUtf8(text);
    });
    expect(new DataView(bytes.buffer).getInt32(0)).toBe(encoded.length);
    expect(bytes.subarray(4)).toEqual(encoded);
  });

  test.each(['\ud800', 'a\udc00b', '\udc00\ud800', 'x'.repeat(30) + '\ud83d'])(
    'a lone surrogate in %j becomes U+FFFD',
    (text) => {
      expect(
        written((out) => {
          out.writeUtf8(text);
        }),
      ).toEqual(new TextEncoder().encode(text));
      expect(
        new TextDecoder().decode(
          written((out) => {
            out.writeUtf8(text);
          }),
        ),
      ).toContain('\ufffd');
    },
  );

  test.each(['\0', 'ab\0', 'x'.repeat(40) + '\0y'])(
    'writeCString rejects the zero in %j, and nothing is written',
    (text) => {
      const out = new WriteBuffer();
      expect(() => out.writeCString(text)).toThrow(RangeError);
      expect(() => out.writeCString(text)).toThrow(`saw one at ${text.indexOf('\0')}`);
      expect(out.length).toBe(0);
    },
  );

  test('what is not a string is rejected, and nothing is written', () => {
    const out = new WriteBuffer();
    for (const value of [5, null, undefined, {}]) {
      expect(() => out.writeUtf8(value as string)).toThrow('expected string, saw '); // what plain JavaScript can do
      expect(() => out.writeCString(value as string)).toThrow('expected string, saw ');
      expect(() => {
        out.writeLengthPrefixedUtf8(value as string);
      }).toThrow(TypeError);
    }
    expect(out.length).toBe(0);
  });
});

describe('WriteBuffer bytes', () => {
  test('are copied, so that the source may change afterwards', () => {
    const source = hex('010203');
    const out = new WriteBuffer();
    out.writeBytes(source);
    out.writeLengthPrefixedBytes(source);
    source.fill(0xee);
    expect(out.take()).toEqual(hex('010203 00000003 010203'));
  });

  test('may come from the buffer itself, also when it grows for them', () => {
    const out = new WriteBuffer({ slabBytes: 16 });
    out.writeBytes(hex('0102030405060708'));
    for (let i = 0; i < 4; i++) out.writeBytes(out.view());
    expect(out.take()).toEqual(hex('0102030405060708'.repeat(16)));
  });

  test('without a length are rejected, and nothing is written', () => {
    const out = new WriteBuffer();
    out.writeUint8(1);
    expect(() => {
      out.writeBytes(new ArrayBuffer(4) as unknown as Uint8Array); // what plain JavaScript can do
    }).toThrow(TypeError);
    out.writeUint8(2);
    expect(out.take()).toEqual(hex('0102'));
  });
});

describe('WriteBuffer.reserveInt32', () => {
  test('leaves a hole of zeros that patchInt32 fills, also after the batch moved', () => {
    const out = new WriteBuffer({ slabBytes: 16 });
    out.writeUint8(9);
    const first = out.reserveInt32();
    const second = out.reserveInt32();
    out.writeBytes(new Uint8Array(100));
    out.patchInt32(first, -2);
    expect(out.take().subarray(0, 9)).toEqual(hex('09 fffffffe 00000000'));
    expect(second).toBe(5);
  });

  test.each([-1, 1.5, 2, NaN, Infinity, 2 ** 40])('a place of %d in 5 bytes is rejected', (at) => {
    const out = new WriteBuffer();
    out.writeBytes(hex('0102030405'));
    expect(() => {
      out.patchInt32(at, 7);
    }).toThrow(RangeError);
    expect(() => {
      out.patchInt32(1, 2 ** 31);
    }).toThrow(RangeError);
    expect(out.take()).toEqual(hex('0102030405'));
  });
});

describe('WriteBuffer maxBytes', () => {
  const writes: [string, number, (out: WriteBuffer) => void][] = [
    [
      'writeUint8',
      1,
      (out) => {
        out.writeUint8(1);
      },
    ],
    [
      'writeInt32',
      4,
      (out) => {
        out.writeInt32(1);
      },
    ],
    [
      'writeFloat64',
      8,
      (out) => {
        out.writeFloat64(1);
      },
    ],
    [
      'writeBytes',
      3,
      (out) => {
        out.writeBytes(hex('010203'));
      },
    ],
    [
      'writeUtf8',
      2,
      (out) => {
        out.writeUtf8('é');
      },
    ],
    [
      'writeUtf8 of a long string',
      30,
      (out) => {
        out.writeUtf8('x'.repeat(30));
      },
    ],
    [
      'writeCString',
      4,
      (out) => {
        out.writeCString('abc');
      },
    ],
    [
      'writeLengthPrefixedUtf8',
      6,
      (out) => {
        out.writeLengthPrefixedUtf8('ab');
      },
    ],
    [
      'writeLengthPrefixedBytes',
      5,
      (out) => {
        out.writeLengthPrefixedBytes(hex('01'));
      },
    ],
    [
      'reserveInt32',
      4,
      (out) => {
        out.reserveInt32();
      },
    ],
    [
      'beginFrame',
      5,
      (out) => {
        out.beginFrame(1);
      },
    ],
  ];

  test.each(writes)('%s fits exactly, and fails for one byte less without writing', (_, byteLength, write) => {
    for (const slabBytes of [16, 64, 4096]) {
      const exact = new WriteBuffer({ slabBytes, maxBytes: 50 });
      exact.writeBytes(new Uint8Array(50 - byteLength));
      write(exact);
      expect(exact.length).toBe(50);

      const short = new WriteBuffer({ slabBytes, maxBytes: 50 });
      short.writeBytes(new Uint8Array(51 - byteLength));
      expect(() => {
        write(short);
      }).toThrow(
        expect.objectContaining({
          code: 'ERR_WRITE_BUFFER_OVERFLOW',
          requested: byteLength,
          available: byteLength - 1,
        }),
      );
      expect(short.take()).toEqual(new Uint8Array(51 - byteLength));
    }
  });

  test('counts only what was not taken', () => {
    const out = new WriteBuffer({ maxBytes: 4 });
    for (let i = 0; i < 100; i++) {
      out.writeInt32(i);
      expect(out.take()).toHaveLength(4);
    }
  });

  test('gives an error with a clear text', () => {
    const out = new WriteBuffer({ maxBytes: 4 });
    expect(() => {
      out.writeFloat64(1);
    }).toThrow(BufferOverflowError);
    expect(() => {
      out.writeFloat64(1);
    }).toThrow('write of 8 bytes, room for 4');
  });
});

describe('WriteBuffer options', () => {
  test.each([
    { slabBytes: 15 },
    { slabBytes: NaN },
    { maxBytes: 0 },
    { maxBytes: 1.5 },
    { maxBytes: Infinity },
    { frame: { typeBytes: 2 as 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 100 } as const },
    { frame: { typeBytes: 1, lengthBytes: 3 as 4, lengthIncludes: 'length', maxFrameBytes: 100 } as const },
    { frame: { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'all' as 'frame', maxFrameBytes: 100 } as const },
    { frame: { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'frame', maxFrameBytes: 4 } as const },
    { frame: { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'frame', maxFrameBytes: NaN } as const },
  ])('%j are rejected', (options) => {
    expect(() => new WriteBuffer(options)).toThrow(RangeError);
  });
});
