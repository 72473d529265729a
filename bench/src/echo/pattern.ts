const PERIOD = 65_521;

/** Bytes of which two pieces hardly ever look alike, over and over. */
const pattern = fill(new Uint8Array(PERIOD * 4));

/** The longest piece that `patternAt` gives. */
export const MAX_PIECE_BYTES = PERIOD * 3;

/** Bytes of the endless pattern; the C load generator sends the same ones. */
export function patternAt(position: number, length: number): Uint8Array {
  const start = position % PERIOD;
  return pattern.subarray(start, start + Math.min(length, MAX_PIECE_BYTES));
}

/**
 * Compares what arrived with the pattern.
 *
 * @throws {Error} At the first chunk that differs.
 */
export function verifyPattern(chunk: Uint8Array, position: number): void {
  for (let done = 0; done < chunk.length; done += MAX_PIECE_BYTES) {
    const piece = chunk.subarray(done, done + MAX_PIECE_BYTES);
    const expected = patternAt(position + done, piece.length);
    if (Buffer.compare(piece, expected) !== 0)
      throw new Error(`other bytes came back, from byte ${position + done} on`);
  }
}

function fill(bytes: Uint8Array): Uint8Array {
  let state = 0x9e3779b9;
  for (let i = 0; i < PERIOD; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = (state >>> 11) & 255;
  }
  for (let i = PERIOD; i < bytes.length; i += PERIOD) bytes.copyWithin(i, 0, PERIOD);
  return bytes;
}
