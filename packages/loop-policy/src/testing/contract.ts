/** What the conformance suite knows of a loop: its types. */
export type { DatagramAddress, DatagramOptions, DatagramProtocol, DatagramTransport } from '../datagram.js';
export type { Endpoint } from '../endpoint.js';
export type { BlockedReport, ConnectOptions, ListenOptions, Loop, LoopMetrics, WatchOptions } from '../loop.js';
export type { LoopPolicy } from '../policy.js';
export type { AnyProtocol, BufferedProtocol, ConnectionCallbacks, Protocol } from '../protocol.js';
export type { CloseReport, Server, ServerAddress } from '../server.js';
export type { StartTlsOptions, TlsClientOptions, TlsInfo, TlsServerOptions } from '../tls.js';
export type { ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from '../transport.js';
