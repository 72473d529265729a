import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';

/** Bytes without room for them: a codec that is not of this package, and says how long its values are. */
function ofOtherMake(size: ((value: number) => number) | undefined): k.Codec<number> {
  return {
    encode(out, value) {
      const start = out.length;
      k.bytes(k.u8).encode(out, new Uint8Array(value));
      // Depends on what was written.
      if (out.length - start > 10) out.writeUint8(0);
    },
    decode: () => k.Incomplete,
    decoder: () => k.u8.decoder(),
    ...(size && { size }),
  };
}

describe('size', () => {
  const blob = new Uint8Array(2 ** 24);
  const manyBlobs = Array.from({ length: 65 }, () => blob);

  test.each([
    ['bytes', k.array(k.bytes(k.u32), k.u8), 1 + 65 * (4 + 2 ** 24)],
    ['frames', k.array(k.framers.lengthPrefixed({ maxFrameBytes: 2 ** 25 }), k.u8), 1 + 65 * (4 + 2 ** 24)],
    ['netstrings', k.array(k.framers.netstring(), k.u8), 1 + 65 * (9 + 2 ** 24 + 1)],
  ])('is exact above 2^30 bytes, and makes no room for them: %s', (_name, codec, byteLength) => {
    expect(codec.size?.(manyBlobs)).toBe(byteLength);
    expect(byteLength).toBeGreaterThan(2 ** 30);
  });

  test('asks another codec, or encodes with it apart', () => {
    const asked = k.array(
      ofOtherMake((value) => value * 2 ** 40),
      k.u8,
    );
    expect(asked.size?.([1, 2])).toBe(1 + 3 * 2 ** 40);
    const encoded = k.array(ofOtherMake(undefined), k.u8);
    expect(encoded.size?.([3, 20])).toBe(1 + 4 + 22);
    expect(k.toBytes(encoded, [3, 20])).toHaveLength(27);
  });

  test('may be asked for while it is measured, and again after that threw', () => {
    const inner = k.struct({ id: k.u32, text: k.utf8(k.u8) });
    const sizes: (number | undefined)[] = [];
    const outer = k.struct({
      before: k.u16,
      text: k.utf8(k.u8),
      it: k.mapped(
        inner,
        (value) => value.text,
        (text: string) => {
          const value = { id: 1, text };
          sizes.push(inner.size?.(value), inner.size?.({ id: 2, text: 'three' }));
          expect(() => inner.size?.({ id: 3, text: 5 as never })).toThrow('expected a string, saw number');
          return value;
        },
      ),
      after: k.bytes(k.u8),
    });
    const value = { before: 1, text: 'ab', it: 'x', after: Uint8Array.of(1) };
    expect(outer.size?.(value)).toBe(2 + 3 + 6 + 2);
    expect(() => outer.size?.({ ...value, after: 1 as never })).toThrow('expected a Uint8Array, saw number');
    expect(outer.size?.(value)).toBe(2 + 3 + 6 + 2);
    expect(sizes).toEqual([6, 10, 6, 10, 6, 10]);
  });
});
