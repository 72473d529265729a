import { describe, expect, test } from 'vitest';
import { type SeededRandom, seededRandom } from '@millrace/testkit';
import { WriteBuffer } from '../src/index.js';

/** The same messages composed the slow and obvious way: an array of bytes. */
class NaiveBuffer {
  bytes: number[] = [];

  number(width: number, value: bigint): void {
    for (let shift = width - 8; shift >= 0; shift -= 8) this.bytes.push(Number((value >> BigInt(shift)) & 0xffn));
  }

  text(text: string): number[] {
    const encoded = [...new TextEncoder().encode(text)];
    this.bytes.push(...encoded);
    return encoded;
  }

  length(at: number, value: number): void {
    const patch = new NaiveBuffer();
    patch.number(32, BigInt(value));
    this.bytes.splice(at, 4, ...patch.bytes);
  }
}

const ALPHABET = ['a', 'Z', ' ', 'é', 'ß', '€', '語', '😀', '\ud800', '\udc00'];

function randomText(random: SeededRandom): string {
  const ascii = random.int(0, 1) === 0;
  return Array.from({ length: random.int(0, 60) }, () => ALPHABET[ascii ? 0 : random.int(0, 9)]).join('');
}

function randomWrite(random: SeededRandom, out: WriteBuffer, naive: NaiveBuffer, depth: number): void {
  switch (random.int(0, depth < 4 ? 9 : 6)) {
    case 0: {
      const value = random.uint32();
      out.writeUint32(value);
      naive.number(32, BigInt(value));
      return;
    }
    case 1: {
      const value = random.int(-0x8000, 0x7fff);
      out.writeInt16(value);
      naive.number(16, BigInt(value));
      return;
    }
    case 2: {
      const value = BigInt.asIntN(64, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()));
      out.writeBigInt64(value);
      naive.number(64, value);
      return;
    }
    case 3: {
      const bytes = random.bytes(random.int(0, 50));
      out.writeBytes(bytes);
      naive.bytes.push(...bytes);
      return;
    }
    case 4: {
      const text = randomText(random);
      const byteLength = out.writeUtf8(text);
      expect(naive.text(text)).toHaveLength(byteLength);
      return;
    }
    case 5: {
      const text = randomText(random);
      expect(out.writeCString(text)).toBe(naive.text(text).length + 1);
      naive.bytes.push(0);
      return;
    }
    case 6: {
      const text = randomText(random);
      out.writeLengthPrefixedUtf8(text);
      const at = naive.bytes.length;
      naive.number(32, 0n);
      naive.length(at, naive.text(text).length);
      return;
    }
    case 7: {
      const start = naive.bytes.length;
      const frame = out.beginFrame(0x54);
      naive.number(40, 0x54n << 32n);
      randomWrites(random, out, naive, depth + 1);
      out.endFrame(frame);
      naive.length(start + 1, naive.bytes.length - start - 1);
      return;
    }
    case 8: {
      const kept = naive.bytes.slice();
      expect(() => {
        out.atomic(() => {
          out.beginFrame(1);
          naive.number(40, 1n << 32n);
          randomWrites(random, out, naive, depth + 1);
          throw new Error('undo');
        });
      }).toThrow('undo');
      naive.bytes = kept;
      return;
    }
    default: {
      const at = out.reserveInt32();
      expect(at).toBe(naive.bytes.length);
      naive.number(32, 0n);
      randomWrites(random, out, naive, depth + 1);
      const value = random.int(-(2 ** 31), 2 ** 31 - 1);
      out.patchInt32(at, value);
      naive.length(at, value);
    }
  }
}

function randomWrites(random: SeededRandom, out: WriteBuffer, naive: NaiveBuffer, depth: number): void {
  for (let count = random.int(0, 6); count > 0; count--) randomWrite(random, out, naive, depth);
}

describe('WriteBuffer', () => {
  test('agrees with an array of bytes for random messages, slabs and recycling', () => {
    for (let seed = 0; seed < 400; seed++) {
      const random = seededRandom(seed);
      const out = new WriteBuffer({ slabBytes: random.int(16, 300) });
      const taken: { chunk: Uint8Array; bytes: number[] }[] = [];
      for (let batch = 0; batch < 8; batch++) {
        const naive = new NaiveBuffer();
        randomWrites(random, out, naive, 0);
        expect(out.length, `seed ${seed} batch ${batch}`).toBe(naive.bytes.length);
        taken.push({ chunk: out.take(), bytes: naive.bytes });
        if (random.int(0, 1) === 0) continue;
        const index = random.int(0, taken.length - 1);
        const [back] = taken.splice(index, 1);
        expect([...(back?.chunk ?? [])], `seed ${seed} batch ${batch}`).toEqual(back?.bytes);
        if (back !== undefined) out.recycle(back.chunk);
      }
      for (const { chunk, bytes } of taken) expect([...chunk], `seed ${seed}`).toEqual(bytes);
    }
  });
});
