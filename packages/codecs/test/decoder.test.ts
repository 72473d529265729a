import { BufferOverflowError, ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';

function inputOf(...chunks: readonly (readonly number[])[]): ReadBuffer {
  const input = new ReadBuffer();
  for (const chunk of chunks) input.feed(Uint8Array.from(chunk));
  return input;
}

/** Counts how often a codec decodes a value, and otherwise is u8. */
function counted(): { codec: k.Codec<number>; count: () => number } {
  let decoded = 0;
  const codec = k.mapped(
    k.u8,
    (n) => {
      decoded += 1;
      return n;
    },
    (n) => n,
  );
  return { codec, count: () => decoded };
}

describe.each([false, true])('A decoder (generated code: %s)', (codegen) => {
  const make = <T>(codec: k.Codec<T>): k.Codec<T> => k.compile(codec, { codegen });

  test('decodes each item once, however many chunks there are', () => {
    const { codec, count } = counted();
    const items = make(k.struct({ head: k.u16, items: k.array(codec, k.u16), end: k.u8 }));
    const bytes = k.toBytes(items, { head: 1, items: Array.from({ length: 3000 }, (_, i) => i & 0xff), end: 2 });
    const decoder = items.decoder();
    const values: unknown[] = [];
    for (const byte of bytes) decoder.feed(Uint8Array.of(byte), (value) => void values.push(value));
    expect(values).toHaveLength(1);
    expect(count()).toBe(3000);
    const input = new ReadBuffer();
    const pulled = items.decoder();
    for (const byte of bytes) {
      input.feed(Uint8Array.of(byte));
      const value = pulled.decode(input);
      if (value !== k.Incomplete) values.push(value);
    }
    expect(values[1]).toEqual(values[0]);
    expect(count()).toBe(6000);
  });

  test('decodes each item once when decode finds the value in many chunks', () => {
    const { codec, count } = counted();
    const items = make(k.array(codec, k.u16));
    const bytes = k.toBytes(
      items,
      Array.from({ length: 500 }, (_, i) => i & 0xff),
    );
    const input = new ReadBuffer();
    for (const byte of bytes) input.feed(Uint8Array.of(byte));
    expect(items.decode(input)).toHaveLength(500);
    expect(count()).toBe(500);
  });

  test('is partial from the first byte of a value to its last', () => {
    const decoder = make(k.struct({ a: k.u16, b: k.cstring })).decoder();
    const none = (): void => expect.unreachable();
    expect(decoder.isPartial).toBe(false);
    decoder.feed(Uint8Array.of(), none);
    expect(decoder.isPartial).toBe(false);
    for (const byte of [0, 1, 0x61]) {
      decoder.feed(Uint8Array.of(byte), none);
      expect(decoder.isPartial).toBe(true);
    }
    const values: unknown[] = [];
    decoder.feed(Uint8Array.of(0), (value) => void values.push(value));
    expect(values).toEqual([{ a: 1, b: 'a' }]);
    expect(decoder.isPartial).toBe(false);
  });

  test('goes on in feed with what decode left, and refuses the other way round', () => {
    const codec = make(k.struct({ a: k.u32, b: k.utf8(k.u8) }));
    const bytes = k.toBytes(codec, { a: 7, b: 'hello' });
    for (let cut = 1; cut < bytes.length; cut++) {
      const pulled = codec.decoder();
      const input = inputOf([...bytes.slice(0, cut)]);
      expect(pulled.decode(input)).toBe(k.Incomplete);
      const fed = codec.decoder();
      const values: unknown[] = [];
      const take = (value: unknown): void => void values.push(value);
      pulled.feed(Uint8Array.from([...input.readBytes(input.length), ...bytes.slice(cut)]), take);
      fed.feed(bytes.slice(0, cut), take);
      // Between two fields it holds no bytes.
      if (cut !== 4)
        expect(() => fed.decode(inputOf([...bytes.slice(cut)]))).toThrow('expected feed, which began a value');
      fed.feed(bytes.slice(cut), take);
      expect(values).toEqual([
        { a: 7, b: 'hello' },
        { a: 7, b: 'hello' },
      ]);
    }
  });

  test('delivers what came before an error, and then throws the same error for ever', () => {
    const decoder = make(k.struct({ ok: k.bool })).decoder();
    const values: unknown[] = [];
    let first: unknown;
    try {
      decoder.feed(Uint8Array.of(1, 0, 2, 1), (value) => void values.push(value));
    } catch (error) {
      first = error;
    }
    expect(values).toEqual([{ ok: true }, { ok: false }]);
    expect(first).toBeInstanceOf(k.DecodeError);
    for (const again of [
      () => {
        decoder.feed(Uint8Array.of(1), () => undefined);
      },
      () => decoder.decode(inputOf([1])),
    ]) {
      expect(again).toThrow(first);
    }
  });

  test('ends when onValue throws', () => {
    const decoder = make(k.u8).decoder();
    const failure = new Error('mine');
    const feed = (): void => {
      decoder.feed(Uint8Array.of(1, 2), () => {
        throw failure;
      });
    };
    expect(feed).toThrow(failure);
    expect(feed).toThrow(failure);
  });

  test('cannot be called from its own onValue', () => {
    const decoder = make(k.u8).decoder();
    const inner: unknown[] = [];
    decoder.feed(Uint8Array.of(1), () => {
      try {
        decoder.feed(Uint8Array.of(2), () => undefined);
      } catch (error) {
        inner.push(error);
      }
    });
    expect(inner).toEqual([new TypeError('the decoder is running')]);
    decoder.feed(Uint8Array.of(3), (value) => void inner.push(value));
    expect(inner[1]).toBe(3);
  });

  test('copies what it keeps: a chunk may be written to afterwards, and a Buffer-like subclass is fine', () => {
    class Odd extends Uint8Array {
      override slice(): Uint8Array<ArrayBuffer> {
        throw new Error('not to be called');
      }
    }
    const decoder = make(k.bytes(k.u16)).decoder();
    const values: Uint8Array[] = [];
    for (const size of [3, 300]) {
      const chunk = new Odd(size + 2).fill(7);
      new DataView(chunk.buffer).setUint16(0, size);
      decoder.feed(chunk.subarray(0, size), (value) => void values.push(value));
      chunk.subarray(0, size).fill(0);
      decoder.feed(chunk.subarray(size), (value) => void values.push(value));
    }
    expect(values.map((value) => [value.constructor, value.length, value.every((byte) => byte === 7)])).toEqual([
      [Uint8Array, 3, true],
      [Uint8Array, 300, true],
    ]);
  });

  test('takes a long string in chunks of any size', () => {
    const codec = make(k.array(k.utf8(k.u32), k.u8));
    const long = 'ab'.repeat(100_000);
    const bytes = k.toBytes(codec, [long, 'c', long]);
    for (const size of [7, 100, 129, 5000, 65_536]) {
      const decoder = codec.decoder();
      const values: unknown[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        decoder.feed(bytes.subarray(at, at + size), (value) => void values.push(value));
      }
      expect(values).toEqual([[long, 'c', long]]);
    }
  });

  test('finds a delimiter in linear time in chunks of any size', () => {
    const codec = make(k.cstring);
    const long = 'x'.repeat(40_000);
    const bytes = k.toBytes(codec, long);
    for (const size of [1, 100, 1000, 65_536]) {
      const fed = codec.decoder();
      const pulled = codec.decoder();
      const input = new ReadBuffer();
      const values: unknown[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        const chunk = bytes.slice(at, at + size);
        fed.feed(chunk, (value) => void values.push(value));
        input.feed(chunk);
        const value = pulled.decode(input);
        if (value !== k.Incomplete) values.push(value);
      }
      expect(values).toEqual([long, long]);
    }
  });

  test('stays within the current frame of its input', () => {
    const codec = make(k.struct({ a: k.u16, b: k.u16 }));
    const input = new ReadBuffer({
      frame: { typeBytes: 0, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 100 },
    });
    input.feed(Uint8Array.of(3, 0, 1, 0, 4, 0, 1, 0, 2));
    input.takeFrame();
    expect(codec.decode(input)).toBe(k.Incomplete);
    expect(input.length).toBe(3);
    input.takeFrame();
    expect(codec.decode(input)).toEqual({ a: 1, b: 2 });
    expect(input.length).toBe(0);
  });

  test('restores the cursor when a later chunk holds an error', () => {
    const codec = make(k.struct({ a: k.u32, ok: k.bool }));
    const input = inputOf([0, 0], [0, 1], [2]);
    expect(() => codec.decode(input)).toThrow(k.DecodeError);
    expect(input.length).toBe(5);
    expect(input.readUint32()).toBe(1);
  });

  test('reads values of no bytes with decode, and refuses a stream of them', () => {
    const nothing = make(k.struct({}));
    expect(nothing.decode(new ReadBuffer())).toEqual({});
    expect(nothing.decoder().decode(new ReadBuffer())).toEqual({});
    expect(() => {
      nothing.decoder().feed(Uint8Array.of(1), () => undefined);
    }).toThrow('expected values of some bytes: a stream of none has no end');
  });

  test('passes on what the buffer throws, and leaves nothing half written', () => {
    const codec = make(k.struct({ a: k.u32, b: k.utf8(k.u8) }));
    const out = new WriteBuffer({ maxBytes: 16 });
    codec.encode(out, { a: 1, b: 'ab' });
    expect(() => {
      codec.encode(out, { a: 1, b: 'more than fits' });
    }).toThrow(expect.objectContaining({ code: 'ERR_WRITE_BUFFER_OVERFLOW' }));
    expect(out.length).toBe(7);
    const small = new ReadBuffer({ maxBufferedBytes: 2 });
    expect(() => {
      small.feed(new Uint8Array(3));
    }).toThrow(BufferOverflowError);
    expect(codec.decode(small)).toBe(k.Incomplete);
  });

  test('may be used while the same codec decodes: mapped codecs can decode', () => {
    const inner = make(k.struct({ n: k.u8 }));
    const outer: k.Codec<number> = make(
      k.mapped(
        k.bytes(k.u8),
        (bytes) => (bytes.length === 1 ? k.fromBytes(inner, bytes).n : k.fromBytes(outer, bytes)),
        (n) => k.toBytes(inner, { n }),
      ),
    );
    expect(outer.decode(inputOf([2, 1, 9]))).toBe(9);
  });
});

test.each([['text'], [Uint16Array.of(0x1234, 5)], [[1, 2]], [undefined], [new ArrayBuffer(2)]] as unknown[][])(
  'A decoder refuses a chunk that is no Uint8Array, and goes on: %j',
  (chunk) => {
    const decoder = k.u16.decoder();
    const seen: number[] = [];
    const take = (value: number): void => void seen.push(value);
    decoder.feed(Uint8Array.of(1), take);
    expect(() => {
      decoder.feed(chunk as Uint8Array, take);
    }).toThrow(TypeError);
    decoder.feed(Uint8Array.of(2), take);
    expect(seen).toEqual([0x0102]);
  },
);

test('A string after a part of another kind of codec is searched from its own beginning', () => {
  const pair: k.Codec<number> = {
    encode: (out, value) => {
      out.writeUint32(value);
    },
    decode: (input) => (input.length < 4 ? k.Incomplete : input.readUint32()),
    decoder: () => expect.fail('it is a part'),
  };
  const decoder = k.struct({ pair, text: k.cstring }).decoder();
  const seen: unknown[] = [];
  for (const chunk of [
    [0, 0, 0],
    [7, 97, 0, 98, 99],
  ]) {
    decoder.feed(Uint8Array.from(chunk), (value) => void seen.push(value));
  }
  expect(seen).toEqual([{ pair: 7, text: 'a' }]);
});
