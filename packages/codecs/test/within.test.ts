import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';
import { codecLaws } from '../src/testing.js';

const message = k.struct({ line: k.cstring, data: k.bytes(k.u8), n: k.u16 });
const value = { line: 'ab', data: Uint8Array.of(1, 2), n: 515 };

const framerKinds: [string, k.Codec<Uint8Array>][] = [
  ['lengthPrefixed', k.framers.lengthPrefixed({ lengthBytes: 2 })],
  ['varint', k.framers.varint()],
  ['a byte with the length', k.bytes(k.u8)],
  ['delimited', k.framers.delimited('\r\n')],
  ['netstring', k.framers.netstring()],
  ['fixed', k.framers.fixed(8)],
  [
    'a framer that is mapped',
    k.mapped(
      k.framers.varint(),
      (frame) => frame.map((byte) => byte ^ 0x55),
      (frame) => frame.map((byte) => byte ^ 0x55),
    ),
  ],
];

describe.each([false, true])('within (generated code: %s)', (codegen) => {
  test.each(framerKinds)('gives the value in a frame of %s, and the values around it', (_name, framer) => {
    const codec = k.compile(k.struct({ before: k.u8, it: k.within(framer, message), after: k.cstring }), { codegen });
    codecLaws(codec, [{ before: 1, it: value, after: 'xyz' }]);
  });

  test.each(framerKinds)('gives values that own their memory, from %s', (_name, framer) => {
    const codec = k.compile(k.within(framer, message), { codegen });
    const bytes = k.toBytes(codec, value);
    const decoded = k.fromBytes(codec, bytes);
    bytes.fill(0xee);
    expect(decoded).toEqual(value);
  });

  test.each(framerKinds.filter(([name]) => name !== 'fixed'))(
    'refuses a value that is longer or shorter than its frame of %s',
    (_name, framer) => {
      const codec = k.compile(k.within(framer, message), { codegen });
      const inner = k.toBytes(message, value);
      const short = k.toBytes(framer, inner.subarray(0, -1));
      const long = k.toBytes(framer, Uint8Array.of(...inner, 7));
      expect(() => k.fromBytes(codec, short)).toThrow('expected a whole value, saw 7 bytes of it');
      expect(() => k.fromBytes(codec, long)).toThrow('expected the end, saw 1 bytes more');
    },
  );
});

test('within asks its framer for bytes', () => {
  const framer = k.utf8(k.u8) as k.Codec<unknown> as k.Codec<Uint8Array>;
  const text = k.mapped(
    framer,
    (frame) => frame,
    (frame) => frame,
  );
  expect(() => k.fromBytes(k.within(text, k.u8), Uint8Array.of(1, 97))).toThrow('expected a Uint8Array, saw string');
});

test.each(framerKinds.slice(0, -1))('within decodes in place in a frame of %s, and copies nothing', (_name, framer) => {
  const seen: unknown[] = [];
  /** Eight bytes; not of this package, so that it is shown the memory that it decodes in. */
  const inner: k.Codec<null> = {
    encode: (out) => {
      out.writeBytes(new Uint8Array(8));
    },
    decode: (input) => {
      seen.push(input.viewBytes(8).buffer);
      return null;
    },
    decoder: () => expect.fail('it is a part'),
  };
  const codec = k.within(framer, k.within(k.framers.fixed(8), inner));
  const bytes = k.toBytes(codec, null);
  expect(k.fromBytes(codec, bytes)).toBe(null);
  expect(seen).toEqual([bytes.buffer]);
  expect(seen[0]).toBe(bytes.buffer);
});
