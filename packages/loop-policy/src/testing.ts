/**
 * What protocols and loops are tested with: two ends of a connection in memory, protocols that write down what they are
 * told, and the conformance suite that every loop runs.
 *
 * @packageDocumentation
 */

// For protocol authors
export { memoryTransportPair } from './testing/memory-transport-pair.js';
export type {
  Chunking,
  MemoryEnd,
  MemoryTransportPair,
  MemoryTransportPairOptions,
} from './testing/memory-transport-pair.js';
export { BufferedRecorder, Recorder } from './testing/conformance/recorder.js';
export type { RecordedEvent, RecorderPlug } from './testing/conformance/recorder.js';
export { DatagramRecorder } from './testing/conformance/datagram-recorder.js';
export { testCertificates } from './testing/certificates.js';
export type { TestCertificate, TestCertificates } from './testing/certificates.js';

// For authors of loops
export { checkLoopPolicy } from './testing/conformance/check-loop-policy.js';
export type {
  ConformanceOptions,
  ConformanceReport,
  ConformanceResult,
} from './testing/conformance/check-loop-policy.js';
export { conformanceCases } from './testing/conformance/catalog.js';
export type { ConformanceCase, Feature } from './testing/conformance/case.js';
export type { AddressKind, Lab, Pair, PairOptions } from './testing/conformance/lab.js';
