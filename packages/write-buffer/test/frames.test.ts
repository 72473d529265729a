import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { type FrameLayout, WriteBuffer } from '../src/index.js';

const layout = (changes: Partial<FrameLayout>): FrameLayout => ({
  typeBytes: 1,
  lengthBytes: 2,
  lengthIncludes: 'length',
  maxFrameBytes: 2 ** 40,
  ...changes,
});

describe('WriteBuffer.beginFrame', () => {
  test('by default writes a type byte if there is one, and an int32 that counts itself', () => {
    const out = new WriteBuffer();
    const query = out.beginFrame(0x51);
    out.writeCString('ab');
    out.endFrame(query);
    const startup = out.beginFrame();
    out.writeInt32(196608);
    out.endFrame(startup);
    expect(out.take()).toEqual(hex('51 00000007 616200 00000008 00030000'));
  });

  const layouts: [FrameLayout, string][] = [
    [layout({ lengthIncludes: 'payload' }), '07 0003 616263'],
    [layout({ lengthIncludes: 'length' }), '07 0005 616263'],
    [layout({ lengthIncludes: 'frame' }), '07 0006 616263'],
    [layout({ lengthIncludes: 'frame', littleEndian: true }), '07 0600 616263'],
    [layout({ lengthBytes: 1 }), '07 04 616263'],
    [layout({ lengthBytes: 4, littleEndian: true }), '07 07000000 616263'],
    [layout({ typeBytes: 0, lengthIncludes: 'frame' }), '0005 616263'],
    [layout({ typeBytes: 0, lengthBytes: 4, lengthIncludes: 'payload' }), '00000003 616263'],
  ];

  test.each(layouts)('follows the layout %j', (frame, bytes) => {
    const out = new WriteBuffer({ frame });
    const handle = out.beginFrame(frame.typeBytes === 1 ? 7 : undefined);
    out.writeUtf8('abc');
    out.endFrame(handle);
    expect(out.take()).toEqual(hex(bytes));
  });

  test('counts no type byte where no type is given', () => {
    const out = new WriteBuffer({ frame: layout({ lengthIncludes: 'frame' }) });
    out.endFrame(out.beginFrame());
    expect(out.take()).toEqual(hex('0002'));
  });

  test('rejects a type that the layout has no place for, or that is no byte', () => {
    const untyped = new WriteBuffer({ frame: layout({ typeBytes: 0 }) });
    expect(() => untyped.beginFrame(1)).toThrow(TypeError);
    const typed = new WriteBuffer();
    for (const type of [-1, 256, 1.5, NaN]) expect(() => typed.beginFrame(type)).toThrow(RangeError);
    expect([untyped.length, typed.length, typed.view().length]).toEqual([0, 0, 0]);
  });
});

describe('WriteBuffer.endFrame', () => {
  test('nests, also where the batch moves in between', () => {
    const out = new WriteBuffer({ slabBytes: 16, frame: layout({ lengthIncludes: 'payload' }) });
    const outer = out.beginFrame(1);
    const inner = out.beginFrame(2);
    out.writeBytes(new Uint8Array(20).fill(0xaa));
    const innermost = out.beginFrame(3);
    out.endFrame(innermost);
    out.endFrame(inner);
    out.endFrame(out.beginFrame(4));
    out.endFrame(outer);
    expect(out.take()).toEqual(hex(`01 001d 02 0017 ${'aa'.repeat(20)} 03 0000 04 0000`));
  });

  test('rejects a handle that is not the innermost open frame', () => {
    const out = new WriteBuffer();
    const outer = out.beginFrame(1);
    const inner = out.beginFrame(2);
    for (const handle of [outer, inner + 1, -1, NaN]) {
      expect(() => {
        out.endFrame(handle);
      }).toThrow(TypeError);
    }
    out.endFrame(inner);
    expect(() => {
      out.endFrame(inner);
    }).toThrow('innermost frame');
    out.endFrame(outer);
    expect(() => {
      out.endFrame(outer);
    }).toThrow(TypeError);
    expect(out.take()).toEqual(hex('01 00000009 02 00000004'));
  });

  const limits: [FrameLayout, number][] = [
    [layout({ lengthBytes: 1, lengthIncludes: 'payload' }), 255],
    [layout({ lengthBytes: 1, lengthIncludes: 'length' }), 254],
    [layout({ lengthBytes: 1, lengthIncludes: 'frame' }), 253],
    [layout({ lengthBytes: 2, lengthIncludes: 'payload' }), 65535],
    [layout({ lengthBytes: 2, lengthIncludes: 'frame', typeBytes: 0 }), 65533],
    [layout({ lengthBytes: 4, lengthIncludes: 'payload', maxFrameBytes: 15 }), 10],
  ];

  test.each(limits)('with %j takes a payload of %d bytes and no more', (frame, payloadBytes) => {
    const out = new WriteBuffer({ frame });
    const type = frame.typeBytes === 1 ? 1 : undefined;
    const headerBytes = frame.typeBytes + frame.lengthBytes;
    const fits = out.beginFrame(type);
    out.writeBytes(new Uint8Array(payloadBytes));
    out.endFrame(fits);
    out.take();

    const tooLong = out.beginFrame(type);
    out.writeBytes(new Uint8Array(payloadBytes + 1));
    expect(() => {
      out.endFrame(tooLong);
    }).toThrow(
      expect.objectContaining({
        code: 'ERR_WRITE_BUFFER_OVERFLOW',
        requested: payloadBytes + headerBytes + 1,
        available: payloadBytes + headerBytes,
      }),
    );
    // No byte of it can leave.
    expect(() => out.take()).toThrow(TypeError);
    expect(() => out.view()).toThrow(TypeError);
    out.reset();
    expect(out.take()).toHaveLength(0);
  });
});

