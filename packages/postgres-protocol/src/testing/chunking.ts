/**
 * How bytes are cut on their way: `'whole'` leaves each write as it is, a number makes pieces of that many bytes at
 * most (1: every byte by itself), and a function returns the pieces (`randomChunks` of `@millrace/testkit`).
 */
export type Chunking = 'whole' | number | ((bytes: Uint8Array) => Iterable<Uint8Array>);

/** @throws {RangeError} If `chunking` is a number that is not a whole number of 1 or more. */
export function checkChunking(chunking: Chunking): void {
  if (typeof chunking !== 'number') return;
  if (!(Number.isInteger(chunking) && chunking >= 1)) {
    throw new RangeError(`expected pieces of a whole number of bytes, 1 or more, saw ${chunking}`);
  }
}

/**
 * Cuts one write.
 *
 * @throws {TypeError} If a function's pieces are not the bytes that it was given.
 */
export function cutBytes(bytes: Uint8Array, chunking: Chunking): Uint8Array[] {
  if (bytes.length === 0 || chunking === 'whole') return [bytes];
  if (typeof chunking === 'function') return checkPieces(bytes, [...chunking(bytes)]);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunking) pieces.push(bytes.subarray(at, at + chunking));
  return pieces;
}

function checkPieces(bytes: Uint8Array, pieces: Uint8Array[]): Uint8Array[] {
  let at = 0;
  for (const piece of pieces) {
    for (const byte of piece) {
      if (byte !== bytes[at]) throw new TypeError(`expected pieces of the bytes given, byte ${at} is another one`);
      at += 1;
    }
  }
  if (at !== bytes.length) throw new TypeError(`expected pieces of ${bytes.length} bytes in all, saw ${at}`);
  return pieces;
}
