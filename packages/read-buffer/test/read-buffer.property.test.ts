import { describe, expect, test } from 'vitest';
import { type SeededRandom, seededRandom } from '@millrace/testkit';
import { type FrameLayout, FrameError, ReadBuffer } from '../src/index.js';

/** The same reader, the slow and obvious way: all bytes that were ever fed, in one array. */
class NaiveReader {
  bytes: number[] = [];
  cursor = 0;

  rest(): number[] {
    return this.bytes.slice(this.cursor);
  }

  read(byteLength: number): number[] {
    this.cursor += byteLength;
    return this.bytes.slice(this.cursor - byteLength, this.cursor);
  }
}

/** Feeds random chunks; what was borrowed is overwritten as soon as the borrow ends. */
class RandomFeeder {
  private readonly _random: SeededRandom;
  private readonly _buffer: ReadBuffer;
  private readonly _stream: Uint8Array;
  private readonly _maxBytes: number;
  private readonly _slab = new Uint8Array(64);
  private _isBorrowing = false;
  /** Views that are valid until the next feed or `endBorrow`. */
  views: { view: Uint8Array; expected: number[] }[] = [];
  fed = 0;

  constructor(random: SeededRandom, buffer: ReadBuffer, stream: Uint8Array) {
    this._random = random;
    this._buffer = buffer;
    this._stream = stream;
    this._maxBytes = random.int(1, 60);
  }

  /** Feeds once or ends a borrow, and returns the bytes that were fed. */
  step(): Uint8Array {
    this.checkViews();
    this.views = [];
    if (this._isBorrowing && this._random.int(0, 2) > 0) this.endBorrow();
    const chunk = this._stream.slice(this.fed, this.fed + this._random.int(0, this._maxBytes));
    this.fed += chunk.length;
    if (this._isBorrowing || this._random.int(0, 2) === 0) this._buffer.feed(chunk.slice());
    else {
      const start = this._random.int(0, this._slab.length - chunk.length);
      this._slab.set(chunk, start);
      this._buffer.feedBorrowed(this._slab.subarray(start, start + chunk.length));
      this._isBorrowing = true;
    }
    return chunk;
  }

  checkViews(): void {
    for (const { view, expected } of this.views) expect([...view]).toEqual(expected);
  }

  endBorrow(): void {
    this.checkViews();
    this.views = [];
    this._buffer.endBorrow();
    this._slab.fill(0xee);
    this._isBorrowing = false;
  }
}

const number = (bytes: readonly number[]): bigint => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

/** Reads something, the same from both. */
function readOne(random: SeededRandom, buffer: ReadBuffer, naive: NaiveReader, available: number): void {
  const n = random.int(0, Math.min(available, random.int(0, 3) === 0 ? 200 : 12));
  const from = random.int(0, available);
  const visible = naive.bytes.slice(naive.cursor, naive.cursor + available);
  expect(buffer.length).toBe(available);
  switch (random.int(0, 14)) {
    case 0:
      if (!(available < 1)) expect(buffer.readUint8()).toBe(Number(number(naive.read(1))));
      return;
    case 1:
      if (!(available < 2)) expect(buffer.readInt16()).toBe(Number(BigInt.asIntN(16, number(naive.read(2)))));
      return;
    case 2:
      if (!(available < 4)) expect(buffer.readUint32()).toBe(Number(number(naive.read(4))));
      return;
    case 3:
      if (!(available < 8)) expect(buffer.readBigInt64()).toBe(BigInt.asIntN(64, number(naive.read(8))));
      return;
    case 4:
      expect([...buffer.readBytes(n)]).toEqual(naive.read(n));
      return;
    case 5:
      expect([...buffer.viewBytes(n)]).toEqual(naive.read(n));
      return;
    case 6: {
      const view = buffer.tryViewBytes(n);
      if (view !== undefined) expect([...view]).toEqual(naive.read(n));
      return;
    }
    case 7: {
      const target = new Uint8Array(n);
      buffer.readInto(target);
      expect([...target]).toEqual(naive.read(n));
      return;
    }
    case 8:
      buffer.skip(n);
      naive.read(n);
      return;
    case 9: {
      const run = buffer.nextRun();
      if (available > 0) expect(run.length).toBeGreaterThan(0);
      expect([...run]).toEqual(visible.slice(0, run.length));
      return;
    }
    case 10:
      expect(buffer.readLatin1(n)).toBe(String.fromCharCode(...naive.read(n)));
      return;
    case 11:
      if (available > from) expect(buffer.peekUint8(from)).toBe(visible[from]);
      if (available >= from + 4) {
        expect(buffer.peekInt32(from)).toBe(Number(BigInt.asIntN(32, number(visible.slice(from, from + 4)))));
      }
      return;
    case 12: {
      const byte = random.int(0, 255);
      expect(buffer.indexOf(byte, from)).toBe(visible.indexOf(byte, from));
      return;
    }
    case 13: {
      const needle = Uint8Array.from(visible.slice(from, from + random.int(1, 4)));
      if (needle.length > 0) {
        const text = (bytes: Iterable<number>): string =>
          Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
        expect(buffer.indexOf(needle)).toBe(text(visible).indexOf(text(needle)));
      }
      return;
    }
    default: {
      const delimiter = random.int(0, 255);
      const found = visible.indexOf(delimiter);
      const line = buffer.readUntil(delimiter);
      if (found < 0) expect(line).toBeUndefined();
      else expect([...(line ?? [])]).toEqual(naive.read(found + 1));
      return;
    }
  }
}

