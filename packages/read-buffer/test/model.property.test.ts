import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReadBuffer } from '../src/index.js';

/** The same reader, the slow and obvious way: all bytes that were ever fed in one array, and a cursor. */
interface Model {
  bytes: number[];
  cursor: number;
  marks: { handle: number; cursor: number }[];
  /** Memory that was lent, and must be given back before the next is. */
  lent: Uint8Array | undefined;
  /** Views that are valid until the next feed or `endBorrow`, and what they must show until then. */
  views: { view: Uint8Array; expected: Uint8Array }[];
}

type Step = (buffer: ReadBuffer, model: Model) => void;

const rest = (model: Model): number[] => model.bytes.slice(model.cursor);

function take(model: Model, byteLength: number): Uint8Array {
  model.cursor += byteLength;
  return Uint8Array.from(model.bytes.slice(model.cursor - byteLength, model.cursor));
}

/** A field of fixed width, which DataView reads from the model. */
const fixed = (
  byteLength: number,
  read: (buffer: ReadBuffer) => number | bigint,
  expected: (view: DataView) => number | bigint,
): Step => {
  return (buffer, model) => {
    const available = rest(model).length;
    if (available < byteLength) {
      expect(() => read(buffer)).toThrow(expect.objectContaining({ requested: byteLength, available }));
    } else expect(read(buffer)).toBe(expected(new DataView(take(model, byteLength).buffer)));
  };
};

const numbers: Step[] = [
  fixed(
    1,
    (b) => b.readUint8(),
    (v) => v.getUint8(0),
  ),
  fixed(
    1,
    (b) => b.readInt8(),
    (v) => v.getInt8(0),
  ),
  fixed(
    2,
    (b) => b.readUint16(),
    (v) => v.getUint16(0),
  ),
  fixed(
    2,
    (b) => b.readInt16(),
    (v) => v.getInt16(0),
  ),
  fixed(
    2,
    (b) => b.readUint16LE(),
    (v) => v.getUint16(0, true),
  ),
  fixed(
    2,
    (b) => b.readInt16LE(),
    (v) => v.getInt16(0, true),
  ),
  fixed(
    4,
    (b) => b.readUint32(),
    (v) => v.getUint32(0),
  ),
  fixed(
    4,
    (b) => b.readInt32(),
    (v) => v.getInt32(0),
  ),
  fixed(
    4,
    (b) => b.readUint32LE(),
    (v) => v.getUint32(0, true),
  ),
  fixed(
    4,
    (b) => b.readInt32LE(),
    (v) => v.getInt32(0, true),
  ),
  fixed(
    4,
    (b) => b.readFloat32(),
    (v) => v.getFloat32(0),
  ),
  fixed(
    4,
    (b) => b.readFloat32LE(),
    (v) => v.getFloat32(0, true),
  ),
  fixed(
    8,
    (b) => b.readFloat64(),
    (v) => v.getFloat64(0),
  ),
  fixed(
    8,
    (b) => b.readFloat64LE(),
    (v) => v.getFloat64(0, true),
  ),
  fixed(
    8,
    (b) => b.readBigInt64(),
    (v) => v.getBigInt64(0),
  ),
  fixed(
    8,
    (b) => b.readBigInt64LE(),
    (v) => v.getBigInt64(0, true),
  ),
  fixed(
    8,
    (b) => b.readBigUint64(),
    (v) => v.getBigUint64(0),
  ),
  fixed(
    8,
    (b) => b.readBigUint64LE(),
    (v) => v.getBigUint64(0, true),
  ),
];

const safeInt64: Step = (buffer, model) => {
  if (rest(model).length < 8) return;
  const value = new DataView(Uint8Array.from(rest(model)).buffer).getBigInt64(0);
  if (Number.isSafeInteger(Number(value))) {
    expect(buffer.readSafeInt64()).toBe(Number(value));
    take(model, 8);
  } else expect(() => buffer.readSafeInt64()).toThrow(RangeError);
};

const varint: Step = (buffer, model) => {
  const bytes = rest(model).slice(0, 10);
  const last = bytes.findIndex((byte) => byte < 0x80);
  const value = bytes.slice(0, last + 1).reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n);
  if (last < 0 || value >= 2n ** 64n) expect(() => buffer.readVarintBigInt()).toThrow(/expected/);
  else {
    if (value > Number.MAX_SAFE_INTEGER) expect(() => buffer.readVarint()).toThrow(RangeError);
    expect(buffer.readVarintBigInt()).toBe(value);
    take(model, last + 1);
  }
};

/** A read of some bytes, fewer than there are, or too many. */
const counted = (
  byteLength: number,
  read: (buffer: ReadBuffer, n: number) => unknown,
  expected: (bytes: Uint8Array) => unknown,
): Step => {
  return (buffer, model) => {
    const available = rest(model).length;
    if (byteLength > available) {
      expect(() => read(buffer, byteLength)).toThrow(expect.objectContaining({ requested: byteLength, available }));
    } else expect(read(buffer, byteLength)).toEqual(expected(take(model, byteLength)));
  };
};

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const utf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

