import { describe, expect, test } from 'vitest';
import { everyChunking, everySplit, hex } from '@millrace/testkit';
import { type FrameLayout, ReadBuffer } from '../src/index.js';

const postgres = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1024 } as const;
const tiny = { typeBytes: 1, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 100 } as const;

/** Feeds in both ways: owned, and borrowed with the memory overwritten afterwards. */
const feeders: [string, (buffer: ReadBuffer, chunk: Uint8Array) => void][] = [
  [
    'feed',
    (buffer, chunk) => {
      buffer.feed(chunk);
    },
  ],
  [
    'feedBorrowed',
    (buffer, chunk) => {
      buffer.feedBorrowed(chunk);
      buffer.endBorrow();
      chunk.fill(0xee);
    },
  ],
];

describe.each(feeders)('ReadBuffer.takeFrame after %s', (feeder, feed) => {
  const takeAll = (buffer: ReadBuffer): [number, Uint8Array][] => {
    const frames: [number, Uint8Array][] = [];
    while (buffer.takeFrame()) frames.push([buffer.type, buffer.readBytes(buffer.length)]);
    return frames;
  };

  test('finds all frames under every split, asked at the end or after each chunk', () => {
    const stream = hex('4e 00000007 616263  5a 00000004  44 00000006 0102');
    const expected = [
      [0x4e, hex('616263')],
      [0x5a, hex('')],
      [0x44, hex('0102')],
    ];
    for (const chunks of everySplit(stream)) {
      const eager = new ReadBuffer({ frame: postgres });
      const late = new ReadBuffer({ frame: postgres });
      const frames: [number, Uint8Array][] = [];
      for (const chunk of chunks) {
        feed(late, chunk.slice());
        feed(eager, chunk);
        frames.push(...takeAll(eager));
      }
      expect(frames).toEqual(expected);
      expect(takeAll(late)).toEqual(expected);
      expect([eager.bufferedBytes, late.bufferedBytes]).toEqual([0, 0]);
    }
  });

  test('finds all frames under every chunking', () => {
    for (const chunks of everyChunking(hex('01 03 616263 02 00 03 02 0708'))) {
      const buffer = new ReadBuffer({ frame: tiny });
      const frames: [number, Uint8Array][] = [];
      for (const chunk of chunks) {
        feed(buffer, chunk);
        while (buffer.takeFrame()) frames.push([buffer.type, buffer.takePayload()]);
      }
      expect(frames).toEqual([
        [1, hex('616263')],
        [2, hex('')],
        [3, hex('0708')],
      ]);
    }
  });

  const layouts: [FrameLayout, string, number][] = [
    [{ typeBytes: 0, lengthBytes: 4, lengthIncludes: 'payload', maxFrameBytes: 50 }, '00000003', -1],
    [{ typeBytes: 0, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 50 }, '00000007', -1],
    [{ typeBytes: 1, lengthBytes: 4, lengthIncludes: 'frame', maxFrameBytes: 50 }, '07 00000008', 7],
    [
      { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'frame', maxFrameBytes: 50, littleEndian: true },
      '07 08000000',
      7,
    ],
    [{ typeBytes: 1, lengthBytes: 2, lengthIncludes: 'length', maxFrameBytes: 50 }, 'ff 0005', 255],
    [{ typeBytes: 0, lengthBytes: 2, lengthIncludes: 'frame', maxFrameBytes: 50, littleEndian: true }, '0500', -1],
    [{ typeBytes: 1, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 50 }, '00 03', 0],
  ];

  test.each(layouts)('follows the layout %j', (frame, header, type) => {
    for (const chunks of everySplit(hex(`${header} 616263 ${header} 646566`))) {
      const buffer = new ReadBuffer({ frame });
      for (const chunk of chunks) feed(buffer, chunk);
      for (const payload of ['616263', '646566']) {
        expect(buffer.takeFrame()).toBe(true);
        expect([buffer.type, buffer.payloadLength, buffer.length]).toEqual([type, 3, 3]);
        expect(buffer.payload()).toEqual(hex(payload));
      }
      expect(buffer.takeFrame()).toBe(false);
    }
  });

  const hostile: [string, FrameLayout, string, number][] = [
    ['-1 as an int32', postgres, '4e ffffffff', 2 ** 32],
    ['2^31 - 1', postgres, '4e 7fffffff', 2 ** 31],
    ['0, less than the length itself', postgres, '4e 00000000', 1],
    ['3, less than the length itself', postgres, '4e 00000003', 4],
    ['one more than the limit', postgres, '4e 00000400', 1025],
    ['less than the header', { ...tiny, lengthIncludes: 'frame' }, '4e 01', 1],
    ['more than the limit in one byte', tiny, '4e ff', 257],
    ['-1 as an int16', { ...tiny, lengthBytes: 2 }, '4e ffff', 65538],
  ];

  test.each(hostile)(
    'rejects a length of %s as soon as the header is there, and again',
    (_name, frame, bytes, requested) => {
      const header = hex(bytes);
      for (const chunks of everySplit(header)) {
        const buffer = new ReadBuffer({ frame });
        for (const chunk of chunks) {
          expect(buffer.takeFrame()).toBe(false);
          feed(buffer, chunk);
        }
        for (let i = 0; i < 3; i++) {
          expect(() => buffer.takeFrame()).toThrow(
            expect.objectContaining({
              code: 'ERR_READ_BUFFER_FRAME',
              requested,
              available: frame.maxFrameBytes,
            }),
          );
          expect([buffer.length, buffer.payloadLength, buffer.type]).toEqual([0, 0, -1]);
          feed(buffer, new Uint8Array(10));
        }
        expect(buffer.stats.copiedBytes).toBeLessThan(50);
      }
    },
  );

  test('takes a frame of exactly the limit', () => {
    const buffer = new ReadBuffer({ frame: postgres });
    feed(buffer, hex(`4e 000003ff ${'00'.repeat(1019)}`));
    expect(buffer.takeFrame()).toBe(true);
    expect(buffer.length).toBe(1019);
  });

  test('delivers the frames before a hostile one first', () => {
    for (const chunks of everySplit(hex('01 01 aa 02 ff 00'))) {
      const buffer = new ReadBuffer({ frame: tiny });
      for (const chunk of chunks) feed(buffer, chunk);
      expect(buffer.takeFrame()).toBe(true);
      expect(buffer.readUint8()).toBe(0xaa);
      expect(() => buffer.takeFrame()).toThrow(expect.objectContaining({ code: 'ERR_READ_BUFFER_FRAME' }));
    }
  });

  test('skips what is left of the frame before', () => {
    for (const chunks of everySplit(hex('01 03 616263 02 01 64'))) {
      const buffer = new ReadBuffer({ frame: tiny });
      for (const chunk of chunks) feed(buffer, chunk);
      buffer.takeFrame();
      buffer.skip(1);
      expect([buffer.takeFrame(), buffer.readUtf8(1)]).toEqual([true, 'd']);
    }
  });

  test('leaves the rest of the current frame readable when more is fed', () => {
    const buffer = new ReadBuffer({ frame: tiny });
    feed(buffer, hex('01 04 61626364 02'));
    if (buffer.takeFrame()) buffer.skip(1);
    feed(buffer, hex('01 65'));
    expect([buffer.length, buffer.readUtf8(1)]).toEqual([3, 'b']);
    feed(buffer, hex('03'));
    expect([buffer.length, buffer.readUtf8(2), buffer.length]).toEqual([2, 'cd', 0]);
    expect([buffer.takeFrame(), buffer.type, buffer.readUtf8(1), buffer.takeFrame()]).toEqual([true, 2, 'e', false]);
  });

  test('reads nothing beyond the frame', () => {
    const buffer = new ReadBuffer({ frame: tiny });
    feed(buffer, hex('01 02 6162 02 02 6364'));
    buffer.takeFrame();
    expect(() => buffer.readInt32()).toThrow(expect.objectContaining({ requested: 4, available: 2 }));
    expect(() => buffer.readBytes(3)).toThrow(expect.objectContaining({ requested: 3, available: 2 }));
    expect([buffer.tryViewBytes(3), buffer.indexOf(0x63), buffer.readUntil(0x63)]).toEqual([undefined, -1, undefined]);
    expect(buffer.nextRun()).toEqual(hex('6162'));
    expect([buffer.length, buffer.bufferedBytes]).toEqual([2, 6]);
  });

  test('copies each byte of a frame in many chunks once', () => {
    const payloadBytes = 1 << 20;
    const frame = { ...postgres, maxFrameBytes: 2 ** 24 };
    const buffer = new ReadBuffer({ frame });
    const stream = new Uint8Array(3 * (payloadBytes + 5));
    for (let i = 0; i < 3; i++) {
      new DataView(stream.buffer).setInt32(i * (payloadBytes + 5) + 1, payloadBytes + 4);
      stream.fill(i + 1, i * (payloadBytes + 5) + 5, (i + 1) * (payloadBytes + 5));
    }
    const payloads: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += 65536) {
      feed(buffer, stream.slice(at, at + 65536));
      while (buffer.takeFrame()) payloads.push(buffer.takePayload());
    }
    expect(payloads.map((payload) => payload.length)).toEqual([payloadBytes, payloadBytes, payloadBytes]);
    expect(payloads.every((payload, i) => payload.every((byte) => byte === i + 1))).toBe(true);
    // Where the borrow ends before the frames are taken, a frame moves to larger memory when the next one begins behind it.
    const most = feeder === 'feed' ? 1 : 3;
    expect(buffer.stats.copiedBytes).toBeLessThanOrEqual(most * stream.length);
  });

  test('copies each byte of a drip a bounded number of times', () => {
    const buffer = new ReadBuffer({ frame: postgres });
    const one = hex(`44 000000c8 ${'61'.repeat(196)}`);
    let frames = 0;
    for (let i = 0; i < 200; i++) {
      for (const byte of one) {
        feed(buffer, Uint8Array.of(byte));
        while (buffer.takeFrame()) frames += 1;
      }
    }
    expect(frames).toBe(200);
    expect(buffer.stats.copiedBytes).toBeLessThanOrEqual(200 * (one.length + 5));
  });

  test('copies linearly also when the frames are taken only at the end', () => {
    const buffer = new ReadBuffer({ frame: postgres });
    const one = hex(`44 000000c8 ${'61'.repeat(196)}`);
    for (let i = 0; i < 200; i++) for (const byte of one) feed(buffer, Uint8Array.of(byte));
    expect(takeAll(buffer)).toHaveLength(200);
    expect(buffer.stats.copiedBytes).toBeLessThanOrEqual(3 * 200 * one.length);
  });
});

