/**
 * Loop, Transport, Protocol and Server interfaces, the policy that picks the loop, and the `node:net` loop.
 *
 * @packageDocumentation
 */

// For applications
export { getLoop, setLoopPolicy } from './policy.js';
export type { LoopPolicy } from './policy.js';
export { nodePolicy } from './node/node-policy.js';
export type { Endpoint } from './endpoint.js';
export type {
  BlockedReport,
  ConnectOptions,
  ListenOptions,
  Loop,
  LoopMetrics,
  UncaughtHandler,
  WatchOptions,
} from './loop.js';
export type { CloseReport, Server, ServerAddress } from './server.js';
export { withLimits } from './limits/with-limits.js';
export type { LimitedFactory, LimitOptions } from './limits/with-limits.js';
export type { LimitStats } from './limits/limit-counters.js';
export type { Refusal } from './limits/admission.js';

export type {
  StartTlsOptions,
  TlsClientOptions,
  TlsCommonOptions,
  TlsInfo,
  TlsMaterial,
  TlsServerOptions,
} from './tls.js';
export type { DatagramAddress, DatagramOptions, DatagramProtocol, DatagramTransport } from './datagram.js';

// For protocol authors
export type { AnyProtocol, BufferedProtocol, ConnectionCallbacks, Protocol } from './protocol.js';
export type { ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from './transport.js';
export { formatEndpoint, parseEndpoint } from './endpoint.js';
export type { ParsedEndpoint } from './endpoint.js';
export {
  ConnectError,
  ConnectionLostError,
  IdleTimeoutError,
  ListenError,
  LoopClosedError,
  TlsError,
  TransportClosedError,
} from './errors.js';
