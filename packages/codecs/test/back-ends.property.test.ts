import fc from 'fast-check';
import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';

/** A codec, and what its values are. */
interface Sample {
  readonly codec: k.Codec<unknown>;
  readonly value: fc.Arbitrary<unknown>;
}

function sample<T>(codec: k.Codec<T>, value: fc.Arbitrary<T>): Sample {
  return { codec: codec, value };
}

const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const encoded = (s: string): number => new TextEncoder().encode(s).length;

const leaves: Sample[] = [
  sample(k.u8, int(0, 255)),
  sample(k.i8, int(-128, 127)),
  sample(k.bool, fc.boolean()),
  sample(k.u16, int(0, 65535)),
  sample(k.i16LE, int(-32768, 32767)),
  sample(k.u32LE, int(0, 2 ** 32 - 1)),
  sample(k.i32, int(-(2 ** 31), 2 ** 31 - 1)),
  sample(k.f32, fc.float()),
  sample(k.f64LE, fc.double()),
  sample(k.u64, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  sample(k.i64LE, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  sample(k.u64Number, fc.maxSafeNat()),
  sample(k.i64NumberLE, fc.maxSafeInteger()),
  sample(k.varint, fc.maxSafeNat()),
  sample(k.zigzag, fc.integer()),
  sample(k.bytes(3), fc.uint8Array({ minLength: 3, maxLength: 3 })),
  sample(k.bytes(k.u8), fc.uint8Array({ maxLength: 40 })),
  sample(
    k.utf8(k.u8),
    text.filter((s) => encoded(s) < 256),
  ),
  sample(k.utf8(k.u16LE), text),
  sample(
    k.utf8(k.u32, { maxBytes: 100 }),
    text.filter((s) => encoded(s) <= 100),
  ),
  sample(k.utf8(k.i16), text),
  sample(k.utf8(k.varint), text),
  sample(k.utf8(2), fc.constantFrom('ab', 'ü')),
  sample(
    k.cstring,
    text.filter((s) => !s.includes('\0')),
  ),
  sample(
    k.utf8({ until: '\r\n' }, { maxBytes: 200 }),
    text.filter((s) => !s.includes('\r') && encoded(s) <= 200),
  ),
  sample(k.constant('ok'), fc.constant('ok' as const)),
  sample(k.constant('MILLRACE'), fc.constant('MILLRACE' as const)),
  sample(k.framers.lengthPrefixed({ lengthBytes: 2, adjust: -2 }), fc.uint8Array({ maxLength: 20 })),
  sample(k.framers.netstring(), fc.uint8Array({ maxLength: 20 })),
];

const names = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      'a"b',
      "it's",
      '`${c}`',
      '\\',
      '*/',
      '\n',
      '\u2028',
      '\u2029',
    ),
    fc.string({ maxLength: 4 }),
    fc.string({ unit: 'binary', maxLength: 2 }),
  ),
  { maxLength: 15 },
);

const counts = fc.constantFrom(k.u8, k.u16LE, k.i16, k.varint);

/** Random codecs up to a depth. */
const samples: fc.Arbitrary<Sample> = fc.letrec<{ any: Sample }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...leaves),
    tie('any').map(({ codec, value }) => sample(k.optional(codec), fc.option(value, { nil: undefined }))),
    fc
      .tuple(tie('any'), counts)
      .map(([{ codec, value }, count]) => sample(k.array(codec, count), fc.array(value, { maxLength: 4 }))),
    tie('any').map(({ codec, value }) => sample(k.array(codec, 2), fc.array(value, { minLength: 2, maxLength: 2 }))),
    fc
      .tuple(names, fc.array(tie('any'), { minLength: 15, maxLength: 15 }))
      .map(([keys, parts]) => structOf(keys, parts)),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) =>
      sample(
        k.union(k.u8, { 1: a.codec, 7: b.codec }),
        fc.oneof(
          a.value.map((value) => ({ tag: 1 as const, value })),
          b.value.map((value) => ({ tag: 7 as const, value })),
        ),
      ),
    ),
    tie('any').map(({ codec, value }) =>
      sample(
        k.mapped(
          codec,
          (it) => ({ it }),
          ({ it }) => it,
        ),
        value.map((it) => ({ it })),
      ),
    ),
    tie('any').map(({ codec, value }) =>
      sample(
        k.lazy(() => codec),
        value,
      ),
    ),
    tie('any').map(({ codec, value }) =>
      sample(
        k.dependent(
          k.u8,
          (n) =>
            n === 0
              ? codec
              : k.mapped(
                  k.u8,
                  () => 0,
                  () => 0,
                ),
          () => 0,
        ),
        value,
      ),
    ),
  ),
})).any;

function structOf(keys: readonly string[], parts: readonly Sample[]): Sample {
  const fields: Record<string, k.Codec<unknown>> = {};
  const define = (target: object, key: string, value: unknown): void => {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  };
  keys.forEach((key, i) => {
    define(fields, key, parts[i]?.codec);
  });
  const values = fc.tuple(...keys.map((_, i) => parts[i]?.value ?? fc.constant(undefined))).map((all) => {
    const row = {};
    keys.forEach((key, i) => {
      if (all[i] !== undefined) define(row, key, all[i]);
    });
    return row;
  });
  return sample(k.struct(fields) as k.Codec<unknown>, values as fc.Arbitrary<unknown>);
}

