/**
 * What protocols are tested with: two ends of a connection in memory.
 *
 * @packageDocumentation
 */
export { memoryTransportPair } from './testing/memory-transport-pair.js';
export type {
  Chunking,
  MemoryEnd,
  MemoryTransportPair,
  MemoryTransportPairOptions,
} from './testing/memory-transport-pair.js';
