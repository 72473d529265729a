import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';
import { codecLaws } from '../src/testing.js';

interface Tree {
  label: string;
  children: Tree[];
}
const tree: k.Codec<Tree> = k.struct({
  label: k.utf8(k.u8),
  children: k.array(
    k.lazy(() => tree),
    k.u8,
  ),
});

const point = k.struct({ x: k.f32, y: k.f64LE });
const long = 'a text of more than a few bytes, with ü and 😀';
const many = (count: number): k.Codec<object> =>
  k.struct(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, k.u8])));

interface Case {
  name: string;
  run: (variant: <T>(codec: k.Codec<T>) => k.Codec<T>) => void;
}
function law<T>(name: string, codec: k.Codec<T>, samples: readonly T[]): Case {
  return {
    name,
    run: (variant) => {
      codecLaws(variant(codec), samples);
    },
  };
}

const cases: Case[] = [
  law('u8', k.u8, [0, 1, 255]),
  law('i8', k.i8, [0, -128, 127]),
  law('bool', k.bool, [true, false]),
  law('u16', k.u16, [0, 65535, 258]),
  law('u16LE', k.u16LE, [0, 65535, 258]),
  law('i16', k.i16, [0, -32768, 258]),
  law('i16LE', k.i16LE, [-32768, 32767, 258]),
  law('u32', k.u32, [0, 2 ** 32 - 1, 0x01020304]),
  law('u32LE', k.u32LE, [0, 2 ** 32 - 1, 0x01020304]),
  law('i32', k.i32, [0, -(2 ** 31), 0x01020304]),
  law('i32LE', k.i32LE, [-1, 2 ** 31 - 1, 0x01020304]),
  law('f32', k.f32, [0, -0, 1.5, Infinity, NaN]),
  law('f32LE', k.f32LE, [0, -0, 1.5, -Infinity, NaN]),
  law('f64', k.f64, [0, -0, 0.1, Infinity, NaN]),
  law('f64LE', k.f64LE, [0, -0, 0.1, Number.MIN_VALUE]),
  law('u64', k.u64, [0n, 2n ** 64n - 1n, 0x0102030405060708n]),
  law('u64LE', k.u64LE, [0n, 2n ** 64n - 1n, 0x0102030405060708n]),
  law('i64', k.i64, [-(2n ** 63n), -1n, 0x0102030405060708n]),
  law('i64LE', k.i64LE, [2n ** 63n - 1n, -1n, 0x0102030405060708n]),
  law('u64Number', k.u64Number, [0, 2 ** 53 - 1, 2 ** 32]),
  law('u64NumberLE', k.u64NumberLE, [0, 2 ** 53 - 1, 2 ** 32]),
  law('i64Number', k.i64Number, [0, -1, -(2 ** 53) + 1, 2 ** 53 - 1, -(2 ** 32)]),
  law('i64NumberLE', k.i64NumberLE, [0, -1, -(2 ** 53) + 1, 2 ** 53 - 1, -(2 ** 32)]),
  law('varint', k.varint, [0, 127, 128, 16383, 16384, 2 ** 32, 2 ** 53 - 1]),
  law('zigzag', k.zigzag, [0, -1, 1, -64, 64, -(2 ** 52), 2 ** 52 - 1]),
  law('bytes of a fixed length', k.bytes(3), [Uint8Array.of(1, 2, 3)]),
  law('bytes with a prefix', k.bytes(k.u16LE), [new Uint8Array(0), new Uint8Array(40).fill(7)]),
  law('bytes up to a delimiter', k.bytes({ until: Uint8Array.of(1, 1, 2) }), [
    new Uint8Array(0),
    Uint8Array.of(1, 1, 1, 0, 2),
  ]),
  law('utf8 of a fixed length', k.utf8(4), ['abcd', 'üé', '😀']),
  law('utf8 with a prefix', k.utf8(k.u8), [
    '',
    'a',
    'ab',
    'abc',
    'abcd',
    'abcde',
    'abcdef',
    'abcdefg',
    'abcdefgh',
    'abcdefghi',
    'abcdefghij',
    'abcdefghijk',
    'ü',
    'abü',
    'abcü',
    'abcdü',
    'abcdeü',
    'abcdefü',
    'abcdefgü',
    'abcdefghü',
    long,
  ]),
  law('utf8 with a varint prefix', k.utf8(k.varint), ['', long.repeat(3)]),
  law('utf8 with a prefix of four bytes', k.utf8(k.u32LE), ['', long]),
  law('utf8 up to a delimiter', k.utf8({ until: '\r\n' }), ['', 'a\rb\nc', '\r', long]),
  law('cstring', k.cstring, ['', 'a', long]),
  law('constant text', k.constant('PING\r\n'), ['PING\r\n']),
  law('constant bytes', k.constant(Uint8Array.of(1, 2)), [Uint8Array.of(1, 2)]),
  law('constant value', k.constant(k.u32, 0xcafebabe), [0xcafebabe]),
  law('struct', k.struct({ id: k.i32, name: k.utf8(k.u16), at: point }), [
    { id: -5, name: long, at: { x: 0.5, y: 0.1 } },
  ]),
  law('struct without fields', k.struct({}), [{}]),
  ...[12, 13].map((count) =>
    law(`struct of ${count} fields`, many(count), [
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i])),
    ]),
  ),
  law('struct with optional fields', k.struct({ a: k.optional(k.u16), b: k.u8, c: k.optional(k.cstring) }), [
    { b: 1 },
    { a: 5, b: 1 },
    { a: 0, b: 2, c: 'x' },
  ]),
  law(
    'struct with names of every object',
    k.struct({ ['__proto__']: k.u8, constructor: k.optional(k.u16), toString: k.u8 }),
    [{ ['__proto__']: 1, toString: 2 } as never, { ['__proto__']: 1, constructor: 500, toString: 2 }],
  ),
  law('optional', k.optional(k.utf8(k.u8)), [undefined, '', 'abc']),
  law('array of a fixed count', k.array(k.i16LE, 3), [[1, -2, 3]]),
  law('array of numbers', k.array(k.f64, k.u8), [[], [0.1, -0, NaN]]),
  law('array with a varint prefix', k.array(k.utf8(k.u8), k.varint), [[], ['a', '', 'bcd']]),
  law('array of arrays', k.array(k.array(k.bool, k.u8), k.u16), [[], [[true], [], [false, true]]]),
  law('array of structs', k.array(point, k.u32LE), [
    [],
    [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ],
  ]),
  law('array of empty structs', k.array(k.struct({}), k.u8), [[{}, {}]]),
  law('union by number', k.union(k.u8, { 1: point, 2: k.utf8(k.u8), 200: k.struct({}) }), [
    { tag: 1, value: { x: 1, y: 2 } },
    { tag: 2, value: 'abc' },
    { tag: 200, value: {} },
  ]),
  law('union by text', k.union(k.utf8(k.u8), { add: k.i32, constructor: k.u8 }), [
    { tag: 'add', value: 7 },
    { tag: 'constructor', value: 8 },
  ]),
  law(
    'mapped',
    k.mapped(
      k.u32,
      (s) => new Date(s * 1000),
      (date) => date.getTime() / 1000,
    ),
    [new Date(0), new Date(86400_000)],
  ),
  law(
    'mapped of something composite',
    k.mapped(
      k.struct({ a: k.u8, b: k.cstring }),
      ({ a, b }): [number, string] => [a, b],
      ([a, b]) => ({ a, b }),
    ),
    [[1, 'x']],
  ),
  law('lazy', tree, [
    { label: 'root', children: [] },
    {
      label: 'a',
      children: [
        { label: 'b', children: [{ label: 'c', children: [] }] },
        { label: 'd', children: [] },
      ],
    },
  ]),
  law(
    'dependent',
    k.dependent<number, string>(
      k.i16,
      (n) =>
        n < 0
          ? k.mapped(
              k.struct({}),
              () => '',
              () => ({}),
            )
          : k.utf8(n),
      (text) => (text === '' ? -1 : new TextEncoder().encode(text).length),
    ),
    ['', 'abc', long],
  ),
  law('framers.lengthPrefixed', k.framers.lengthPrefixed(), [new Uint8Array(0), Uint8Array.of(1, 2, 3)]),
  law(
    'framers.lengthPrefixed with all options',
    k.framers.lengthPrefixed({ lengthBytes: 3, littleEndian: true, offset: 2, adjust: -5, skip: 0 }),
    [Uint8Array.of(9, 8, 5, 0, 0), Uint8Array.of(9, 8, 7, 0, 0, 1, 2)],
  ),
  law('framers.varint', k.framers.varint(), [new Uint8Array(0), new Uint8Array(130).fill(1)]),
  law('framers.delimited', k.framers.delimited('\r\n'), [new Uint8Array(0), Uint8Array.of(13, 1, 10)]),
  law('framers.lines', k.framers.lines(), ['', 'GET /', long]),
  law('framers.netstring', k.framers.netstring(), [new Uint8Array(0), new TextEncoder().encode('hello world!')]),
  law('framers.fixed', k.framers.fixed(4), [Uint8Array.of(1, 2, 3, 4)]),
  law('within', k.within(k.framers.lengthPrefixed({ lengthBytes: 2 }), point), [{ x: 1, y: 2 }]),
];

