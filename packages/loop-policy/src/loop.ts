import type { Op, Timer, TimerSource } from '@millrace/timeouts';
import type { Endpoint } from './endpoint.js';
import type { AnyProtocol } from './protocol.js';
import type { Server } from './server.js';
import type { Transport, WriteWatermarks } from './transport.js';

/** Options of {@link Loop.connect}, besides how long it may take. */
export interface ConnectOptions {
  /** Send small chunks at once (TCP_NODELAY). Default true. */
  readonly noDelay?: boolean | undefined;
  /** TCP keep-alive after that many milliseconds without traffic. Default: none. */
  readonly keepAliveMs?: number | undefined;
  readonly watermarks?: WriteWatermarks | undefined;
}

/** Options of {@link Loop.listen}. */
export interface ListenOptions {
  /** Connections that the system may queue before they are accepted. Default 511. */
  readonly backlog?: number | undefined;
  /** Send small chunks at once (TCP_NODELAY) on accepted connections. Default true. */
  readonly noDelay?: boolean | undefined;
  readonly watermarks?: WriteWatermarks | undefined;
}

/** Counters of one loop since it was made. */
export interface LoopMetrics {
  readonly openConnections: number;
  readonly totalConnections: number;
  readonly openServers: number;
  readonly bytesRead: number;
  /** Bytes that were handed to the system. */
  readonly bytesWritten: number;
  /** Callbacks that threw. */
  readonly uncaughtErrors: number;
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
   * @throws {RangeError} If `delayMs` is NaN or negative.
   */
  callLater(delayMs: number, fn: () => void): Timer;

  /** Runs `fn` after the current callback and all its microtasks, before the loop next waits for input. */
  callSoon(fn: () => void): void;

  /** Fills `target` with random bytes, fit for nonces and keys. */
  fillRandom(target: Uint8Array): void;

  /**
   * Opens a connection.
   *
   * @param factory - Makes the protocol, once the connection is up.
   * @throws {ConnectError} If the endpoint cannot be reached; `cause` is the system's error.
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
   * @throws {ListenError} If the address is taken or not ours; `cause` is the system's error.
   * @throws {LoopClosedError} After `close()`.
   */
  listen(factory: () => AnyProtocol, endpoint: Endpoint, options?: ListenOptions): Promise<Server>;

  /**
   * Adds a listener for errors thrown by callbacks. While there is none, `console.error` gets them.
   *
   * @returns Removes the listener again.
   */
  onUncaught(handler: UncaughtHandler): () => void;

  metrics(): LoopMetrics;

  /** Aborts all connections, closes all servers, drops what is scheduled; always settles. */
  close(): Promise<void>;
}
