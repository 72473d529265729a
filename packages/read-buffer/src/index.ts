// For protocol authors.
export { ReadBuffer } from './read-buffer.js';
export type { ReadBufferOptions } from './read-buffer.js';
export type { ReadBufferStats } from './chunk-chain.js';
export type { FrameLayout } from './frame-layout.js';
export { decodeUtf8 } from './text-window.js';
export { BufferOverflowError, BufferUnderflowError, FrameError } from './errors.js';
export type { RunDecoder } from './field-reader.js';
