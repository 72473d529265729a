/**
 * Returns what a foreign stream gave as plain bytes, whose `slice` copies: that of a Buffer does not.
 *
 * @param chunk - A view, an ArrayBuffer, or a list of bytes that can be joined (`Uint8ArrayList` of the it-* modules).
 * @throws {TypeError} If it is something else, such as text or an object.
 */
export function bytesOf(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  const list = chunk as { subarray?: () => unknown } | null | undefined;
  if (typeof list === 'object' && list !== null && typeof list.subarray === 'function') {
    const joined = list.subarray();
    if (joined instanceof Uint8Array) return joined;
  }
  throw new TypeError(`expected chunks of bytes, saw ${chunk === null ? 'null' : typeof chunk}`);
}

/** Joins chunks to one in fresh memory. */
export function joined(chunks: readonly Uint8Array[], byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
