import { describe, expect, test } from 'vitest';
import { hex, seededRandom } from '@millrace/testkit';
import { decodeUtf8 } from '../src/index.js';
import { hostDecoder, longLatin1, portableLatin1, portableUtf8 } from '../src/host-strings.js';

describe('decodeUtf8', () => {
  test('agrees with TextDecoder and with the portable strings on random bytes, valid or not', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const portable = portableUtf8();
    for (let seed = 0; seed < 2000; seed++) {
      const random = seededRandom(seed);
      const bytes = random.bytes(random.int(0, 40));
      if (seed % 3 === 0) for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) & 0x7f;
      else if (seed % 3 === 1) bytes.set(new TextEncoder().encode('é€😀ß語').subarray(0, bytes.length));
      const start = random.int(0, bytes.length);
      const end = random.int(start, bytes.length);
      const expected = decoder.decode(bytes.subarray(start, end));
      expect(decodeUtf8(bytes, start, end), `seed ${seed}`).toBe(expected);
      expect(portable(bytes, start, end), `seed ${seed}`).toBe(expected);
      expect(portableLatin1(bytes, start, end), `seed ${seed}`).toBe(longLatin1(bytes, start, end));
    }
  });

  test('keeps a byte order mark', () => {
    expect(decodeUtf8(hex('efbbbf61'), 0, 4)).toBe('\ufeffa');
    expect(portableUtf8()(hex('efbbbf61'), 0, 4)).toBe('\ufeffa');
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

describe('portableLatin1', () => {
  test('decodes long ones on every host', () => {
    const bytes = seededRandom(1).bytes(20_000);
    const expected = Array.from(bytes.subarray(3), (byte) => String.fromCharCode(byte)).join('');
    expect(portableLatin1(bytes, 3, 20_000)).toBe(expected);
    expect(longLatin1(bytes, 3, 20_000)).toBe(expected);
  });
});

describe('hostDecoder', () => {
  const decoderOf = (slice: unknown) =>
    hostDecoder({ prototype: { slice: slice as () => string } }, 'slice', 'é\ufffd');

  test('uses what decodes as expected', () => {
    const decode = decoderOf(() => 'é\ufffd');
    expect(decode?.(hex('6162'), 0, 2)).toBe('é\ufffd');
  });

  test.each([
    ['is not there', undefined],
    ['decodes otherwise', () => 'wrong'],
    [
      'throws',
      () => {
        throw new TypeError('argument must be a buffer');
      },
    ],
    ['is no function', 7],
  ])('does without what %s', (_, slice) => {
    expect(decoderOf(slice)).toBeUndefined();
    expect(hostDecoder(undefined, 'slice', '')).toBeUndefined();
  });
});
