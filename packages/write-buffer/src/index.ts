// For protocol authors.
export { WriteBuffer } from './write-buffer.js';
export type { WriteBufferOptions } from './options.js';
export { Plan } from './plan.js';
export type { RunEncoder } from './field-writer.js';
export type { ChunkOwner } from './chunk-owner.js';
export type { FrameLayout } from './frame-layout.js';
export { BufferOverflowError } from './errors.js';