describe('WriteBuffer.take', () => {
  test('throws while a frame is open, and works when it is closed', () => {
    const out = new WriteBuffer();
    const frame = out.beginFrame(1);
    expect(() => out.take()).toThrow('a frame is open');
    expect(() => out.view()).toThrow(TypeError);
    out.endFrame(frame);
    expect(out.view()).toEqual(hex('01 00000004'));
    expect(out.take()).toEqual(hex('01 00000004'));
  });
});

describe('WriteBuffer.atomic', () => {
  test('returns what the function returns and keeps its writes', () => {
    const out = new WriteBuffer();
    expect(
      out.atomic(() => {
        out.writeUint8(1);
        return 'done';
      }),
    ).toBe('done');
    expect(out.take()).toEqual(hex('01'));
  });

  test('restores length and open frames when the function throws, wherever it throws', () => {
    const out = new WriteBuffer({ slabBytes: 16 });
    out.writeUint8(1);
    const outer = out.beginFrame(2);
    const steps: ((frames: number[]) => void)[] = [
      () => void out.writeUtf8('x'.repeat(100)),
      (frames) => void frames.push(out.beginFrame(3)),
      () => {
        out.writeInt32(5);
      },
      (frames) => {
        out.endFrame(frames.pop() ?? NaN);
      },
      () => {
        out.endFrame(outer);
      },
      () => void out.beginFrame(4),
    ];
    for (let count = 0; count <= steps.length; count++) {
      expect(() => {
        out.atomic(() => {
          const frames: number[] = [];
          for (const step of steps.slice(0, count)) step(frames);
          throw new Error('boom');
        });
      }).toThrow('boom');
      expect(out.length).toBe(6);
    }
    out.writeUint8(9);
    out.endFrame(outer);
    expect(out.take()).toEqual(hex('01 02 00000005 09'));
  });

  test('nests: the inner failure undoes only the inner writes', () => {
    const out = new WriteBuffer();
    out.atomic(() => {
      out.writeUint8(1);
      expect(() => {
        out.atomic(() => {
          out.writeUint8(2);
          out.writeUint8(256);
        });
      }).toThrow(RangeError);
      out.writeUint8(3);
    });
    expect(out.take()).toEqual(hex('0103'));
  });

  test('drops a frame that is too long', () => {
    const out = new WriteBuffer({ frame: layout({ lengthBytes: 1 }) });
    out.endFrame(out.beginFrame(1));
    expect(() => {
      out.atomic(() => {
        const frame = out.beginFrame(2);
        out.writeBytes(new Uint8Array(300));
        out.endFrame(frame);
      });
    }).toThrow(expect.objectContaining({ code: 'ERR_WRITE_BUFFER_OVERFLOW' }));
    expect(out.take()).toEqual(hex('01 01'));
  });

  test('lets the bytes neither be taken nor reset, and works again afterwards', () => {
    const out = new WriteBuffer();
    out.writeUint8(1);
    expect(() => out.atomic(() => out.take())).toThrow(TypeError);
    expect(() => {
      out.atomic(() => {
        out.reset();
      });
    }).toThrow(TypeError);
    expect(out.take()).toEqual(hex('01'));
    out.reset();
  });
});