describe('ReadBuffer.takeFrame', () => {
  test('copies nothing where the chunks end with a frame', () => {
    const buffer = new ReadBuffer({ frame: postgres });
    for (let i = 0; i < 10; i++) {
      const chunk = hex('4e 00000007 616263 4e 00000007 616263');
      buffer.feedBorrowed(chunk);
      for (let k = 0; k < 2; k++) {
        expect(buffer.takeFrame()).toBe(true);
        expect(buffer.payload().buffer).toBe(chunk.buffer);
      }
      expect(buffer.takeFrame()).toBe(false);
      buffer.endBorrow();
      expect(buffer.takeFrame()).toBe(false);
    }
    expect(buffer.stats).toEqual({ copiedBytes: 0, framesTaken: 20, slowReads: 0 });
  });
});

describe('ReadBuffer.viewBytes', () => {
  test('gives a view that lasts until the next feed, also when the header of the next frame has to be joined', () => {
    const buffer = new ReadBuffer({ frame: postgres });
    buffer.feed(hex('01 00000006 61'));
    expect(buffer.takeFrame()).toBe(false);
    buffer.feed(hex('62 02 0000'));
    buffer.feed(hex('0006 6364'));
    expect(buffer.takeFrame()).toBe(true);
    const view = buffer.viewBytes(2);
    expect([buffer.takeFrame(), buffer.type, buffer.readUtf8(2)]).toEqual([true, 2, 'cd']);
    expect(view).toEqual(hex('6162'));
    expect(buffer.stats.slowReads).toBe(2);
  });
});