const byBytes = fc.nat(40).chain((n) =>
  fc.constantFrom<Step>(
    counted(
      n,
      (b, count) => b.readBytes(count),
      (bytes) => bytes,
    ),
    (buffer, model) => {
      if (n > rest(model).length) return;
      const view = buffer.viewBytes(n);
      model.views.push({ view, expected: take(model, n) });
    },
    counted(n, (b, count) => b.readUtf8(count), utf8),
    counted(n, (b, count) => b.readLatin1(count), latin1),
    counted(
      n,
      (b, count) => {
        b.skip(count);
      },
      () => undefined,
    ),
    counted(
      n,
      (b, count) => {
        const target = new Uint8Array(count);
        b.readInto(target);
        return target;
      },
      (bytes) => bytes,
    ),
    (buffer, model) => {
      const view = buffer.tryViewBytes(n);
      if (view !== undefined) expect(view.slice()).toEqual(take(model, n));
    },
    (buffer, model) => {
      const run = buffer.nextRun();
      expect(run.length > 0).toBe(rest(model).length > 0);
      expect([...run]).toEqual(rest(model).slice(0, run.length));
    },
    (buffer, model) => {
      // Takes at most n bytes of the stretch.
      const before = model.cursor;
      const moved = buffer.readRun((bytes, view, start, end) => {
        for (let i = start; i < end; i++) expect(view.getUint8(i)).toBe(bytes[i]);
        expect([...bytes.subarray(start, end)]).toEqual(rest(model).slice(0, end - start));
        model.cursor += Math.min(n, end - start);
        return Math.min(start + n, end);
      });
      expect(moved).toBe(model.cursor > before);
    },
    (buffer, model) => {
      const available = rest(model);
      if (n < available.length) expect(buffer.peekUint8(n)).toBe(available[n]);
      else expect(() => buffer.peekUint8(n)).toThrow(expect.objectContaining({ requested: n + 1 }));
    },
  ),
);

const byNeedle = fc
  .record({ needle: fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 }), from: fc.nat(20) })
  .chain(({ needle, from }) =>
    fc.constantFrom<Step>(
      (buffer, model) => {
        const expected = latin1(Uint8Array.from(rest(model))).indexOf(latin1(needle), from);
        expect(buffer.indexOf(needle, from)).toBe(expected);
        if (needle.length === 1) expect(buffer.indexOf(needle[0] ?? 0, from)).toBe(expected);
      },
      (buffer, model) => {
        const found = latin1(Uint8Array.from(rest(model))).indexOf(latin1(needle));
        const line = buffer.readUntil(needle);
        expect(line).toEqual(found < 0 ? undefined : take(model, found + needle.length));
      },
      (buffer, model) => {
        const end = rest(model).indexOf(0);
        if (end < 0) expect(() => buffer.readCString()).toThrow(/expected/);
        else {
          expect(buffer.readCString()).toBe(utf8(take(model, end)));
          take(model, 1);
        }
      },
    ),
  );

// Few different bytes, so that needles and varints are found.
const chunk = fc.oneof(
  fc.uint8Array({ maxLength: 90, max: 3 }),
  fc.uint8Array({ maxLength: 90 }),
  fc.uint8Array({ maxLength: 4 }),
);
const feeding = fc
  .tuple(chunk, fc.constantFrom('feed', 'feedBorrowed', 'endBorrow'))
  .map(([bytes, how]): Step => (buffer, model) => {
    checkViews(model);
    model.views = [];
    if (how !== 'feed' && model.lent !== undefined) {
      buffer.endBorrow();
      model.lent.fill(0xee);
      model.lent = undefined;
    }
    if (how === 'endBorrow') return;
    const memory = bytes.slice();
    buffer[how](memory);
    model.bytes.push(...bytes);
    if (how === 'feedBorrowed') model.lent = memory;
  });

const marking = fc
  .tuple(fc.constantFrom('mark', 'mark', 'rollback', 'commit'), fc.nat())
  .map(([how, pick]): Step => (buffer, model) => {
    if (how === 'mark') {
      model.marks.push({ handle: buffer.mark(), cursor: model.cursor });
      return;
    }
    const index = model.marks.length === 0 ? -1 : pick % model.marks.length;
    const [mark, ...inner] = index < 0 ? [] : model.marks.splice(index);
    if (mark === undefined) return;
    buffer[how](mark.handle);
    if (how === 'rollback') model.cursor = mark.cursor;
    for (const { handle } of [mark, ...inner]) {
      expect(() => {
        buffer.commit(handle);
      }).toThrow(TypeError);
    }
  });

function checkViews(model: Model): void {
  for (const { view, expected } of model.views) expect(view).toEqual(expected);
}

const step = fc.oneof(
  { arbitrary: feeding, weight: 4 },
  { arbitrary: marking, weight: 2 },
  { arbitrary: fc.constantFrom(...numbers, safeInt64, varint), weight: 4 },
  { arbitrary: byBytes, weight: 3 },
  { arbitrary: byNeedle, weight: 2 },
);

describe('ReadBuffer without framing', () => {
  test('does what one array and a cursor do, for any order of feeds, borrows, marks and reads', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const buffer = new ReadBuffer();
        const model: Model = { bytes: [], cursor: 0, marks: [], lent: undefined, views: [] };
        for (const run of steps) {
          run(buffer, model);
          expect(buffer.length).toBe(model.bytes.length - model.cursor);
          expect(buffer.bufferedBytes).toBe(buffer.length);
          checkViews(model);
        }
        expect([...buffer.readBytes(buffer.length)]).toEqual(rest(model));
      }),
      { numRuns: 1500 },
    );
  });
});
