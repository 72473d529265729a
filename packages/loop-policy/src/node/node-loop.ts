import type { Socket } from 'node:net';
import { hostTimers, type Op, type Timer } from '@millrace/timeouts';
import type { DatagramOptions, DatagramProtocol, DatagramTransport } from '../datagram.js';
import { checkConnectionOptions, checkFunction, checkObject } from '../check-options.js';
import { parseEndpoint, type Endpoint, type ParsedEndpoint } from '../endpoint.js';
import { LoopClosedError } from '../errors.js';
import { LagMeter } from '../lag-meter.js';
import type { ConnectOptions, ListenOptions, Loop, LoopMetrics, UncaughtHandler, WatchOptions } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import type { Server } from '../server.js';
import type { TlsInfo } from '../tls.js';
import type { Transport } from '../transport.js';
import { connect } from './connection.js';
import { ConnectionSet } from './connection-set.js';
import { nodeHost } from './host.js';
import { LingerLane } from './linger-lane.js';
import { NodeDatagram } from './node-datagram.js';
import { NodeServer } from './node-server.js';
import { NodeTransport } from './node-transport.js';
import { Scheduler } from './scheduler.js';
import { UncaughtErrors } from './uncaught.js';
import { watch, type Watchdog } from './watchdog.js';

/**
 * How long after our end of data we go on discarding the peer's, before the socket is closed. Closing a socket with
 * unread data resets the connection, and a reset can take away from the peer what we just sent.
 */
const LINGER_MS = 1000;

/** A loop on `node:net`. All of them share the process's one libuv loop; each owns its connections and servers. */
export class NodeLoop implements Loop {
  readonly name = 'node';
  readonly isSimulated = false;
  private readonly _host = nodeHost();
  /** Memory into which client sockets are read. */
  readonly slab: Uint8Array<ArrayBuffer> = this._host.slab;
  /** Sockets for datagrams, open or being opened. */
  readonly datagrams: ConnectionSet<{ abort(): void }> = new ConnectionSet<{ abort(): void }>();
  /** Gives up a connection that is being made. */
  readonly connecting: Set<() => void> = new Set<() => void>();
  /** Set while somebody watches. */
  watchdog: Watchdog | undefined = undefined;
  /** Transports that have sent everything, and only wait for the peer's end. */
  readonly lingering: LingerLane<NodeTransport> = new LingerLane<NodeTransport>(hostTimers, LINGER_MS, (transport) => {
    transport.stopLingering();
  });
  private readonly _transports = new ConnectionSet<NodeTransport>();
  private readonly _servers = new Set<NodeServer>();
  private readonly _uncaught = new UncaughtErrors();
  private readonly _lag = new LagMeter(hostTimers);
  private readonly _scheduler = new Scheduler(this._host, (fn) => {
    this._runScheduled(fn);
  });
  // perf: echo; a callback mostly writes to one transport, and a list would be pushed to and popped from each time.
  private _firstDirty: NodeTransport | undefined;
  private readonly _moreDirty: NodeTransport[] = [];
  private _callbackDepth = 0;
  private _closed: Promise<void> | undefined;
  private _totalConnections = 0;
  private _bytesRead = 0;
  private _bytesWritten = 0;
  private _chunksWritten = 0;
  private _flushes = 0;
  private _failedHandshakes = 0;

  get isClosed(): boolean {
    return this._closed !== undefined;
  }

  now(): number {
    return hostTimers.now();
  }

  callLater(delayMs: number, fn: () => void): Timer {
    this._checkOpen();
    checkFunction(fn, 'fn');
    return this._scheduler.later(delayMs, fn);
  }

  callSoon(fn: () => void): void {
    this._checkOpen();
    checkFunction(fn, 'fn');
    this._scheduler.soon(fn);
  }

  /** As `callSoon`, also while the loop closes. */
  runSoon(fn: () => void): void {
    this._scheduler.soon(fn);
  }

  fillRandom(target: Uint8Array): void {
    this._host.crypto.randomFillSync(target);
  }

  async connect<P extends AnyProtocol>(
    factory: () => P,
    endpoint: Endpoint,
    options: ConnectOptions & Op = {},
  ): Promise<{ transport: Transport; protocol: P }> {
    this._checkOpen();
    checkConnectionOptions(factory, options);
    const parsed = checkPath(parseEndpoint(endpoint), this._host.platform);
    return connect(this, this._host, factory, parsed, options);
  }

  async listen(factory: () => AnyProtocol, endpoint: Endpoint, options: ListenOptions = {}): Promise<Server> {
    this._checkOpen();
    checkConnectionOptions(factory, options);
    const parsed = checkPath(parseEndpoint(endpoint), this._host.platform);
    const server = await NodeServer.listen(this, this._host, factory, parsed, options);
    if (this.isClosed) {
      await server.close();
      throw new LoopClosedError('the loop was closed while a server was being started');
    }
    this._servers.add(server);
    return server;
  }

  async openDatagram<P extends DatagramProtocol>(
    factory: () => P,
    options: DatagramOptions & Op = {},
  ): Promise<{ transport: DatagramTransport; protocol: P }> {
    this._checkOpen();
    return NodeDatagram.open(this, this._host, factory, options);
  }

