import type { Op, Timer, TimerSource } from '@millrace/timeouts';
import type { DatagramOptions, DatagramProtocol, DatagramTransport } from './datagram.js';
import type { Endpoint } from './endpoint.js';
import type { AnyProtocol } from './protocol.js';
import type { Server } from './server.js';
import type { TlsClientOptions, TlsServerOptions } from './tls.js';
import type { Transport, WriteWatermarks } from './transport.js';

/** Options of {@link Loop.connect}, besides how long it may take. */
export interface ConnectOptions {
  /** Send small chunks at once (TCP_NODELAY). Default true. */
  readonly noDelay?: boolean | undefined;
  /** TCP keep-alive after that many milliseconds without traffic. Default: none. */
  readonly keepAliveMs?: number | undefined;
  readonly watermarks?: WriteWatermarks | undefined;
  /** Speak TLS from the first byte; `true` is `{}`. The connection is made when the handshake is done. */
  readonly tls?: TlsClientOptions | true | undefined;
  /**
   * Milliseconds after which the host's next address is tried beside the ones before it, 10 or more. Default 250.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-5 | RFC 8305, Connection Attempts}
   */
  readonly attemptDelayMs?: number | undefined;
  /** The local address to connect from. Default: the system's choice. */
  readonly localAddress?: string | undefined;
}

/** Options of {@link Loop.listen}. */
export interface ListenOptions {
  /** Connections that the system may queue before they are accepted. Default 511. */
  readonly backlog?: number | undefined;
  /** Send small chunks at once (TCP_NODELAY) on accepted connections. Default true. */
  readonly noDelay?: boolean | undefined;
  /** TCP keep-alive after that many milliseconds without traffic. Default: none. */
  readonly keepAliveMs?: number | undefined;
  readonly watermarks?: WriteWatermarks | undefined;
  /**
   * Speak TLS from the first byte; a connection gets its protocol when the handshake is done. Clients whose handshake
   * fails, or takes too long, are dropped without a word, and counted in `failedHandshakes`.
   */
  readonly tls?: TlsServerOptions | undefined;
  /** Share the port with other sockets that ask for it, the system spreads the connections (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean | undefined;
  /** Listen on IPv6 only, also on the address `::`. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** In a worker of `node:cluster`: have a socket of one's own instead of the cluster's. Default false. */
  readonly exclusive?: boolean | undefined;
}

/** Counters of one loop since it was made. */
export interface LoopMetrics {
  readonly openConnections: number;
  readonly totalConnections: number;
  readonly openServers: number;
  readonly openDatagrams: number;
  /** Of connections and of datagrams. */
  readonly bytesRead: number;
  /** Bytes that were handed to the system. */
  readonly bytesWritten: number;
  /** Chunks that protocols wrote. */
  readonly chunksWritten: number;
  /** Batches in which they left: `chunksWritten / flushes` says how well writes coalesce. */
  readonly flushes: number;
  /**
   * How late the loop ran what was due, in milliseconds, over the last 10 seconds; `undefined` until it was measured. The
   * first call of `metrics()` begins to measure, every 20 ms, without holding the process open.
   */
  readonly lagMs: { readonly mean: number; readonly max: number } | undefined;
  /** TLS handshakes that failed, on either side; clients that no server can talk to are heard of nowhere else. */
  readonly failedHandshakes?: number | undefined;
  /** Callbacks that threw. */
  readonly uncaughtErrors: number;
}

/** A callback that kept the loop from everything else. */
export interface BlockedReport {
  /** The class and the method, `Echo.dataReceived`, or the name of a scheduled function. */
  readonly callback: string;
  /** How long it ran, in milliseconds, without the callbacks that ran inside it. */
  readonly elapsedMs: number;
  /** Whose callback it was; `undefined` for scheduled functions. */
  readonly transport: Transport | DatagramTransport | undefined;
}

/** Options of {@link Loop.watch}. */
export interface WatchOptions {
  /** Report callbacks that run at least that many milliseconds, more than 0. Default 100. */
  readonly blockedMs?: number | undefined;
  /** Default: a line on `console.warn`. */
  readonly onBlocked?: ((report: BlockedReport) => void) | undefined;
}

/** Told of an error that nobody else will hear of. */
export type UncaughtHandler = (error: unknown) => void;

