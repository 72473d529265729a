import { describe, expect, test } from 'vitest';
import { hex, seededRandom } from '@millrace/testkit';
import { decodeUtf8 } from '../src/index.js';
import { decodeLatin1, detectStrings, portableStrings } from '../src/host-strings.js';

describe('decodeUtf8', () => {
  test('agrees with TextDecoder and with the portable strings on random bytes, valid or not', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const portable = portableStrings();
    for (let seed = 0; seed < 2000; seed++) {
      const random = seededRandom(seed);
      const bytes = random.bytes(random.int(0, 40));
      if (seed % 3 === 0) for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) & 0x7f;
      else if (seed % 3 === 1) bytes.set(new TextEncoder().encode('é€😀ß語').subarray(0, bytes.length));
      const start = random.int(0, bytes.length);
      const end = random.int(start, bytes.length);
      const expected = decoder.decode(bytes.subarray(start, end));
      expect(decodeUtf8(bytes, start, end), `seed ${seed}`).toBe(expected);
      expect(portable.utf8(bytes, start, end), `seed ${seed}`).toBe(expected);
      expect(portable.latin1(bytes, start, end), `seed ${seed}`).toBe(decodeLatin1(bytes, start, end));
    }
  });

  test('keeps a byte order mark', () => {
    expect(decodeUtf8(hex('efbbbf61'), 0, 4)).toBe('\ufeffa');
    expect(portableStrings().utf8(hex('efbbbf61'), 0, 4)).toBe('\ufeffa');
  });

  test.each([
    [-1, 2],
    [2, 1],
    [0, 5],
    [NaN, 2],
    [0, NaN],
  ])('rejects the range from %d to %d of 4 bytes', (start, end) => {
    expect(() => decodeUtf8(hex('61626364'), start, end)).toThrow(RangeError);
  });
});

describe('detectStrings', () => {
  test('decodes long Latin-1 on every host', () => {
    const bytes = seededRandom(1).bytes(20_000);
    expect(portableStrings().latin1(bytes, 3, 20_000)).toBe(Buffer.from(bytes.subarray(3)).toString('latin1'));
  });

  test('uses Buffer where it reads as expected, and does without it elsewhere', () => {
    const { utf8Slice, latin1Slice } = Buffer.prototype as unknown as Record<string, () => string>;
    const fake = (slice: (() => string) | undefined): string =>
      detectStrings({ prototype: { utf8Slice: slice, latin1Slice } }).utf8(hex('6162'), 0, 2);
    expect(fake(utf8Slice)).toBe('ab');
    expect(fake(undefined)).toBe('ab');
    expect(fake(() => 'wrong')).toBe('ab');
    expect(
      fake(() => {
        throw new TypeError('argument must be a buffer');
      }),
    ).toBe('ab');
    expect(fake(() => 'é\ufffd')).toBe('é\ufffd');
    expect(detectStrings(undefined).utf8(hex('6162'), 0, 2)).toBe('ab');
  });
});