/** What came out: a value, Incomplete, or an error with its class and text. */
function outcome(run: () => unknown): unknown {
  try {
    return { result: run() };
  } catch (error) {
    return { error: String(error), name: (error as Error).constructor.name };
  }
}

function decodeOutcome(codec: k.Codec<unknown>, bytes: Uint8Array): unknown {
  const input = new ReadBuffer();
  input.feed(bytes);
  return [outcome(() => codec.decode(input)), input.length];
}

/** Feeds chunks of the given lengths, and the rest. */
function feedOutcome(
  codec: k.Codec<unknown>,
  bytes: Uint8Array,
  lengths: readonly number[],
): [unknown[], { name?: string }] {
  const decoder = codec.decoder();
  const values: unknown[] = [];
  let at = 0;
  const result = outcome(() => {
    for (const length of [...lengths, bytes.length]) {
      decoder.feed(bytes.slice(at, at + length), (value) => void values.push(value));
      at += length;
    }
    return decoder.isPartial;
  });
  return [values, result as { name?: string }];
}

/** Decodes what is fed in chunks, value after value. */
function resumeOutcome(codec: k.Codec<unknown>, bytes: Uint8Array, lengths: readonly number[]): unknown {
  const decoder = codec.decoder();
  const input = new ReadBuffer();
  const values: unknown[] = [];
  let at = 0;
  const result = outcome(() => {
    for (const length of [...lengths, bytes.length]) {
      input.feed(bytes.slice(at, at + length));
      at += length;
      for (let before = -1; input.length > 0 && input.length !== before;) {
        before = input.length;
        const value = decoder.decode(input);
        if (value === k.Incomplete) break;
        values.push(value);
      }
    }
    return decoder.isPartial;
  });
  return [values, result];
}

/** The class of an error, without its text: how much of the bytes it shows may depend on where they were cut. */
function kindOf([values, result]: [unknown[], { name?: string }]): unknown {
  return [values, result.name ?? result];
}

const split = fc.array(int(1, 9), { maxLength: 30 });
const runs = { numRuns: 400 };

describe('Generated code and closures', () => {
  test('write the same bytes, which both read back in any chunks', () => {
    const withValue = samples.chain(({ codec, value }) => fc.tuple(fc.constant(codec), value, split));
    fc.assert(
      fc.property(withValue, ([codec, value, lengths]) => {
        const closures = k.compile(codec, { codegen: false });
        const generated = k.compile(codec, { codegen: true });
        const bytes = k.toBytes(closures, value);
        expect(k.toBytes(generated, value)).toEqual(bytes);
        expect(generated.size?.(value)).toBe(bytes.length);
        for (const one of [codec, closures, generated]) {
          expect(decodeOutcome(one, bytes)).toEqual([{ result: value }, 0]);
          if (bytes.length === 0) continue;
          expect(feedOutcome(one, bytes, lengths)).toEqual([[value], { result: false }]);
          expect(resumeOutcome(one, bytes, lengths)).toEqual([[value], { result: false }]);
        }
      }),
      runs,
    );
  });

  test('agree on bytes that were damaged: value, error or Incomplete, and the cursor', () => {
    const damaged = samples.chain(({ codec, value }) =>
      fc.tuple(fc.constant(codec), value, fc.array(fc.tuple(fc.nat(), int(0, 255)), { maxLength: 3 }), fc.nat(), split),
    );
    fc.assert(
      fc.property(damaged, ([codec, value, edits, cut, lengths]) => {
        const bytes = k.toBytes(codec, value);
        for (const [at, byte] of edits) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const input = bytes.slice(0, bytes.length === 0 ? 0 : 1 + (cut % bytes.length));
        const closures = k.compile(codec, { codegen: false });
        const generated = k.compile(codec, { codegen: true });
        expect(decodeOutcome(generated, input)).toEqual(decodeOutcome(closures, input));
        if (input.length === 0) return;
        expect(feedOutcome(generated, input, lengths)).toEqual(feedOutcome(closures, input, lengths));
        expect(resumeOutcome(generated, input, lengths)).toEqual(resumeOutcome(closures, input, lengths));
        const whole = kindOf(feedOutcome(closures, input, []));
        expect(kindOf(feedOutcome(closures, input, lengths))).toEqual(whole);
        expect(
          kindOf(
            feedOutcome(
              generated,
              input,
              Array.from(input, () => 1),
            ),
          ),
        ).toEqual(whole);
      }),
      runs,
    );
  });

  test('agree on values that do not fit, and leave nothing of them', () => {
    const wrong = fc.oneof(
      samples.chain(({ value }) => value),
      fc.anything(),
      fc.constantFrom(NaN, -1, 2 ** 32, 1.5, null, undefined, 'x', {}, []),
    );
    fc.assert(
      fc.property(samples, wrong, ({ codec }, value) => {
        const encode = (one: k.Codec<unknown>): unknown => {
          const out = new WriteBuffer();
          out.writeUint8(7);
          const result = outcome(() => {
            one.encode(out, value);
          });
          return [result, out.take().slice()];
        };
        const seen = encode(k.compile(codec, { codegen: true })) as [{ error?: string }, Uint8Array];
        expect(seen).toEqual(encode(k.compile(codec, { codegen: false })));
        if (seen[0].error !== undefined) expect(seen[1]).toEqual(Uint8Array.of(7));
      }),
      runs,
    );
  });
});
