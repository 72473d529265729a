import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { type ChunkOwner, type FrameLayout, WriteBuffer } from '../src/index.js';

class Owner implements ChunkOwner {
  readonly given: Uint8Array[] = [];
  recycle(chunk: Uint8Array): void {
    this.given.push(chunk);
  }
}

const failing: ChunkOwner = {
  recycle() {
    throw new Error('owner failed');
  },
};

describe('WriteBuffer.writeRef', () => {
  test('puts a chunk between what is written before and after it, without copying anything', () => {
    const out = new WriteBuffer();
    const large = new Uint8Array(5000).fill(3);
    out.writeInt32(1);
    out.writeRef(large).writeRef(hex('04'));
    out.writeUint8(5);
    expect(out.length).toBe(5006);
    const chunks = out.takeAll();
    expect(chunks.map((chunk) => chunk.length)).toEqual([4, 5000, 1, 1]);
    expect(chunks[0]?.buffer).toBe(chunks[3]?.buffer);
    expect(chunks[1]?.buffer).toBe(large.buffer);
    expect(out.length).toBe(0);
    expect(out.takeAll()).toEqual([]);
  });

  test('counts in the frames around it, on either side of their beginnings', () => {
    for (const lengthBytes of [2, 4] as const) {
      const frame: FrameLayout = { typeBytes: 1, lengthBytes, lengthIncludes: 'payload', maxFrameBytes: 1000 };
      const out = new WriteBuffer({ frame });
      out.writeRef(new Uint8Array(50));
      const outer = out.beginFrame(1);
      out.writeRef(new Uint8Array(100));
      const inner = out.beginFrame(2);
      out.writeRef(new Uint8Array(20));
      out.writeUint8(9);
      out.endFrame(inner);
      out.endFrame(outer);
      const bytes = out.takeAll().flatMap((chunk) => [...chunk]);
      const lengthAt = (at: number): number =>
        bytes.slice(at, at + lengthBytes).reduce((sum, byte) => sum * 256 + byte);
      expect(lengthAt(51)).toBe(100 + 1 + lengthBytes + 21);
      expect(lengthAt(51 + lengthBytes + 101)).toBe(21);
    }
  });

  test('makes a frame too long just as copied bytes do', () => {
    const frame: FrameLayout = { typeBytes: 0, lengthBytes: 2, lengthIncludes: 'frame', maxFrameBytes: 50 };
    const out = new WriteBuffer({ frame });
    const handle = out.beginFrame();
    out.writeRef(new Uint8Array(49));
    expect(() => {
      out.endFrame(handle);
    }).toThrow(expect.objectContaining({ requested: 51, available: 50 }));
    expect(() => out.takeAll()).toThrow(TypeError);
    out.reset();
  });

  test('counts for maxBytes; a chunk that is too much stays the caller’s', () => {
    const out = new WriteBuffer({ maxBytes: 10 });
    const owner = new Owner();
    out.writeRef(new Uint8Array(6));
    out.writeInt32(1);
    const full = expect.objectContaining({ code: 'ERR_WRITE_BUFFER_OVERFLOW', requested: 1, available: 0 }) as Error;
    expect(() => out.writeRef(new Uint8Array(1), owner)).toThrow(full);
    expect(() => {
      out.writeUint8(1);
    }).toThrow(full);
    expect([out.length, owner.given.length]).toEqual([10, 0]);
    out.reset();
    out.writeBytes(new Uint8Array(10));
    expect(out.length).toBe(10);
  });

  test('rejects what is no chunk and what is no owner', () => {
    const out = new WriteBuffer();
    for (const chunk of ['ab', null, undefined, [1], new ArrayBuffer(2)]) {
      expect(() => out.writeRef(chunk as unknown as Uint8Array)).toThrow(TypeError); // what plain JavaScript can do
    }
    expect(() => out.writeRef(hex('01'), {} as ChunkOwner)).toThrow('expected ChunkOwner, saw Object');
    expect(out.takeAll()).toEqual([]);
  });

  test('allows neither view nor take, and takeAll still works', () => {
    const out = new WriteBuffer();
    out.writeUint8(1);
    out.writeRef(hex('02'));
    expect(() => out.view()).toThrow('use takeAll()');
    expect(() => out.take()).toThrow('use takeAll()');
    expect(out.takeAll()).toEqual([hex('01'), hex('02')]);
    expect(out.take()).toHaveLength(0);
  });
});

