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
export { checkLoopPolicy } from './testing/conformance/check-loop-policy.js';
export type {
  ConformanceOptions,
  ConformanceReport,
  ConformanceResult,
} from './testing/conformance/check-loop-policy.js';
export { conformanceCases } from './testing/conformance/catalog.js';
export type { ConformanceCase, Feature } from './testing/conformance/case.js';
export type { AddressKind, Lab, Pair, PairOptions } from './testing/conformance/lab.js';
export { BufferedRecorder, Recorder } from './testing/conformance/recorder.js';
export type { RecordedEvent, RecorderPlug } from './testing/conformance/recorder.js';
