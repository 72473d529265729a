import fc from 'fast-check';
import { ReadBuffer } from '@millrace/read-buffer';
import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';

const record = k.struct({
  id: k.u32,
  text: k.utf8(k.varint),
  line: k.cstring,
  note: k.optional(k.bytes(k.u16)),
  items: k.array(k.mapped(k.i16LE, String, Number), k.u8),
});

const letters = Array.from('abc üé😀'.repeat(60));
const text = fc.integer({ min: 0, max: 400 }).map((length) => letters.slice(0, length).join(''));
const values = fc.array(
  fc.record(
    {
      id: fc.nat(),
      text,
      line: text,
      note: fc.uint8Array({ maxLength: 1500 }),
      items: fc.array(fc.integer({ min: -9, max: 9 }).map(String), { maxLength: 200 }),
    },
    { requiredKeys: ['id', 'text', 'line', 'items'] },
  ),
  { minLength: 1, maxLength: 12 },
);
/** Short ones and long ones: a decoder keeps what they leave in different places. */
const lengths = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 250, max: 260 }), fc.integer({ min: 100, max: 2000 })),
  { minLength: 1, maxLength: 60 },
);

function* cut(bytes: Uint8Array, cycle: readonly number[]): Iterable<Uint8Array> {
  // At least one byte in each cycle, or it would never end.
  const steps = [...cycle, 1];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = steps[i % steps.length] as number;
    yield bytes.slice(at, at + length);
    at += length;
  }
}

describe.each([false, true])('A decoder (generated code: %s)', (codegen) => {
  const codec = k.compile(record, { codegen });

  test('gives the same values from short and long chunks in any order', () => {
    fc.assert(
      fc.property(values, lengths, (expected, cycle) => {
        const parts = expected.map((value) => k.toBytes(codec, value));
        const bytes = Uint8Array.from(parts.flatMap((part) => Array.from(part)));
        const fed = codec.decoder();
        const pulled = codec.decoder();
        const input = new ReadBuffer();
        const seen: unknown[] = [];
        const resumed: unknown[] = [];
        for (const chunk of cut(bytes, cycle)) {
          input.feed(chunk.slice());
          for (let value = pulled.decode(input); value !== k.Incomplete; value = pulled.decode(input)) {
            resumed.push(value);
          }
          fed.feed(chunk, (value) => void seen.push(value));
          chunk.fill(0xee);
        }
        expect(seen).toEqual(expected);
        expect(resumed).toEqual(expected);
        expect([fed.isPartial, pulled.isPartial, input.length]).toEqual([false, false, 0]);
      }),
      { numRuns: 60 },
    );
  });
});
