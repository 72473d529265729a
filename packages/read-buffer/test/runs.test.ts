import { describe, expect, test } from 'vitest';
import { everyChunking, everySplit, hex, randomChunks, seededRandom } from '@millrace/testkit';
import { decodeUtf8, ReadBuffer, type RunDecoder } from '../src/index.js';

const frame = { typeBytes: 1, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 100 } as const;

/** Takes frames of `type` whose payload is text, in one go. */
function textDecoder(type: number, texts: string[]): RunDecoder {
  return (bytes, view, start, end) => {
    let at = start;
    while (end - at >= 2 && bytes[at] === type && at + 2 + view.getUint8(at + 1) <= end) {
      const next = at + 2 + view.getUint8(at + 1);
      texts.push(decodeUtf8(bytes, at + 2, next));
      at = next;
    }
    return at;
  };
}

describe('ReadBuffer.takeRun', () => {
  test('takes all frames of its type, and takeFrame the others, under every chunking', () => {
    for (const feed of ['feed', 'feedBorrowed'] as const) {
      for (const chunks of everyChunking(hex('44 0161 44 00 45 0162 44 026364'))) {
        const buffer = new ReadBuffer({ frame });
        const found: string[] = [];
        const decode = textDecoder(0x44, found);
        for (const chunk of chunks) {
          buffer[feed](chunk);
          do while (buffer.takeRun(0x44, decode));
          while (buffer.takeFrame() && found.push(`other ${buffer.readUtf8(buffer.length)}`) > 0);
          buffer.endBorrow();
          if (feed === 'feedBorrowed') chunk.fill(0xee);
        }
        expect(found).toEqual(['a', '', 'other b', 'cd']);
        expect(buffer.bufferedBytes).toBe(0);
      }
    }
  });

  test('calls its decoder once for all frames in a chunk, with the chunk itself', () => {
    const chunk = hex('44 0161 44 0162 44 0163 45 00');
    const buffer = new ReadBuffer({ frame });
    buffer.feed(chunk);
    const calls: [ArrayBufferLike, ArrayBufferLike, number, number][] = [];
    const take: RunDecoder = (bytes, view, start, end) => {
      calls.push([bytes.buffer, view.buffer, start, end]);
      return 9;
    };
    expect([buffer.takeRun(0x44, take), buffer.takeRun(0x44, take)]).toEqual([true, false]);
    expect(calls).toEqual([[chunk.buffer, chunk.buffer, 0, 11]]);
    expect(buffer.stats).toEqual({ copiedBytes: 0, framesTaken: 0, slowReads: 0 });
    expect([buffer.takeFrame(), buffer.type]).toEqual([true, 0x45]);
  });

  test('skips what is left of the current frame, closes marks, and leaves no current frame', () => {
    const buffer = new ReadBuffer({ frame });
    buffer.feed(hex('45 026162 44 0163'));
    buffer.takeFrame();
    const mark = buffer.mark();
    const texts: string[] = [];
    expect(buffer.takeRun(0x44, textDecoder(0x44, texts))).toBe(true);
    expect([texts, buffer.length, buffer.payloadLength, buffer.type]).toEqual([['c'], 0, 0, -1]);
    expect(() => buffer.payload()).toThrow(TypeError);
    expect(() => {
      buffer.rollback(mark);
    }).toThrow(TypeError);
  });

  test('leaves a frame that its decoder did not want to takeFrame', () => {
    const buffer = new ReadBuffer({ frame });
    buffer.feed(hex('44 0161 44 0162'));
    expect(buffer.takeRun(0x44, (_bytes, _view, start) => start)).toBe(false);
    expect(buffer.takeRun(0x44, (_bytes, _view, start) => start + 3)).toBe(true);
    expect([buffer.takeFrame(), buffer.readUtf8(1), buffer.takeFrame()]).toEqual([true, 'b', false]);
  });

  test('rejects a hostile length as takeFrame does, before its decoder sees it', () => {
    for (const chunks of everySplit(hex('44 ff'))) {
      const buffer = new ReadBuffer({ frame });
      for (const chunk of chunks) buffer.feed(chunk);
      const take = (): boolean => buffer.takeRun(0x44, () => expect.fail('was called'));
      for (let i = 0; i < 2; i++) {
        expect(take).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_FRAME', requested: 257 }));
      }
    }
  });

  test.each([-1, 8, 1.5, NaN, Infinity, 2 ** 32])('rejects the offset %d and stays before the frame', (offset) => {
    const buffer = new ReadBuffer({ frame });
    buffer.feed(hex('44 0161 44 0162'));
    buffer.takeFrame();
    expect(() => buffer.takeRun(0x44, () => offset)).toThrow(
      expect.objectContaining({ code: 'ERR_READ_BUFFER_FRAME', requested: offset - 3, available: 3 }),
    );
    expect(() => buffer.takeRun(0x44, () => 2)).toThrow('expected a frame of 0 to 3 bytes, saw -1');
    expect([buffer.takeFrame(), buffer.readUtf8(1)]).toEqual([true, 'b']);
  });

  test('passes on what its decoder throws, and stays before the frame', () => {
    const buffer = new ReadBuffer({ frame });
    buffer.feed(hex('44 0161'));
    const error = new Error('no such row');
    expect(() =>
      buffer.takeRun(0x44, () => {
        throw error;
      }),
    ).toThrow(error);
    expect([buffer.takeFrame(), buffer.readUtf8(1)]).toEqual([true, 'a']);
  });

  const uses: [string, (buffer: ReadBuffer) => void][] = [
    ['takes', (buffer) => void buffer.takeFrame()],
    [
      'changes the layout',
      (buffer) => {
        buffer.setFrame(null);
      },
    ],
    ['feeds and takes', (buffer) => (buffer.feed(hex('44 0162')), void buffer.takeFrame())],
  ];
  test.each(uses)('says so when its decoder %s', (_, use) => {
    const buffer = new ReadBuffer({ frame });
    buffer.feed(hex('44 0161'));
    const take = (): boolean =>
      buffer.takeRun(0x44, (_bytes, _view, _start, end) => {
        use(buffer);
        return end;
      });
    expect(take).toThrow('a run decoder must not use its buffer');
  });

  test.each([null, { ...frame, typeBytes: 0 } as const])('needs a layout with a type byte, not %j', (layout) => {
    const buffer = new ReadBuffer();
    buffer.setFrame(layout);
    expect(() => buffer.takeRun(1, (_bytes, _view, start) => start)).toThrow(TypeError);
  });

  test('decodes the same strings as readUtf8, in windows and out of them', () => {
    const alphabet = ['a', 'b', 'c', ' ', '0', 'é', '€', '😀'];
    for (let seed = 0; seed < 60; seed++) {
      const random = seededRandom(seed);
      const letters = seed % 3 === 0 ? 8 : 5;
      const texts = Array.from({ length: 300 }, () =>
        Array.from({ length: random.int(0, 24) }, () => alphabet[random.int(0, letters - 1)]).join(''),
      );
      const stream = Uint8Array.from(
        texts.flatMap((text) => {
          const bytes = new TextEncoder().encode(text);
          return [0x44, bytes.length, ...bytes];
        }),
      );
      const runs = new ReadBuffer({ frame: { ...frame, maxFrameBytes: 257 } });
      const pulls = new ReadBuffer({ frame: { ...frame, maxFrameBytes: 257 } });
      const found: string[] = [];
      const pulled: string[] = [];
      const slab = new Uint8Array(2000);
      for (const chunk of randomChunks(stream, { seed, maxBytes: seed % 2 === 0 ? 2000 : 60 })) {
        slab.set(chunk);
        const lent = slab.subarray(0, chunk.length);
        runs.feedBorrowed(lent);
        while (runs.takeRun(0x44, textDecoder(0x44, found)));
        runs.endBorrow();
        pulls.feedBorrowed(lent);
        while (pulls.takeFrame()) pulled.push(pulls.readUtf8(pulls.length));
        pulls.endBorrow();
        slab.fill(0x78);
      }
      expect(found, `seed ${seed}`).toEqual(texts);
      expect(pulled, `seed ${seed}`).toEqual(texts);
    }
  });
});