describe.each([
  ['as closures', (codec) => codec],
  ['compiled without generated code', (codec) => k.compile(codec, { codegen: false })],
  ['compiled', (codec) => k.compile(codec, { codegen: true })],
  [
    'compiled inside of a struct',
    (codec) =>
      k.mapped(
        k.compile(k.struct({ before: k.u8, it: codec, after: k.u16 })),
        ({ it }) => it as never,
        (it) => ({ before: 1, it, after: 2 }),
      ),
  ],
] satisfies [string, <T>(codec: k.Codec<T>) => k.Codec<T>][])('Codecs %s keep the laws', (_name, variant) => {
  for (const { name, run } of cases) {
    test(name, () => {
      run(variant);
    });
  }
});

describe('codecLaws', () => {
  const sound = k.struct({ a: k.u16, b: k.cstring });
  type Value = k.Infer<typeof sound>;
  const value: Value = { a: 1, b: 'xyz' };
  /** A codec that is sound but for one part. */
  const broken = (part: Partial<k.Codec<Value>>): k.Codec<Value> => ({
    encode: (out, one) => {
      sound.encode(out, one);
    },
    decode: (input) => sound.decode(input),
    decoder: () => sound.decoder(),
    ...part,
  });

  test('is content with a codec that is sound, whoever made it', () => {
    codecLaws(broken({}), [value]);
    codecLaws(broken({ size: (one) => sound.size?.(one) ?? 0 }), [value]);
  });

  test.each([
    ['at least one sample', [], broken({})],
    ['size says', [value], broken({ size: () => 5 })],
    ['is Incomplete', [value], broken({ decode: () => value })],
    [
      'leaves them',
      [value],
      broken({
        decode: (input) => {
          const decoded = sound.decode(input);
          if (decoded === k.Incomplete) input.skip(input.length);
          return decoded;
        },
      }),
    ],
    [
      'gives back what was encoded',
      [value],
      broken({
        decode: (input) => {
          const decoded = sound.decode(input);
          return decoded === k.Incomplete ? decoded : { ...decoded, a: 2 };
        },
      }),
    ],
    [
      'leaves the bytes after a value',
      [value],
      broken({
        decode: (input) => {
          const decoded = sound.decode(input);
          if (decoded !== k.Incomplete) input.skip(input.length);
          return decoded;
        },
      }),
    ],
    [
      'a decoder gives the value',
      [value],
      broken({
        decoder: () => ({
          ...stub,
          feed: (...args) => {
            sound.decoder().feed(...args);
          },
        }),
      }),
    ],
    [
      'feed gives the value once',
      [value],
      broken({
        decoder: () => {
          const inner = sound.decoder();
          return { ...stub, decode: (input) => inner.decode(input) };
        },
      }),
    ],
    [
      'the same bytes each time',
      [value],
      broken({
        encode: (out, one) => {
          sound.encode(out, { ...one, a: out.length });
        },
      }),
    ],
  ] as [string, Value[], k.Codec<Value>][])('finds out where it is broken: %s', (message, samples, codec) => {
    expect(() => {
      codecLaws(codec, samples);
    }).toThrow(message);
  });

  test('finds out where an error waits for more bytes than have to come', () => {
    const magic = k.constant('abc');
    const lateDecoder = (): k.Decoder<'abc'> => {
      const inner = magic.decoder();
      const held: number[] = [];
      let fedBytes = 0;
      return {
        decode: (input) => inner.decode(input),
        feed(chunk, onValue) {
          held.push(...chunk);
          fedBytes += chunk.length;
          if (chunk.length === 1 && fedBytes % 3 > 0) return;
          inner.feed(Uint8Array.from(held.splice(0)), onValue);
        },
        get isPartial() {
          return held.length > 0 || inner.isPartial;
        },
      };
    };
    codecLaws(magic, ['abc']);
    expect(() => {
      codecLaws(
        { ...magic, encode: magic.encode.bind(magic), decode: magic.decode.bind(magic), decoder: lateDecoder },
        ['abc'],
      );
    }).toThrow('byte 0 damaged: 0 values and a part of one in one chunk, 0 values and DecodeError in chunks of');
  });

  test('compares values as it is told', () => {
    const rounded = k.mapped(
      k.f32,
      (n) => n,
      (n) => n,
    );
    expect(() => {
      codecLaws(rounded, [0.1]);
    }).toThrow('gives back');
    codecLaws(rounded, [0.1], { equals: (a, b) => Math.abs(a - b) < 1e-6 });
    const set = k.mapped(
      k.array(k.u8, k.u8),
      (items) => new Set(items),
      (items) => [...items],
    );
    codecLaws(set, [new Set([1, 2]), new Set()]);
  });
});

/** A decoder that never decodes anything. */
const stub: k.Decoder<never> = {
  decode: () => k.Incomplete,
  feed: () => undefined,
  isPartial: false,
};
