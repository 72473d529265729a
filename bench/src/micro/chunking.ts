/** How much a socket delivers at a time. */
export const CHUNK_BYTES = 64 * 1024;

const POOLED_BYTES = 4096;

/** Cuts `bytes` into chunks, as they arrive from a socket: long ones have memory of their own, short ones share it. */
export function cut(bytes: Uint8Array, chunkBytes: number = CHUNK_BYTES): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const part = bytes.subarray(at, at + chunkBytes);
    const chunk = part.length < POOLED_BYTES ? Buffer.allocUnsafe(part.length) : Buffer.allocUnsafeSlow(part.length);
    chunk.set(part);
    chunks.push(chunk);
  }
  return chunks;
}

/**
 * The same chunks, in turn as five kinds of byte array: code that has seen more than four where it reads an element looks
 * every access up from then on.
 */
export function fiveKinds(chunks: readonly Buffer[]): Uint8Array[] {
  return chunks.map((chunk, i) => {
    const copy = empty(chunk.length, i % 5);
    copy.set(chunk);
    return copy;
  });
}

/** The same for peers that need a Buffer: each kind has properties of its own. */
export function fiveKindsOfBuffer(chunks: readonly Buffer[]): Buffer[] {
  return chunks.map((chunk, i) => Object.assign(Buffer.from(chunk), { [`property${i % 5}`]: i }));
}

class SocketBytes extends Uint8Array {}
class FileBytes extends Uint8Array {}
class SharedBytes extends Uint8Array<SharedArrayBuffer> {}

function empty(length: number, kind: number): Uint8Array {
  if (kind === 0) return Buffer.alloc(length);
  if (kind === 1) return new Uint8Array(length);
  if (kind === 2) return new SocketBytes(length);
  if (kind === 3) return new FileBytes(length);
  return new SharedBytes(new SharedArrayBuffer(length));
}