describe('ReadBuffer.readRun', () => {
  /** Takes big-endian int32s. */
  const intDecoder =
    (values: number[]): RunDecoder =>
    (_bytes, view, start, end) => {
      let at = start;
      for (; end - at >= 4; at += 4) values.push(view.getInt32(at));
      return at;
    };

  test('takes what is whole in each stretch, and reads across them take the rest, under every chunking', () => {
    for (const chunks of everyChunking(hex('00000001 fffffffe 00000003'))) {
      const buffer = new ReadBuffer();
      const values: number[] = [];
      for (const chunk of chunks) {
        buffer.feedBorrowed(chunk);
        while (buffer.readRun(intDecoder(values)) || buffer.length >= 4) {
          if (buffer.length >= 4) values.push(buffer.readInt32());
        }
        buffer.endBorrow();
        chunk.fill(0xee);
      }
      expect(values).toEqual([1, -2, 3]);
      expect(buffer.length).toBe(0);
    }
  });

  test('is bounded by the frame, and not called where there is nothing', () => {
    const buffer = new ReadBuffer({ frame });
    const fail: RunDecoder = () => expect.fail('was called');
    expect(buffer.readRun(fail)).toBe(false);
    buffer.feed(hex('01 04 00000007 02 04 00000008'));
    expect(buffer.readRun(fail)).toBe(false);
    buffer.takeFrame();
    const values: number[] = [];
    expect([buffer.readRun(intDecoder(values)), values, buffer.readRun(fail)]).toEqual([true, [7], false]);
    buffer.takeFrame();
    const mark = buffer.mark();
    buffer.readRun(intDecoder(values));
    buffer.rollback(mark);
    expect([values, buffer.readInt32()]).toEqual([[7, 8], 8]);
  });

  test('does not move where its decoder throws or returns another place', () => {
    const buffer = new ReadBuffer();
    buffer.feed(hex('010203'));
    buffer.skip(1);
    expect(() => buffer.readRun(() => 0)).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_FRAME' }));
    expect(() =>
      buffer.readRun(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(buffer.readRun((_bytes, _view, start) => start)).toBe(false);
    expect(buffer.readUint8()).toBe(2);
  });
});
