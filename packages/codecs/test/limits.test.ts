import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';

function feed<T>(codec: k.Codec<T>, bytes: readonly number[]): T[] {
  const values: T[] = [];
  codec.decoder().feed(Uint8Array.from(bytes), (value) => void values.push(value));
  return values;
}

interface Tree {
  kids: Tree[];
}
const tree: k.Codec<Tree> = k.struct({
  kids: k.array(
    k.lazy(() => tree, { maxDepth: 10 }),
    k.u8,
  ),
});
const nest = (depth: number): Tree => ({ kids: depth === 0 ? [] : [nest(depth - 1)] });

describe.each([false, true])('Hostile bytes (generated code: %s)', (codegen) => {
  const make = <T>(codec: k.Codec<T>): k.Codec<T> => k.compile(codec, { codegen });

  test.each([
    ['a count of 2^32 - 1', k.array(k.u8, k.u32), [255, 255, 255, 255]],
    ['a count of -1', k.array(k.u8, k.i32), [255, 255, 255, 255]],
    ['a count above maxCount', k.array(k.u8, k.u16, { maxCount: 3 }), [0, 4]],
    ['a count of empty items', k.array(k.struct({}), k.u32), [0, 1, 0, 1]],
    ['a length of 2^31 - 1', k.utf8(k.i32), [127, 255, 255, 255]],
    ['a length of -1', k.bytes(k.i8), [255]],
    ['a length above maxBytes', k.bytes(k.u8, { maxBytes: 5 }), [6]],
    ['a length of a varint', k.utf8(k.varint), [255, 255, 255, 255, 15]],
    ['a frame', k.framers.lengthPrefixed({ maxFrameBytes: 100 }), [0, 0, 0, 97]],
    ['a frame after a varint', k.framers.varint({ maxFrameBytes: 100 }), [101]],
    ['a netstring', k.framers.netstring({ maxFrameBytes: 100 }), [0x31, 0x30, 0x31]],
    ['digits without an end', k.framers.netstring(), Array.from({ length: 9 }, () => 0x31)],
    ['a line', k.framers.lines({ maxFrameBytes: 3 }), [97, 97, 97, 97]],
    ['a delimited frame', k.framers.delimited('\r\n', { maxFrameBytes: 1 }), [1, 1, 13]],
    ['a depth', tree, Array.from({ length: 11 }, () => 1)],
  ] as [string, k.Codec<unknown>, number[]][])('are refused as soon as they announce %s', (_name, codec, bytes) => {
    for (const one of [make(codec), make(k.struct({ it: codec }))]) {
      const decoder = one.decoder();
      const all = Uint8Array.from(bytes);
      decoder.feed(all.subarray(0, -1), () => undefined);
      expect(() => {
        decoder.feed(all.subarray(-1), () => undefined);
      }).toThrow(expect.objectContaining({ code: 'ERR_CODECS_LIMIT' }));
      const input = new ReadBuffer();
      input.feed(all);
      expect(() => one.decode(input)).toThrow(k.LimitError);
      expect(input.length).toBe(all.length);
    }
  });

  test.each([
    ['a bool of 2', k.bool, [2], 'expected a bool, 0 or 1, saw 2'],
    ['an optional of 2', k.optional(k.u8), [2], 'expected a bool'],
    ['another constant', k.constant(k.u16, 0x1234), [0x12, 0x35], 'expected the constant 12 34, saw 12 35'],
    ['an unknown tag', k.union(k.u8, { 1: k.u8, 2: k.u8 }), [3], 'expected a tag of 1, 2, saw 3'],
    [
      'a varint of nine bytes',
      k.varint,
      [255, 255, 255, 255, 255, 255, 255, 255, 1],
      'expected a varint up to 9007199254740991',
    ],
    ['a varint above 2^53 - 1', k.varint, [255, 255, 255, 255, 255, 255, 255, 31], 'varint'],
    ['an unsafe u64', k.u64Number, [0, 32, 0, 0, 0, 0, 0, 0], 'safe integer'],
    ['an unsafe i64', k.i64NumberLE, [0, 0, 0, 0, 0, 0, 224, 255], 'safe integer'],
    ['a frame shorter than its header', k.framers.lengthPrefixed({ adjust: -5 }), [0, 0, 0, 4], 'at least 4'],
    ['a netstring without digits', k.framers.netstring(), [0x61], 'expected decimal digits and a colon, saw "a"'],
    ['a netstring after a space', k.framers.netstring(), [0x31, 0x20], 'decimal digits and a colon, saw 0x20'],
    ['a netstring with a zero before its length', k.framers.netstring(), [0x30, 0x31], 'decimal digits'],
    ['a netstring with another end', k.framers.netstring(), [0x30, 0x3a, 0x3b], 'expected a comma, saw ";"'],
    [
      'a count that is no number',
      k.array(
        k.u8,
        k.mapped(
          k.u8,
          () => 'x' as never,
          () => 0,
        ),
      ),
      [1],
      'a count',
    ],
    ['a frame with a rest', k.within(k.framers.varint(), k.u8), [2, 1, 1], '1 bytes more'],
    ['a frame with too little', k.within(k.framers.varint(), k.u16), [1, 1], 'whole value'],
  ] as [string, k.Codec<unknown>, number[], string][])('are refused: %s', (_name, codec, bytes, message) => {
    expect(() => feed(make(codec), bytes)).toThrow(message);
    expect(() => feed(make(k.struct({ before: k.u8, it: codec })), [1, ...bytes])).toThrow(k.DecodeError);
  });

  test('make no room for items that do not come', () => {
    const codec = make(k.array(k.struct({ a: k.f64, b: k.f64 }), k.u32, { maxCount: 2 ** 32 - 1 }));
    const decoder = codec.decoder();
    decoder.feed(Uint8Array.of(255, 255, 255, 255, 1, 2, 3), () => expect.unreachable());
    const numbers = make(k.array(k.f64, k.u32, { maxCount: 2 ** 32 - 1 })).decoder();
    numbers.feed(Uint8Array.of(255, 255, 255, 255, 1, 2, 3), () => expect.unreachable());
    expect([decoder.isPartial, numbers.isPartial]).toEqual([true, true]);
  });

  test('are within the depth limit, or not, in pieces as in one', () => {
    const codec = make(tree);
    expect(k.fromBytes(codec, k.toBytes(codec, nest(10)))).toEqual(nest(10));
    const decoder = codec.decoder();
    const values: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      for (const byte of k.toBytes(codec, nest(10))) decoder.feed(Uint8Array.of(byte), (one) => void values.push(one));
    }
    expect(values).toEqual([nest(10), nest(10), nest(10)]);
  });
});

