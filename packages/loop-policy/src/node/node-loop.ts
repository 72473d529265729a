import type { Socket } from 'node:net';
import { hostTimers, openCancelScope, timersOf, type Op, type Timer } from '@millrace/timeouts';
import { formatEndpoint, parseEndpoint, type Endpoint, type ParsedEndpoint } from '../endpoint.js';
import { ConnectError, LoopClosedError } from '../errors.js';
import type { ConnectOptions, ListenOptions, Loop, LoopMetrics, UncaughtHandler } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import type { Server } from '../server.js';
import type { Transport } from '../transport.js';
import { ConnectionSet } from './connection-set.js';
import { nodeHost } from './host.js';
import { NodeServer } from './node-server.js';
import { NodeTransport, receiveData } from './node-transport.js';

/** A loop on `node:net`. All of them share the process's one libuv loop; each owns its connections and servers. */
export class NodeLoop implements Loop {
  readonly name = 'node';
  readonly isSimulated = false;
  private readonly _host = nodeHost();
  /** Memory into which client sockets are read. */
  readonly slab: Uint8Array = this._host.slab;
  private readonly _transports = new ConnectionSet<NodeTransport>();
  private readonly _servers = new Set<NodeServer>();
  private readonly _scheduled = new Set<{ cancel(): void }>();
  private readonly _uncaughtHandlers = new Set<UncaughtHandler>();
  private readonly _connecting = new Set<Socket>();
  private readonly _dirty: NodeTransport[] = [];
  private _callbackDepth = 0;
  private _closed: Promise<void> | undefined;
  private _totalConnections = 0;
  private _bytesRead = 0;
  private _bytesWritten = 0;
  private _uncaughtErrors = 0;

  get isClosed(): boolean {
    return this._closed !== undefined;
  }

  now(): number {
    return hostTimers.now();
  }

  callLater(delayMs: number, fn: () => void): Timer {
    this._checkOpen();
    const timer = hostTimers.callLater(delayMs, () => {
      this._scheduled.delete(entry);
      this.runCallback(fn);
    });
    const entry: Timer = {
      cancel: () => {
        this._scheduled.delete(entry);
        timer.cancel();
      },
      ref: () => {
        timer.ref();
      },
      unref: () => {
        timer.unref();
      },
    };
    this._scheduled.add(entry);
    return entry;
  }

  callSoon(fn: () => void): void {
    this._checkOpen();
    const entry = {
      cancel: () => {
        this._host.clearImmediate(handle);
      },
    };
    // Immediates run right after the poll phase, each followed by its microtasks.
    const handle = this._host.setImmediate(() => {
      this._scheduled.delete(entry);
      this.runCallback(fn);
    });
    this._scheduled.add(entry);
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
    const parsed = checkPath(parseEndpoint(endpoint), this._host.platform);
    const address = formatEndpoint(parsed);
    const scope = openCancelScope({ ...options, timers: timersOf(options, this) }, `connect to ${address}`);
    let socket: Socket | undefined;
    try {
      scope.throwIfCancelled();
      const connected = new Promise<{ transport: NodeTransport; protocol: P }>((resolve, reject) => {
        socket = this._open(factory, parsed, options, resolve, reject);
      });
      return await scope.race(connected, () => socket?.destroy());
    } finally {
      scope.close();
      if (socket !== undefined) this._connecting.delete(socket);
    }
  }

  async listen(factory: () => AnyProtocol, endpoint: Endpoint, options: ListenOptions = {}): Promise<Server> {
    this._checkOpen();
    const server = await NodeServer.listen(
      this,
      this._host.net,
      factory,
      checkPath(parseEndpoint(endpoint), this._host.platform),
      options,
    );
    if (this.isClosed) {
      await server.close();
      throw new LoopClosedError('the loop was closed while a server was being started');
    }
    this._servers.add(server);
    return server;
  }

  onUncaught(handler: UncaughtHandler): () => void {
    this._uncaughtHandlers.add(handler);
    return () => {
      this._uncaughtHandlers.delete(handler);
    };
  }

  metrics(): LoopMetrics {
    return {
      openConnections: this._transports.size,
      totalConnections: this._totalConnections,
      openServers: this._servers.size,
      bytesRead: this._bytesRead,
      bytesWritten: this._bytesWritten,
      uncaughtErrors: this._uncaughtErrors,
    };
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
  ): { transport: NodeTransport; protocol: P } {
    const protocol = factory();
    this._checkOpen();
    const transport = new NodeTransport(this, socket, protocol, options.watermarks, path);
    this._transports.add(transport);
    this._totalConnections++;
    return { transport, protocol };
  }

