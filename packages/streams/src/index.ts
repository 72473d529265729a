/**
 * `StreamReader` and `StreamWriter` over any transport, framed connections, and adapters.
 *
 * @packageDocumentation
 */

// For applications
export { connectStreams } from './connect-streams.js';
export type { ConnectStreamsOptions } from './connect-streams.js';
export { listenStreams } from './listen-streams.js';
export type { ListenStreamsOptions, StreamHandler } from './listen-streams.js';
export { acceptStreams } from './accept-streams.js';
export type { AcceptedStreams, AcceptStreamsOptions } from './accept-streams.js';
export type { Received, StreamConnection, Successor } from './stream-connection.js';
export { framed } from './framed.js';
export type { Framed, FrameCodecs, FramedOptions } from './framed.js';
export { FramedError, IncompleteReadError, StreamLimitError } from './errors.js';

// For protocol authors
export { StreamProtocol } from './stream-protocol.js';
export type { StreamOptions } from './stream-protocol.js';
export { StreamReader } from './stream-reader.js';
export type { ReadLimit } from './stream-reader.js';
export type { StreamReaderOptions } from './stream-inflow.js';
export type { ReadingSource } from './received-bytes.js';
export { StreamWriter } from './stream-writer.js';
export type { StreamWriterOptions } from './stream-writer.js';
