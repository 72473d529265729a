import { describe, expect, test } from 'vitest';
import { everyChunking, everySplit, hex, MAX_EVERY_CHUNKING_BYTES, randomChunks, seededRandom } from '../src/index.js';

const joined = (chunks: readonly Uint8Array[]): number[] => chunks.flatMap((chunk) => [...chunk]);
const shape = (chunks: readonly Uint8Array[]): string => chunks.map((chunk) => chunk.length).join('+');
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

describe('everySplit', () => {
  test('yields the whole, each two-part split, and byte by byte', () => {
    expect([...everySplit(hex('01020304'))].map(shape)).toEqual(['4', '1+3', '2+2', '3+1', '1+1+1+1']);
  });

  test.each([
    [0, ['0']],
    [1, ['1']],
    [2, ['2', '1+1']],
    [3, ['3', '1+2', '2+1', '1+1+1']],
  ])('yields nothing twice for %d bytes', (length, shapes) => {
    expect([...everySplit(counting(length))].map(shape)).toEqual(shapes);
  });

  test('keeps every byte and the order', () => {
    const bytes = counting(50);
    for (const chunks of everySplit(bytes)) expect(joined(chunks)).toEqual([...bytes]);
  });
});

describe('everyChunking', () => {
  test('yields all 2^(n-1) chunkings, each once', () => {
    for (let length = 1; length <= 10; length++) {
      const shapes = [...everyChunking(counting(length))].map(shape);
      expect(shapes).toHaveLength(2 ** (length - 1));
      expect(new Set(shapes).size).toBe(shapes.length);
    }
  });

  test('keeps every byte and the order, without an empty chunk', () => {
    const bytes = counting(9);
    for (const chunks of everyChunking(bytes)) {
      expect(joined(chunks)).toEqual([...bytes]);
      expect(chunks.every((chunk) => chunk.length > 0)).toBe(true);
    }
  });

  test('yields one empty chunk for an empty input', () => {
    expect([...everyChunking(hex(''))].map(shape)).toEqual(['0']);
  });

  test('takes the longest input it names, and rejects one byte more at the call', () => {
    let count = 0;
    for (const chunks of everyChunking(counting(MAX_EVERY_CHUNKING_BYTES))) count += chunks.length > 0 ? 1 : 0;
    expect(count).toBe(2 ** 15);
    expect(() => everyChunking(counting(MAX_EVERY_CHUNKING_BYTES + 1))).toThrow(
      new RangeError('everyChunking takes at most 16 bytes, saw 17: use everySplit, or randomChunks with many seeds'),
    );
  });
});

describe('randomChunks', () => {
  test('keeps every byte and the order, within the bounds', () => {
    for (let seed = 0; seed < 200; seed++) {
      const chunks = randomChunks(counting(200), { seed, minBytes: 3, maxBytes: 9 });
      expect(joined(chunks), `seed ${seed}`).toEqual([...counting(200)]);
      const lengths = chunks.map((chunk) => chunk.length);
      expect(Math.min(...lengths.slice(0, -1)), `seed ${seed}`).toBeGreaterThanOrEqual(3);
      expect(Math.max(...lengths), `seed ${seed}`).toBeLessThanOrEqual(9);
    }
  });

  test('repeats itself for a seed and differs between seeds', () => {
    const shapes = [1, 1, 2].map((seed) => shape(randomChunks(counting(200), { seed })));
    expect(shapes[0]).toBe(shapes[1]);
    expect(shapes[0]).not.toBe(shapes[2]);
  });

  test('mixes in empty chunks for a minimum of 0', () => {
    const lengths = randomChunks(counting(200), { seed: 7, minBytes: 0, maxBytes: 2 }).map((chunk) => chunk.length);
    expect(new Set(lengths)).toEqual(new Set([0, 1, 2]));
  });

  test('raises the default maximum to a larger minimum', () => {
    expect(shape(randomChunks(counting(250), { seed: 1, minBytes: 100 }))).toBe('100+100+50');
  });

  test('gives no chunk for an empty input', () => {
    expect(randomChunks(hex(''), { seed: 1 })).toEqual([]);
  });

  test.each([
    { minBytes: -1 },
    { minBytes: 0, maxBytes: 0 },
    { minBytes: 5, maxBytes: 4 },
    { maxBytes: NaN },
    { maxBytes: 1.5 },
  ])('rejects the bounds %o', (bounds) => {
    expect(() => randomChunks(hex('01'), { seed: 1, ...bounds })).toThrow(RangeError);
  });
});

describe('chunks', () => {
  const makers: [string, (bytes: Uint8Array) => Iterable<Uint8Array[]>][] = [
    ['everySplit', everySplit],
    ['everyChunking', everyChunking],
    ['randomChunks', (bytes) => [0, 1, 2].map((seed) => randomChunks(bytes, { seed, maxBytes: 3 }))],
  ];

  test.each(makers)('of %s have memory of their own', (_, make) => {
    const bytes = Buffer.from(counting(8)); // whose slice() is a view
    for (const chunks of make(bytes)) {
      for (const chunk of chunks) {
        expect(chunk.buffer.byteLength).toBe(chunk.length);
        chunk.fill(0xee);
      }
    }
    expect([...bytes]).toEqual([...counting(8)]);
  });
});

describe('seededRandom', () => {
  test('gives the sequence of its seed, fixed for ever', () => {
    const random = seededRandom(1);
    expect([random.uint32(), random.uint32(), random.uint32()]).toMatchInlineSnapshot(`
      [
        2527132011,
        314344336,
        2535364964,
      ]
    `);
  });

  test('fills a range evenly, both ends included', () => {
    const random = seededRandom(2);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) {
      const face = random.int(-2, 3) + 2;
      counts[face] = (counts[face] ?? NaN) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('gives fractions from 0 to below 1 with the mean in the middle', () => {
    const random = seededRandom(3);
    let sum = 0;
    for (let i = 0; i < 10_000; i++) {
      const fraction = random.float();
      expect(fraction >= 0 && fraction < 1).toBe(true);
      sum += fraction;
    }
    expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02);
  });

  test('gives bytes of which each value occurs', () => {
    expect(new Set(seededRandom(4).bytes(10_000)).size).toBe(256);
  });

  test('reaches both ends of the safe integers', () => {
    const random = seededRandom(5);
    const low = Number.MIN_SAFE_INTEGER;
    expect(random.int(low, 0)).toBeGreaterThanOrEqual(low);
    expect(random.int(7, 7)).toBe(7);
  });

  test.each([
    [1, 0],
    [0.5, 2],
    [0, NaN],
    [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('rejects the range from %d to %d', (min, max) => {
    expect(() => seededRandom(1).int(min, max)).toThrow(RangeError);
  });

  test.each([NaN, 1.5, Infinity])('rejects the seed %d', (seed) => {
    expect(() => seededRandom(seed)).toThrow(RangeError);
  });
});

describe('hex', () => {
  test('reads digits in either case and ignores white space', () => {
    expect(hex('4e 00000007\n61fF')).toEqual(Uint8Array.of(0x4e, 0, 0, 0, 7, 0x61, 0xff));
    expect(hex('')).toEqual(new Uint8Array(0));
  });

  test('rejects an odd number of digits and anything that is not a digit', () => {
    expect(() => hex('4e0')).toThrow(new TypeError('expected an even number of digits, saw 3'));
    expect(() => hex('0x4e')).toThrow(new TypeError('expected hexadecimal digits, saw "x"'));
  });
});