describe('ReadBuffer.payload', () => {
  test('is whole whatever was read, and is gone after the frame', () => {
    const buffer = new ReadBuffer({ frame: tiny });
    expect(() => buffer.payload()).toThrow(TypeError);
    buffer.feed(hex('01 03 616263'));
    expect(() => buffer.payload()).toThrow(TypeError);
    buffer.takeFrame();
    buffer.skip(2);
    expect(buffer.payload()).toEqual(hex('616263'));
    expect(buffer.length).toBe(1);
    buffer.takeFrame();
    expect(() => buffer.payload()).toThrow(TypeError);
  });

  test('is gone when a part of it was read before the end of a borrow, and the rest is not', () => {
    const buffer = new ReadBuffer({ frame: tiny });
    buffer.feedBorrowed(hex('01 03 616263'));
    buffer.takeFrame();
    buffer.skip(1);
    buffer.endBorrow();
    expect(() => buffer.payload()).toThrow(TypeError);
    expect(buffer.readBytes(2)).toEqual(hex('6263'));
  });

  test('shares memory with the chunk', () => {
    const chunk = hex('01 03 616263');
    const buffer = new ReadBuffer({ frame: tiny });
    buffer.feedBorrowed(chunk);
    buffer.takeFrame();
    expect(buffer.payload().buffer).toBe(chunk.buffer);
    expect(buffer.stats.copiedBytes).toBe(0);
  });
});

