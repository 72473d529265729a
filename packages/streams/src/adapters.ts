/**
 * Connections of Node streams, WHATWG streams and async-iterable duplexes, and the other way round.
 *
 * @packageDocumentation
 */

// For applications
export { fromNodeStream, toNodeStream } from './adapters/node-stream.js';
export { fromWebStreams, toWebStreams } from './adapters/web-streams.js';
export { fromDuplex, toDuplex } from './adapters/async-duplex.js';
export type { FromOptions } from './adapters/adapter-options.js';
export type { AsyncDuplex } from './adapters/async-conduit.js';
export type { NodeDuplex } from './adapters/node-conduit.js';
export type { WebStreamPair } from './adapters/web-conduit.js';

// For protocol authors
export { transportOfNodeStream } from './adapters/node-stream.js';
export { transportOfWebStreams } from './adapters/web-streams.js';
export { transportOfDuplex } from './adapters/async-duplex.js';
export type { TransportAndProtocol, TransportOfOptions } from './adapters/adapter-options.js';