describe('What cannot be encoded', () => {
  const loop: Tree = { kids: [] };
  loop.kids.push(loop);

  test.each([
    ['an integer out of its range', k.u8, 256, RangeError],
    ['a fraction', k.i32, 1.5, RangeError],
    ['NaN as an integer', k.u16LE, NaN, RangeError],
    ['text as a float', k.f64, '1', TypeError],
    ['a number as a bool', k.bool, 1, TypeError],
    ['a negative u64Number', k.u64Number, -1, RangeError],
    ['an unsafe i64Number', k.i64Number, 2 ** 53, RangeError],
    ['a bigint out of its range', k.u64, -1n, RangeError],
    ['a number as a bigint', k.i64, 1, TypeError],
    ['a negative varint', k.varint, -1, RangeError],
    ['text as a varint', k.varint, '1', TypeError],
    ['a zigzag out of its range', k.zigzag, 2 ** 52, RangeError],
    ['a number as text', k.utf8(k.u8), 5, TypeError],
    ['text that is too long for its prefix', k.utf8(k.u8), 'x'.repeat(256), RangeError],
    ['text above maxBytes', k.utf8(k.u32, { maxBytes: 3 }), 'üü', RangeError],
    ['text of another length than the fixed one', k.utf8(3), 'ü', RangeError],
    ['a zero character in a cstring', k.cstring, 'a\0b', RangeError],
    ['a delimiter inside', k.bytes({ until: 'ab' }), Uint8Array.of(97, 98), RangeError],
    ['a value that makes a delimiter with its end', k.bytes({ until: 'aa' }), Uint8Array.of(97), RangeError],
    ['text above the limit before a delimiter', k.utf8({ until: '\n' }, { maxBytes: 2 }), 'abc', RangeError],
    ['an array as bytes', k.bytes(2), [1, 2], TypeError],
    ['another constant', k.constant('a'), 'b', RangeError],
    ['another constant of bytes', k.constant(Uint8Array.of(1)), Uint8Array.of(2), RangeError],
    ['null as a struct', k.struct({ a: k.u8 }), null, TypeError],
    ['a struct with a field missing', k.struct({ a: k.u8 }), {}, Error],
    ['an object as an array', k.array(k.u8, k.u8), { length: 0 }, TypeError],
    ['too many items', k.array(k.u8, k.u16, { maxCount: 1 }), [1, 2], RangeError],
    ['another count than the fixed one', k.array(k.u8, 2), [1], RangeError],
    ['an unknown tag', k.union(k.u8, { 1: k.u8 }), { tag: 2, value: 0 }, RangeError],
    ['a union that is no object', k.union(k.u8, { 1: k.u8 }), 1, TypeError],
    ['a cycle', tree, loop, RangeError],
    ['a line with a carriage return at its end', k.framers.lines(), 'a\r', RangeError],
    ['a frame that is too long', k.framers.lengthPrefixed({ lengthBytes: 1 }), new Uint8Array(256), RangeError],
    ['a frame shorter than its header', k.framers.lengthPrefixed({ skip: 0 }), new Uint8Array(3), RangeError],
    ['a frame that is no Uint8Array', k.framers.lengthPrefixed(), 'x', TypeError],
  ] as [string, k.Codec<unknown>, unknown, typeof Error][])(
    '%s is refused, and nothing is written',
    (_name, codec, value, type) => {
      for (const codegen of [false, true]) {
        const inside = k.compile(k.struct({ before: k.u32, it: codec }), { codegen });
        const out = new WriteBuffer();
        expect(() => {
          k.compile(codec, { codegen }).encode(out, value);
        }).toThrow(type);
        expect(() => {
          inside.encode(out, { before: 1, it: value });
        }).toThrow(type);
        expect(out.length).toBe(0);
      }
    },
  );

  test('a struct of 20,000 numbers is a layout', () => {
    const many = k.struct(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`f${i}`, k.u8])));
    expect(Object.keys(k.fromBytes(many, new Uint8Array(20_000)))).toHaveLength(20_000);
  });

  test('a line says what is wrong with it', () => {
    const encode = (): unknown => k.toBytes(k.framers.lines(), 'a\r');
    expect(encode).toThrow('expected a line, saw a carriage return at its end');
  });

  test('a netstring has the limit that it was given', () => {
    const any = k.framers.netstring({ maxFrameBytes: Number.MAX_SAFE_INTEGER });
    expect(k.fromBytes(any, k.toBytes(any, Uint8Array.of(7)))).toEqual(Uint8Array.of(7));
    const short = k.framers.netstring({ maxFrameBytes: 2 });
    const encode = (): unknown => k.toBytes(short, new Uint8Array(3));
    expect(encode).toThrow('expected a length in bytes from 0 to 2, saw 3');
    expect(() => k.framers.netstring({ maxFrameBytes: -1 })).toThrow('expected maxFrameBytes from 0');
  });

  test('a tree that is as deep as allowed is encoded after a cycle was refused', () => {
    expect(() => k.toBytes(tree, loop)).toThrow('depth from 0 to 10');
    expect(() => tree.size?.(loop)).toThrow('depth from 0 to 10');
    expect(tree.size?.(nest(10))).toBe(11);
  });

  test.each([
    ['a negative length', () => k.bytes(-1)],
    ['a fractional count', () => k.array(k.u8, 1.5)],
    ['a negative maxBytes', () => k.utf8(k.u8, { maxBytes: -1 })],
    ['a maxCount of NaN', () => k.array(k.u8, k.u8, { maxCount: NaN })],
    ['a maxDepth of 0', () => k.lazy(() => k.u8, { maxDepth: 0 })],
    ['an empty delimiter', () => k.bytes({ until: '' })],
    ['a length of 7 bytes', () => k.framers.lengthPrefixed({ lengthBytes: 7 })],
    ['a negative offset', () => k.framers.lengthPrefixed({ offset: -1 })],
    ['a negative skip', () => k.framers.lengthPrefixed({ skip: -1 })],
    ['a limit below the header', () => k.framers.lengthPrefixed({ maxFrameBytes: 3 })],
  ])('%s is no layout', (_name, make) => {
    expect(make).toThrow(RangeError);
  });

  test.each([undefined, null, 5, {}, { encode: () => undefined }])('%s is no codec', (value) => {
    expect(() => k.optional(value as never)).toThrow('expected a codec');
  });
});

