import { describe, expect, test } from 'vitest';
import { randomChunks, seededRandom } from '@millrace/testkit';
import { WriteBuffer } from '../../write-buffer/src/index.js';
import { ReadBuffer } from '../src/index.js';

describe('ReadBuffer', () => {
  test('reads what WriteBuffer wrote, however it was cut', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = seededRandom(seed);
      const out = new WriteBuffer({ slabBytes: random.int(16, 2000) });
      const values = Array.from({ length: random.int(1, 10) }, () => ({
        type: random.int(0, 255),
        int: random.int(-(2 ** 31), 2 ** 31 - 1),
        big: BigInt.asIntN(64, BigInt(random.uint32()) << BigInt(random.int(0, 33))),
        float: random.float(),
        text: 'naïve 😀 text'.slice(0, random.int(0, 6)),
        bytes: random.bytes(random.int(0, 100)),
      }));
      for (const { type, int, big, float, text, bytes } of values) {
        const handle = out.beginFrame(type);
        out.writeInt32(int);
        out.writeBigInt64(big);
        out.writeFloat64(float);
        out.writeCString(text);
        out.writeLengthPrefixedUtf8(text);
        out.writeLengthPrefixedBytes(bytes);
        out.endFrame(handle);
      }
      const buffer = new ReadBuffer({
        frame: { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1000 },
      });
      const read: typeof values = [];
      for (const chunk of randomChunks(out.take(), { seed, maxBytes: random.int(1, 300) })) {
        buffer.feedBorrowed(chunk);
        while (buffer.takeFrame()) {
          const [type, int, big, float] = [
            buffer.type,
            buffer.readInt32(),
            buffer.readBigInt64(),
            buffer.readFloat64(),
          ];
          const text = buffer.readCString();
          expect(buffer.readUtf8(buffer.readInt32()), `seed ${seed}`).toBe(text);
          read.push({ type, int, big, float, text, bytes: buffer.readBytes(buffer.readInt32()) });
          expect(buffer.length, `seed ${seed}`).toBe(0);
        }
        buffer.endBorrow();
        chunk.fill(0xee);
      }
      expect(read, `seed ${seed}`).toEqual(values);
    }
  });
});