describe('ReadBuffer without framing', () => {
  test('agrees with one long array for random feeds, borrows, reads and marks', () => {
    for (let seed = 0; seed < 700; seed++) {
      const random = seededRandom(seed);
      const stream = random.bytes(random.int(1, 600)).map((byte) => (seed % 2 === 0 ? byte : byte & 3));
      const buffer = new ReadBuffer();
      const naive = new NaiveReader();
      const feeder = new RandomFeeder(random, buffer, stream);
      const marks: { handle: number; cursor: number }[] = [];
      try {
        while (feeder.fed < stream.length || naive.rest().length > 0) {
          naive.bytes.push(...feeder.step());
          for (let reads = random.int(0, 5); reads > 0; reads--) {
            expect(buffer.bufferedBytes).toBe(naive.rest().length);
            const action = random.int(0, 9);
            if (action === 0) marks.push({ handle: buffer.mark(), cursor: naive.cursor });
            else if (action === 1 && marks.length > 0) {
              const [mark] = marks.splice(random.int(0, marks.length - 1)) as [(typeof marks)[0]];
              if (random.int(0, 1) === 0) buffer.commit(mark.handle);
              else {
                buffer.rollback(mark.handle);
                naive.cursor = mark.cursor;
              }
            } else readOne(random, buffer, naive, naive.rest().length);
          }
        }
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });
});

const LAYOUTS: FrameLayout[] = [
  { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1000 },
  { typeBytes: 0, lengthBytes: 4, lengthIncludes: 'frame', maxFrameBytes: 1000, littleEndian: true },
  { typeBytes: 1, lengthBytes: 2, lengthIncludes: 'payload', maxFrameBytes: 1000 },
  { typeBytes: 0, lengthBytes: 2, lengthIncludes: 'length', maxFrameBytes: 1000, littleEndian: true },
  { typeBytes: 1, lengthBytes: 1, lengthIncludes: 'frame', maxFrameBytes: 1000 },
];

function encode(layout: FrameLayout, type: number, payload: Uint8Array): number[] {
  const { typeBytes, lengthBytes, lengthIncludes } = layout;
  const extra = { payload: 0, length: lengthBytes, frame: typeBytes + lengthBytes }[lengthIncludes];
  const length = Array.from({ length: lengthBytes }, (_, i) => ((payload.length + extra) >>> (8 * i)) & 0xff);
  if (layout.littleEndian !== true) length.reverse();
  return [...(typeBytes === 1 ? [type] : []), ...length, ...payload];
}

describe('ReadBuffer with framing', () => {
  test('finds the same frames and fields for random feeds, borrows, reads and marks', () => {
    for (let seed = 0; seed < 700; seed++) {
      const random = seededRandom(seed);
      const layout = LAYOUTS[seed % LAYOUTS.length]!;
      const frames = Array.from({ length: random.int(1, 15) }, () => ({
        type: layout.typeBytes === 1 ? random.int(0, 255) : -1,
        payload: random.bytes(random.int(0, 3) === 0 ? random.int(0, 240) : random.int(0, 20)),
      }));
      const stream = Uint8Array.from(frames.flatMap(({ type, payload }) => encode(layout, type, payload)));
      const buffer = new ReadBuffer({ frame: layout });
      const feeder = new RandomFeeder(random, buffer, stream);
      const kept: { payload: Uint8Array; expected: Uint8Array }[] = [];
      try {
        for (const { type, payload } of frames) {
          while (random.int(0, 3) === 0) feeder.step();
          while (!buffer.takeFrame()) {
            expect([buffer.length, buffer.payloadLength, buffer.type]).toEqual([0, 0, -1]);
            feeder.step();
          }
          expect([buffer.type, buffer.payloadLength]).toEqual([type, payload.length]);
          expect(buffer.payload()).toEqual(payload);
          const naive = new NaiveReader();
          naive.bytes = [...payload];
          const mark = random.int(0, 2) === 0 ? buffer.mark() : undefined;
          for (let reads = random.int(0, 6); reads > 0; reads--) {
            readOne(random, buffer, naive, naive.rest().length);
            const seen = Math.min(3, naive.rest().length);
            feeder.views.push({ view: buffer.viewBytes(seen), expected: naive.read(seen) });
            if (random.int(0, 2) === 0) feeder.step();
          }
          if (mark !== undefined && random.int(0, 1) === 0) {
            buffer.rollback(mark);
            naive.cursor = 0;
          }
          if (random.int(0, 1) === 0) expect([...buffer.readBytes(buffer.length)]).toEqual(naive.rest());
          else if (naive.cursor === 0) kept.push({ payload: buffer.takePayload(), expected: payload });
        }
        expect([buffer.takeFrame(), feeder.fed, buffer.bufferedBytes]).toEqual([false, stream.length, 0]);
        feeder.endBorrow();
        expect(buffer.stats.framesTaken).toBe(frames.length);
        // A frame can be copied out of two borrows and into a carry, and its payload once more; never more often.
        expect(buffer.stats.copiedBytes).toBeLessThanOrEqual(4 * stream.length);
        for (const { payload, expected } of kept) expect(payload).toEqual(expected);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });

  test('rejects garbage with nothing but FrameError, and gives out at most the limit', () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = seededRandom(seed);
      const layout = { ...LAYOUTS[seed % LAYOUTS.length]!, maxFrameBytes: 64 };
      const stream = random.bytes(500).map((byte) => (random.int(0, 1) === 0 ? 0 : byte & 63));
      const buffer = new ReadBuffer({ frame: layout });
      const feeder = new RandomFeeder(random, buffer, stream);
      try {
        while (feeder.fed < stream.length) {
          feeder.step();
          while (buffer.takeFrame()) expect(buffer.payload().length).toBeLessThanOrEqual(64);
        }
      } catch (error) {
        if (!(error instanceof FrameError)) throw new Error(`seed ${seed}`, { cause: error });
        expect(() => buffer.takeFrame(), `seed ${seed}`).toThrow(FrameError);
      }
    }
  });
});
