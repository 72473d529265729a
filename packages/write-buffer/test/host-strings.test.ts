import { describe, expect, test } from 'vitest';
import { seededRandom } from '@millrace/testkit';
import { detectStrings, hostStrings } from '../src/host-strings.js';

describe('detectStrings', () => {
  test('agrees with the portable strings on random UTF-16, lone surrogates included', () => {
    const portable = detectStrings(undefined);
    for (let seed = 0; seed < 300; seed++) {
      const random = seededRandom(seed);
      const units = Array.from({ length: random.int(0, 40) }, () =>
        random.int(0, 1) === 0 ? random.int(0, 0xffff) : random.int(0xd7f0, 0xe010),
      );
      const text = String.fromCharCode(...units);
      const byteLength = portable.utf8Length(text);
      expect(hostStrings.utf8Length(text), `seed ${seed}`).toBe(byteLength);
      const results = [hostStrings, portable].map((strings) => {
        const bytes = new Uint8Array(byteLength + 4);
        expect(strings.writeUtf8(bytes, 3, byteLength + 3, text), `seed ${seed}`).toBe(byteLength);
        return bytes;
      });
      expect(results[0], `seed ${seed}`).toEqual(results[1]);
      expect(results[0]?.subarray(3, -1), `seed ${seed}`).toEqual(new TextEncoder().encode(text));
    }
  });

  test('write whole characters only where not all of them fit', () => {
    for (const strings of [hostStrings, detectStrings(undefined)]) {
      for (let room = 0; room < 12; room++) {
        const bytes = new Uint8Array(20);
        const expected = room < 1 ? 0 : room < 3 ? 1 : room < 6 ? 3 : room < 10 ? 6 : 10;
        expect(strings.writeUtf8(bytes, 2, 2 + room, 'aé€😀')).toBe(expected);
        expect(bytes.subarray(2 + room).every((byte) => byte === 0)).toBe(true);
      }
    }
  });

  test('uses Buffer where it writes as expected, and does without it elsewhere', () => {
    const byteLength = (): number => 42;
    const utf8Length = (utf8Write?: (this: Uint8Array) => number): number =>
      detectStrings({ prototype: { utf8Write }, byteLength }).utf8Length('ab');
    expect(detectStrings(undefined).utf8Length('ab')).toBe(2);
    expect(utf8Length()).toBe(2);
    expect(utf8Length(() => 5)).toBe(2);
    expect(utf8Length(() => 6)).toBe(2);
    expect(
      utf8Length(() => {
        throw new TypeError('argument must be a buffer');
      }),
    ).toBe(2);
    expect(
      utf8Length(function (this: Uint8Array) {
        this.set([195, 169, 239, 191, 189], 1);
        return 5;
      }),
    ).toBe(42);
  });
});