  connectionEnded(transport: NodeTransport): void {
    this._transports.delete(transport);
  }

  serverEnded(server: NodeServer): void {
    this._servers.delete(server);
  }

  countRead(bytes: number): void {
    this._bytesRead += bytes;
  }

  countWritten(bytes: number): void {
    this._bytesWritten += bytes;
  }

  /** Asks for a flush of `transport` when the running callback ends. @returns `false` if none is running. */
  flushAfterCallback(transport: NodeTransport): boolean {
    if (this._callbackDepth === 0) return false;
    this._dirty.push(transport);
    return true;
  }

  /** Runs somebody's callback: what it throws ends `transport` and is reported, and what it wrote leaves at its end. */
  runCallback(fn: () => void, transport?: NodeTransport): void {
    this._callbackDepth++;
    try {
      fn();
    } catch (error) {
      this.report(error);
      transport?.abort(error instanceof Error ? error : new Error('a callback threw', { cause: error }));
    } finally {
      this._callbackDepth--;
      if (this._callbackDepth === 0) {
        for (let dirty = this._dirty.pop(); dirty !== undefined; dirty = this._dirty.pop()) dirty.flush();
      }
    }
  }

  report(error: unknown): void {
    this._uncaughtErrors++;
    if (this._uncaughtHandlers.size === 0) console.error('uncaught error in a loop callback:', error);
    for (const handler of this._uncaughtHandlers) {
      try {
        handler(error);
      } catch (second) {
        console.error('an onUncaught handler threw:', second, 'while it was told of:', error);
      }
    }
  }

  private _open<P extends AnyProtocol>(
    factory: () => P,
    endpoint: ParsedEndpoint,
    options: ConnectOptions,
    resolve: (made: { transport: NodeTransport; protocol: P }) => void,
    reject: (error: unknown) => void,
  ): Socket {
    let transport: NodeTransport | undefined;
    const { slab } = this;
    const onread = {
      buffer: slab,
      callback: (byteCount: number): boolean => {
        transport?.received(slab.subarray(0, byteCount));
        return true;
      },
    };
    // On Windows a read is given its memory before data is there, so sockets cannot share it.
    const isShared = this._host.platform !== 'win32';
    const { net } = this._host;
    const common = { ...(isShared ? { onread } : {}), allowHalfOpen: true };
    const socket =
      endpoint.kind === 'fd'
        ? refuseFd()
        : net.connect(
            endpoint.kind === 'unix'
              ? { ...common, path: endpoint.path }
              : {
                  ...common,
                  host: endpoint.host,
                  port: endpoint.port,
                  noDelay: options.noDelay ?? true,
                  ...(options.keepAliveMs === undefined
                    ? {}
                    : { keepAlive: true, keepAliveInitialDelay: options.keepAliveMs }),
                },
          );
    this._connecting.add(socket);
    let failure: unknown;
    socket.on('error', (error) => (failure = error));
    const onEarlyClose = (): void => {
      if (this.isClosed) reject(new LoopClosedError('the loop was closed while a connection was being made'));
      else reject(new ConnectError(formatEndpoint(endpoint), failure ?? new Error('the connection was given up')));
    };
    socket.once('close', onEarlyClose);
    socket.once('connect', () => {
      socket.off('close', onEarlyClose);
      this._connecting.delete(socket);
      try {
        const made = this.adopt(socket, factory, options, endpoint.kind === 'unix' ? endpoint.path : undefined);
        transport = made.transport;
        if (!isShared) receiveData(socket, transport);
        transport.start();
        resolve(made);
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    });
    return socket;
  }

  private _checkOpen(): void {
    if (this.isClosed) throw new LoopClosedError('expected an open loop, this one was closed');
  }

  private async _close(): Promise<void> {
    for (const scheduled of this._scheduled) scheduled.cancel();
    this._scheduled.clear();
    for (const socket of this._connecting) socket.destroy();
    const ended = [...this._servers].map((server) => server.close({ graceMs: 0 }));
    for (const transport of this._transports) transport.abort();
    await Promise.all(ended);
    await this._transports.emptied();
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

function refuseFd(): never {
  throw new TypeError(
    'expected an endpoint to connect to (host and port, or path): a file descriptor can only be listened on',
  );
}
