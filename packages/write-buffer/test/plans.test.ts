import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { Plan, WriteBuffer } from '../src/index.js';

describe('Plan', () => {
  test('appends its bytes at any offset, whatever their number', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => 255 - i);
      const plan = new Plan(bytes);
      expect(plan.length).toBe(length);
      for (let headBytes = 0; headBytes < 5; headBytes++) {
        const out = new WriteBuffer({ slabBytes: 16 });
        out.writeBytes(new Uint8Array(headBytes));
        expect(out.writePlan(plan)).toBe(headBytes);
        out.writeUint8(7);
        expect([...out.take()]).toEqual([...new Uint8Array(headBytes), ...bytes, 7]);
      }
    }
  });

  test('fits exactly at the end of a slab and at maxBytes', () => {
    for (const length of [1, 2, 3, 4, 5, 6, 7]) {
      const plan = new Plan(new Uint8Array(length).fill(0xaa));
      const out = new WriteBuffer({ slabBytes: 16, maxBytes: 16 });
      out.writeBytes(new Uint8Array(16 - length));
      out.writePlan(plan);
      expect(out.length).toBe(16);
      expect(out.view().buffer).toBe(out.view().buffer);
      expect(() => out.writePlan(plan)).toThrow(expect.objectContaining({ requested: length, available: 0 }));
      expect(out.take().subarray(16 - length)).toEqual(new Uint8Array(length).fill(0xaa));
    }
  });

  test('holds a copy of what it was made of', () => {
    const draft = new WriteBuffer();
    const frame = draft.beginFrame(0x53);
    draft.endFrame(frame);
    const sync = new Plan(draft.view());
    draft.reset();
    draft.writeBytes(new Uint8Array(8).fill(0xee));
    const out = new WriteBuffer();
    out.writePlan(sync);
    expect(out.take()).toEqual(hex('53 00000004'));
  });

  test('has a place that can be patched, also after the batch moved', () => {
    const plan = new Plan(hex('01 00000000 02'));
    const out = new WriteBuffer({ slabBytes: 16 });
    out.writeUint8(9);
    const place = out.writePlan(plan);
    out.writeBytes(new Uint8Array(30));
    out.patchInt32(place + 1, -2);
    expect(out.take().subarray(0, 7)).toEqual(hex('09 01 fffffffe 02'));
  });

  test('is made of bytes only, and nothing else is written as one', () => {
    for (const value of [undefined, null, 'ab', 5, [1], new ArrayBuffer(4), new Uint16Array(2)]) {
      expect(() => new Plan(value as unknown as Uint8Array)).toThrow(TypeError); // what plain JavaScript can do
    }
    const out = new WriteBuffer();
    for (const value of [undefined, null, 'ab', hex('0102'), { length: 4 }]) {
      expect(() => out.writePlan(value as unknown as Plan)).toThrow(TypeError);
    }
    expect(out.length).toBe(0);
  });
});