  onUncaught(handler: UncaughtHandler): () => void {
    checkFunction(handler, 'handler');
    return this._uncaught.add(handler);
  }

  metrics(): LoopMetrics {
    let unsent = 0;
    for (const transport of this._transports) unsent += transport.unsentBytes;
    return {
      openConnections: this._transports.size,
      totalConnections: this._totalConnections,
      openServers: this._servers.size,
      openDatagrams: this.datagrams.size,
      bytesRead: this._bytesRead,
      bytesWritten: Math.max(0, this._bytesWritten - unsent),
      chunksWritten: this._chunksWritten,
      flushes: this._flushes,
      lagMs: this._lag.read(),
      failedHandshakes: this._failedHandshakes,
      uncaughtErrors: this._uncaught.count,
    };
  }

  watch(options: WatchOptions = {}): () => void {
    checkObject(options);
    return watch(this, options);
  }

  close(): Promise<void> {
    this._closed ??= this._close();
    return this._closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Adds a connected socket; the factory's error is the caller's. */
  adopt<P extends AnyProtocol>(
    socket: Socket,
    factory: () => P,
    options: ListenOptions | ConnectOptions,
    path: string | undefined,
    tls?: TlsInfo,
  ): { transport: NodeTransport; protocol: P } {
    const protocol = factory();
    this._checkOpen();
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    const info = { localAddress, localPort, remoteAddress, remotePort, path, tls };
    const transport = new NodeTransport(this, socket, protocol, options.watermarks, info);
    this._transports.add(transport);
    this._totalConnections++;
    return { transport, protocol };
  }

  connectionEnded(transport: NodeTransport): void {
    this._transports.delete(transport);
    transport.server?.connectionEnded(transport);
  }

  serverEnded(server: NodeServer): void {
    this._servers.delete(server);
  }

  countRead(bytes: number): void {
    this._bytesRead += bytes;
  }

  /** Bytes that a socket was given; those that it has not sent are left out of the metrics. */
  countWritten(bytes: number): void {
    this._bytesWritten += bytes;
  }

  countFlush(chunks: number): void {
    this._chunksWritten += chunks;
    this._flushes++;
  }

  countFailedHandshake(): void {
    this._failedHandshakes++;
  }

  /** Whether a callback is running, at whose end what it wrote will leave. */
  get isInCallback(): boolean {
    return this._callbackDepth > 0;
  }

  /** Asks for a flush of `transport` when the running callback ends; does nothing if none is. */
  flushLater(transport: NodeTransport): void {
    if (this._callbackDepth === 0) return;
    if (this._firstDirty === undefined) this._firstDirty = transport;
    else this._moreDirty.push(transport);
  }

  /** A callback begins; `leave` must follow. */
  enter(): void {
    this._callbackDepth++;
  }

  /** A callback has ended: what it wrote leaves. */
  leave(): void {
    if (--this._callbackDepth > 0) return;
    const first = this._firstDirty;
    if (first === undefined) return;
    this._firstDirty = undefined;
    first.flush();
    if (this._moreDirty.length === 0) return;
    for (let dirty = this._moreDirty.pop(); dirty !== undefined; dirty = this._moreDirty.pop()) dirty.flush();
  }

  /** A callback threw: that is reported, and ends its transport. */
  failed(error: unknown, transport?: { abort(error?: Error): void }): void {
    this.report(error);
    transport?.abort(error instanceof Error ? error : new Error('a callback threw', { cause: error }));
  }

  /** Runs somebody's callback; the general form. */
  runCallback(fn: () => void, transport?: { abort(error?: Error): void }): void {
    this.enter();
    try {
      fn();
    } catch (error) {
      this.failed(error, transport);
    } finally {
      this.leave();
    }
  }

  report(error: unknown): void {
    this._uncaught.report(error);
  }

  private _runScheduled(fn: () => void): void {
    const { watchdog } = this;
    const startedAt = watchdog === undefined ? 0 : watchdog.begin();
    this.runCallback(fn);
    if (watchdog !== undefined) watchdog.endFunction(startedAt, fn);
  }

  private _checkOpen(): void {
    if (this.isClosed) throw new LoopClosedError('expected an open loop, this one was closed');
  }

  private async _close(): Promise<void> {
    this._lag.stop();
    this._scheduler.release();
    for (const giveUp of this.connecting) giveUp();
    const ended = [...this._servers].map((server) => server.close({ graceMs: 0 }));
    for (const transport of this._transports) transport.abort();
    for (const datagram of this.datagrams) datagram.abort();
    await Promise.all(ended);
    await this._transports.emptied();
    await this.datagrams.emptied();
  }
}

/** The system cuts longer paths off without a word, and would listen elsewhere. @see unix(7), sun_path */
function checkPath(endpoint: ParsedEndpoint, platform: string): ParsedEndpoint {
  if (endpoint.kind !== 'unix' || platform === 'win32') return endpoint;
  const most = platform === 'linux' ? 107 : 103;
  const { length } = new TextEncoder().encode(endpoint.path);
  if (length > most) throw new RangeError(`expected a socket path of at most ${most} bytes, got ${length}`);
  return endpoint;
}
