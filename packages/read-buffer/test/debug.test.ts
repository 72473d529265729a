import { describe, expect, test } from 'vitest';
import { everySplit, hex } from '@millrace/testkit';
import { FrameError, ReadBuffer } from '../src/debug.js';
import * as plain from '../src/index.js';
import * as debug from '../src/debug.js';

const frame = { typeBytes: 1, lengthBytes: 1, lengthIncludes: 'payload', maxFrameBytes: 100 } as const;
const makeFramed = (): ReadBuffer => {
  const buffer = new ReadBuffer({ frame });
  buffer.feedBorrowed(hex('01 03 616263 01 02 6465'));
  buffer.takeFrame();
  return buffer;
};

describe('millrace-debug', () => {
  test('exports the same names', () => {
    expect(Object.keys(debug).sort()).toEqual(Object.keys(plain).sort());
    expect(debug.FrameError).toBe(plain.FrameError);
  });

  test('gives views with the same bytes, in memory of their own', () => {
    const chunk = hex('01 03 616263');
    const buffer = new ReadBuffer({ frame });
    buffer.feed(chunk);
    buffer.takeFrame();
    expect(buffer.payload()).toEqual(hex('616263'));
    expect(buffer.payload().buffer).not.toBe(chunk.buffer);
    expect(buffer.tryViewBytes(4)).toBeUndefined();
    expect(buffer.tryViewBytes(1)).toEqual(hex('61'));
    expect(buffer.nextRun()).toEqual(hex('6263'));
    expect([buffer.viewBytes(2), buffer.length]).toEqual([hex('6263'), 0]);
  });

  const views: [string, (buffer: ReadBuffer) => Uint8Array | undefined][] = [
    ['payload', (buffer) => buffer.payload()],
    ['viewBytes', (buffer) => buffer.viewBytes(2)],
    ['tryViewBytes', (buffer) => buffer.tryViewBytes(2)],
    ['nextRun', (buffer) => buffer.nextRun()],
  ];
  const ends: [string, boolean, (buffer: ReadBuffer) => void][] = [
    [
      'endBorrow',
      true,
      (buffer) => {
        buffer.endBorrow();
      },
    ],
    [
      'feed',
      true,
      (buffer) => {
        buffer.feed(hex('09'));
      },
    ],
    ['takeFrame', false, (buffer) => void buffer.takeFrame()],
    ['takeRun', false, (buffer) => void buffer.takeRun(9, (_bytes, _view, start) => start)],
    [
      'setFrame',
      false,
      (buffer) => {
        buffer.setFrame(null);
      },
    ],
  ];

  for (const [name, show] of views) {
    for (const [by, endsAll, end] of ends) {
      const isOver = endsAll || name === 'payload';
      test(`${by} ${isOver ? 'ends' : 'keeps'} what ${name} gave`, () => {
        const buffer = makeFramed();
        const view = show(buffer) ?? expect.fail('a view');
        expect(view.length).toBeGreaterThan(0);
        end(buffer);
        expect(view.length > 0).toBe(!isOver);
        if (!isOver) return;
        const other = new ReadBuffer();
        const uses = [
          () => {
            other.feed(view);
          },
          () => {
            other.feedBorrowed(view);
          },
          () => {
            other.readInto(view);
          },
          () => other.indexOf(view),
          () => other.readUntil(view),
        ];
        for (const use of uses) expect(use).toThrow(`the view was released by ${by}`);
        expect(other.bufferedBytes).toBe(0);
      });
    }
  }

  test('leaves alone what is the caller’s own', () => {
    const buffer = makeFramed();
    const payload = buffer.takePayload();
    buffer.takeFrame();
    const bytes = buffer.readBytes(2);
    buffer.endBorrow();
    expect([payload, bytes]).toEqual([hex('616263'), hex('6465')]);
  });

  test('ends what a run decoder kept, and takes the same runs', () => {
    for (const chunks of everySplit(hex('01 01 61 01 02 6263 02 00 01 00'))) {
      const buffer = new ReadBuffer({ frame });
      const kept: (Uint8Array | DataView)[] = [];
      const types: number[] = [];
      const decode: plain.RunDecoder = (bytes, view, start, end) => {
        kept.push(bytes, view);
        let at = start;
        while (end - at >= 2 && at + 2 + view.getUint8(at + 1) <= end && view.getUint8(at) === 1) {
          types.push(1);
          at += 2 + view.getUint8(at + 1);
        }
        return at;
      };
      for (const chunk of chunks) {
        buffer.feedBorrowed(chunk);
        for (;;) {
          if (buffer.takeRun(1, decode)) continue;
          if (!buffer.takeFrame()) break;
          types.push(buffer.type);
        }
        buffer.endBorrow();
      }
      expect(types).toEqual([1, 1, 2, 1]);
      expect(kept.length).toBeGreaterThan(0);
      for (const view of kept) expect(isDetached(view)).toBe(true);
    }
  });

  test('is as strict about offsets', () => {
    const buffer = makeFramed();
    expect(() => buffer.takeRun(1, (_bytes, _view, _start, end) => end + 1)).toThrow(FrameError);
    expect([buffer.takeFrame(), buffer.payload()]).toEqual([true, hex('6465')]);
  });
});

/** A detached DataView throws when it is asked for its length. */
function isDetached(view: Uint8Array | DataView): boolean {
  try {
    return view.byteLength === 0;
  } catch {
    return true;
  }
}
