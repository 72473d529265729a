// A transport may cut a stream of bytes anywhere. These functions make the cuts, so that a test can show that a parser
// does not depend on them. Every chunk they yield is a fresh copy with memory of its own: a parser that keeps a chunk,
// or writes into one, changes neither the input nor the other chunks, and a test may overwrite a chunk after use.
import { SeededRandom } from './seeded-random.js';

/** The longest input of {@link everyChunking}: 2^15 chunkings. Each byte more would double their number. */
export const MAX_EVERY_CHUNKING_BYTES = 16;

/** Options of {@link randomChunks}. */
export interface RandomChunksOptions {
  /** Any safe integer. The same seed and input give the same chunks. */
  readonly seed: number;
  /** The shortest chunk, in bytes. `0` mixes in empty chunks. The last chunk may be shorter. Default 1. */
  readonly minBytes?: number | undefined;
  /** The longest chunk, in bytes. Default 64, or `minBytes` where that is more. */
  readonly maxBytes?: number | undefined;
}

/**
 * Yields the few chunkings of `bytes` that find most errors of a parser: the whole, each split in two parts, and byte
 * by byte.
 *
 * No chunking comes twice, and no chunk is empty, except that an empty input yields one chunking of one empty chunk.
 *
 * @param bytes - The input, n bytes. It must not change while the result is iterated.
 * @returns n + 1 chunkings (fewer for n below 3), each in the order of the input; made one at a time.
 * @remarks
 * Lifetime: each chunk is a fresh copy that belongs to the caller.
 * Cost: n^2 bytes copied in all; keep inputs to a few KiB.
 */
export function* everySplit(bytes: Uint8Array): Generator<Uint8Array[], void, undefined> {
  yield [copy(bytes, 0)];
  for (let cut = 1; cut < bytes.length; cut++) yield [copy(bytes, 0, cut), copy(bytes, cut)];
  if (bytes.length > 2) yield Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/**
 * Yields every way to cut `bytes` into chunks that are not empty: 2^(n-1) of them, from the whole to byte by byte.
 *
 * For longer inputs use {@link everySplit}, or {@link randomChunks} with many seeds.
 *
 * @param bytes - The input, at most 16 bytes. It must not change while the result is iterated.
 * @returns The chunkings, made one at a time. An empty input yields one chunking of one empty chunk.
 * @throws {RangeError} If the input is longer than {@link MAX_EVERY_CHUNKING_BYTES}; at the call, before iteration.
 * @remarks Lifetime: each chunk is a fresh copy that belongs to the caller.
 */
export function everyChunking(bytes: Uint8Array): Generator<Uint8Array[], void, undefined> {
  if (bytes.length > MAX_EVERY_CHUNKING_BYTES) {
    throw new RangeError(
      `everyChunking takes at most ${MAX_EVERY_CHUNKING_BYTES} bytes, saw ${bytes.length}: ` +
        `use everySplit, or randomChunks with many seeds`,
    );
  }
  return chunkings(bytes);
}

function* chunkings(bytes: Uint8Array): Generator<Uint8Array[], void, undefined> {
  const cutSets = 2 ** Math.max(0, bytes.length - 1);
  for (let cuts = 0; cuts < cutSets; cuts++) {
    const chunks: Uint8Array[] = [];
    let start = 0;
    // Bit i of `cuts` says whether a chunk ends after byte i.
    for (let i = 0; i < bytes.length - 1; i++) {
      if ((cuts & (1 << i)) === 0) continue;
      chunks.push(copy(bytes, start, i + 1));
      start = i + 1;
    }
    chunks.push(copy(bytes, start));
    yield chunks;
  }
}

/**
 * Cuts `bytes` into chunks of random lengths.
 *
 * @param bytes - The input, of any length. An empty input gives no chunk.
 * @param options - The seed, and the bounds of a chunk's length, in bytes.
 * @returns The chunks, in the order of the input.
 * @throws {RangeError} If `seed` is not a safe integer, or not 0 <= `minBytes` <= `maxBytes` with `maxBytes` >= 1.
 * @remarks Lifetime: each chunk is a fresh copy that belongs to the caller.
 */
export function randomChunks(bytes: Uint8Array, options: RandomChunksOptions): Uint8Array[] {
  const { seed, minBytes = 1, maxBytes = Math.max(64, minBytes) } = options;
  const areLengths = Number.isSafeInteger(minBytes) && Number.isSafeInteger(maxBytes);
  if (!(areLengths && minBytes >= 0 && maxBytes >= 1 && minBytes <= maxBytes)) {
    throw new RangeError(`expected 0 <= minBytes <= maxBytes and 1 <= maxBytes, saw ${minBytes} and ${maxBytes}`);
  }
  const random = new SeededRandom(seed);
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + random.int(minBytes, maxBytes);
    chunks.push(copy(bytes, start, end));
    start = end;
  }
  return chunks;
}

/** Copies a part of `bytes`. `bytes.slice` would give a view where `bytes` is a Buffer. */
function copy(bytes: Uint8Array, start: number, end?: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