describe.each([false, true])('Items that take no bytes (generated code: %s)', (codegen) => {
  const nothing = k.struct({});
  const make = <T>(codec: k.Codec<T>): k.Codec<T> => k.compile(codec, { codegen });
  const nested = make(k.array(k.array(nothing, k.u16), k.u16));

  test('are limited over a whole value, not only in one array', () => {
    const wire = Uint8Array.from([0, 2, 0xff, 0xff, 0, 2]);
    expect(() => k.fromBytes(nested, wire)).toThrow(k.LimitError);
    for (const chunks of [[wire], Array.from(wire, (byte) => Uint8Array.of(byte))]) {
      const decoder = nested.decoder();
      expect(() => {
        for (const chunk of chunks) decoder.feed(chunk, () => undefined);
      }).toThrow('expected empty items from 0 to 65536, saw 65537');
    }
    const fixed = make(k.array(k.array(nothing, 60_000), k.u16));
    expect(() => k.fromBytes(fixed, Uint8Array.of(0, 2))).toThrow(k.LimitError);
  });

  test('are counted anew for each value', () => {
    const one = Uint8Array.from([0, 1, 0xea, 0x60]);
    const wire = Uint8Array.from([...one, ...one, ...one]);
    for (const chunks of [[wire], [wire.subarray(0, 6), wire.subarray(6)], Array.from(wire, (b) => Uint8Array.of(b))]) {
      let count = 0;
      const decoder = nested.decoder();
      for (const chunk of chunks) decoder.feed(chunk, ([items = []]) => void (count += items.length));
      expect(count).toBe(180_000);
    }
    const input = new ReadBuffer();
    input.feed(wire);
    const decoder = nested.decoder();
    expect([decoder.decode(input), decoder.decode(input), nested.decode(input)]).not.toContain(k.Incomplete);
  });

  test('may be more where an array says so', () => {
    const many = make(k.array(k.array(nothing, k.u16, { maxCount: 120_000 }), 2));
    expect(k.fromBytes(many, Uint8Array.of(0xea, 0x60, 0xea, 0x60)).flat()).toHaveLength(120_000);
    const fixed = make(k.array(nothing, 70_000));
    expect(k.fromBytes(fixed, new Uint8Array(0))).toHaveLength(70_000);
  });

  test('are not counted where items may take no bytes, but do', () => {
    const own: k.Codec<number> = {
      encode: (out, value) => {
        out.writeUint8(value);
      },
      decode: (input) => (input.length === 0 ? k.Incomplete : input.readUint8()),
      decoder: () => expect.fail('it is a part'),
    };
    const codec = make(k.array(k.array(own, 8), k.u16));
    expect(k.fromBytes(codec, Uint8Array.of(0, 1, 1, 2, 3, 4, 5, 6, 7, 8))).toEqual([[1, 2, 3, 4, 5, 6, 7, 8]]);
  });
});
