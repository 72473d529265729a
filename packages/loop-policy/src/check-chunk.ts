/** @throws {TypeError} If `chunk` is not bytes: checked before anything is queued, since a caller may not be typed. */
export function checkChunk(chunk: unknown): void {
  if (chunk instanceof Uint8Array) return;
  throw new TypeError(`expected a chunk to be a Uint8Array, got ${chunk === null ? 'null' : typeof chunk}`);
}
