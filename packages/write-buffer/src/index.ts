// For protocol authors.
export { WriteBuffer } from './write-buffer.js';
export type { RunEncoder, WriteBufferOptions } from './write-buffer.js';
export type { ChunkOwner } from './chunk-owner.js';
export type { FrameLayout } from './frame-layout.js';
export { BufferOverflowError } from './errors.js';