describe('ReadBuffer.takePayload', () => {
  test('copies out of a chunk once, and hands a carry over without a copy', () => {
    const frame = { ...postgres, maxFrameBytes: 2000 };
    const bytes = hex(`4e 00000404 ${'61'.repeat(1024)}`);
    const whole = new ReadBuffer({ frame });
    whole.feed(bytes);
    whole.takeFrame();
    const copy = whole.takePayload();
    expect([copy.buffer === bytes.buffer, whole.stats.copiedBytes, whole.length]).toEqual([false, 1024, 0]);

    const split = new ReadBuffer({ frame });
    split.feed(bytes.slice(0, 500));
    split.takeFrame();
    split.feed(bytes.slice(500));
    split.takeFrame();
    const view = split.payload();
    const payload = split.takePayload();
    expect([payload.buffer === view.buffer, split.stats.copiedBytes]).toEqual([true, 1029]);
    expect(() => split.takePayload()).toThrow(TypeError);
    for (let i = 0; i < 10; i++) {
      for (const part of [bytes.slice(0, 500).fill(0x62, 5), bytes.slice(500).fill(0x62)]) {
        split.feedBorrowed(part);
        split.takeFrame();
        split.endBorrow();
      }
    }
    expect(payload.every((byte) => byte === 0x61)).toBe(true);
  });

  test('does not keep a large carry alive for a small payload', () => {
    const buffer = new ReadBuffer({ frame: postgres });
    for (const chunk of [
      hex(`01 00000304 ${'61'.repeat(500)}`),
      hex(`${'61'.repeat(268)} 02 000000`),
      hex('08 61626364'),
    ]) {
      buffer.feed(chunk);
      while (buffer.takeFrame()) if (buffer.type === 2) expect(buffer.takePayload().buffer.byteLength).toBe(4);
    }
    expect(buffer.stats.framesTaken).toBe(2);
  });
});

describe('ReadBuffer.setFrame', () => {
  test('changes the layout between frames, under every split', () => {
    // One byte without a frame, a frame with a type, and one without.
    for (const chunks of everySplit(hex('53 52 00000008 00000000 0003 616263 99'))) {
      const buffer = new ReadBuffer();
      for (const chunk of chunks) {
        buffer.feedBorrowed(chunk);
        buffer.endBorrow();
        chunk.fill(0xee);
      }
      expect(buffer.readUtf8(1)).toBe('S');
      buffer.setFrame(postgres);
      expect([buffer.length, buffer.takeFrame(), buffer.type, buffer.length]).toEqual([0, true, 0x52, 4]);
      buffer.setFrame({ typeBytes: 0, lengthBytes: 2, lengthIncludes: 'payload', maxFrameBytes: 10 });
      expect([buffer.takeFrame(), buffer.readUtf8(3)]).toEqual([true, 'abc']);
      buffer.setFrame(null);
      expect([buffer.length, buffer.readUint8(), buffer.type]).toEqual([1, 0x99, -1]);
      expect(() => buffer.takeFrame()).toThrow(TypeError);
    }
  });

  test('lets an incomplete frame be read as bytes, and be completed in another layout', () => {
    for (const chunks of everyChunking(hex('0005 6162 63'))) {
      const buffer = new ReadBuffer({
        frame: { typeBytes: 0, lengthBytes: 4, lengthIncludes: 'frame', maxFrameBytes: 0x56163 },
      });
      for (const chunk of chunks) {
        buffer.feedBorrowed(chunk);
        expect(buffer.takeFrame()).toBe(false);
        buffer.endBorrow();
        chunk.fill(0xee);
      }
      buffer.setFrame(null);
      expect(buffer.peekUint8(2)).toBe(0x61);
      buffer.setFrame({ typeBytes: 0, lengthBytes: 2, lengthIncludes: 'payload', maxFrameBytes: 10 });
      expect(buffer.takeFrame()).toBe(false);
      buffer.feed(hex('6465'));
      expect([buffer.takeFrame(), buffer.readUtf8(5)]).toEqual([true, 'abcde']);
    }
  });

  test.each([
    { maxFrameBytes: 4 },
    { maxFrameBytes: 101 },
    { maxFrameBytes: NaN },
    { lengthBytes: 3 as 4 },
    { typeBytes: 2 as 1 },
    { lengthIncludes: 'all' as 'frame' },
  ])('rejects %j and changes nothing', (changes) => {
    const buffer = new ReadBuffer({ maxBufferedBytes: 100, frame: { ...postgres, maxFrameBytes: 100 } });
    buffer.feed(hex('01 00000006 6162'));
    buffer.takeFrame();
    expect(() => {
      buffer.setFrame({ ...postgres, ...changes });
    }).toThrow(RangeError);
    expect(buffer.readUtf8(2)).toBe('ab');
  });
});
