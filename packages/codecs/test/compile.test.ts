import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';

describe('compile', () => {
  test('leaves the codec that it was given as it is', () => {
    const codec = k.struct({ a: k.u8 });
    const compiled = k.compile(codec, { codegen: true });
    expect(compiled).not.toBe(codec);
    expect(k.compile(codec, { codegen: false })).toBe(codec);
    expect(k.compile(k.i32, { codegen: true })).not.toBe(k.i32);
  });

  test('compiles a codec that contains itself, and codecs that do so in turn', () => {
    interface Odd {
      even: Even | undefined;
    }
    interface Even {
      odds: Odd[];
    }
    const odd: k.Codec<Odd> = k.mapped(
      k.struct({ even: k.optional(k.lazy(() => even)) }),
      ({ even }) => ({ even }),
      ({ even }) => (even === undefined ? {} : { even }),
    );
    const even: k.Codec<Even> = k.struct({
      odds: k.array(
        k.lazy(() => odd),
        k.u8,
      ),
    });
    const value: Odd = { even: { odds: [{ even: undefined }, { even: { odds: [] } }] } };
    for (const codegen of [false, true]) {
      const compiled = k.compile(odd, { codegen });
      expect(k.fromBytes(compiled, k.toBytes(compiled, value))).toEqual(value);
    }
  });

  test('gives up on a codec that is another one each time it is asked', () => {
    interface Node {
      next?: Node;
    }
    const make = (): k.Codec<Node> => k.struct({ next: k.optional(k.lazy(make)) });
    const compiled = k.compile(make(), { codegen: true });
    expect(k.fromBytes(compiled, k.toBytes(compiled, { next: { next: {} } }))).toEqual({ next: { next: {} } });
  });

  test('takes codecs of others, alone and as parts', () => {
    const foreign: k.Codec<number> = {
      encode: (out, value) => {
        out.writeUint16(value);
      },
      decode: (input) => (input.length < 2 ? k.Incomplete : input.readUint16()),
      decoder: () => k.u16.decoder(),
    };
    for (const codegen of [false, true]) {
      const codec = k.compile(k.struct({ a: k.u8, it: foreign, list: k.array(foreign, k.u8) }), { codegen });
      const value = { a: 1, it: 513, list: [5, 6] };
      const bytes = k.toBytes(codec, value);
      expect(codec.size?.(value)).toBe(bytes.length);
      const values: unknown[] = [];
      const decoder = codec.decoder();
      for (const byte of bytes) decoder.feed(Uint8Array.of(byte), (one) => void values.push(one));
      expect(values).toEqual([value]);
      expect(k.fromBytes(k.compile(foreign, { codegen }), Uint8Array.of(2, 1))).toBe(513);
    }
  });

  test('gives the same objects, whether their bytes came at once or in pieces', () => {
    const fields = { ['__proto__']: k.u8, plain: k.u16, constructor: k.u8 };
    for (const codegen of [false, true]) {
      const codec = k.compile(k.struct(fields), { codegen });
      const values: object[] = [];
      const decoder = codec.decoder();
      for (const chunk of [[1, 0, 2, 3], [1], [0], [2], [3]]) {
        decoder.feed(Uint8Array.from(chunk), (value) => void values.push(value));
      }
      expect(values).toHaveLength(2);
      for (const value of values) {
        expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
        expect(Object.entries(value)).toEqual([
          ['__proto__', 1],
          ['plain', 2],
          ['constructor', 3],
        ]);
      }
    }
  });
});

describe('sourceOf', () => {
  test('has no empty lines for parts without source', () => {
    const source = k.sourceOf(k.struct({ a: k.utf8(k.varint), b: k.optional(k.u8), c: k.cstring }));
    expect(source).not.toContain('\n\n\n');
  });

  test('shows source that can be read', () => {
    const codec = k.struct({ id: k.i32, score: k.f32LE, name: k.utf8(k.u16), tags: k.array(k.utf8(k.u8), k.u16) });
    const source = k.sourceOf(codec);
    expect(source).toContain('const v0 = view.getInt32(at);');
    expect(source).toContain('const v1 = view.getFloat32(at, true);');
    expect(source).toContain('return { "id": v0, "score": v1, "name": v2, "tags": v3 };');
    expect(source).toContain('out.writeFloat32LE(');
  });

  test('keeps names from being anything but names', () => {
    const names = ['"; throw 1; "', "'", '\\', '`${throw}`', '*/ throw 1; /*', '\n', '\u2028', '\u2029', '\ud800'];
    const codec = k.struct(Object.fromEntries(names.map((name) => [name, k.u8])));
    const source = k.sourceOf(codec);
    expect(source).not.toMatch(/[\ud800]/);
    const value = Object.fromEntries(names.map((name, i) => [name, i]));
    const compiled = k.compile(codec, { codegen: true });
    expect(k.fromBytes(compiled, k.toBytes(compiled, value))).toEqual(value);
  });
});
