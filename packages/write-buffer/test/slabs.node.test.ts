import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '@millrace/testkit';
import { WriteBuffer } from '../src/index.js';

const collect = (globalThis.gc ?? expect.fail('tests run with --expose-gc')) as () => void;

describe('WriteBuffer.take', () => {
  test('hands over without copying, and later writes never touch what was handed over', () => {
    const out = new WriteBuffer({ slabBytes: 1024 });
    const taken: { chunk: Uint8Array; fill: number }[] = [];
    for (let i = 0; i < 200; i++) {
      const fill = i % 251;
      out.writeBytes(new Uint8Array(10 + (i % 50)).fill(fill));
      const view = out.view();
      const chunk = out.take();
      expect(chunk.buffer === view.buffer && chunk.byteOffset === view.byteOffset).toBe(true);
      taken.push({ chunk, fill });
    }
    for (const { chunk, fill } of taken) expect(chunk.every((byte) => byte === fill)).toBe(true);
  });

  test('gives an empty chunk when nothing was written', () => {
    expect(new WriteBuffer().take()).toHaveLength(0);
    expect(new WriteBuffer().view()).toHaveLength(0);
  });

  test('uses the rest of a slab for the next batch', () => {
    const out = new WriteBuffer({ slabBytes: 2048 });
    out.writeInt32(1);
    const first = out.take();
    out.writeInt32(2);
    const second = out.take();
    expect(second.buffer).toBe(first.buffer);
    expect(second.byteOffset).toBe(first.byteOffset + 4);
  });
});

describe('WriteBuffer slabs', () => {
  const slabBytes = (out: WriteBuffer, batchBytes: number): number => {
    out.writeBytes(new Uint8Array(batchBytes - 1));
    out.writeUint8(1);
    const { byteLength } = out.view().buffer;
    out.recycle(out.take());
    return Math.floor(byteLength / 1024);
  };

  test('grow with the batches, up to 256 KiB, and shrink when the batches stay small', () => {
    const out = new WriteBuffer({ slabBytes: 4096 });
    expect(slabBytes(out, 100)).toBe(4);
    expect(slabBytes(out, 60_000)).toBe(64);
    expect(slabBytes(out, 100)).toBe(64); // in one piece from the first byte on, should the next be as large
    expect(slabBytes(out, 10_000_000)).toBe(16_384);
    const after = Array.from({ length: 60 }, () => slabBytes(out, 100));
    expect(after[0]).toBe(256);
    expect(after.at(-1)).toBe(4);
    expect(after).toEqual(after.slice().sort((a, b) => b - a));
  });

  test('that were transferred to another thread are not used again', () => {
    const out = new WriteBuffer({ slabBytes: 4096 + 10 });
    out.writeUint8(1);
    const chunk = out.take();
    structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
    out.recycle(chunk);
    for (let i = 0; i < 20; i++) {
      out.writeInt32(i);
      expect(out.view()).toEqual(Uint8Array.of(0, 0, 0, i));
      out.take();
    }
  });
});

describe('WriteBuffer.recycle', () => {
  const batch = (out: WriteBuffer, byteLength: number): Uint8Array => {
    out.writeBytes(new Uint8Array(byteLength));
    return out.take();
  };

  test('lets a slab be used again when all its chunks came back, in any order', () => {
    const out = new WriteBuffer({ slabBytes: 4096 + 1 });
    const first = batch(out, 1000);
    const second = batch(out, 1000);
    out.recycle(second);
    const third = batch(out, 1000);
    expect(third.byteOffset).toBe(2000); // `first` is still out
    out.recycle(first);
    out.recycle(third);
    const fourth = batch(out, 1000);
    expect([fourth.buffer === first.buffer, fourth.byteOffset]).toEqual([true, 0]);
  });

  test('waits for the batch that is being composed', () => {
    const out = new WriteBuffer({ slabBytes: 4096 + 2 });
    const first = batch(out, 100);
    out.writeUint8(7);
    out.recycle(first);
    out.writeUint8(8);
    const second = out.take();
    expect([...second]).toEqual([7, 8]);
    const third = batch(out, 10);
    expect(third.byteOffset).toBe(102);
    expect([...second]).toEqual([7, 8]);
  });

  test('ignores a chunk that came back before, a part of one, and a stranger', () => {
    const out = new WriteBuffer({ slabBytes: 4096 + 3 });
    const kept = batch(out, 100);
    const returned = batch(out, 100);
    out.recycle(returned);
    out.recycle(returned);
    out.recycle(kept.subarray(0, 100));
    out.recycle(new Uint8Array(5));
    expect(batch(out, 10).byteOffset).toBe(200);
  });

  test('never lets two chunks that are out share a byte', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = seededRandom(seed);
      const buffers = [0, 1, 2].map(() => new WriteBuffer({ slabBytes: 256 }));
      const out: { chunk: Uint8Array; fill: number }[] = [];
      for (let step = 0; step < 200; step++) {
        const buffer = buffers[random.int(0, 2)] ?? expect.fail();
        const action = random.int(0, 9);
        if (action < 5) buffer.writeBytes(new Uint8Array(random.int(0, 100)).fill(0x77));
        else if (action < 8) {
          const chunk = buffer.take();
          expect(
            chunk.every((byte) => byte === 0x77),
            `seed ${seed} step ${step}`,
          ).toBe(true);
          chunk.fill(step % 0x77);
          out.push({ chunk, fill: step % 0x77 });
        } else if (out.length > 0) {
          const [{ chunk, fill }] = out.splice(random.int(0, out.length - 1), 1) as [(typeof out)[0]];
          expect(
            chunk.every((byte) => byte === fill),
            `seed ${seed} step ${step}`,
          ).toBe(true);
          chunk.fill(0xee);
          buffer.recycle(chunk);
        }
      }
      for (const { chunk, fill } of out)
        expect(
          chunk.every((byte) => byte === fill),
          `seed ${seed}`,
        ).toBe(true);
    }
  });
});

