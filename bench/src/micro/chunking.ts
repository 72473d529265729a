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
 * The same chunks, in turn as five kinds of byte array: each has machine code of its own wherever elements are read, and
 * code that has seen more than four looks every access up.
 */
export function fiveKinds(chunks: readonly Buffer[]): Uint8Array[] {
  return chunks.map((chunk, i) => copyOfKind(chunk, i));
}

/** The same for peers that need a Buffer: in turn five kinds of memory and class. */
export function fiveKindsOfBuffer(chunks: readonly Buffer[]): Buffer[] {
  return chunks.map((chunk, i) => {
    const copy = copyOfKind(chunk, i);
    const buffer = Buffer.from(copy.buffer as ArrayBuffer, copy.byteOffset, copy.length);
    return i % 5 === 2 ? Object.assign(buffer, { arrivedAt: i }) : buffer;
  });
}

class Bytes extends Uint8Array {}

function copyOfKind(chunk: Buffer, kind: number): Uint8Array {
  const copy = empty(chunk.length, kind % 5);
  copy.set(chunk);
  return copy;
}

function empty(length: number, kind: number): Uint8Array {
  const resizable = ArrayBuffer as new (byteLength: number, options: { maxByteLength: number }) => ArrayBuffer;
  if (kind === 0) return Buffer.alloc(length);
  if (kind === 1) return new Uint8Array(length);
  if (kind === 2) return new Bytes(length);
  if (kind === 3) return new Uint8Array(new SharedArrayBuffer(length));
  return new Uint8Array(new resizable(length, { maxByteLength: length + 8 }));
}
