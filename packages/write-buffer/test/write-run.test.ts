import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { type RunEncoder, WriteBuffer } from '../src/index.js';

/** Writes `count` bytes of `fill` and returns the offset after them. */
const fillWith =
  (fill: number, count: number): RunEncoder =>
  (bytes, _view, at) => {
    bytes.fill(fill, at, at + count);
    return at + count;
  };

describe('WriteBuffer.writeRun', () => {
  test('counts what the encoder wrote, between other writes, wherever the slab ends', () => {
    for (let headBytes = 0; headBytes < 40; headBytes++) {
      const out = new WriteBuffer({ slabBytes: 16 });
      out.writeBytes(new Uint8Array(headBytes).fill(1));
      out.writeRun(12, (bytes, view, at) => {
        expect(bytes.length - at).toBeGreaterThanOrEqual(12);
        view.setInt32(at, -2);
        bytes[at + 4] = 3;
        return at + 5;
      });
      out.writeUint8(4);
      expect(out.take()).toEqual(hex(`${'01'.repeat(headBytes)} fffffffe 03 04`));
    }
  });

  test('gives the encoder views with the same indices', () => {
    const out = new WriteBuffer();
    out.writeUint8(1);
    out.writeRun(1, (bytes, view, at) => {
      expect([view.buffer, view.byteOffset]).toEqual([bytes.buffer, bytes.byteOffset]);
      return at;
    });
    expect(out.length).toBe(1);
  });

  test('lets a run use all of its room, or none', () => {
    const out = new WriteBuffer({ maxBytes: 8 });
    out.writeRun(8, fillWith(7, 8));
    out.writeRun(0, fillWith(7, 0));
    expect(out.take()).toEqual(hex('07'.repeat(8)));
  });

  test.each([-1, NaN, 0.5, 2 ** 32, 2 ** 53, Infinity, '4' as unknown as number, undefined as unknown as number])(
    'rejects room for %s bytes without calling the encoder',
    (maxBytes) => {
      const out = new WriteBuffer();
      out.writeUint8(1);
      expect(() => {
        out.writeRun(maxBytes, () => expect.fail('called'));
      }).toThrow(RangeError);
      expect(out.take()).toEqual(hex('01'));
    },
  );

  test('rejects an offset outside of the room and counts nothing', () => {
    for (const head of ['', '05']) {
      const out = new WriteBuffer();
      out.writeBytes(hex(head));
      for (const bad of [-1, 5, 0.5, NaN, Infinity, 2 ** 32]) {
        expect(() => {
          out.writeRun(4, (_bytes, _view, at) => at + bad);
        }).toThrow(RangeError);
      }
      for (const bad of ['0', undefined, null] as unknown as number[]) {
        expect(() => {
          out.writeRun(4, () => bad);
        }).toThrow('expected integer run end from');
      }
      out.writeUint8(6);
      expect(out.take()).toEqual(hex(`${head}06`));
    }
  });

  test('counts nothing when the encoder throws, at the start of a batch and later', () => {
    for (const head of ['', '05']) {
      const out = new WriteBuffer();
      out.writeBytes(hex(head));
      expect(() => {
        out.writeRun(4, (bytes, _view, at) => {
          bytes[at] = 9;
          throw new Error('boom');
        });
      }).toThrow('boom');
      expect(out.take()).toEqual(hex(head));
    }
  });

  test('rejects more than maxBytes of the buffer without calling the encoder', () => {
    const out = new WriteBuffer({ maxBytes: 10 });
    out.writeUint8(1);
    expect(() => {
      out.writeRun(10, () => expect.fail('called'));
    }).toThrow(expect.objectContaining({ code: 'ERR_WRITE_BUFFER_OVERFLOW', requested: 10, available: 9 }));
    expect(out.take()).toEqual(hex('01'));
  });

  test('rejects an encoder that writes to the buffer itself', () => {
    const out = new WriteBuffer();
    out.writeUint8(1);
    expect(() => {
      out.writeRun(4, (_bytes, _view, at) => {
        out.writeUint8(2);
        return at + 4;
      });
    }).toThrow(TypeError);
    out.writeUint8(3);
    expect(out.take()).toEqual(hex('010203'));
  });

  test('rejects an encoder that empties the buffer, and the buffer works on', () => {
    const empties: ((out: WriteBuffer) => void)[] = [
      (out) => {
        out.reset();
      },
      (out) => {
        out.writeUint8(1);
        out.take();
      },
    ];
    for (const empty of empties) {
      const out = new WriteBuffer({ slabBytes: 4096 + 4 });
      expect(() => {
        out.writeRun(4, (_bytes, _view, at) => {
          empty(out);
          return at + 4;
        });
      }).toThrow(TypeError);
      out.writeUint8(3);
      expect(out.take()).toEqual(hex('03'));
    }
  });

  test('is part of frames and of atomic', () => {
    const out = new WriteBuffer();
    const frame = out.beginFrame(0x44);
    out.writeRun(8, fillWith(1, 3));
    expect(() => {
      out.atomic(() => {
        out.writeRun(8, fillWith(2, 8));
        throw new Error('boom');
      });
    }).toThrow('boom');
    out.endFrame(frame);
    expect(out.take()).toEqual(hex('44 00000007 010101'));
  });
});