describe('WriteBuffer memory', () => {
  const bytesInUse = async (): Promise<number> => {
    // Array buffers are freed by a task after the collection.
    for (let i = 0; i < 3; i++) {
      collect();
      await setImmediate();
    }
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };

  test('is not held by empty buffers, however they became empty', async () => {
    const before = await bytesInUse();
    const buffers: WriteBuffer[] = [];
    for (let i = 0; i < 4000; i++) {
      const out = new WriteBuffer();
      out.writeBytes(new Uint8Array(1000));
      if (i % 3 === 0) out.reset();
      else if (i % 3 === 1) out.take();
      else
        expect(() => {
          out.take();
          out.atomic(() => {
            out.writeBytes(new Uint8Array(1000));
            throw new Error('boom');
          });
        }).toThrow('boom');
      buffers.push(out);
    }
    // A slab each would be 64 MB.
    expect((await bytesInUse()) - before).toBeLessThan(6e6);
    expect(buffers.every((out) => out.length === 0)).toBe(true);
  });

  test.each([
    ['recycled', true],
    ['forgotten', false],
  ])('stays flat over many batches that are %s', async (_, isRecycled) => {
    const out = new WriteBuffer();
    const compose = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const frame = out.beginFrame(0x44);
        out.writeInt32(i);
        out.writeCString('some text');
        out.endFrame(frame);
        const chunk = out.take();
        if (isRecycled) out.recycle(chunk);
      }
    };
    compose(10_000);
    const before = await bytesInUse();
    compose(300_000);
    expect((await bytesInUse()) - before).toBeLessThan(4e6);
  });

  test('stays flat over a million messages in batches, with references and their owners', async () => {
    const out = new WriteBuffer();
    const large = new Uint8Array(4096);
    let returned = 0;
    const owner = {
      recycle: () => {
        returned++;
      },
    };
    const compose = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const frame = out.beginFrame(0x44);
        out.writeVarint(i);
        out.writeCString('some text');
        out.endFrame(frame);
        if (i % 100 === 50) out.writeRef(large, owner);
        if (i % 100 === 99) for (const chunk of out.takeAll()) out.recycle(chunk);
      }
    };
    compose(20_000);
    const before = await bytesInUse();
    compose(1_000_000);
    expect(returned).toBe(10_200);
    expect((await bytesInUse()) - before).toBeLessThan(1e6);
  });

  test('of a spike of connections and of large batches goes back', async () => {
    const compose = (byteLength: number): WriteBuffer => {
      const out = new WriteBuffer({ slabBytes: 8192 });
      out.writeBytes(new Uint8Array(byteLength));
      return out;
    };
    const before = await bytesInUse();
    const spike = Array.from({ length: 100 }, () => compose(250_000));
    for (const out of spike) out.recycle(out.take());
    spike.length = 0;
    expect((await bytesInUse()) - before).toBeGreaterThan(3e6); // 16 slabs of 256 KiB wait in the pool
    for (let i = 0; i < 5000; i++) {
      const out = compose(10);
      out.recycle(out.take());
    }
    expect((await bytesInUse()) - before).toBeLessThan(5e5);
  });

  test('of a huge batch is given up when it was taken', async () => {
    const out = new WriteBuffer();
    const before = await bytesInUse();
    const sizes = ((): number[] => {
      const lengths: number[] = [];
      for (let i = 0; i < 3; i++) {
        for (let k = 0; k < 1024; k++) out.writeBytes(new Uint8Array(8192));
        const chunk = out.take();
        lengths.push(chunk.length);
        out.recycle(chunk);
      }
      return lengths;
    })();
    expect(sizes).toEqual([2 ** 23, 2 ** 23, 2 ** 23]);
    expect((await bytesInUse()) - before).toBeLessThan(2e6);
  });
});
