import type { ChunkOwner } from './transport.js';

/** @throws {TypeError} If `chunk` is not bytes: checked before anything is queued, since a caller may not be typed. */
export function checkChunk(chunk: unknown): void {
  if (chunk instanceof Uint8Array) return;
  throw new TypeError(`expected a chunk to be a Uint8Array, got ${chunk === null ? 'null' : typeof chunk}`);
}

/** @throws {TypeError} If `owner` cannot be given chunks back. */
export function checkOwner(owner: ChunkOwner | undefined): void {
  if (owner === undefined || typeof (owner as Partial<ChunkOwner> | null)?.recycle === 'function') return;
  throw new TypeError('expected an owner with recycle()');
}
