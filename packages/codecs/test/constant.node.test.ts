import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';
import { codecLaws } from '../src/testing.js';

describe('constant of bytes', () => {
  const plain = Uint8Array.of(0xff, 2);
  const buffer = Buffer.from(plain);

  test.each([plain, buffer])('takes the same bytes, in a Buffer or not', (own) => {
    const codec = k.constant<Uint8Array>(own);
    codecLaws(codec, [Uint8Array.of(0xff, 2)]);
    expect(k.toBytes(codec, plain)).toEqual(plain);
    expect(k.toBytes(codec, buffer)).toEqual(plain);
    expect(k.fromBytes(codec, plain)).toEqual(plain);
  });

  test.each([plain, buffer])('refuses other bytes, in a Buffer or not', (own) => {
    const codec = k.constant<Uint8Array>(own);
    // As text the first two are what 0xff 0x02 is.
    for (const other of [[0xfe, 2], [0xef, 0xbf, 0xbd, 2], [0xff, 2, 0], [0xff]]) {
      expect(() => k.toBytes(codec, Uint8Array.from(other))).toThrow('expected the constant ff 02, saw another');
      expect(() => k.toBytes(codec, Buffer.from(other))).toThrow('expected the constant ff 02, saw another');
    }
  });

  test('does not change when the bytes that it was made of do', () => {
    const own = Uint8Array.of(1);
    const codec = k.constant<Uint8Array>(own);
    own[0] = 2;
    expect(() => k.toBytes(codec, own)).toThrow('expected the constant 01');
    expect(k.fromBytes(codec, Uint8Array.of(1))).toEqual(Uint8Array.of(1));
  });

  test('gives back the value, not what another codec writes for it', () => {
    codecLaws(k.constant(k.bytes(k.u8), Uint8Array.of(1, 2)), [Uint8Array.of(1, 2)]);
  });
});