/**
 * Makes transports, and schedules callbacks on one clock.
 *
 * The contract that every loop keeps is in the package's README, under Guarantees.
 */
export interface Loop extends TimerSource, AsyncDisposable {
  readonly name: string;
  /** Whether time and network are simulated. Code that would leave the simulation (thread pools, say) looks here. */
  readonly isSimulated: boolean;

  /** Monotonic milliseconds; only differences mean something. */
  now(): number;

  /**
   * Runs `fn` once, `delayMs` or more from now, never earlier. A pending call holds the process open.
   *
   * @throws {RangeError} If `delayMs` is NaN, negative or infinite; {TypeError} if `fn` is no function.
   * @throws {LoopClosedError} After `close()`.
   */
  callLater(delayMs: number, fn: () => void): Timer;

  /**
   * Runs `fn` after the current callback and all its microtasks, before the loop next waits for input. What was scheduled
   * by then runs in one go, in order, and its microtasks after it.
   *
   * @throws {TypeError} If `fn` is no function.
   * @throws {LoopClosedError} After `close()`.
   */
  callSoon(fn: () => void): void;

  /** Fills `target` with random bytes, fit for nonces and keys. */
  fillRandom(target: Uint8Array): void;

  /**
   * Opens a connection.
   *
   * @param factory - Makes the protocol, once the connection is up. What it throws rejects the promise.
   * @throws {TypeError} or {RangeError} If `factory`, `endpoint` or an option is not what it must be, before anything is
   * opened; {TypeError} also if what the factory made is no protocol.
   * @throws {ConnectError} If the endpoint cannot be reached; `cause` is the system's error.
   * @throws {TlsError} If TLS was asked for and the handshake failed; `reason` is the platform's name for it.
   * @throws {TimeoutError} or the signal's reason; a connection that comes late is closed.
   * @throws {LoopClosedError} After `close()`.
   * @remarks Cancellation: covers name resolution too; leaves no socket behind.
   */
  connect<P extends AnyProtocol>(
    factory: () => P,
    endpoint: Endpoint,
    options?: ConnectOptions & Op,
  ): Promise<{ transport: Transport; protocol: P }>;

  /**
   * Listens, and gives each connection a protocol of its own.
   *
   * @param endpoint - Port 0 takes a free port, see {@link Server.address}.
   * @throws {TypeError} or {RangeError} If `factory`, `endpoint` or an option is not what it must be; nothing listens.
   * @throws {ListenError} If the address is taken or not ours; `cause` is the system's error.
   * @throws {LoopClosedError} After `close()`.
   */
  listen(factory: () => AnyProtocol, endpoint: Endpoint, options?: ListenOptions): Promise<Server>;

  /**
   * Adds a listener for errors thrown by callbacks. While there is none, `console.error` gets them.
   *
   * @returns Removes the listener again.
   * @throws {TypeError} If `handler` is no function.
   */
  onUncaught(handler: UncaughtHandler): () => void;

  /**
   * Sends and receives datagrams.
   *
   * @param factory - Makes the protocol, once the socket is bound.
   * @throws {ListenError} If the local address is taken or not ours; `cause` is the system's error.
   * @throws {ConnectError} If the remote address cannot be resolved, or there is no way to it from the local one.
   * @throws {TypeError} If the addresses are of two families, or an option or what the factory made is not what it must
   * be; {RangeError} if a port or a size is out of range.
   * @throws {TimeoutError} or the signal's reason; nothing is left open.
   * @throws {LoopClosedError} After `close()`.
   */
  openDatagram<P extends DatagramProtocol>(
    factory: () => P,
    options?: DatagramOptions & Op,
  ): Promise<{ transport: DatagramTransport; protocol: P }>;

  metrics(): LoopMetrics;

  /**
   * Measures every callback from now on, and reports the ones that block the loop: their synchronous part, since what
   * follows an `await` is no callback of the loop's.
   *
   * @returns Stops it again. While nobody watches it costs nothing.
   * @throws {RangeError} If `blockedMs` is not more than 0; {TypeError} if `onBlocked` is no function.
   */
  watch(options?: WatchOptions): () => void;

  /**
   * Aborts all connections and closes all servers; always settles. What is scheduled already still runs, but no longer
   * holds the process open; nothing new can be scheduled.
   */
  close(): Promise<void>;
}
