import { describe, expect, test } from 'vitest';
import { bit, BitString, varbit } from '../src/types/bit-string.js';
import { bitGoldens } from './fixtures/time-goldens.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

describe.each(bitGoldens)("$typeName '$literal'", ({ typeName, literal, wire, value }) => {
  const type = typeName === 'bit' ? bit : varbit;

  test('is read from the bytes of the server, and written to the same', () => {
    expect(readHex(type, wire)).toStrictEqual(value);
    expect(String(readHex(type, wire))).toBe(literal);
    expect(writeHex(type, value)).toBe(wire);
    expect(writeHex(type, literal)).toBe(wire);
  });
});

describe('a BitString', () => {
  test('of every length up to 70 has the digits that it was made of', () => {
    for (let length = 0; length <= 70; length++) {
      const digits = Array.from({ length }, (_, i) => ((i * i + length) % 3) & 1).join('');
      const bits = BitString.from(digits);
      expect(bits.length).toBe(length);
      expect(bits.toString()).toBe(digits);
      expect(Array.from({ length }, (_, i) => bits.at(i)).join('')).toBe(digits);
      expect(new BitString(bits.bytes, length).equals(bits)).toBe(true);
      expect(String(readHex(varbit, writeHex(varbit, bits)))).toBe(digits);
    }
  });

  test('has no bits beyond its ends', () => {
    const bits = BitString.from('101');
    expect([bits.at(-1), bits.at(3), bits.at(0.5)]).toEqual([undefined, undefined, undefined]);
  });

  test('does not change with the bytes that it was made of or gave away', () => {
    const bytes = Uint8Array.of(0b1010_0000);
    const bits = new BitString(bytes, 4);
    bytes[0] = 0xff;
    bits.bytes[0] = 0xff;
    expect(bits.toString()).toBe('1010');
  });

  test('drops what is beyond its length, so that equal ones have equal bytes', () => {
    const bits = new BitString(Uint8Array.of(0xff), 3);
    expect(bits.bytes).toEqual(Uint8Array.of(0b1110_0000));
    expect(bits.equals(BitString.from('111'))).toBe(true);
    expect(bits.equals(BitString.from('1110'))).toBe(false);
  });

  test('is as long as its bytes by default, and is its digits in JSON', () => {
    expect(new BitString(Uint8Array.of(0x80, 0x01)).toString()).toBe('1000000000000001');
    expect(JSON.stringify({ bits: BitString.from('01') })).toBe('{"bits":"01"}');
  });

  test.each([-1, 0, 1.5, 17, 8, NaN])('of two bytes and a length of %d is refused', (length) => {
    expect(() => new BitString(new Uint8Array(2), length)).toThrow(RangeError);
  });

  test('of anything but digits is refused, and not quoted', () => {
    expect(() => BitString.from('0102')).toThrow(new RangeError('expected a string of 0 and 1, got another character'));
    expect(() => BitString.from(101 as never)).toThrow(new TypeError('expected a string of 0 and 1, got a number'));
  });
});

describe('bits on the wire', () => {
  test.each([
    ['', 'at least 4 bytes long, got 0'],
    ['000000', 'at least 4 bytes long, got 3'],
    ['ffffffff', 'of 4 bytes says that it has -1 bits'],
    ['00000001', 'of 4 bytes says that it has 1 bits'],
    ['0000000080', 'of 5 bytes says that it has 0 bits'],
    ['0000000980', 'of 5 bytes says that it has 9 bits'],
    ['7fffffff80', 'of 5 bytes says that it has 2147483647 bits'],
  ])('%s are refused', (wire, message) => {
    expect(() => readHex(bit, wire)).toThrow(`bit ${message.replace(/^at/, 'is at')}`);
    expect(() => readHex(varbit, wire)).toThrow(`varbit ${message.replace(/^at/, 'is at')}`);
  });

  test.each([
    ['012', 'got another string'],
    ['0b1', 'got another string'],
    ['1\n', 'got another string'],
    [1, 'got a number'],
    [Uint8Array.of(1), 'got a Uint8Array'],
    [{ length: 1 }, 'got an object'],
  ])('are not written from %j', (value, message) => {
    expect(() => writeHex(varbit, value)).toThrow(`expected a BitString or a string of 0 and 1, ${message}`);
  });
});