describe('WriteBuffer.recycle', () => {
  test('passes each chunk on to its owner once, also if it was written twice', () => {
    const out = new WriteBuffer();
    const owner = new Owner();
    const chunk = hex('0102');
    out.writeRef(chunk, owner).writeRef(chunk, owner);
    const [first, second] = out.takeAll();
    expect(owner.given).toEqual([]);
    out.recycle(first ?? expect.fail());
    out.recycle(first ?? expect.fail());
    expect(owner.given).toHaveLength(1);
    out.recycle(second ?? expect.fail());
    expect(owner.given).toHaveLength(2);
    expect(owner.given.every((given) => given === chunk)).toBe(true);
  });

  test('leaves alone what has another owner: a taken chunk written by reference without one', () => {
    const first = new WriteBuffer({ slabBytes: 4096 + 8 });
    first.writeBytes(hex('aabb'));
    const chunk = first.take();
    const second = new WriteBuffer();
    second.writeRef(chunk);
    for (const taken of second.takeAll()) second.recycle(taken);
    first.writeBytes(hex('ccdd'));
    expect(chunk).toEqual(hex('aabb'));
    first.take();
    second.writeRef(chunk, first);
    for (const taken of second.takeAll()) second.recycle(taken);
    expect(chunk).toEqual(hex('aabb')); // back in the pool; the other chunk of its slab is still out
  });

  test('takes back many chunks of one slab in any order', () => {
    const out = new WriteBuffer({ slabBytes: 4096 + 9 });
    const owner = new Owner();
    for (let i = 0; i < 100; i++) {
      out.writeUint8(i);
      out.writeRef(hex('ff'), owner);
    }
    const chunks = out.takeAll();
    const { buffer } = chunks[0] ?? expect.fail();
    for (const chunk of chunks.reverse()) out.recycle(chunk);
    expect(owner.given).toHaveLength(100);
    out.writeUint8(1);
    expect([out.view().buffer === buffer, out.view().byteOffset]).toEqual([true, 0]);
  });
});

describe('WriteBuffer.reset', () => {
  test('gives chunks back to their owners, all of them, whatever one throws', () => {
    const out = new WriteBuffer();
    const owner = new Owner();
    out.writeUint8(1);
    out.writeRef(hex('01'), failing).writeRef(hex('02'), owner).writeRef(hex('03'));
    expect(() => {
      out.reset();
    }).toThrow('owner failed');
    expect(owner.given).toEqual([hex('02')]);
    out.reset();
    expect([owner.given.length, out.length, out.takeAll().length]).toEqual([1, 0, 0]);
    out.writeRef(hex('04'), failing).writeRef(hex('05'), failing);
    expect(() => {
      out.reset();
    }).toThrow(AggregateError);
  });
});

describe('WriteBuffer.atomic', () => {
  test('gives back what a failed compose wrote by reference, and keeps what was there', () => {
    const out = new WriteBuffer();
    const [before, inside] = [new Owner(), new Owner()];
    out.writeRef(hex('01'), before);
    const frame = out.beginFrame(7);
    const error = new Error('undo');
    expect(() => {
      out.atomic(() => {
        out.writeRef(new Uint8Array(9), inside);
        out.endFrame(frame);
        out.beginFrame(8);
        out.beginFrame(9);
        throw error;
      });
    }).toThrow(error);
    expect([before.given.length, inside.given.length, out.length]).toEqual([0, 1, 6]);
    out.endFrame(frame);
    expect(out.takeAll()).toEqual([hex('01'), hex('07 00000004')]);
  });

  test('tells both what compose threw and what owners threw, in this order', () => {
    const out = new WriteBuffer();
    const error = new Error('undo');
    expect(() => {
      out.atomic(() => {
        out.writeRef(hex('01'), failing);
        throw error;
      });
    }).toThrow(expect.objectContaining({ errors: [error, expect.objectContaining({ message: 'owner failed' })] }));
    expect(out.length).toBe(0);
    out.reset(); // not in atomic any more
  });

  test('allows no takeAll inside', () => {
    const out = new WriteBuffer();
    expect(() => out.atomic(() => out.takeAll())).toThrow('not in atomic');
  });
});
