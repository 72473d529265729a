import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { ReadBuffer } from '../src/index.js';

const collect = (globalThis.gc ?? expect.fail('tests run with --expose-gc')) as () => void;
const frame = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 2 ** 24 } as const;

async function bytesInUse(): Promise<number> {
  // Array buffers are freed by a task after the collection.
  for (let i = 0; i < 3; i++) {
    collect();
    await setImmediate();
  }
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

describe('ReadBuffer memory', () => {
  test('stays flat over ten million frames in borrowed chunks of an odd size', async () => {
    const buffer = new ReadBuffer({ frame });
    const one = hex('44 00000010 0001 00000004 00000001 0000');
    const period = new Uint8Array(one.length * 1000);
    for (let at = 0; at < period.length; at += one.length) period.set(one, at);
    const slab = new Uint8Array(4093);
    let at = 0;
    const run = (frames: number): void => {
      for (const goal = buffer.stats.framesTaken + frames; buffer.stats.framesTaken < goal;) {
        const head = period.subarray(at, at + slab.length);
        slab.set(head);
        slab.set(period.subarray(0, slab.length - head.length), head.length);
        at = (at + slab.length) % period.length;
        buffer.feedBorrowed(slab);
        while (buffer.takeFrame()) buffer.skip(6);
        buffer.endBorrow();
      }
    };
    run(10_000);
    const before = await bytesInUse();
    run(10_000_000);
    expect((await bytesInUse()) - before).toBeLessThan(2e6);
    expect(buffer.bufferedBytes).toBeLessThan(one.length);
  });

  test('is not held for a chunk that was read', async () => {
    const before = await bytesInUse();
    const buffers: ReadBuffer[] = [];
    for (let i = 0; i < 500; i++) {
      const buffer = new ReadBuffer({ frame });
      const chunk = new Uint8Array(65536);
      chunk.set(hex('44 0000ffff'));
      buffer.feed(chunk);
      while (buffer.takeFrame()) buffer.skip(1);
      buffers.push(buffer);
    }
    // The chunks are 32 MB.
    expect((await bytesInUse()) - before).toBeLessThan(3e6);
    expect(buffers.every((buffer) => buffer.stats.framesTaken === 1)).toBe(true);
  });

  test('of a large carry is given up at the first frame that needs less than a quarter', async () => {
    const buffer = new ReadBuffer({ frame });
    const feedFrame = (payloadBytes: number): void => {
      const bytes = new Uint8Array(payloadBytes + 5);
      new DataView(bytes.buffer).setInt32(1, payloadBytes + 4);
      buffer.feedBorrowed(bytes.subarray(0, 7));
      buffer.takeFrame();
      buffer.endBorrow();
      buffer.feedBorrowed(bytes.subarray(7));
      while (buffer.takeFrame()) buffer.skip(1);
      buffer.endBorrow();
    };
    feedFrame(100);
    const before = await bytesInUse();
    feedFrame(8 << 20);
    feedFrame(3 << 20);
    const held = (await bytesInUse()) - before;
    expect(held).toBeGreaterThan(8e6);
    expect(held).toBeLessThan(9e6);
    feedFrame(100);
    expect((await bytesInUse()) - before).toBeLessThan(1e6);
  });

  test('of a large carry is given up while a small frame waits for its end', async () => {
    const buffer = new ReadBuffer({ frame });
    const before = await bytesInUse();
    const slab = new Uint8Array(65536);
    const frameBytes = frame.maxFrameBytes;
    for (let at = 0; at < frameBytes; at += slab.length) {
      slab.fill(0);
      if (at === 0) slab.set([0x44, ...new Uint8Array(new Uint32Array([frameBytes - 1]).buffer).reverse()]);
      buffer.feedBorrowed(slab);
      if (buffer.takeFrame()) buffer.skip(frameBytes - 5);
      buffer.endBorrow();
    }
    buffer.feedBorrowed(hex('44 00000035 0000000000000000 0000000000 0000'));
    expect(buffer.takeFrame()).toBe(false);
    buffer.endBorrow();
    expect((await bytesInUse()) - before).toBeLessThan(1e6);
    expect([buffer.stats.framesTaken, buffer.bufferedBytes]).toEqual([1, 20]);
  });

  test.each(['feed', 'feedBorrowed'] as const)(
    'follows what arrived, not what a header claims, by %s',
    async (feed) => {
      const before = await bytesInUse();
      const buffer = new ReadBuffer({ frame: { ...frame, maxFrameBytes: 2 ** 30 } });
      for (const part of [hex('44 3fffff00'), hex('01'), hex('02')]) {
        buffer[feed](part);
        expect(buffer.takeFrame()).toBe(false);
        buffer.endBorrow();
      }
      expect((await bytesInUse()) - before).toBeLessThan(18e6);
      expect(buffer.bufferedBytes).toBe(7);
    },
  );

  test.each([
    { mebibytes: 1, copiesPerByte: 1.01 },
    { mebibytes: 16, copiesPerByte: 1.01 },
    { mebibytes: 17, copiesPerByte: 2 },
    { mebibytes: 65, copiesPerByte: 3 },
  ])('of a $mebibytes MiB frame is copied $copiesPerByte times at most', ({ mebibytes, copiesPerByte }) => {
    const frameBytes = mebibytes << 20;
    const buffer = new ReadBuffer({ frame: { ...frame, maxFrameBytes: frameBytes } });
    const slab = new Uint8Array(65536);
    for (let at = 0; at < frameBytes; at += slab.length) {
      slab.fill((at >> 16) & 255);
      if (at === 0) slab.set([0x44, ...new Uint8Array(new Uint32Array([frameBytes - 1]).buffer).reverse()]);
      buffer.feedBorrowed(slab);
      expect(buffer.takeFrame()).toBe(at + slab.length === frameBytes);
      if (at + slab.length < frameBytes) buffer.endBorrow();
    }
    expect(buffer.stats.copiedBytes).toBeLessThanOrEqual(copiesPerByte * frameBytes);
    const payload = buffer.payload();
    expect(payload).toHaveLength(frameBytes - 5);
    // The whole of it, against the pattern.
    const wrong = payload.findIndex((byte, i) => i >= 65531 && byte !== (((i + 5) >> 16) & 255));
    expect(wrong).toBe(-1);
    buffer.endBorrow();
  });
});
